/* Timers in the order of their times, and the thread that fires them. */
#include "kernel/time/timer.h"
#include "kernel/process/task.h"
#include "kernel/time/time.h"

static int timer_cmp(const struct timer *a, const struct timer *b)
{
	if (a->expires != b->expires)
		return a->expires < b->expires ? -1 : 1;
	return a < b ? -1 : a > b;
}

static RB_HEAD(timer_tree, timer) timers;	/* under tasks_lock */
RB_GENERATE_STATIC(timer_tree, timer, link, timer_cmp)

/* The thread sleeps here until the first timer's time. */
static struct wait_queue new_first;

void timer_cancel(struct timer *timer)
{
	if (timer->queued)
		RB_REMOVE(timer_tree, &timers, timer);
	timer->queued = false;
}

void timer_start(struct timer *timer, u64 expires)
{
	timer_cancel(timer);
	timer->expires = expires;
	timer->queued = true;
	RB_INSERT(timer_tree, &timers, timer);
	if (RB_MIN(timer_tree, &timers) == timer)
		wake_up_all(&new_first);
}

/* Fires what is due; when the next one is. */
static u64 fire_due(void)
{
	struct timer *timer;
	u64 next = NO_DEADLINE;

	spin_lock(&tasks_lock);
	while ((timer = RB_MIN(timer_tree, &timers))) {
		next = timer->expires;
		if (next > clock_ns())
			break;
		next = NO_DEADLINE;
		timer_cancel(timer);
		timer->fire(timer);
	}
	spin_unlock(&tasks_lock);
	return next;
}

static void run_timers(void *arg)
{
	struct waiter w = { .task = current_task() };

	for (;;) {
		prepare_to_wait(&new_first, &w, false);
		schedule_until(fire_due());
	}
}

void timer_init(void)
{
	struct task *task;

	wait_queue_init(&new_first);
	task = kernel_thread("timers", run_timers, NULL);
	if (!task)
		panic("no memory for the thread of the timers");
	wake_task(task, false);
}
