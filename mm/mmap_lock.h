/*
 * mmap_lock: who reads the set of mappings (every fault does) and who changes it. A sleeping lock
 * for many readers or one writer.
 *
 * Readers write to a cache line of the CPU that they run on and to nothing else, so that the
 * faults of several threads do not wait for each other's caches. The price is the writer's: it
 * says that it is there, and then waits until the readers of all CPUs have left.
 * docs/page-fault.md has the proof.
 *
 * All of these may sleep, but for the unlocks and the trylock; no spin lock held. Whoever holds it
 * also holds a reference on mm, beyond the unlock.
 */
#pragma once
#include "mm/mm.h"

void mmap_lock_init(struct mm_struct *mm);

/* Until the writer is done that the reader has seen after it had counted itself. */
void mmap_read_lock_slow(struct mm_struct *mm);
/* A writer may wait for the reader that has just left. */
void mmap_lock_left(struct mm_struct *mm);

/*
 * Counted where it runs now; the task may leave on another CPU, so that only the sum over all CPUs
 * means something. The atomic is a full barrier and pairs with the one in wait_for_readers().
 */
static inline void mmap_lock_enter(struct mm_struct *mm)
{
	atomic_inc(&mm->cpu[this_cpu()].readers);
}
static inline void mmap_lock_leave(struct mm_struct *mm)
{
	atomic_dec(&mm->cpu[this_cpu()].readers);
	if (unlikely(READ_ONCE(mm->mmap_lock.writer)))
		mmap_lock_left(mm);
}

static inline void mmap_read_lock(struct mm_struct *mm)
{
	mmap_lock_enter(mm);
	/*
	 * The re-check. What the writer has changed is read after its flag.
	 * tests/models/mmap_lock_order.pml: NO_ACQUIRE_WRITER
	 */
	if (unlikely(smp_load_acquire(&mm->mmap_lock.writer)))
		mmap_read_lock_slow(mm);
	lockdep_acquire(&mm->mmap_lock, LOCK_MMAP, 0, false);
}
static inline void mmap_read_unlock(struct mm_struct *mm)
{
	lockdep_release(&mm->mmap_lock);
	mmap_lock_leave(mm);
}
/* False, and nothing held, if a writer is there or waits. */
bool mmap_read_trylock(struct mm_struct *mm);

void mmap_write_lock(struct mm_struct *mm);
/* A second one: fork's child, which nobody else can reach yet. */
void mmap_write_lock_nested(struct mm_struct *mm);
void mmap_write_unlock(struct mm_struct *mm);
/* The writer goes on as a reader; no other writer comes between. */
void mmap_write_downgrade(struct mm_struct *mm);

/* For functions that need their caller to hold it for writing. */
static inline void mmap_assert_write_locked(const struct mm_struct *mm)
{
	lockdep_assert_held(&mm->mmap_lock);
	DEBUG_BUG_ON(!mm->mmap_lock.writer);
}
