/* signals.h - signals as Linux's calls have them, for tests: handlers, masks, sending. */
#ifndef USER_SIGNALS_H
#define USER_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/uapi/signal.h"

typedef void signal_handler(int signo, struct __kernel_siginfo *info,
			    struct __kernel_ucontext *context);

#define SIGNAL_BIT(signo)	(1ULL << ((signo) - 1))

/* The return address of handlers: calls rt_sigreturn. */
void signal_restorer(void);

/* Installs a handler; SA_SIGINFO and SA_RESTORER are added to the flags. 0 or -errno. */
long signal_handle(int signo, signal_handler *handler, uint64_t flags);
/* The same, with a mask for the time that the handler runs. */
long signal_handle_masked(int signo, signal_handler *handler, uint64_t flags, uint64_t mask);
/* SIG_DFL_ADDR or SIG_IGN_ADDR. */
long signal_set(int signo, uint64_t address);

/* Changes the mask of the thread; returns the old one. */
uint64_t signal_mask(int how, uint64_t set);
/* What is pending and blocked. */
uint64_t signal_waiting(void);

/* rt_sigtimedwait; ms < 0: without end. The signal, or -errno. */
long signal_wait(uint64_t set, struct __kernel_siginfo *info, int ms);

/* Sends a signal to the calling thread, or process. */
void signal_self(int signo);

/*
 * Sends the signal to a process again and again until the word is not 0 any more: for a receiver
 * that may not have begun to sleep yet.
 */
void signal_until(int pid, int signo, const uint32_t *word);

#endif
