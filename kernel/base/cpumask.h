/* A set of CPUs: one word, bit n is CPU n. Changed atomically. */
#pragma once
#include "kernel/base/atomic.h"

typedef unsigned long cpumask_t;

#define for_each_cpu(cpu, mask) \
	for (cpumask_t _left = (mask); \
	     _left && ((cpu) = (unsigned int)__builtin_ctzl(_left), true); _left &= _left - 1)

static inline cpumask_t cpumask_of(unsigned int cpu) { return 1ul << cpu; }

/* Both are full barriers; they return whether the bit was set before. */
static inline bool cpumask_test_and_set(unsigned int cpu, cpumask_t *mask)
{
	return atomic_or_return_old(cpumask_of(cpu), mask) & cpumask_of(cpu);
}
static inline bool cpumask_test_and_clear(unsigned int cpu, cpumask_t *mask)
{
	return atomic_and_return_old(~cpumask_of(cpu), mask) & cpumask_of(cpu);
}
