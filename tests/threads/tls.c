/*
 * Thread-local data: __thread with and without an initial value, keys with
 * destructors, pthread_once.
 */
#include <pthread.h>
#include <stdio.h>
#include <errno.h>

static __thread int set = 7, zero;
static __thread char big[5000];
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int destroyed, initialised, wrong;

static void destroy(void *value)
{
	__atomic_add_fetch(&destroyed, (int)(long)value, __ATOMIC_SEQ_CST);
}

static void initialise(void) { initialised++; }

static void *works(void *arg)
{
	long self = (long)arg;

	pthread_once(&once, initialise);
	if (set != 7 || zero || big[4999])
		__atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST);
	set = zero = (int)self;
	big[4999] = (char)self;
	errno = (int)self;
	pthread_setspecific(key, (void *)self);
	for (int i = 0; i < 100; i++)
		sched_yield();
	if (set != self || zero != self || big[4999] != (char)self || errno != self ||
	    pthread_getspecific(key) != (void *)self)
		__atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

int main(void)
{
	pthread_t threads[20];

	pthread_key_create(&key, destroy);
	for (long i = 0; i < 20; i++)
		pthread_create(&threads[i], NULL, works, (void *)(i + 1));
	for (int i = 0; i < 20; i++)
		pthread_join(threads[i], NULL);
	printf("destroyed %d initialised %d wrong %d\n", destroyed, initialised, wrong);
	return 0;
}
