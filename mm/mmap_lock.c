/*
 * The writer's side of mmap_lock, and what a reader does who meets one.
 *
 *	reader					writer (has the semaphore for writing)
 *	  count itself on its CPU		  writer = true
 *	  (full barrier)			  (full barrier)
 *	  read `writer`: if set, step back	  add up all CPUs' counts: if not 0, wait
 *
 * One of them sees the other. A reader that steps back counts itself off on the same CPU (it has
 * not slept), so that the sum may be too high for a moment, and never too low.
 */
#include "mm/mmap_lock.h"

void mmap_lock_init(struct mm_struct *mm)
{
	rwsem_init(&mm->mmap_lock.sem, LOCK_MMAP);
	wait_queue_init(&mm->mmap_lock.no_readers);
}

/* ---- readers ---- */

void mmap_lock_left(struct mm_struct *mm)
{
	wake_up(&mm->mmap_lock.no_readers);
}

void mmap_read_lock_slow(struct mm_struct *mm)
{
	mmap_lock_leave(mm);
	down_read(&mm->mmap_lock.sem);
	/*
	 * `writer` is false and stays it until the semaphore is free again: the next one sees us.
	 */
	mmap_lock_enter(mm);
	up_read(&mm->mmap_lock.sem);
}

bool mmap_read_trylock(struct mm_struct *mm)
{
	mmap_lock_enter(mm);
	/*
	 * A re-check, ordered as in mmap_read_lock():
	 * tests/models/mmap_lock_order.pml: NO_ACQUIRE_WRITER
	 */
	if (smp_load_acquire(&mm->mmap_lock.writer)) {
		mmap_lock_leave(mm);
		return false;
	}
	lockdep_acquire(&mm->mmap_lock, LOCK_MMAP, 0, true);
	return true;
}

/* ---- writers ---- */

static bool has_readers(const struct mm_struct *mm)
{
	unsigned int cpu;
	int sum = 0;

	/*
	 * Before what the readers have left behind is read.
	 * tests/models/mmap_lock_order.pml: NO_ACQUIRE_COUNT
	 */
	for_each_cpu(cpu, cpus_online())
		sum += smp_load_acquire(&mm->cpu[cpu].readers.counter);
	return sum;
}

/* Faults are short: a reader on another CPU is often gone before this one could fall asleep. */
static __noinline void sleep_until_read(struct mm_struct *mm)
{
	for (unsigned int tries = spin_tries(); tries; tries--) {
		if (!has_readers(mm))
			return;
		cpu_relax();
	}
	wait_event(&mm->mmap_lock.no_readers, !has_readers(mm));
}

static void wait_for_readers(struct mm_struct *mm)
{
	WRITE_ONCE(mm->mmap_lock.writer, true);
	/*
	 * The flag before the counts: pairs with mmap_lock_enter(), _leave();
	 * tests/models/mmap_lock.pml: NO_MB
	 */
	smp_mb();
	if (unlikely(has_readers(mm)))
		sleep_until_read(mm);
}

void mmap_write_lock(struct mm_struct *mm)
{
	down_write(&mm->mmap_lock.sem);
	wait_for_readers(mm);
}

void mmap_write_lock_nested(struct mm_struct *mm)
{
	down_write_nested(&mm->mmap_lock.sem);
	wait_for_readers(mm);
}

void mmap_write_unlock(struct mm_struct *mm)
{
	/*
	 * After all that was changed: pairs with mmap_read_lock().
	 * tests/models/mmap_lock_order.pml: NO_RELEASE
	 */
	smp_store_release(&mm->mmap_lock.writer, false);
	up_write(&mm->mmap_lock.sem);
}

void mmap_write_downgrade(struct mm_struct *mm)
{
	mmap_lock_enter(mm);	/* the next writer has to wait for us */
	mmap_write_unlock(mm);
	lockdep_acquire(&mm->mmap_lock, LOCK_MMAP, 0, true);
}
