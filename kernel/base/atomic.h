/*
 * Atomic counters. Every read-modify-write is a full barrier, as on x86; atomic_read and
 * atomic_set are not ordered. On the simulator each operation is a scheduling point.
 */
#pragma once
#include "kernel/base/once.h"

typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic_long_t;

#define ATOMIC_INIT(v)	{ (v) }

#define atomic_read(a)		READ_ONCE((a)->counter)
#define atomic_set(a, v)	WRITE_ONCE((a)->counter, (v))
#define atomic_long_read	atomic_read
#define atomic_long_set		atomic_set

#define __atomic_rmw(op, how, p, v) \
	({ machine_point((p), (how)); __atomic_##op((p), (v), __ATOMIC_SEQ_CST); })

static inline void atomic_add(int v, atomic_t *a)
{
	__atomic_rmw(fetch_add, ACCESS_ADD, &a->counter, v);
}

static inline void atomic_inc(atomic_t *a) { atomic_add(1, a); }
static inline void atomic_dec(atomic_t *a) { atomic_add(-1, a); }
static inline int atomic_add_return(int v, atomic_t *a)
{
	return __atomic_rmw(add_fetch, ACCESS_WRITE, &a->counter, v);
}
static inline bool atomic_dec_and_test(atomic_t *a) { return atomic_add_return(-1, a) == 0; }
static inline int atomic_xchg(atomic_t *a, int v)
{
	return __atomic_rmw(exchange_n, ACCESS_WRITE, &a->counter, v);
}

/* Stores v if the counter is *old; otherwise puts what was there into *old and returns false. */
static inline bool atomic_try_cmpxchg(atomic_t *a, int *old, int v)
{
	machine_point(&a->counter, ACCESS_WRITE);
	return __atomic_compare_exchange_n(&a->counter, old, v, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

static inline void atomic_long_add(long v, atomic_long_t *a)
{
	__atomic_rmw(fetch_add, ACCESS_ADD, &a->counter, v);
}
static inline long atomic_long_add_return(long v, atomic_long_t *a)
{
	return __atomic_rmw(add_fetch, ACCESS_WRITE, &a->counter, v);
}
static inline void atomic_long_inc(atomic_long_t *a) { atomic_long_add(1, a); }
static inline void atomic_long_dec(atomic_long_t *a) { atomic_long_add(-1, a); }

/* Bits of a word that several CPUs change. */
static inline unsigned long atomic_or_return_old(unsigned long bits, unsigned long *word)
{
	return __atomic_rmw(fetch_or, ACCESS_WRITE, word, bits);
}
static inline unsigned long atomic_and_return_old(unsigned long bits, unsigned long *word)
{
	return __atomic_rmw(fetch_and, ACCESS_WRITE, word, bits);
}
