/*
 * The blocking interface: all that memory management knows of tasks. The kernel implements it with
 * its scheduler, the simulator as primitives of its own.
 */
#pragma once
#include <sys/queue.h>
#include "kernel/base/spinlock.h"
#include "machine/percpu.h"	/* current_task() */

struct task;
struct mm_struct;

struct waiter {
	struct task *task;
	/*
	 * Called at a wake-up in place of waking a task, with the queue locked; the
	 * waiter stays on the queue. events: what the waker says has come, 0 if it does
	 * not. Not on the simulator.
	 */
	void (*func)(struct waiter *w, unsigned int events);
	TAILQ_ENTRY(waiter) link;
	bool queued;
};

struct wait_queue {
	spinlock_t lock;
	TAILQ_HEAD(waiters, waiter) waiters;
};

void wait_queue_init(struct wait_queue *wq);
/*
 * Puts the caller on the queue (once) and marks it sleeping; the caller then checks its
 * condition again and calls schedule(), which returns after a wake_up. With killable set, a
 * fatal signal wakes it too.
 */
void prepare_to_wait(struct wait_queue *wq, struct waiter *w, bool killable);
/* The same; any signal wakes it (signal_pending()). */
void prepare_to_wait_interruptible(struct wait_queue *wq, struct waiter *w);
void finish_wait(struct wait_queue *wq, struct waiter *w);
/* Wake the first nr sleepers (0: all). May be called with interrupts off and spin locks held. */
int wake_up_nr(struct wait_queue *wq, int nr);
static inline void wake_up(struct wait_queue *wq) { wake_up_nr(wq, 1); }
static inline void wake_up_all(struct wait_queue *wq) { wake_up_nr(wq, 0); }

/* The running task's address space, NULL for a kernel thread. */
struct mm_struct *current_mm(void);
/* Gives up the CPU. Sleeps if the task was marked by prepare_to_wait and not woken since. */
void schedule(void);
/* Lets other tasks run if their turn has come; for long loops that hold no spin lock. */
void cond_resched(void);
/*
 * How often to look for what another CPU is about to do, before the price of a sleep is worth
 * paying; 0 where nobody else runs, and on the simulator, where a sleep shows the same orders.
 */
unsigned int spin_tries(void);
/* The running task has been killed: long operations give up with -EINTR. */
bool fatal_signal_pending(void);
/* A signal waits for the running task: its sleeps end, except the killable ones. */
bool signal_pending(void);

/* Sleeps until cond holds. cond is evaluated again after each wake-up. */
#define wait_event(wq, cond) do { \
	struct waiter _w = { .task = current_task() }; \
	for (;;) { \
		prepare_to_wait((wq), &_w, false); \
		if (cond) \
			break; \
		schedule(); \
	} \
	finish_wait((wq), &_w); \
} while (0)

/*
 * The same, but gives up with `error` when `signal` holds; 0 when cond does. prepare puts _w on
 * the queue, in the kind of sleep which that signal ends.
 */
#define wait_event_or_signal(wq, cond, prepare, signal, error) ({ \
	struct waiter _w = { .task = current_task() }; \
	int _ret = 0; \
	for (;;) { \
		prepare; \
		if (cond) \
			break; \
		if (signal) { \
			_ret = (error); \
			break; \
		} \
		schedule(); \
	} \
	finish_wait((wq), &_w); \
	_ret; \
})

/* Gives up with -EINTR when the task is killed. */
#define wait_event_killable(wq, cond) \
	wait_event_or_signal((wq), (cond), prepare_to_wait((wq), &_w, true), \
			     fatal_signal_pending(), -EINTR)

/* Gives up with -ERESTARTSYS (kernel/signal/signal.h) when a signal comes. */
#define wait_event_interruptible(wq, cond) \
	wait_event_or_signal((wq), (cond), prepare_to_wait_interruptible((wq), &_w), \
			     signal_pending(), -ERESTARTSYS)
