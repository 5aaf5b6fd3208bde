/* futex.c - the mutex and the meeting points of thread.h. */
#include "user/linux.h"
#include "user/thread.h"

/* The three values of a mutex's word. */
enum { FREE, LOCKED, CONTENDED };

/* Sleeps if *word is still `value`. Not FUTEX_PRIVATE: the word may lie in shared memory. */
static void futex_wait(uint32_t *word, uint32_t value)
{
	sys_futex(word, FUTEX_WAIT, value, NULL);
}

static void futex_wake(uint32_t *word, uint32_t count)
{
	sys_futex(word, FUTEX_WAKE, count, NULL);
}

bool mutex_trylock(struct mutex *mutex)
{
	uint32_t expected = FREE;

	return __atomic_compare_exchange_n(&mutex->word, &expected, LOCKED, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Who has waited once takes the lock as CONTENDED: others may sleep, so its unlock must wake. */
void mutex_lock(struct mutex *mutex)
{
	if (mutex_trylock(mutex))
		return;
	while (__atomic_exchange_n(&mutex->word, CONTENDED, __ATOMIC_ACQUIRE) != FREE)
		futex_wait(&mutex->word, CONTENDED);
}

void mutex_unlock(struct mutex *mutex)
{
	if (__atomic_exchange_n(&mutex->word, FREE, __ATOMIC_RELEASE) == CONTENDED)
		futex_wake(&mutex->word, 1);
}

uint32_t word_get(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

void word_set(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	futex_wake(word, INT32_MAX);
}

uint32_t word_add(uint32_t *word)
{
	uint32_t value = __atomic_add_fetch(word, 1, __ATOMIC_ACQ_REL);

	futex_wake(word, INT32_MAX);
	return value;
}

void word_wait(uint32_t *word, uint32_t value)
{
	uint32_t now;

	while ((now = word_get(word)) != value)
		futex_wait(word, now);
}
