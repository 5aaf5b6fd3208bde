/* signals_race.c - signals that come at every moment: none is lost, nobody sleeps through one. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"
#include "user/thread.h"

enum { ROUNDS = 400 };

static uint32_t *shared;

static void on_signal(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo, (void)info, (void)context;
	word_add(&shared[0]);
}

static void nothing(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo, (void)info, (void)context;
}

/* Each side sleeps in sigsuspend until the other's signal, which is blocked at all other times. */
static int plays(int partner, bool begins)
{
	uint64_t none = 0;

	for (int i = 0; i < ROUNDS; i++) {
		if (begins)
			sys_kill(partner, SIGUSR1);
		if (syscall2(__NR_rt_sigsuspend, (long)&none, 8) != -EINTR)
			return 1;
		if (!begins)
			sys_kill(partner, SIGUSR1);
	}
	return 0;
}

static int child_plays(void *arg)
{
	return plays((int)(long)arg, false);
}

static void test_suspend(void)
{
	int pid;

	signal_handle(SIGUSR1, nothing, 0);
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGUSR1));
	pid = child_start(child_plays, (void *)sys_getpid());
	is(plays(pid, true), 0, "sigsuspend-sleeps-through-no-signal");
	is(child_verdict(child_wait(pid)), 0, "on-neither-side");
}

/* The same between threads, by sigtimedwait. */
static long main_tid;
static uint32_t partner_tid;

static void *waits(void *arg)
{
	(void)arg;
	word_set(&partner_tid, (uint32_t)sys_gettid());
	for (int i = 0; i < ROUNDS; i++) {
		if (signal_wait(SIGNAL_BIT(SIGUSR1), NULL, -1) != SIGUSR1)
			return (void *)1L;
		syscall3(__NR_tgkill, sys_getpid(), main_tid, SIGUSR1);
	}
	return NULL;
}

static void test_wait(void)
{
	struct thread thread;
	int wrong = 0;

	main_tid = sys_gettid();
	thread_create(&thread, waits, NULL);
	while (!word_get(&partner_tid))
		sys_sched_yield();
	for (int i = 0; i < ROUNDS; i++) {
		syscall3(__NR_tgkill, sys_getpid(), word_get(&partner_tid), SIGUSR1);
		wrong += signal_wait(SIGNAL_BIT(SIGUSR1), NULL, -1) != SIGUSR1;
	}
	wrong += thread_join(&thread) != NULL;
	is(wrong, 0, "nor-does-sigtimedwait");
	signal_mask(SIG_SETMASK, 0);
}

/* Real-time signals to a thread that is in a system call most of the time: all of them come. */
static void *reads(void *arg)
{
	char byte;

	word_set(&partner_tid, (uint32_t)sys_gettid());
	while (sys_read(*(int *)arg, &byte, 1) != 1)
		;
	return NULL;
}

static void test_read(void)
{
	struct thread thread;
	int ends[2];

	sys_pipe(ends);
	shared[0] = partner_tid = 0;
	signal_handle(SIGRTMIN, on_signal, 0);
	thread_create(&thread, reads, &ends[0]);
	while (!word_get(&partner_tid))
		sys_sched_yield();
	for (int i = 0; i < ROUNDS; i++)
		while (syscall3(__NR_tgkill, sys_getpid(), word_get(&partner_tid), SIGRTMIN) != 0)
			sys_sched_yield();
	word_wait(&shared[0], ROUNDS);
	is(word_get(&shared[0]), ROUNDS, "a-thread-in-read-takes-all-that-are-sent");
	sys_write(ends[1], "x", 1);
	thread_join(&thread);
	sys_close(ends[0]);
	sys_close(ends[1]);
}

/* Stops and SIGCONTs in any order: the last is SIGCONT, and the child lives on. */
static int child_counts(void *arg)
{
	(void)arg;
	signal_handle(SIGUSR1, on_signal, SA_RESTART);
	word_set(&shared[1], 1);
	word_wait(&shared[2], 1);
	return 12;
}

static void test_stops(void)
{
	static const int storm[] = {
		SIGSTOP, SIGCONT, SIGSTOP, SIGUSR1, SIGSTOP, SIGCONT, SIGCONT
	};
	int pid, status;

	for (int i = 0; i < 3; i++)
		shared[i] = 0;
	pid = child_start(child_counts, NULL);
	word_wait(&shared[1], 1);
	for (int i = 0; i < ROUNDS / 4; i++)
		for (size_t k = 0; k < sizeof(storm) / sizeof(storm[0]); k++)
			sys_kill(pid, storm[k]);
	sys_kill(pid, SIGCONT);
	sys_kill(pid, SIGUSR1);
	while (!word_get(&shared[0]))
		sleep_ms(1);
	word_set(&shared[2], 1);
	while (sys_wait4(pid, &status, WUNTRACED | WCONTINUED, NULL) == pid &&
	       (WIFSTOPPED(status) || WIFCONTINUED(status)))
		;
	is(child_verdict(status), 12, "a-storm-of-stops-leaves-no-trace");
}

/* Children that end while the handler runs: whoever asks until there are no more misses none. */
static volatile int reaped;

static void reap(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo, (void)info, (void)context;
	while (sys_wait4(-1, NULL, WNOHANG, NULL) > 0)
		reaped++;
}

static void test_children(void)
{
	uint64_t none = 0;

	signal_handle(SIGCHLD, reap, SA_RESTART);
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGCHLD));
	for (int i = 0; i < 60; i++)
		child_start(child_reads, shared);
	while (reaped < 60)
		syscall2(__NR_rt_sigsuspend, (long)&none, 8);
	is(reaped, 60, "sigchld-and-wnohang-reap-all-children");
	signal_mask(SIG_SETMASK, 0);
	signal_set(SIGCHLD, SIG_DFL_ADDR);
}

static int child_ignored(void *arg)
{
	(void)arg;
	signal_set(SIGCHLD, SIG_IGN_ADDR);
	for (int i = 0; i < 20; i++)
		child_start(child_reads, shared);
	return sys_wait4(-1, NULL, 0, NULL) == -ECHILD ? 13 : 14;
}

static void test_ignored(void)
{
	ok_child_exits(child_ignored, NULL, 13, "children-of-who-ignores-sigchld-reap-themselves");
}

int main(void)
{
	shared = (uint32_t *)map_shared(PAGE_SIZE);
	test_suspend();
	test_wait();
	test_read();
	test_stops();
	test_children();
	test_ignored();
	return tap_finish();
}
