/* signals_exec.c - what execve keeps of signals, and execve by a thread among others. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"
#include "user/thread.h"

#include <stdlib.h>
#include <string.h>

static char *self;

static void on_signal(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo, (void)info, (void)context;
}

static long again(const char *role)
{
	char *argv[] = { self, (char *)role, NULL }, *envp[] = { NULL };

	return sys_execve(self, argv, envp);
}

static uint64_t handler_of(int signo)
{
	struct __kernel_sigaction old = { 0 };

	syscall4(__NR_rt_sigaction, signo, 0, (long)&old, 8);
	return old.handler + old.flags + old.mask;
}

/* ---- roles: the new program ---- */

static int role_signals(void)
{
	struct __kernel_sigaltstack stack = { 0 };
	int wrong = 0;

	syscall2(__NR_sigaltstack, 0, (long)&stack);
	wrong |= handler_of(SIGUSR1) != SIG_DFL_ADDR ? 1 : 0;
	wrong |= handler_of(SIGUSR2) != SIG_IGN_ADDR ? 2 : 0;
	wrong |= signal_mask(SIG_BLOCK, 0) != (SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(SIGINT)) ? 4 : 0;
	wrong |= signal_waiting() != SIGNAL_BIT(SIGTERM) ? 8 : 0;
	wrong |= stack.ss_flags != SS_DISABLE || stack.ss_size ? 16 : 0;
	return wrong;
}

static int role_alone(void) { return sys_getpid() == sys_gettid() ? 61 : 62; }

static int role_alarm(void)
{
	return signal_wait(SIGNAL_BIT(SIGALRM), NULL, 60000) == SIGALRM ? 63 : 64;
}

static int role_timer(void) { return signal_waiting() == SIGNAL_BIT(SIGUSR2) ? 66 : 67; }

/* ---- the old one ---- */

static int child_keeps(void *arg)
{
	struct __kernel_sigaltstack stack = { .ss_sp = (uintptr_t)map_private(8192),
					      .ss_size = 8192 };

	(void)arg;
	signal_handle_masked(SIGUSR1, on_signal, SA_NODEFER, 77);
	signal_set(SIGUSR2, SIG_IGN_ADDR);
	signal_mask(SIG_SETMASK, SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(SIGINT));
	sys_kill((int)sys_getpid(), SIGTERM);
	syscall2(__NR_sigaltstack, (long)&stack, 0);
	return 100 - (int)again("signals");
}

static uint32_t ready, never;

static void *sleeps(void *arg)
{
	word_add(arg);
	word_wait(&never, 1);
	return NULL;
}

static void *spins(void *arg)
{
	word_add(arg);
	while (!word_get(&never))
		;
	return NULL;
}

static void *execs(void *arg)
{
	(void)arg;
	word_wait(&ready, 2);
	again("alone");
	return NULL;
}

/* The thread that calls it is the only one left, and has the process's number. */
static int child_thread_execs(void *arg)
{
	static struct thread threads[3];

	thread_create(&threads[0], sleeps, &ready);
	thread_create(&threads[1], arg ? spins : sleeps, &ready);
	thread_create(&threads[2], execs, NULL);
	word_wait(&never, 1);
	return 1;
}

static int child_main_execs(void *arg)
{
	static struct thread threads[2];

	(void)arg;
	thread_create(&threads[0], sleeps, &ready);
	thread_create(&threads[1], spins, &ready);
	word_wait(&ready, 2);
	return 100 - (int)again("alone");
}

/* All threads at once: one of them wins, whichever. */
static void *races(void *arg)
{
	(void)arg;
	word_add(&ready);
	word_wait(&ready, 4);
	again("alone");
	return NULL;
}

static int child_all_exec(void *arg)
{
	static struct thread threads[4];

	(void)arg;
	for (int i = 0; i < 4; i++)
		thread_create(&threads[i], races, NULL);
	word_wait(&never, 1);
	return 1;
}

/* A refused execve leaves the other threads, and the handlers, as they are. */
static int child_is_refused(void *arg)
{
	static struct thread thread;
	char *argv[] = { NULL };
	uint64_t before;

	(void)arg;
	signal_handle(SIGUSR1, on_signal, 0);
	before = handler_of(SIGUSR1);
	thread_create(&thread, sleeps, &ready);
	word_wait(&ready, 1);
	if (sys_execve("/nonexistent", argv, argv) != -ENOENT || handler_of(SIGUSR1) != before)
		return 1;
	word_set(&never, 1);
	thread_join(&thread);
	return 65;
}

static int child_sets_alarm(void *arg)
{
	struct __kernel_itimerval value = { .it_value = { 0, 50000 } };

	(void)arg;
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGALRM));	/* it may be faster than the exec */
	syscall3(__NR_setitimer, ITIMER_REAL, (long)&value, 0);
	return 100 - (int)again("alarm");
}

/* What a timer has sent goes with the timer; what a process has sent stays. */
static int child_sets_timer(void *arg)
{
	struct __kernel_sigevent event = { .signo = SIGUSR1, .notify = SIGEV_SIGNAL };
	struct __kernel_itimerspec value = { .it_value = { 0, 1 } };
	int id;

	(void)arg;
	signal_mask(SIG_SETMASK, SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2));
	signal_self(SIGUSR2);
	if (syscall3(__NR_timer_create, CLOCK_MONOTONIC, (long)&event, (long)&id) ||
	    syscall4(__NR_timer_settime, id, 0, (long)&value, 0))
		return 1;
	while (!(signal_waiting() & SIGNAL_BIT(SIGUSR1)))
		sleep_ms(1);
	return 100 - (int)again("timer");
}

static void test_clear_sighand(void)
{
	struct clone_args args = { .flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	long pid;

	signal_handle(SIGUSR1, on_signal, 0);
	signal_set(SIGUSR2, SIG_IGN_ADDR);
	pid = syscall2(__NR_clone3, (long)&args, sizeof(args));
	if (pid == 0)
		sys_exit_group(handler_of(SIGUSR1) == SIG_DFL_ADDR &&
			       handler_of(SIGUSR2) == SIG_IGN_ADDR ? 66 : 67);
	is(child_verdict(child_wait((int)pid)), 66, "clone3-can-clear-the-handlers");
	ok(handler_of(SIGUSR1) != SIG_DFL_ADDR, "of-the-child-only");
	args.flags |= CLONE_SIGHAND | CLONE_VM;
	is(syscall2(__NR_clone3, (long)&args, sizeof(args)), -EINVAL, "not-of-shared-ones");
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 1 && strcmp(argv[1], "signals") == 0)
		return role_signals();
	if (argc > 1 && strcmp(argv[1], "timer") == 0)
		return role_timer();
	if (argc > 1)
		return strcmp(argv[1], "alone") == 0 ? role_alone() : role_alarm();
	tap_plan(11);
	ok_child_exits(child_keeps, NULL, 0, "handlers-go-the-rest-stays");
	ok_child_exits(child_thread_execs, NULL, 61, "execve-by-a-thread-while-others-sleep");
	ok_child_exits(child_thread_execs, "spin", 61, "or-run");
	ok_child_exits(child_main_execs, NULL, 61, "execve-by-the-first-thread");
	ok_child_exits(child_all_exec, NULL, 61, "execve-by-all-threads-at-once");
	ok_child_exits(child_is_refused, NULL, 65, "a-refused-execve-changes-nothing");
	ok_child_exits(child_sets_alarm, NULL, 63, "the-real-timer-runs-on");
	ok_child_exits(child_sets_timer, NULL, 66, "other-timers-and-their-signals-go");
	test_clear_sighand();
	return tap_done();
}
