/* Spin locks, and how this machine waits. */
#include "kernel/base/bug.h"
#include "kernel/base/spinlock.h"
#include "machine/internal.h"

/*
 * PAUSE costs an emulated CPU more than most waits take, but without any the other CPU may never
 * get its turn where the emulator runs them in slices. So: one now and then. Where a seed decides
 * who runs, waiting is giving the turn away.
 */
#define RELAX_PAUSE	1024

void cpu_relax(void)
{
	struct percpu *cpu = this_percpu();

	if (++cpu->relaxed % RELAX_PAUSE == 0 || race_points)
		pause();
	barrier();
}

_Static_assert(offsetof(spinlock_t, locked) == 0, "machine/spin.h");

void spin_wait(const u8 *locked)
{
	while (READ_ONCE(*locked))
		cpu_relax();
}

#if CONFIG_DEBUG
bool machine_spin_trylock(spinlock_t *lock)
{
	race_point();
	if (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE))
		return false;
	lock->owner = (u8)(this_cpu() + 1);
	return true;
}

void machine_spin_lock(spinlock_t *lock)
{
	while (!machine_spin_trylock(lock)) {
		BUG_MSG(READ_ONCE(lock->owner) == this_cpu() + 1,
			"this CPU holds the lock already (%p, class %u)", (void *)lock,
			lock->class);
		spin_wait(&lock->locked);
	}
}

void machine_spin_unlock(spinlock_t *lock)
{
	lock->owner = 0;
	__atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
	race_point();
}
#endif
