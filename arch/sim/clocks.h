/*
 * What orders the accesses of different CPUs: vector clocks, for the search for data races
 * (datarace.h). A CPU's clock says, for each CPU, up to which of its moments everything
 * has happened before now. A lock, an atomic variable or an IPI hands clocks on, as far as
 * the kernel's rules promise an order, which is less than the simulator keeps (there each
 * step happens at once).
 *
 * Tasks of one CPU, and its interrupts, share its clock: the CPU's own order, and a
 * context switch, order them.
 */
#pragma once
#include "kernel/base/types.h"

#define CLOCK_CPUS 4

struct clock {
	u32 at[CLOCK_CPUS];
};

/* The program is built for it: plain accesses of mm/ are seen, and all below is done. */
extern bool clocks_on;

/* What each CPU has seen, its own moment included. */
extern struct clock clock_now[CLOCK_CPUS];

/* A schedule starts: all that was before it comes before it. */
void clocks_begin(void);

/*
 * Locks, messages: who acquires obj comes after all who have released it. Outside
 * schedules: nothing.
 */
void clock_do_acquire(const volatile void *obj);
void clock_do_release(const volatile void *obj);
static inline void clock_acquire(const volatile void *obj)
{
	if (clocks_on)
		clock_do_acquire(obj);
}
static inline void clock_release(const volatile void *obj)
{
	if (clocks_on)
		clock_do_release(obj);
}

/*
 * Loads and stores of one variable. Without an order of their own they have that of the
 * barriers around them: a store tells what came before the last write barrier, a load is learnt
 * from at the next read barrier.
 */
void clock_load(const volatile void *obj, bool acquire);
void clock_store(const volatile void *obj, bool release);
/* As a store, but what others have handed on by obj stays. */
void clock_hand_on(const volatile void *obj);
/* Read, changed and written in one: a full barrier on both sides. */
void clock_rmw(const volatile void *obj);

enum clock_barrier { BARRIER_READ = 1, BARRIER_WRITE = 2, BARRIER_FULL = 3 };
void clock_barrier(enum clock_barrier which);
