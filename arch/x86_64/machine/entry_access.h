/*
 * Reading and changing one page-table entry. The hardware may set A and D in a present entry at
 * any time, so an entry that another CPU may use is changed by exchange, never by read and write.
 */
#pragma once
#include "kernel/base/once.h"

static __always_inline u64 entry_get(const u64 *slot) { return READ_ONCE(*slot); }
static __always_inline void entry_set(u64 *slot, u64 value) { WRITE_ONCE(*slot, value); }
static __always_inline u64 entry_xchg(u64 *slot, u64 value)
{
	race_point();
	return __atomic_exchange_n(slot, value, __ATOMIC_SEQ_CST);
}
/* False, and the entry's value in *old, if it was not *old. */
static __always_inline bool entry_cmpxchg(u64 *slot, u64 *old, u64 value)
{
	u64 now = *old;		/* a plain variable, which the compiler need not keep in memory */
	bool done;

	race_point();
	done = __atomic_compare_exchange_n(slot, &now, value, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
	*old = now;
	return done;
}
/*
 * Keeps the bits of mask only; returns the value before. No A or D that hardware sets meanwhile is
 * lost.
 */
static __always_inline u64 entry_and(u64 *slot, u64 mask)
{
	race_point();
	return __atomic_fetch_and(slot, mask, __ATOMIC_SEQ_CST);
}
