/*
 * Timers that send signals. They are fired by a kernel thread, not by the interrupt: signals are
 * sent under tasks_lock.
 */
#pragma once
#include <sys/tree.h>
#include "kernel/base/types.h"

struct process;
struct timer;

struct timer {
	RB_ENTRY(timer) link;
	bool queued;
	u64 expires;			/* clock_ns() */
	/* Once it has come; the timer is not queued, and may be set again. tasks_lock held. */
	void (*fire)(struct timer *timer);
};

/* Starts the thread; panics if there is no memory (boot). */
void timer_init(void);
/* tasks_lock held. */
void timer_start(struct timer *timer, u64 expires);
void timer_cancel(struct timer *timer);

/* When a timer comes next that comes every `interval`; 0: not at all. */
u64 timer_next(u64 expires, u64 interval, u64 now);

/* ---- posix_timer.c ---- */

struct ksiginfo;

void posix_timers_init(void);	/* boot */
/* Exec and the end of a process: all its timers go. tasks_lock held. */
void posix_timers_end(struct process *process);
/*
 * A timer's signal is taken: the timer goes on, and the signal says what was
 * missed. tasks_lock held.
 */
void posix_timer_taken(struct process *process, struct ksiginfo *info);

/* ---- itimer.c ---- */

/* Those of setitimer(2). A time of 0: not set. */
struct itimers {
	struct timer real;
	struct process *process;
	u64 real_interval;
	struct cpu_timer {
		u64 expires, interval;	/* of the process's CPU time */
	} cpu[2];			/* ITIMER_VIRTUAL, ITIMER_PROF */
	bool cpu_active;		/* one of these is set, or RLIMIT_CPU is */
};

/* Of a new process. */
void itimers_init(struct process *process);
/* Of one that ends. tasks_lock held. */
void itimers_end(struct process *process);
/*
 * Its SIGALRM is about to be handled: the real timer starts again, if it has an interval.
 * tasks_lock held.
 */
void itimers_alarm_taken(struct process *process);
/* RLIMIT_CPU has changed. tasks_lock held. */
void itimers_limit(struct process *process);
/* The running task's process has used CPU time, and a timer counts it: WORK_CPU_TIMER. */
void itimers_check(void);
