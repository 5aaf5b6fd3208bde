/* signals.c - signals as Linux's calls have them, for tests. */
#include "user/signals.h"

#include <stddef.h>

#include "user/linux.h"
#include "user/probe.h"
#include "user/thread.h"

static long set_action(int signo, const struct __kernel_sigaction *action)
{
	return syscall4(__NR_rt_sigaction, signo, (long)action, 0, sizeof(action->mask));
}

long signal_handle_masked(int signo, signal_handler *handler, uint64_t flags, uint64_t mask)
{
	struct __kernel_sigaction action = {
		.handler = (uintptr_t)handler,
		.flags = flags | SA_SIGINFO | SA_RESTORER,
		.restorer = (uintptr_t)signal_restorer,
		.mask = mask,
	};

	return set_action(signo, &action);
}

long signal_handle(int signo, signal_handler *handler, uint64_t flags)
{
	return signal_handle_masked(signo, handler, flags, 0);
}

long signal_set(int signo, uint64_t address)
{
	struct __kernel_sigaction action = { .handler = address };

	return set_action(signo, &action);
}

uint64_t signal_mask(int how, uint64_t set)
{
	uint64_t old = 0;

	syscall4(__NR_rt_sigprocmask, how, (long)&set, (long)&old, sizeof(set));
	return old;
}

uint64_t signal_waiting(void)
{
	uint64_t set = 0;

	syscall2(__NR_rt_sigpending, (long)&set, sizeof(set));
	return set;
}

long signal_wait(uint64_t set, struct __kernel_siginfo *info, int ms)
{
	struct __kernel_timespec span = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	return syscall4(__NR_rt_sigtimedwait, (long)&set, (long)info, ms < 0 ? 0 : (long)&span,
			sizeof(set));
}

void signal_self(int signo)
{
	syscall3(__NR_tgkill, sys_getpid(), sys_gettid(), signo);
}

void signal_until(int pid, int signo, const uint32_t *word)
{
	while (!word_get(word) && sys_kill(pid, signo) == 0)
		sleep_ms(1);
}
