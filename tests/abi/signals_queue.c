/*
 * signals_queue.c - signals that queue, what is said of each, limits; who is sent
 * to; waiting for them.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"
#include "user/thread.h"

#define RT	(SIGRTMIN + 3)

static long queue(int pid, int signo, int code, uint64_t value)
{
	struct __kernel_siginfo info = { .si_signo = 99, .si_code = code,
					 .queue = { .pid = 77, .uid = 88, .value = value } };

	return syscall3(__NR_rt_sigqueueinfo, pid, signo, (long)&info);
}

static long tgqueue(int tgid, int tid, int signo, int code)
{
	struct __kernel_siginfo info = { .si_code = code };

	return syscall4(__NR_rt_tgsigqueueinfo, tgid, tid, signo, (long)&info);
}

static uint64_t values[8];
static volatile int count;
static struct __kernel_siginfo last;

static void note_value(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo, (void)context;
	if (count < 8)
		values[count] = info->queue.value;
	count++;
	last = *info;
}

static void test_queue(void)
{
	int self = (int)sys_getpid(), wrong = 0;

	signal_handle(RT, note_value, 0);
	signal_mask(SIG_BLOCK, SIGNAL_BIT(RT));
	for (uint64_t i = 0; i < 5; i++)
		wrong += queue(self, RT, SI_QUEUE, i * 10) != 0;
	is(wrong, 0, "real-time-signals-can-be-sent-again-and-again");
	signal_mask(SIG_UNBLOCK, SIGNAL_BIT(RT));
	is(count, 5, "and-come-as-often");
	ok(values[0] == 0 && values[1] == 10 && values[4] == 40, "in-their-order");
	ok(last.si_signo == RT && last.si_code == SI_QUEUE && last.queue.pid == 77 &&
	   last.queue.uid == 88, "with-what-the-sender-said");
	count = 0;
	signal_handle(SIGUSR1, note_value, 0);
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGUSR1));
	for (uint64_t i = 0; i < 5; i++)
		queue(self, SIGUSR1, SI_QUEUE, i + 3);
	signal_mask(SIG_UNBLOCK, SIGNAL_BIT(SIGUSR1));
	ok(count == 1 && last.queue.value == 3, "of-an-old-signal-the-first-stays");
	count = 0;
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGUSR1));
	for (uint64_t i = 0; i < 5; i++)
		queue(self, SIGUSR1, SI_TIMER, i + 3);
	signal_mask(SIG_UNBLOCK, SIGNAL_BIT(SIGUSR1));
	is(count, 1, "also-if-it-says-that-a-timer-sent-it");
}

static void test_errors(void)
{
	int self = (int)sys_getpid(), child = child_start(child_reads, (void *)&last);

	is(queue(self, 65, SI_QUEUE, 0), -EINVAL, "there-is-no-signal-65");
	is(queue(self, 0, SI_QUEUE, 0), 0, "0-only-asks");
	is(queue(1 << 22, RT, SI_QUEUE, 0), -ESRCH, "nobody-there");
	is(syscall3(__NR_rt_sigqueueinfo, self, RT, 8), -EFAULT, "an-info-that-cannot-be-read");
	is(queue(child, SIGCHLD, SI_USER, 0), -EPERM, "nobody-can-look-like-kill");
	is(queue(child, SIGCHLD, SI_KERNEL, 0), -EPERM, "nor-like-the-kernel");
	is(queue(child, SIGCHLD, SI_TKILL, 0), -EPERM, "nor-like-tkill");
	is(tgqueue(self, self, 0, SI_QUEUE), 0, "to-a-thread");
	is(tgqueue(self, 0, RT, SI_QUEUE), -EINVAL, "there-is-no-thread-0");
	is(tgqueue(0, self, RT, SI_QUEUE), -EINVAL, "nor-process-0");
	is(tgqueue(self, child, RT, SI_QUEUE), -ESRCH, "a-thread-of-another-process");
	is(syscall3(__NR_tgkill, self, child, RT), -ESRCH, "tgkill-too");
	is(syscall3(__NR_tgkill, self, 0, RT), -EINVAL, "tgkill-of-0");
	is(syscall2(__NR_tkill, -1, RT), -EINVAL, "tkill-of-a-negative-number");
	is(syscall2(__NR_tkill, self, 65), -EINVAL, "tkill-with-no-signal");
	child_wait(child);
}

/* The limit holds for what queues; kill finds room beyond it. */
static int child_fills(void *arg)
{
	struct rlimit64 limit = { 64, 64 };
	int self = (int)sys_getpid(), code = (int)(long)arg, sent = 0, taken = 0;

	sys_prlimit64(0, RLIMIT_SIGPENDING, &limit, NULL);
	signal_mask(SIG_BLOCK, ~0ULL);
	/* On Linux all processes of the user count. */
	while (sent < 100 && queue(self, RT, code, 1) == 0)
		sent++;
	if (sent > 64 || queue(self, RT, code, 1) != -EAGAIN)
		return 1;
	if (sys_kill(self, RT + 1) != 0 || sys_kill(self, SIGUSR1) != 0)
		return 2;
	for (; taken < sent; taken++)
		if (signal_wait(SIGNAL_BIT(RT), NULL, 0) != RT)
			return 3;
	if (signal_wait(SIGNAL_BIT(RT), NULL, 0) != -EAGAIN)
		return 4;
	if (signal_wait(SIGNAL_BIT(RT + 1), NULL, 0) != RT + 1)
		return 5;
	return !sent || queue(self, RT, SI_QUEUE, 1) == 0 ? 9 : 6;
}

