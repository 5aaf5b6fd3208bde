/* What the files of the scheduler share: the run queue of a CPU. */
#pragma once
#include "kernel/process/task.h"

RB_HEAD(timeout_tree, task);

struct run_queue {
	spinlock_t lock;		/* taken with interrupts off */
	struct task *curr, *idle;
	struct task_list queue;		/* runnable, but not running; the next one first */
	unsigned int nr_queued;
	unsigned long switches;
	unsigned long ticks[NR_TICK_MODES];	/* which met its tasks, the idle one left out */

	/*
	 * The CPU's timer: set for the first timeout, for the end of a time slice when somebody
	 * waits for it, and for the next tick while the CPU is not idle.
	 */
	struct timeout_tree timeouts;	/* sleeps with an end that began on this CPU */
	u64 armed;			/* when it will fire; ~0: not set */
	unsigned long armed_switches;	/* switches when it was set */

	/* Of a switch under way, for schedule_tail(): only this CPU looks. */
	struct task *prev;
	struct task *push;		/* prev, if it may not run here any more */
} __cacheline_aligned;

#define NO_TIMEOUT	(~0ull)
#define TIME_SLICE_NS	10000000ull
/*
 * A task queued beside a waker that goes on running: after this time an idle CPU is asked to take
 * it.
 */
#define SPREAD_NS	1000000ull

extern struct run_queue run_queues[NR_CPUS];

static inline struct run_queue *this_rq(void) { return &run_queues[this_cpu()]; }

/* Makes the timer fire at `when` or before. This CPU's queue, locked. */
void rq_arm(struct run_queue *rq, u64 when);
void timeout_insert(struct run_queue *rq, struct task *task);
/* Makes tasks runnable whose timeout has come. Locked. */
void timeouts_expire(struct run_queue *rq, u64 now);
/* The task has been woken, early or by its timeout. */
void timeout_cancel(struct task *task);
/* When the first timeout is due; NO_TIMEOUT if there is none. */
u64 timeouts_first(const struct run_queue *rq);
/* Puts a runnable task at the end of the queue. Locked. */
void rq_enqueue(struct run_queue *rq, struct task *task);
