/*
 * What a schedule cannot end by itself: a loop without any point. A timer of processor time
 * looks whether there has been one since it looked last. And where a schedule was when it
 * failed, for the report.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/time.h>
#include <ucontext.h>
#include "arch/sim/explore.h"

unsigned long explore_progress;
unsigned long explore_failed_at[FAILED_AT];

/* Callers by their frame pointers; the first frame of a fiber has none above it. */
__attribute__((no_sanitize("address"))) void note_failed_at(unsigned long pc,
							    const unsigned long *frame)
{
	for (unsigned int i = 0; i < FAILED_AT; i++) {
		explore_failed_at[i] = pc;
		pc = frame ? frame[1] : 0;
		frame = frame ? (const unsigned long *)frame[0] : frame;
	}
}

static void look(int sig, siginfo_t *info, void *context)
{
	static unsigned long seen;
	const ucontext_t *c = context;

	(void)sig, (void)info;
	if (explore_running() && seen == explore_progress) {
		note_failed_at((unsigned long)c->uc_mcontext.gregs[REG_RIP],
			       (const unsigned long *)c->uc_mcontext.gregs[REG_RBP]);
		explore_fail_here("runaway: a loop without any point");
	}
	seen = explore_progress;
}

void explore_watchdog(void)
{
	struct sigaction action = { .sa_sigaction = look,
				    .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART };
	struct itimerval often = { { 0, 250000 }, { 0, 250000 } };

	sigaction(SIGPROF, &action, NULL);
	setitimer(ITIMER_PROF, &often, NULL);
}
