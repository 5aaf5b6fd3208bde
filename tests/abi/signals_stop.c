/* signals_stop.c - stopping and going on, and what the parent learns of it. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"
#include "user/thread.h"

#define WAIT_FLAGS	(WUNTRACED | WCONTINUED)
#define PATIENCE_MS	60000	/* until what never comes is given up */

static uint32_t *shared;	/* words that parent and children see */
static struct __kernel_siginfo chld;
static volatile int chlds;

static void on_chld(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo, (void)context;
	chlds++;
	chld = *info;
}

static int child_counts(void *arg)
{
	(void)arg;
	syscall2(__NR_setpgid, 0, 0);
	word_set(&shared[0], 1);
	while (word_get(&shared[0]))
		word_add(&shared[1]);
	return 0;
}

static int start(child_main *main)
{
	int pid;

	shared[0] = 0;
	pid = child_start(main, NULL);
	word_wait(&shared[0], 1);
	return pid;
}

static long event(int pid, int options)
{
	int status = 0;
	long got = sys_wait4(pid, &status, options, NULL);

	return got == pid ? status : got < 0 ? got : -1;
}

static void end(int pid)
{
	sys_kill(pid, SIGKILL);
	is(event(pid, 0), SIGKILL, "sigkill-ends-it");
}

/* Who waits may see it before the signal has come. */
static void until_told(int times)
{
	for (int i = 0; i < PATIENCE_MS && chlds < times; i++)
		sleep_ms(1);
}

static void test_stop(int signo, const char *name)
{
	int pid = start(child_counts);
	uint32_t seen;

	chlds = 0;
	signal_handle(SIGCHLD, on_chld, SA_RESTART);
	sys_kill(pid, signo);
	is(event(pid, WAIT_FLAGS), signo << 8 | 0x7f, "%s-stops", name);
	until_told(1);
	ok(chlds == 1 && chld.si_code == CLD_STOPPED && chld.child.pid == pid &&
	   chld.child.status == signo, "the-parent-gets-sigchld");
	seen = word_get(&shared[1]);
	sleep_ms(5);
	is(word_get(&shared[1]), seen, "it-stands-still");
	is(event(pid, WAIT_FLAGS | WNOHANG), -1, "it-is-told-once");
	sys_kill(pid, SIGCONT);
	is(event(pid, WAIT_FLAGS), 0xffff, "sigcont-lets-it-go-on");
	until_told(2);
	ok(chlds == 2 && chld.si_code == CLD_CONTINUED && chld.child.status == SIGCONT,
	   "which-the-parent-learns-too");
	for (int i = 0; i < PATIENCE_MS && word_get(&shared[1]) == seen; i++)
		sleep_ms(1);
	ok(word_get(&shared[1]) != seen, "and-it-runs");
	is(event(pid, WAIT_FLAGS | WNOHANG), -1, "that-is-told-once-too");
	end(pid);
	signal_set(SIGCHLD, SIG_DFL_ADDR);
}

static void test_nocldstop(void)
{
	int pid = start(child_counts);

	chlds = 0;
	signal_handle(SIGCHLD, on_chld, SA_RESTART | SA_NOCLDSTOP);
	sys_kill(pid, SIGSTOP);
	is(event(pid, WUNTRACED), SIGSTOP << 8 | 0x7f, "with-nocldstop-wait-learns-of-a-stop");
	sys_kill(pid, SIGCONT);
	is(event(pid, WCONTINUED), 0xffff, "and-of-its-end");
	is(chlds, 0, "but-there-is-no-sigchld");
	sys_kill(pid, SIGKILL);
	event(pid, 0);
	is(chlds, 1, "except-for-the-end");
	signal_set(SIGCHLD, SIG_DFL_ADDR);
}

static long wait_id(int type, int id, struct __kernel_siginfo *info, int options)
{
	return syscall5(__NR_waitid, type, id, (long)info, options, 0);
}

