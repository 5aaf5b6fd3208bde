/* signals_restart.c - blocking calls that a signal cuts short: -EINTR, or made again. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"
#include "user/thread.h"

static uint32_t *shared; /* 0: about to block, 1: handlers run, 2: done, 3: free for the case */
static int fds[2];

enum { READY, HANDLED, DONE, WORD };

static void on_signal(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo, (void)info, (void)context;
	word_add(&shared[HANDLED]);
}

/* One blocking call; the child's result is what it answers, times -1. */
struct blocking {
	long (*call)(void);
	void (*finish)(int pid);	/* makes it end, if it was made again */
	long result;			/* of a call that is made again */
	bool restarts;			/* with SA_RESTART */
	const char *name;
};

static uint64_t flags;
static const struct blocking *now;

static int child_blocks(void *arg)
{
	long result;

	(void)arg;
	signal_handle(SIGUSR1, on_signal, flags);
	word_set(&shared[READY], 1);
	result = now->call();
	word_set(&shared[DONE], 1);
	return (int)(result < 0 ? -result : result);
}

static int begin(const struct blocking *what, uint64_t with)
{
	now = what;
	flags = with;
	for (int i = 0; i < 4; i++)
		shared[i] = 0;
	return child_start(child_blocks, NULL);
}

static void check(const struct blocking *what)
{
	int pid = begin(what, 0);

	word_wait(&shared[READY], 1);
	signal_until(pid, SIGUSR1, &shared[DONE]);
	is(child_verdict(child_wait(pid)), EINTR, "%s-ends-with-eintr", what->name);

	pid = begin(what, SA_RESTART);
	word_wait(&shared[READY], 1);
	if (!what->restarts) {
		signal_until(pid, SIGUSR1, &shared[DONE]);
		is(child_verdict(child_wait(pid)), EINTR, "%s-even-with-sa-restart", what->name);
		return;
	}
	for (uint32_t i = 1; i <= 10; i++) {
		sys_kill(pid, SIGUSR1);
		word_wait(&shared[HANDLED], i);
		sleep_ms(1);
	}
	is(word_get(&shared[DONE]), 0, "%s-is-made-again-with-sa-restart", what->name);
	what->finish(pid);
	is(child_verdict(child_wait(pid)), what->result, "%s-and-ends-then", what->name);
}

static char byte[1 << 17];

static long do_read(void) { return sys_read(fds[0], byte, 1); }
static long do_wait(void)
{
	int pid = (int)sys_fork(), status;

	if (pid == 0)
		for (;;)
			syscall0(__NR_pause);
	word_set(&shared[WORD], (uint32_t)pid);
	pid = (int)sys_wait4(pid, &status, 0, NULL);
	if (pid < 0)
		sys_kill((int)shared[WORD], SIGKILL);
	return pid < 0 ? pid : 3;
}
static long do_waitid(void)
{
	int pid = (int)sys_fork();
	long ret;

	if (pid == 0)
		for (;;)
			syscall0(__NR_pause);
	word_set(&shared[WORD], (uint32_t)pid);
	ret = syscall5(__NR_waitid, P_PID, pid, 0, WEXITED, 0);
	if (ret < 0)
		sys_kill(pid, SIGKILL);
	return ret;
}
static long do_pause(void) { return syscall0(__NR_pause); }
static long do_sleep(void)
{
	struct __kernel_timespec span = { 1000, 0 }, rest = { 0 };
	long ret = sys_nanosleep(&span, &rest);

	return ret == -EINTR && (rest.tv_sec < 900 || rest.tv_sec > 1000) ? 77 : ret;
}
static long do_absolute_sleep(void)
{
	struct __kernel_timespec until;

	sys_clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += 1000;
	return syscall4(__NR_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, (long)&until, 0);
}
static long do_futex(void) { return sys_futex(&shared[WORD], FUTEX_WAIT, 0, NULL); }
static long do_timed_futex(void)
{
	struct __kernel_timespec span = { 1000, 0 };

	return sys_futex(&shared[WORD], FUTEX_WAIT, 0, &span);
}
static long do_poll(void)
{
	struct pollfd pollfd = { .fd = fds[0], .events = POLLIN };

	return syscall3(__NR_poll, (long)&pollfd, 1, 1000000);
}
static long do_ppoll(void)
{
	struct pollfd pollfd = { .fd = fds[0], .events = POLLIN };
	uint64_t none = 0;

	return syscall5(__NR_ppoll, (long)&pollfd, 1, 0, (long)&none, 8);
}
static long do_sigsuspend(void)
{
	uint64_t none = 0;

	return syscall2(__NR_rt_sigsuspend, (long)&none, 8);
}

static void give_byte(int pid) { (void)pid, sys_write(fds[1], byte, 1); }

/* The child may have been kept from making it until now; and kill(0) is for everyone. */
static void kill_grandchild(int pid)
{
	(void)pid;
	while (word_get(&shared[WORD]) == 0)
		sleep_ms(1);
	sys_kill((int)word_get(&shared[WORD]), SIGKILL);
}

