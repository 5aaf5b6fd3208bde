/*
 * Several tasks on one CPU, switched as the kernel switches them: a task gives up its CPU
 * when it sleeps (for a sleeping lock, in a wait queue), when it ends, or, between two
 * instructions of its program and in cond_resched(), if the timer has ended its slice. The
 * kernel is not preempted elsewhere.
 *
 * The timer's interrupt touches nothing but that one mark, which is looked at nowhere else. So it
 * needs no steps of its own: whether it has come by then is a choice made there.
 *
 * A task that cannot have a sleeping lock either still stands before it, or sleeps. The difference
 * shows only when an interrupt arrives (the CPU is idle, and holds the address space lazily) and
 * when another task of the CPU goes on: it is made then.
 */
#include "arch/sim/actor.h"
#include "arch/sim/sim.h"
#include "kernel/base/bug.h"
#include "kernel/base/trace.h"
#include "mm/context.h"

static int running[MAX_ACTORS]; /* on each CPU: its task; -1: none */
static unsigned int nr_tasks[MAX_ACTORS];

int cpu_runs(unsigned int cpu) { return running[cpu]; }

void tasks_begin(const char *on)
{
	for (unsigned int cpu = 0; cpu < MAX_ACTORS; cpu++) {
		running[cpu] = -1;
		nr_tasks[cpu] = 0;
	}
	for (unsigned int i = 0; i < nr_actors; i++) {
		unsigned int cpu = on ? (unsigned int)(on[i] - '0') : i;

		BUG_MSG(cpu >= MAX_ACTORS, "task %u on CPU %u", i, cpu);
		actors[i].cpu = cpu;
		nr_tasks[cpu]++;
		running[cpu] = (int)i;
	}
	/* Where there are several, none has begun. */
	for (unsigned int i = 0; i < nr_actors; i++) {
		actors[i].off_cpu = nr_tasks[actors[i].cpu] > 1;
		if (actors[i].off_cpu)
			running[actors[i].cpu] = -1;
	}
}

static bool waits(const struct actor *a) { return a->wait && !a->wait->cond(a->wait->arg); }

/* Nothing but the CPU keeps it from going on. */
static bool runnable(const struct actor *a)
{
	return a->alive && !(a->relaxing && !a->woken) && !waits(a) && !interrupts[a->cpu].busy;
}

static bool asleep(const struct actor *a) { return waits(a) && a->wait->sleeps; }

static bool shares_cpu(unsigned int task, const struct actor *a)
{
	return nr_tasks[a->cpu] > 1 && actors[task].cpu == a->cpu && &actors[task] != a;
}

static bool other_runnable(const struct actor *a)
{
	for (unsigned int i = 0; i < nr_actors; i++)
		if (shares_cpu(i, a) && runnable(&actors[i]))
			return true;
	return false;
}

bool task_can_run(unsigned int task)
{
	const struct actor *a = &actors[task], *r;

	if (!runnable(a))
		return false;
	if (running[a->cpu] < 0)
		return true;
	r = &actors[running[a->cpu]];
	if (r == a)
		return !a->yielding || !other_runnable(a);
	return !r->alive || r->yielding || asleep(r);
}

/* What a task waits for decides whether it, or another of its CPU, may go on. */
static void depend_on_wait(const struct actor *a)
{
	if (a->wait)
		sim_point(a->wait->obj, ACCESS_READ | ACCESS_NOTE);
}

static void depend_on_others(const struct actor *a)
{
	for (unsigned int i = 0; i < nr_actors; i++)
		if (shares_cpu(i, a))
			depend_on_wait(&actors[i]);
}

void task_picked(unsigned int task)
{
	struct actor *a = &actors[task];
	int before = running[a->cpu];

	sim_point(cpu_handler_flag(a->cpu), ACCESS_READ | ACCESS_NOTE);
	if (a->yielding)
		depend_on_others(a);
	a->yielding = false;
	if (nr_tasks[a->cpu] > 1 || before != (int)task)
		sim_point(cpu_task_flag(a->cpu), ACCESS_WRITE | ACCESS_NOTE);
	if (before == (int)task)
		return;
	if (before >= 0) {
		depend_on_wait(&actors[before]);
		actors[before].off_cpu = true;
		actors[before].yielding = false;
	}
	depend_on_wait(a);
	a->off_cpu = true;
	running[a->cpu] = (int)task;
}

void task_switch_in(struct actor *a)
{
	unsigned long flags;

	a->off_cpu = false;
	flags = irq_save();
	trace(TRACE_SWITCH, 0, (unsigned long)(a - actors) + 1, 0);
	switch_mm(current_mm());
	irq_restore(flags);
}

void cpu_may_be_idle(unsigned int cpu)
{
	struct actor *a = running[cpu] < 0 ? NULL : &actors[running[cpu]];

	sim_point(cpu_task_flag(cpu), ACCESS_READ | ACCESS_NOTE);
	if (!a || !a->alive || !a->wait || !a->wait->sleeps)
		return;
	depend_on_wait(a);
	depend_on_others(a);
	if (!asleep(a) || other_runnable(a) || !explore_choice(2))
		return;
	a->off_cpu = true;
	running[cpu] = -1;
	trace(TRACE_SWITCH, (unsigned long)(a - actors) + 1, 0, 0);
	switch_mm(NULL);
}

void explore_edge(void)
{
	int task = exploring() ? running[this_cpu()] : -1;

	if (task < 0 || nr_tasks[this_cpu()] < 2)
		return;
	depend_on_others(&actors[task]);
	if (!other_runnable(&actors[task]) || !explore_choice(2))
		return;
	actors[task].yielding = true;
	explore_yield();
}

unsigned int explore_task(void)
{
	unsigned int cpu = this_cpu();

	return running[cpu] < 0 ? MAX_ACTORS + cpu : (unsigned int)running[cpu];
}

u16 explore_occupants(unsigned int cpu)
{
	if (interrupts[cpu].busy)
		return (u16)(1u << (MAX_ACTORS + cpu));
	return running[cpu] < 0 ? 0 : (u16)(1u << running[cpu]);
}
