/* Sleeps with an end: each CPU has a tree of the tasks that went to sleep on it, by time. */
#include "kernel/sched/sched.h"

static int timeout_cmp(const struct task *a, const struct task *b)
{
	if (a->timeout != b->timeout)
		return a->timeout < b->timeout ? -1 : 1;
	return a < b ? -1 : a > b;
}

RB_GENERATE_STATIC(timeout_tree, task, timeout_link, timeout_cmp)

u64 timeouts_first(const struct run_queue *rq)
{
	const struct task *first = RB_MIN(timeout_tree, (struct timeout_tree *)&rq->timeouts);

	return first ? first->timeout : NO_TIMEOUT;
}

void timeout_insert(struct run_queue *rq, struct task *task)
{
	task->timeout_cpu = this_cpu();
	task->timeout_queued = true;
	RB_INSERT(timeout_tree, &rq->timeouts, task);
}

/*
 * A task that still sleeps has not left the queue's CPU, so its state is ours to change; one that
 * has been woken and has moved on is running, and will find out by itself that its time is over.
 */
void timeouts_expire(struct run_queue *rq, u64 now)
{
	struct task *task;

	while ((task = RB_MIN(timeout_tree, &rq->timeouts)) && task->timeout <= now) {
		RB_REMOVE(timeout_tree, &rq->timeouts, task);
		WRITE_ONCE(task->timeout_queued, false);
		if (task->cpu != this_cpu() ||
		    task->state == TASK_RUNNING || task->state == TASK_DEAD)
			continue;
		WRITE_ONCE(task->state, TASK_RUNNING);
		if (task != rq->curr)
			rq_enqueue(rq, task);
	}
}

void timeout_cancel(struct task *task)
{
	struct run_queue *rq = &run_queues[task->timeout_cpu];
	unsigned long flags;

	if (!READ_ONCE(task->timeout_queued))
		return;
	flags = spin_lock_irqsave(&rq->lock);
	if (task->timeout_queued) {
		RB_REMOVE(timeout_tree, &rq->timeouts, task);
		task->timeout_queued = false;
	}
	spin_unlock_irqrestore(&rq->lock, flags);
}