static void test_wait(void)
{
	struct __kernel_siginfo info = { 0 };
	uint64_t set = SIGNAL_BIT(RT) | SIGNAL_BIT(SIGUSR1);
	int self = (int)sys_getpid();
	struct __kernel_timespec bad = { 0, 1000000000 };

	signal_mask(SIG_BLOCK, set);
	is(signal_wait(set, &info, 0), -EAGAIN, "nothing-waits");
	is(signal_wait(set, &info, 5), -EAGAIN, "nor-comes-in-time");
	queue(self, RT, SI_QUEUE, 1234);
	sys_kill(self, SIGUSR1);
	is(signal_wait(set, &info, 0), SIGUSR1, "the-lowest-is-taken-first");
	is(info.si_code, SI_USER, "with-what-is-said-of-it");
	is(signal_wait(set, &info, -1), RT, "then-the-other");
	ok(info.si_code == SI_QUEUE && info.queue.value == 1234, "with-its-value");
	is((long)signal_waiting(), 0, "both-are-gone");
	is(syscall4(__NR_rt_sigtimedwait, (long)&set, 0, (long)&bad, 8), -EINVAL, "a-bad-time");
	is(syscall4(__NR_rt_sigtimedwait, (long)&set, 0, 0, 4), -EINVAL, "a-short-set");
	is(syscall4(__NR_rt_sigtimedwait, 8, 0, 0, 8), -EFAULT, "a-bad-set");
	sys_kill(self, SIGUSR1);
	is(syscall4(__NR_rt_sigtimedwait, (long)&set, 8, 0, 8), -EFAULT, "a-bad-info");
	is((long)signal_waiting(), 0, "takes-the-signal-all-the-same");
	signal_mask(SIG_SETMASK, 0);
}

static uint32_t *shared;

/* A fatal signal that is waited for does not end the waiter; another handler ends the wait. */
static int child_waits(void *arg)
{
	(void)arg;
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGTERM));
	word_set(&shared[0], 1);
	return (int)signal_wait(SIGNAL_BIT(SIGTERM), NULL, -1);
}

static int child_interrupted(void *arg)
{
	(void)arg;
	signal_handle(SIGUSR1, note_value, SA_RESTART);
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGTERM));
	word_set(&shared[0], 1);
	word_set(&shared[1], signal_wait(SIGNAL_BIT(SIGTERM), NULL, -1) == -EINTR ? 1 : 2);
	return 0;
}

static void test_waiters(void)
{
	int pid = child_start(child_waits, NULL);

	word_wait(&shared[0], 1);
	sys_kill(pid, SIGTERM);
	is(child_verdict(child_wait(pid)), SIGTERM, "a-fatal-signal-can-be-waited-for");
	shared[0] = 0;
	pid = child_start(child_interrupted, NULL);
	word_wait(&shared[0], 1);
	signal_until(pid, SIGUSR1, &shared[1]);
	is(shared[1], 1, "a-handler-ends-the-wait-with-eintr");
	child_wait(pid);
}

/* ---- groups ---- */

static int child_in_group(void *arg)
{
	syscall2(__NR_setpgid, 0, (long)arg);
	word_add(&shared[2]);
	for (;;)
		syscall0(__NR_pause);
	return 0;
}

