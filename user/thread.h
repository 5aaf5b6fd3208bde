/*
 * thread.h - threads over clone(2), and waiting over futex(2). Everything here blocks; nothing
 * spins: Pleat's tests run on more virtual CPUs than the host may have.
 */
#ifndef USER_THREAD_H
#define USER_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void *thread_entry(void *arg);

struct thread {
	uint32_t tid;			/* the kernel clears and wakes
					 * it when the thread is gone */
	thread_entry *entry;
	void *arg;
	void *result;
	uintptr_t mapping;		/* guard page, stack, thread-local data */
	size_t mapping_size;
};

/*
 * Starts entry(arg) with a stack of 64 KiB, its own thread-local variables and its own errno.
 * `thread` must stay where it is until thread_join(). Returns 0 or Linux's -errno.
 */
int thread_create(struct thread *thread, thread_entry *entry, void *arg);

/* Waits for the thread's end, frees what it had, and returns what entry() returned. */
void *thread_join(struct thread *thread);

/* Called once by the start code: gives the first thread its thread-local data. */
void thread_init_main(void);

/* clone(2) with a stack: see threads.S. Used by thread_create() and by tests of the raw call. */
long clone_call(unsigned long flags, void *stack_top, int (*entry)(void *), void *arg,
		uint32_t *parent_tid, uint32_t *child_tid, void *tls);

/* A mutex that is free when zero. Not recursive. */
struct mutex {
	uint32_t word;
};

void mutex_lock(struct mutex *mutex);
bool mutex_trylock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

/*
 * A word as a meeting point, between threads or, in shared memory, between processes:
 * word_set() publishes a value with all earlier stores, word_wait() blocks until it is there.
 */
void word_set(uint32_t *word, uint32_t value);
void word_wait(uint32_t *word, uint32_t value);

/* Adds one and wakes; returns the new value. With word_wait(): a count of arrivals. */
uint32_t word_add(uint32_t *word);
uint32_t word_get(const uint32_t *word);

#endif
