/*
 * Vector clocks: see clocks.h. What has been handed on by an object is kept in a table by its
 * address, for the length of a schedule.
 */
#include <string.h>
#include "arch/sim/clocks.h"
#include "arch/interface.h"
#include "arch/sim/explore.h"
#include "kernel/base/bug.h"

bool clocks_on;
struct clock clock_now[CLOCK_CPUS];

static struct clock told[CLOCK_CPUS];	 /* at the last write barrier: what later stores hand on */
/* From loads without an order: known at the next read barrier. */
static struct clock learnt[CLOCK_CPUS];

static void join(struct clock *to, const struct clock *from)
{
	for (unsigned int i = 0; i < CLOCK_CPUS; i++)
		to->at[i] = max(to->at[i], from->at[i]);
}

/* ---- what objects hand on ---- */

#define MAX_OBJECTS 4096u

static struct handed_on {
	const volatile void *obj;
	u32 schedule;
	struct clock clock;
} objects[MAX_OBJECTS];
static u32 schedule_number;
static unsigned int nr_objects;

static struct clock *clock_of(const volatile void *obj)
{
	unsigned int i =
		(unsigned int)((unsigned long)obj * 0x9e3779b97f4a7c15ull >> 40) % MAX_OBJECTS;
	struct handed_on *o;

	while ((o = &objects[i])->schedule == schedule_number && o->obj != obj)
		i = (i + 1) % MAX_OBJECTS;
	if (o->schedule != schedule_number) {
		BUG_MSG(++nr_objects == MAX_OBJECTS,
			"a schedule with more than %u locks and atomics", MAX_OBJECTS);
		*o = (struct handed_on){ obj, schedule_number, { { 0 } } };
	}
	return &o->clock;
}

void clocks_begin(void)
{
	schedule_number++;
	nr_objects = 0;
	memset(told, 0, sizeof(told));
	memset(learnt, 0, sizeof(learnt));
	memset(clock_now, 0, sizeof(clock_now));
	for (unsigned int cpu = 0; cpu < CLOCK_CPUS; cpu++)
		clock_now[cpu].at[cpu] = 1;
}

/* What this CPU does from here on is not part of what it has handed on. */
static void next_moment(unsigned int cpu) { clock_now[cpu].at[cpu]++; }

void clock_do_acquire(const volatile void *obj)
{
	if (exploring())
		join(&clock_now[this_cpu()], clock_of(obj));
}

void clock_do_release(const volatile void *obj)
{
	if (!exploring())
		return;
	join(clock_of(obj), &clock_now[this_cpu()]);
	next_moment(this_cpu());
}

void clock_hand_on(const volatile void *obj) { join(clock_of(obj), &told[this_cpu()]); }

void clock_load(const volatile void *obj, bool acquire)
{
	join(acquire ? &clock_now[this_cpu()] : &learnt[this_cpu()], clock_of(obj));
}

/* Who reads the new value has not read those before it. */
void clock_store(const volatile void *obj, bool release)
{
	unsigned int cpu = this_cpu();

	*clock_of(obj) = release ? clock_now[cpu] : told[cpu];
	if (release)
		next_moment(cpu);
}

void clock_rmw(const volatile void *obj)
{
	clock_load(obj, true);
	clock_barrier(BARRIER_FULL);
	clock_hand_on(obj);
}

void clock_barrier(enum clock_barrier which)
{
	unsigned int cpu = this_cpu();

	if (which & BARRIER_READ)
		join(&clock_now[cpu], &learnt[cpu]);
	if (which & BARRIER_WRITE) {
		told[cpu] = clock_now[cpu];
		next_moment(cpu);
	}
}

/* machine/barrier.h */
void sim_barrier(int which)
{
	if (exploring())
		clock_barrier((enum clock_barrier)which);
}