static void test_groups(void)
{
	int a, b, other;

	shared[2] = 0;
	a = child_start(child_in_group, NULL);
	word_wait(&shared[2], 1);
	b = child_start(child_in_group, (void *)(long)a);
	word_wait(&shared[2], 2);
	other = child_start(child_in_group, NULL);
	word_wait(&shared[2], 3);
	is(sys_kill(-a, 0), 0, "a-group-can-be-asked");
	is(sys_kill(-a, SIGUSR2), 0, "and-sent-to");
	is(child_verdict(child_wait(a)), 128 + SIGUSR2, "its-leader-gets-it");
	is(child_verdict(child_wait(b)), 128 + SIGUSR2, "and-its-member");
	is(sys_kill(other, 0), 0, "nobody-else");
	is(sys_kill(-a, SIGUSR2), -ESRCH, "then-the-group-is-gone");
	is(sys_kill((int)0x80000000, 0), -ESRCH, "the-smallest-number-is-no-group");
	is(sys_kill(0, 0), 0, "ones-own-group-can-be-asked");
	count = 0;
	signal_handle(SIGURG, note_value, 0);
	is(sys_kill(0, SIGURG), 0, "and-sent-to-though-it-be-the-first-one");
	is(count, 1, "which-reaches-the-sender");
	sys_kill(other, SIGKILL);
	child_wait(other);
}

/* ---- threads ---- */

static volatile long taken_by;

static void note_thread(int signo, struct __kernel_siginfo *info,
			struct __kernel_ucontext *context)
{
	(void)signo, (void)info, (void)context;
	taken_by = sys_gettid();
}

static uint32_t stage;
static long thread_tid;

static void *unblocks(void *arg)
{
	(void)arg;
	thread_tid = sys_gettid();
	signal_mask(SIG_UNBLOCK, SIGNAL_BIT(SIGUSR2));
	word_set(&stage, 1);
	word_wait(&stage, 2);
	return NULL;
}

static void *blocks_and_waits(void *arg)
{
	(void)arg;
	word_set(&stage, 1);
	word_wait(&stage, 2);
	return (void *)(long)signal_waiting();
}

static long said[3];

static void *speaks_to_itself(void *arg)
{
	int self = (int)sys_getpid();

	(void)arg;
	said[0] = tgqueue(self, (int)sys_gettid(), SIGURG, SI_USER);
	said[1] = tgqueue(self, self, SIGURG, SI_USER);
	said[2] = queue(self, SIGURG, SI_USER, 0);
	return NULL;
}

static void test_threads(void)
{
	struct thread thread;
	long waiting;

	signal_set(SIGURG, SIG_IGN_ADDR);
	thread_create(&thread, speaks_to_itself, NULL);
	thread_join(&thread);
	is(said[0], 0, "a-thread-may-say-to-itself-what-only-kill-says");
	is(said[1], -EPERM, "not-to-another-of-its-process");
	is(said[2], -EPERM, "nor-to-that-as-a-whole");

	signal_handle(SIGUSR2, note_thread, 0);
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGUSR2));
	thread_create(&thread, unblocks, NULL);
	word_wait(&stage, 1);
	sys_kill((int)sys_getpid(), SIGUSR2);
	for (int i = 0; i < 60000 && !taken_by; i++)
		sleep_ms(1);
	ok(taken_by && taken_by == thread_tid, "a-thread-that-does-not-block-it-takes-it");
	word_set(&stage, 2);
	thread_join(&thread);
	stage = 0;
	thread_create(&thread, blocks_and_waits, NULL);
	word_wait(&stage, 1);
	signal_self(SIGUSR2);
	is((long)signal_waiting(), (long)SIGNAL_BIT(SIGUSR2), "what-waits-for-one-thread");
	word_set(&stage, 2);
	waiting = (long)thread_join(&thread);
	is(waiting, 0, "does-not-wait-for-another");
	taken_by = 0;
	signal_mask(SIG_SETMASK, 0);
	is(taken_by, sys_gettid(), "and-is-taken-by-the-first");
}

int main(void)
{
	shared = (uint32_t *)map_shared(PAGE_SIZE);
	test_queue();
	test_errors();
	ok_child_exits(child_fills, (void *)(long)SI_QUEUE, 9, "what-queues-is-limited");
	ok_child_exits(child_fills, (void *)(long)SI_TIMER, 9,
		       "so-is-what-only-looks-like-a-timer's");
	test_wait();
	test_waiters();
	test_groups();
	test_threads();
	return tap_finish();
}
