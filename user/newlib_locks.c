/*
 * newlib_locks.c - newlib's locks (malloc, stdio, environment...) over our mutex. newlib takes
 * some of them recursively, malloc's too; all of ours are recursive.
 *
 * The owner is known by its C library state, whose address stays the same in a forked child.
 */
#include <stdlib.h>
#include <sys/lock.h>
#include <sys/reent.h>

#include "user/thread.h"

struct __lock {
	struct mutex mutex;
	struct _reent *owner;		/* written by the holder only; read by anyone to compare */
	unsigned int depth;
};

struct __lock __lock___sinit_recursive_mutex;
struct __lock __lock___sfp_recursive_mutex;
struct __lock __lock___atexit_recursive_mutex;
struct __lock __lock___at_quick_exit_mutex;
struct __lock __lock___malloc_recursive_mutex;
struct __lock __lock___env_recursive_mutex;
struct __lock __lock___tz_mutex;
struct __lock __lock___dd_hash_mutex;
struct __lock __lock___arc4random_mutex;

void __retarget_lock_acquire_recursive(_LOCK_T lock)
{
	struct _reent *self = __getreent();

	if (__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) != self) {
		mutex_lock(&lock->mutex);
		__atomic_store_n(&lock->owner, self, __ATOMIC_RELAXED);
	}
	lock->depth++;
}

int __retarget_lock_try_acquire_recursive(_LOCK_T lock)
{
	struct _reent *self = __getreent();

	if (__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) != self) {
		if (!mutex_trylock(&lock->mutex))
			return 0;
		__atomic_store_n(&lock->owner, self, __ATOMIC_RELAXED);
	}
	lock->depth++;
	return 1;
}

void __retarget_lock_release_recursive(_LOCK_T lock)
{
	if (--lock->depth)
		return;
	__atomic_store_n(&lock->owner, NULL, __ATOMIC_RELAXED);
	mutex_unlock(&lock->mutex);
}

void __retarget_lock_init_recursive(_LOCK_T *lock)
{
	*lock = calloc(1, sizeof(**lock));
	if (!*lock)
		abort();
}

void __retarget_lock_close_recursive(_LOCK_T lock)
{
	free(lock);
}

void __retarget_lock_acquire(_LOCK_T lock)
{
	__retarget_lock_acquire_recursive(lock);
}

int __retarget_lock_try_acquire(_LOCK_T lock)
{
	return __retarget_lock_try_acquire_recursive(lock);
}

void __retarget_lock_release(_LOCK_T lock)
{
	__retarget_lock_release_recursive(lock);
}

void __retarget_lock_init(_LOCK_T *lock)
{
	__retarget_lock_init_recursive(lock);
}

void __retarget_lock_close(_LOCK_T lock)
{
	__retarget_lock_close_recursive(lock);
}