static void wake_futex(int pid)
{
	(void)pid;
	while (!word_get(&shared[DONE]) && sys_futex(&shared[WORD], FUTEX_WAKE, 1, NULL) == 0)
		sleep_ms(1);
}

static const struct blocking calls[] = {
	{ do_read, give_byte, 1, true, "read" },
	{ do_wait, kill_grandchild, 3, true, "wait4" },
	{ do_waitid, kill_grandchild, 0, true, "waitid" },
	{ do_futex, wake_futex, 0, true, "futex" },
	{ do_timed_futex, NULL, 0, false, "timed-futex" },
	{ do_pause, NULL, 0, false, "pause" },
	{ do_sleep, NULL, 0, false, "nanosleep" },
	{ do_absolute_sleep, NULL, 0, false, "clock-nanosleep" },
	{ do_poll, NULL, 0, false, "poll" },
	{ do_ppoll, NULL, 0, false, "ppoll" },
	{ do_sigsuspend, NULL, 0, false, "sigsuspend" },
};

/* A stop and SIGCONT, without a handler: no call may end by that (but those that Linux lets). */
static void check_stop(const struct blocking *what)
{
	int pid = begin(what, 0), status;

	word_wait(&shared[READY], 1);
	for (int i = 0; i < 5; i++) {
		sleep_ms(1);
		sys_kill(pid, SIGSTOP);
		sys_wait4(pid, &status, WUNTRACED, NULL);
		sys_kill(pid, SIGCONT);
	}
	sleep_ms(2);
	is(word_get(&shared[DONE]), 0, "%s-goes-on-after-a-stop", what->name);
	/* A child of its own would outlive it, and hold our output open. */
	if (what->finish == kill_grandchild)
		kill_grandchild(pid);
	sys_kill(pid, SIGKILL);
	child_wait(pid);
}

/* What was written before the signal counts. */
static long writes_much(void)
{
	long n = sys_write(fds[1], byte, sizeof(byte));

	return n == 65536 ? 5 : n < 0 ? n : 6;
}

static void test_partial_write(void)
{
	static const struct blocking much = { writes_much, NULL, 0, false, "a long write" };
	int pid = begin(&much, SA_RESTART);

	word_wait(&shared[READY], 1);
	signal_until(pid, SIGUSR1, &shared[DONE]);
	/* (Fewer if the signal came before the pipe was full; then it is no case of ours.) */
	is(child_verdict(child_wait(pid)), 5, "a-long-write-answers-what-it-has-written");
	sys_read(fds[0], byte, sizeof(byte));
}

/*
 * sigsuspend and ppoll: the mask is another one meanwhile, and what it was when the handler runs.
 */
static uint64_t in_frame;

static void note_mask(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo, (void)info;
	in_frame = context->uc_sigmask;
}

static void test_masks(void)
{
	uint64_t none = 0, block = SIGNAL_BIT(SIGUSR1);

	signal_handle(SIGUSR1, note_mask, 0);
	signal_mask(SIG_BLOCK, block);
	signal_self(SIGUSR1);
	is(syscall2(__NR_rt_sigsuspend, (long)&none, 8), -EINTR, "sigsuspend-takes-what-waits");
	is((long)in_frame, (long)block, "the-handler-returns-to-the-mask-of-before");
	is((long)signal_mask(SIG_BLOCK, 0), (long)block, "which-it-is");
	signal_self(SIGUSR1);
	in_frame = 0;
	is(syscall5(__NR_ppoll, 0, 0, 0, (long)&none, 8), -EINTR, "ppoll-takes-what-waits");
	is((long)in_frame, (long)block, "and-its-handler-returns-to-the-mask");
	is((long)signal_mask(SIG_SETMASK, 0), (long)block, "likewise");
	is(syscall2(__NR_rt_sigsuspend, (long)&none, 4), -EINVAL, "sigsuspend-with-a-short-set");
	is(syscall2(__NR_rt_sigsuspend, 8, 8), -EFAULT, "sigsuspend-with-a-bad-set");
	is(syscall5(__NR_ppoll, 0, 0, 0, (long)&none, 4), -EINVAL, "ppoll-with-a-short-set");
}

static void test_sigpipe(void)
{
	int ends[2];

	sys_pipe(ends);
	sys_close(ends[0]);
	signal_handle(SIGPIPE, on_signal, 0);
	shared[HANDLED] = 0;
	is(sys_write(ends[1], byte, 1), -EPIPE, "a-write-that-nobody-reads-fails");
	is(shared[HANDLED], 1, "with-sigpipe");
	signal_set(SIGPIPE, SIG_IGN_ADDR);
	is(sys_write(ends[1], byte, 1), -EPIPE, "and-fails-without-when-that-is-ignored");
	sys_close(ends[1]);
}

int main(void)
{
	shared = (uint32_t *)map_shared(PAGE_SIZE);
	sys_pipe(fds);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		check(&calls[i]);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		check_stop(&calls[i]);
	test_partial_write();
	test_masks();
	test_sigpipe();
	return tap_finish();
}
