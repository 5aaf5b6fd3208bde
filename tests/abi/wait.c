/* wait.c - exit(2), wait4(2): statuses, whom to wait for, errors. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"
#include "user/thread.h"

static uint32_t *turn;

static int returns(void *arg)
{
	return (int)(long)arg;
}

static int waits_for_turn(void *arg)
{
	word_wait(turn, 1);
	return (int)(long)arg;
}

static void test_statuses(void)
{
	int status;

	ok_child_exits(returns, (void *)0, 0, "status-0");
	ok_child_exits(returns, (void *)255, 255, "status-255");
	ok_child_exits(returns, (void *)256, 0, "only-eight-bits-of-a-status-count");
	ok_child_exits(returns, (void *)-1, 255, "status-minus-1-is-255");
	status = child_run(returns, (void *)3);
	is(status, 0x300, "the-status-word-of-an-exit");
	status = child_run(child_reads, NULL);
	is(status & ~0x80, SIGSEGV, "the-status-word-of-a-signal");
}

static void test_whom(void)
{
	int first = child_start(returns, (void *)1);
	int second = child_start(returns, (void *)2);
	int status = -1;

	is(sys_wait4(second, &status, 0, NULL), second, "wait-for-one-of-two");
	is(child_verdict(status), 2, "it-is-that-one's-status");
	is(sys_wait4(-1, &status, 0, NULL), first, "wait-for-any");
	is(child_verdict(status), 1, "it-is-the-other-one");
	is(sys_wait4(first, &status, 0, NULL), -ECHILD, "a-child-is-waited-for-once");
	first = child_start(returns, (void *)4);
	is(sys_wait4(0, &status, 0, NULL), first, "wait-for-one's-own-process-group");
}

static void test_nohang(void)
{
	int status = 77, pid;

	*turn = 0;
	pid = child_start(waits_for_turn, (void *)6);
	is(sys_wait4(pid, &status, WNOHANG, NULL), 0, "wnohang-with-a-living-child-is-0");
	is(status, 77, "the-status-is-left-alone");
	is(sys_wait4(-1, NULL, WNOHANG, NULL), 0, "wnohang-for-any-is-0");
	word_set(turn, 1);
	is(child_verdict(child_wait(pid)), 6, "afterwards-the-child-can-be-waited-for");
	is(sys_wait4(-1, &status, WNOHANG, NULL), -ECHILD, "wnohang-without-children");
}

static void test_errors(void)
{
	int status, pid;

	is(sys_wait4(-1, &status, 0, NULL), -ECHILD, "no-children");
	is(sys_wait4((int)sys_getpid(), &status, 0, NULL), -ECHILD, "not-one's-own-child");
	is(sys_wait4(1 << 22, &status, 0, NULL), -ECHILD, "a-pid-that-nobody-has");
	is(sys_wait4(-1, &status, 0x100, NULL), -EINVAL, "unknown-option");
	pid = child_start(returns, NULL);
	is(sys_wait4(pid, (int *)8, 0, NULL), -EFAULT, "bad-pointer-for-the-status");
	is(sys_wait4(pid, NULL, 0, NULL), -ECHILD, "the-child-was-taken-all-the-same");
	pid = child_start(returns, NULL);
	is(sys_wait4(pid, NULL, 0, NULL), pid, "no-pointer-for-the-status");
}

static void test_rusage(void)
{
	struct __kernel_rusage usage;
	int pid = child_start(returns, NULL);

	usage.ru_utime.tv_sec = -1;
	is(sys_wait4(pid, NULL, 0, &usage), pid, "wait-with-a-usage-record");
	ok(usage.ru_utime.tv_sec >= 0 && usage.ru_utime.tv_usec < 1000000, "it-is-filled-in");
}

static int forks_and_leaves(void *arg)
{
	(void)arg;
	child_start(returns, NULL);
	return sys_wait4(-1, NULL, 0, NULL) > 0 ? 0 : 1;
}

/* A zombie keeps its status however long nobody asks. */
static void test_zombie(void)
{
	int pid = child_start(returns, (void *)12);

	ok_child_exits(forks_and_leaves, NULL, 0, "a-grandchild-is-not-waited-for-here");
	sleep_ms(2);
	is(child_verdict(child_wait(pid)), 12, "a-zombie-keeps-its-status");
}

static int waiter_entered(void *arg)
{
	int pid = child_start(waits_for_turn, (void *)13);

	(void)arg;
	return child_verdict(child_wait(pid));
}

/* The parent is asleep in wait4 when the child ends. */
static void test_blocking(void)
{
	int pid;

	*turn = 0;
	pid = child_start(waiter_entered, NULL);
	sleep_ms(10);
	word_set(turn, 1);
	is(child_verdict(child_wait(pid)), 13, "a-sleeping-parent-is-woken");
}

static volatile int told;

static void is_told(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo;
	(void)info;
	(void)context;
	told++;
}

/* Whose the child was. */
static int becomes_another(void *arg)
{
	(void)arg;
	return (int)syscall1(__NR_setuid, 1234);
}

static void test_user(void)
{
	struct __kernel_siginfo info = { 0 };
	int pid = child_start(becomes_another, NULL);

	is(syscall5(__NR_waitid, P_PID, pid, (long)&info, WEXITED | WNOWAIT, 0), 0, "waitid");
	is(info.child.uid, 1234, "says-whose-the-child-was");
	child_wait(pid);
}

/* A parent that has said beforehand that it will not wait. */
static void test_unwaited(void)
{
	signal_handle(SIGCHLD, is_told, SA_NOCLDWAIT | SA_RESTART);
	is(sys_wait4(child_start(returns, NULL), NULL, 0, NULL), -ECHILD,
	   "with-nocldwait-children-leave-nothing");
	is(told, 1, "but-their-parent-is-told");
	signal_set(SIGCHLD, SIG_IGN_ADDR);
	is(sys_wait4(child_start(returns, NULL), NULL, 0, NULL), -ECHILD,
	   "nor-to-who-ignores-them");
	signal_set(SIGCHLD, SIG_DFL_ADDR);
}

int main(void)
{
	turn = (uint32_t *)map_shared(PAGE_SIZE);
	tap_plan(34);
	test_statuses();
	test_whom();
	test_nohang();
	test_errors();
	test_rusage();
	test_zombie();
	test_blocking();
	test_unwaited();
	test_user();
	return tap_done();
}
