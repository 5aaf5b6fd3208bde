/*
 * Mutexes of each kind: exclusion, recursion, the errors of an error-checking one,
 * try and timed locks.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;
static long counter;

static void *adds(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		pthread_mutex_lock(&plain);
		counter++;
		pthread_mutex_unlock(&plain);
	}
	return arg;
}

static void make(pthread_mutex_t *mutex, int type)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, type);
	pthread_mutex_init(mutex, &attr);
}

int main(void)
{
	pthread_t threads[8];
	pthread_mutex_t recursive, checking;
	struct timespec soon;
	void *result;

	for (long i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, adds, (void *)i);
	for (long i = 0; i < 8; i++) {
		pthread_join(threads[i], &result);
		printf("thread %ld returned %ld\n", i, (long)result);
	}
	printf("counter %ld\n", counter);
	make(&recursive, PTHREAD_MUTEX_RECURSIVE);
	printf("recursive %d %d", pthread_mutex_lock(&recursive), pthread_mutex_lock(&recursive));
	printf(" %d %d\n", pthread_mutex_unlock(&recursive), pthread_mutex_unlock(&recursive));
	make(&checking, PTHREAD_MUTEX_ERRORCHECK);
	printf("unlock of a free one %d\n", pthread_mutex_unlock(&checking) == EPERM);
	pthread_mutex_lock(&checking);
	printf("lock of an own one %d\n", pthread_mutex_lock(&checking) == EDEADLK);
	pthread_mutex_lock(&plain);
	printf("try %d\n", pthread_mutex_trylock(&plain) == EBUSY);
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 20000000;
	if (soon.tv_nsec >= 1000000000)
		soon.tv_nsec -= 1000000000, soon.tv_sec++;
	printf("timed %d\n", pthread_mutex_timedlock(&plain, &soon) == ETIMEDOUT);
	return 0;
}