static void test_waitid(void)
{
	struct __kernel_siginfo info = { .si_signo = 5, .child = { .pid = 5 } };
	int pid = start(child_counts);

	is(wait_id(P_PID, pid, &info, WEXITED | WSTOPPED | WNOHANG), 0, "nothing-yet");
	ok(!info.si_signo && !info.child.pid, "says-so");
	sys_kill(pid, SIGSTOP);
	is(wait_id(P_PGID, pid, &info, WSTOPPED | WNOWAIT), 0, "waitid-by-group");
	ok(info.si_signo == SIGCHLD && info.si_code == CLD_STOPPED && info.child.pid == pid &&
	   info.child.status == SIGSTOP, "has-the-stop");
	is(wait_id(P_ALL, 0, &info, WEXITED | WNOHANG), 0, "who-waits-for-ends-does-not-see-it");
	is(info.child.pid, 0, "at-all");
	is(wait_id(P_PID, pid, &info, WSTOPPED), 0, "nowait-has-left-it");
	is(wait_id(P_PID, pid, &info, WSTOPPED | WNOHANG) + info.child.pid, 0, "then-it-is-taken");
	sys_kill(pid, SIGCONT);
	is(wait_id(P_PID, pid, &info, WCONTINUED), 0, "waitid-for-going-on");
	ok(info.si_code == CLD_CONTINUED && info.child.status == SIGCONT, "says-that");
	sys_kill(pid, SIGKILL);
	is(wait_id(P_PID, pid, &info, WEXITED | WNOWAIT), 0, "the-end-can-be-looked-at");
	ok(info.si_code == CLD_KILLED && info.child.status == SIGKILL, "and-says-what-it-was");
	is(wait_id(P_PID, pid, &info, WEXITED), 0, "and-taken");
	is(wait_id(P_PID, pid, &info, WEXITED), -ECHILD, "once");
	is(wait_id(P_PID, pid, &info, 0), -EINVAL, "waiting-for-nothing-is-refused");
	is(wait_id(9, pid, &info, WEXITED), -EINVAL, "a-kind-that-is-none");
	is(wait_id(P_ALL, 0, &info, WEXITED | 0x100), -EINVAL, "a-flag-that-is-none");
}

/* What comes to a stopped process waits; only SIGKILL and SIGCONT do not. */
static void test_while_stopped(void)
{
	int pid = start(child_counts);

	sys_kill(pid, SIGSTOP);
	event(pid, WUNTRACED);
	sys_kill(pid, SIGTERM);
	sleep_ms(2);
	is(event(pid, WNOHANG), -1, "sigterm-waits-while-it-is-stopped");
	sys_kill(pid, SIGCONT);
	is(event(pid, 0), SIGTERM, "until-it-goes-on");
	pid = start(child_counts);
	sys_kill(pid, SIGSTOP);
	event(pid, WUNTRACED);
	end(pid);
	sys_kill(pid = start(child_counts), SIGSTOP);
	sys_kill(pid, SIGSTOP);
	is(event(pid, WUNTRACED), SIGSTOP << 8 | 0x7f, "two-stops-are-one");
	is(event(pid, WUNTRACED | WNOHANG), -1, "indeed");
	end(pid);
}

static void on_signal(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo, (void)info, (void)context;
	word_add(&shared[2]);
}

static int child_handles(void *arg)
{
	(void)arg;
	syscall2(__NR_setpgid, 0, 0);
	signal_handle(SIGTSTP, on_signal, 0);
	signal_handle(SIGCONT, on_signal, 0);
	word_set(&shared[0], 1);
	while (word_get(&shared[0]))
		sleep_ms(1000);
	return 0;
}

static void test_handlers(void)
{
	int pid = start(child_handles);

	shared[2] = 0;
	sys_kill(pid, SIGTSTP);
	word_wait(&shared[2], 1);
	is(event(pid, WUNTRACED | WNOHANG), -1, "a-handler-for-sigtstp-instead-of-a-stop");
	sys_kill(pid, SIGSTOP);
	event(pid, WUNTRACED);
	sys_kill(pid, SIGCONT);
	word_wait(&shared[2], 2);
	is(event(pid, WCONTINUED), 0xffff, "sigcont-continues-and-runs-its-handler");
	end(pid);
}

