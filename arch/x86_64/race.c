/*
 * Races that a seed decides. Under `-icount` QEMU runs one CPU at a time and changes to the next
 * where a CPU executes PAUSE, or sleeps; so whoever says when to pause says how the CPUs meet, and
 * the same seed makes the same run, instruction for instruction (docs/seeds.md).
 *
 * Two things pause. In the kernel, race points: where shared memory is touched, locks are taken,
 * calls are sent to other CPUs. In a program, and wherever there is no race point, the
 * timer, which comes after a random time of a few microseconds. Each CPU draws from a
 * generator of its own.
 */
#include "kernel/base/cmdline.h"
#include "kernel/process/task.h"
#include "machine/internal.h"

#if CONFIG_DEBUG
#define LONG_YIELD	32	/* turns that are given away at most, if not just one */
#define TICK_MIN	48	/* counts of the APIC timer: under a microsecond */
#define TICK_DOUBLINGS	6

bool race_points;

static long seed;
static long stop_turn;		/* where race_turn() is called */
static unsigned long turns;	/* given away so far, by all CPUs: what time is to a schedule */
/* One race point in 2^shift pauses: some seeds change CPUs all the time, others rarely. */
static unsigned int shift;
#endif

static const char *set_seed(const char *value)
{
#if CONFIG_DEBUG
	if (!value || !cmdline_number(value, 0, 1l << 31, &seed))
		return "it takes a number from 0 (no race points) to 2147483648";
	return NULL;
#else
	return "only debug builds have race points";
#endif
}
BOOT_OPTION("seed", "=N", "how the CPUs meet, under icount (debug builds)", set_seed);

static const char *set_turn(const char *value)
{
#if CONFIG_DEBUG
	if (!value || !cmdline_number(value, 0, 9999999999l, &stop_turn))
		return "it takes a number";
	return NULL;
#else
	return "only debug builds have race points";
#endif
}
BOOT_OPTION("turn", "=N", "where, after seed=, gdb's breakpoint race_turn is reached", set_turn);

#if CONFIG_DEBUG
/* A generator's first states must differ in more than the bits in which the seeds do. */
static u32 mix(u32 x)
{
	x = (x ^ x >> 16) * 0x85ebca6bu;
	x = (x ^ x >> 13) * 0xc2b2ae35u;
	return x ^ x >> 16;
}

/* Xorshift, of 32 bits. An interrupt in between repeats a number: the same in every run. */
static u32 next_random(void)
{
	u32 *state = &this_percpu()->race_random;
	u32 x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

void race_start(void)
{
	if (!seed)
		return;
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++)
		percpus[cpu].race_random = mix((u32)seed + cpu * 0x9e3779b9u) | 1;
	shift = 1 + mix((u32)seed) % 6;
	race_points = true;
}

/*
 * For a breakpoint. Until the first stop gdb changes nothing, but while it stops a machine, the
 * other CPU goes on; so there must be one place to stop at, not many to pass by.
 */
static __noinline void race_turn(void)
{
	barrier();	/* a call that the compiler must not leave out */
}

static void give_turn_away(void)
{
	if (unlikely(++turns == (unsigned long)stop_turn))
		race_turn();
	pause();
}

void race_report(void)
{
	if (seed)
		printk("seed %ld: turn %lu\n", seed, turns);
}

void race_stop(void) { race_points = false; }

u32 race_timer(u32 count)
{
	u32 random, soon;

	if (!race_points)
		return count;
	this_percpu()->race_ticks = !current_task()->is_idle;
	if (!this_percpu()->race_ticks)
		return count;
	random = next_random();
	soon = (TICK_MIN << random % TICK_DOUBLINGS) + random / 64 % TICK_MIN;
	return count ? min(count, soon) : soon;
}

static void set_tick(void) { lapic_timer_start(race_timer(lapic_timer_count())); }

/* An idle CPU needs no ticks; they begin again at the first race point of a task. */
void race_tick(void)
{
	if (!race_points)
		return;
	if (current_task()->is_idle) {
		this_percpu()->race_ticks = false;
		return;
	}
	give_turn_away();
	set_tick();
}

/* Mostly one turn, so that the CPUs alternate; now and then many, so that one falls far behind. */
void race_yield(void)
{
	u32 random = next_random();
	u32 n = 1;

	if (unlikely(!this_percpu()->race_ticks) && !current_task()->is_idle)
		set_tick();
	if (random & ((1u << shift) - 1))
		return;
	random >>= 8;
	if (random % 4 == 0)
		n += random / 4 % LONG_YIELD;
	while (n--)
		give_turn_away();
}
#endif
