/* Wait queues: who sleeps until something happens (kernel/base/wait.h). */
#include "kernel/process/task.h"

void wait_queue_init(struct wait_queue *wq)
{
	spin_lock_init(&wq->lock, LOCK_WAIT_QUEUE);
	TAILQ_INIT(&wq->waiters);
}

/*
 * The state is set under the queue's lock: a waker who takes the lock later finds the waiter, one
 * who had it earlier has changed what the caller now checks.
 */
static void prepare(struct wait_queue *wq, struct waiter *w, enum task_state state)
{
	unsigned long flags = spin_lock_irqsave(&wq->lock);

	if (!w->queued) {
		TAILQ_INSERT_TAIL(&wq->waiters, w, link);
		w->queued = true;
	}
	WRITE_ONCE(w->task->state, state);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void prepare_to_wait(struct wait_queue *wq, struct waiter *w, bool killable)
{
	prepare(wq, w, killable ? TASK_KILLABLE : TASK_SLEEPING);
}

void prepare_to_wait_interruptible(struct wait_queue *wq, struct waiter *w)
{
	prepare(wq, w, TASK_INTERRUPTIBLE);
}

void add_waiter(struct wait_queue *wq, struct waiter *w)
{
	unsigned long flags = spin_lock_irqsave(&wq->lock);

	if (!w->queued) {
		TAILQ_INSERT_TAIL(&wq->waiters, w, link);
		w->queued = true;
	}
	spin_unlock_irqrestore(&wq->lock, flags);
}

void remove_waiter(struct wait_queue *wq, struct waiter *w)
{
	unsigned long flags = spin_lock_irqsave(&wq->lock);

	if (w->queued) {
		TAILQ_REMOVE(&wq->waiters, w, link);
		w->queued = false;
	}
	spin_unlock_irqrestore(&wq->lock, flags);
}

void finish_wait(struct wait_queue *wq, struct waiter *w)
{
	WRITE_ONCE(w->task->state, TASK_RUNNING);
	/* A waker clears this as its last access to the waiter. */
	if (READ_ONCE(w->queued))
		remove_waiter(wq, w);
}

/* Sleepers that were woken otherwise meanwhile leave the queue too, but do not count. */
static int wake_up_by(struct wait_queue *wq, int nr, bool sync, unsigned int events)
{
	unsigned long flags = spin_lock_irqsave(&wq->lock);
	struct waiter *w, *next;
	int woken = 0;

	TAILQ_FOREACH_SAFE(w, &wq->waiters, link, next) {
		if (nr && woken >= nr)
			break;
		if (w->func) {
			w->func(w, events);
			continue;
		}
		TAILQ_REMOVE(&wq->waiters, w, link);
		woken += sync ? wake_task_sync(w->task) : wake_task(w->task, false);
		barrier();
		WRITE_ONCE(w->queued, false);
	}
	spin_unlock_irqrestore(&wq->lock, flags);
	return woken;
}

int wake_up_nr(struct wait_queue *wq, int nr) { return wake_up_by(wq, nr, false, 0); }
int wake_up_sync(struct wait_queue *wq, unsigned int events)
{
	return wake_up_by(wq, 0, true, events);
}
int wake_up_events(struct wait_queue *wq, unsigned int events)
{
	return wake_up_by(wq, 0, false, events);
}

struct mm_struct *current_mm(void) { return current_task()->mm; }

bool fatal_signal_pending(void) { return READ_ONCE(current_task()->work) & WORK_KILLED; }
