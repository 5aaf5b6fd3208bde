/*
 * Spin locks of release builds, inline; kernel/base/spinlock.h declares these functions after this
 * is seen. The lock is the first byte of struct spinlock (spinlock.c checks that). Debug builds
 * call functions, which also know who holds it.
 */
#pragma once
#include "kernel/base/types.h"

/* Returns when the lock has been seen free. */
void spin_wait(const u8 *locked);

#if !CONFIG_DEBUG
struct spinlock;

static __always_inline bool machine_spin_trylock(struct spinlock *lock)
{
	return !__atomic_exchange_n((u8 *)lock, 1, __ATOMIC_ACQUIRE);
}

static __always_inline void machine_spin_lock(struct spinlock *lock)
{
	while (unlikely(!machine_spin_trylock(lock)))
		spin_wait((u8 *)lock);
}

static __always_inline void machine_spin_unlock(struct spinlock *lock)
{
	__atomic_store_n((u8 *)lock, 0, __ATOMIC_RELEASE);
}
#endif
