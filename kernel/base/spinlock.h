/*
 * Spin locks. Held for short sections that do not sleep. The plain form leaves interrupts
 * alone and is for locks that no interrupt handler takes (all of mm's): a CPU that spins for
 * one still answers shootdown IPIs. The irqsave form is for the leaves that handlers take:
 * queues and the console.
 */
#pragma once
#include "kernel/base/lockdep.h"
#include "kernel/base/once.h"
#include "kernel/base/bug.h"

typedef struct spinlock {
	u8 locked;
	u8 class;		/* enum lock_class */
	u8 owner;		/* CPU + 1 in debug builds, for "recursive" messages */
} spinlock_t;

#define SPINLOCK_INIT(cls)	{ .class = (cls) }

static inline void spin_lock_init(spinlock_t *lock, enum lock_class cls)
{
	*lock = (spinlock_t)SPINLOCK_INIT(cls);
}

/* Machine: the bare lock, without order checking. */
void machine_spin_lock(spinlock_t *lock);
bool machine_spin_trylock(spinlock_t *lock);
void machine_spin_unlock(spinlock_t *lock);
/* Machine: interrupts of this CPU. irq_save returns what irq_restore puts back. */
unsigned long irq_save(void);
void irq_restore(unsigned long flags);
bool irqs_disabled(void);

static inline void spin_lock_nested(spinlock_t *lock, int flags)
{
	lockdep_acquire(lock, lock->class, flags, false);
	machine_spin_lock(lock);
}

static inline void spin_lock(spinlock_t *lock) { spin_lock_nested(lock, 0); }

static inline bool spin_trylock(spinlock_t *lock)
{
	if (!machine_spin_trylock(lock))
		return false;
	lockdep_acquire(lock, lock->class, 0, true);
	return true;
}

static inline void spin_unlock(spinlock_t *lock)
{
	lockdep_release(lock);
	machine_spin_unlock(lock);
}

static inline unsigned long spin_lock_irqsave(spinlock_t *lock)
{
	unsigned long flags = irq_save();

	spin_lock(lock);
	return flags;
}

static inline void spin_unlock_irqrestore(spinlock_t *lock, unsigned long flags)
{
	spin_unlock(lock);
	irq_restore(flags);
}
