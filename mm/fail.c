/*
 * Allocations that fail on purpose: tests run an operation with n = 1, 2, ... until it no longer
 * gets that far.
 */
#include "mm/buddy.h"

#if CONFIG_DEBUG

static atomic_long_t left;

void fail_nth_set(unsigned long n) { atomic_long_set(&left, (long)n); }

unsigned long fail_nth_left(void)
{
	/* Two CPUs that count the last one down together leave -1. */
	return (unsigned long)max(atomic_long_read(&left), 0l);
}

bool should_fail(gfp_t gfp)
{
	if (likely(atomic_long_read(&left) <= 0) || gfp & GFP_NOFAIL)
		return false;
	return atomic_long_add_return(-1, &left) == 0;
}

#endif
