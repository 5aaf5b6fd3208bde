/*
 * Data races: two accesses to the same memory by different CPUs, at least one of them a write,
 * that nothing orders (clocks.h) and that are not both announced (READ_ONCE, WRITE_ONCE,
 * atomics, entries). Such a pair fails the schedule, whatever has come of it: a compiler may
 * tear, repeat or move a plain access.
 */
#pragma once
#include "arch/sim/clocks.h"

enum access_kind { PLAIN_READ, PLAIN_WRITE, MARKED_READ, MARKED_WRITE };

/*
 * Where an access is made: what its call returns to, and the same of the function that it is in.
 */
struct place {
	u32 pc, caller;
};
#define PLACE place_of(__builtin_return_address(0), __builtin_frame_address(0))
struct place place_of(const void *pc, const void *frame);
#define BY_PROCESSOR ((struct place){ 0, 0 }) /* a program's access, or the walk for it */

void datarace_begin(void);
/*
 * Fails the schedule if it races with an earlier one. Outside schedules, and under a
 * checker's lock: nothing.
 */
void datarace_access(const volatile void *start, size_t size, enum access_kind kind,
		     struct place place);

/*
 * Announced accesses, and the order that they give. A load that acquires; a store that releases.
 */
void announced_load(const volatile void *obj, size_t size, bool acquire, struct place place);
void announced_store(const volatile void *obj, size_t size, bool release, struct place place);
void announced_change(const volatile void *obj, size_t size, struct place place);

/* A checker's lock is held: what it orders, the kernel without checkers does not. */
void datarace_ignore_begin(void);
void datarace_ignore_end(void);
/* Accesses count, and order. */
bool datarace_watching(void);

/*
 * The race that was found last: the earlier access (explore_failed_at has the later
 * one), and the memory.
 */
struct race_found {
	struct place earlier;
	unsigned long addr;
};
extern struct race_found race_found;
