/*
 * Condition variables: a bounded queue between producers and consumers, broadcast,
 * timed waits on both clocks.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

enum { SLOTS = 4, ITEMS = 4000, PRODUCERS = 3, CONSUMERS = 3 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static int slots[SLOTS], used, taken;
static long long sum;

static void *produce(void *arg)
{
	for (int i = 1; i <= ITEMS; i++) {
		pthread_mutex_lock(&lock);
		while (used == SLOTS)
			pthread_cond_wait(&not_full, &lock);
		slots[used++] = i;
		pthread_cond_signal(&not_empty);
		pthread_mutex_unlock(&lock);
	}
	return arg;
}

static void *consume(void *arg)
{
	for (;;) {
		pthread_mutex_lock(&lock);
		while (!used && taken < ITEMS * PRODUCERS)
			pthread_cond_wait(&not_empty, &lock);
		if (!used) {
			pthread_cond_broadcast(&not_empty);
			pthread_mutex_unlock(&lock);
			return arg;
		}
		sum += slots[--used];
		taken++;
		pthread_cond_signal(&not_full);
		pthread_mutex_unlock(&lock);
	}
}

static void timed(clockid_t clock)
{
	pthread_condattr_t attr;
	pthread_cond_t cond;
	struct timespec until;
	int ret;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, clock);
	pthread_cond_init(&cond, &attr);
	clock_gettime(clock, &until);
	until.tv_sec += (until.tv_nsec + 30000000) / 1000000000;
	until.tv_nsec = (until.tv_nsec + 30000000) % 1000000000;
	pthread_mutex_lock(&lock);
	do
		ret = pthread_cond_timedwait(&cond, &lock, &until);
	while (!ret);
	pthread_mutex_unlock(&lock);
	printf("timed wait %s\n", ret == ETIMEDOUT ? "timed out" : "failed");
}

int main(void)
{
	pthread_t threads[PRODUCERS + CONSUMERS];

	for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
		pthread_create(&threads[i], NULL, i < PRODUCERS ? produce : consume, NULL);
	for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
		pthread_join(threads[i], NULL);
	printf("%d items, sum %lld\n", taken, sum);
	timed(CLOCK_REALTIME);
	timed(CLOCK_MONOTONIC);
	return 0;
}