/* Blocked ones undo each other. */
static void test_undo(void)
{
	uint64_t ttin = SIGNAL_BIT(SIGTTIN);

	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGCONT) | ttin);
	signal_self(SIGTSTP);
	is((long)signal_waiting(), (long)SIGNAL_BIT(SIGTSTP), "a-stop-waits");
	sys_kill((int)sys_getpid(), SIGCONT);
	is((long)signal_waiting(), (long)SIGNAL_BIT(SIGCONT), "sigcont-takes-it-away");
	signal_self(SIGTTIN);
	is((long)signal_waiting(), (long)ttin, "a-stop-takes-sigcont-away");
	signal_set(SIGTTIN, SIG_IGN_ADDR);
	signal_set(SIGTTIN, SIG_DFL_ADDR);
	signal_mask(SIG_SETMASK, 0);
}

/*
 * A group whose members have no parent outside of it, in the session, is not stopped by a tty's.
 */
static int child_orphaned(void *arg)
{
	int pid;

	(void)arg;
	syscall0(__NR_setsid);
	pid = child_start(child_counts, NULL);
	word_wait(&shared[0], 1);
	signal_self(SIGTSTP);
	signal_self(SIGTTIN);
	signal_self(SIGTTOU);
	/* The group of the child has us: its stop is real. */
	sys_kill(pid, SIGTSTP);
	if (event(pid, WUNTRACED) != (SIGTSTP << 8 | 0x7f))
		return 1;
	word_set(&shared[3], (uint32_t)pid);
	return 9;
}

/* ... and when the last such parent ends, SIGHUP and SIGCONT come. */
static void test_orphans(void)
{
	shared[0] = 0;
	is(child_verdict(child_run(child_orphaned, NULL)), 9, "an-orphaned-group-does-not-stop");
	for (int i = 0; i < PATIENCE_MS && sys_kill((int)shared[3], 0) == 0; i++)
		sleep_ms(1);
	is(sys_kill((int)shared[3], 0), -ESRCH, "a-stopped-group-that-is-orphaned-gets-sighup");
}

static void *counts_too(void *arg)
{
	while (!word_get(&shared[6]))
		word_add(arg);
	return NULL;
}

static int child_with_threads(void *arg)
{
	struct thread threads[2];

	(void)arg;
	for (int i = 0; i < 2; i++)
		thread_create(&threads[i], counts_too, &shared[4 + i]);
	word_set(&shared[0], 1);
	word_wait(&shared[6], 1);
	return 4;
}

static void test_threads(void)
{
	int pid = start(child_with_threads);
	uint32_t a, b;

	sys_kill(pid, SIGSTOP);
	is(event(pid, WUNTRACED), SIGSTOP << 8 | 0x7f, "all-threads-stop");
	a = word_get(&shared[4]), b = word_get(&shared[5]);
	sleep_ms(5);
	ok(a == word_get(&shared[4]) && b == word_get(&shared[5]), "every-one-of-them");
	sys_kill(pid, SIGCONT);
	while (word_get(&shared[4]) == a || word_get(&shared[5]) == b)
		sleep_ms(1);
	word_set(&shared[6], 1);
	is(event(pid, 0), 4 << 8, "and-go-on-the-wait-as-well");
}

int main(void)
{
	shared = (uint32_t *)map_shared(PAGE_SIZE);
	test_stop(SIGSTOP, "sigstop");
	test_stop(SIGTSTP, "sigtstp");
	test_stop(SIGTTIN, "sigttin");
	test_stop(SIGTTOU, "sigttou");
	test_nocldstop();
	test_waitid();
	test_while_stopped();
	test_handlers();
	test_undo();
	test_orphans();
	test_threads();
	return tap_finish();
}
