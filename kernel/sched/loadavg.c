/*
 * The load: how many threads ran or waited for a CPU, averaged over about 1, 5 and 15 minutes.
 * Every five seconds they are counted, and what was counted before loses a part of its weight:
 * e^(-5/60), e^(-5/300) and e^(-5/900) of it stay.
 */
#include "kernel/process/task.h"
#include "kernel/process/usage.h"
#include "kernel/time/time.h"

#define PERIOD_NS	(5 * NSEC_PER_SEC)

static const unsigned long stays[NR_LOADS] = { 1884, 2014, 2037 };	/* of LOAD_ONE */
static unsigned long loads[NR_LOADS];	/* written by the timers' thread alone */
static struct timer sampler;

static void count_running(struct process *process, void *arg)
{
	unsigned long *running = arg;
	struct task *task;

	TAILQ_FOREACH(task, &process->threads, thread_link)
		*running += READ_ONCE(task->state) == TASK_RUNNING;
}

/* Rounded towards the number counted, so that a load that stays is reached. */
static unsigned long decay(unsigned long load, unsigned long stay, unsigned long counted)
{
	unsigned long sum = load * stay + counted * (LOAD_ONE - stay);

	return (sum + (counted >= load ? LOAD_ONE - 1 : 0)) / LOAD_ONE;
}

static void sample(struct timer *timer)
{
	unsigned long running = 0;

	process_for_each(count_running, &running);
	for (int i = 0; i < NR_LOADS; i++)
		WRITE_ONCE(loads[i], decay(loads[i], stays[i], running * LOAD_ONE));
	timer_start(timer, clock_ns() + PERIOD_NS);
}

void loadavg_init(void)
{
	sampler.fire = sample;
	spin_lock(&tasks_lock);
	timer_start(&sampler, clock_ns() + PERIOD_NS);
	spin_unlock(&tasks_lock);
}

unsigned long load_average(int i) { return READ_ONCE(loads[i]); }
