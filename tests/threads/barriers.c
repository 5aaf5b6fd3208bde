/*
 * Barriers: rounds that nobody begins before all have ended the last; one serial
 * thread in each; semaphores.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

enum { THREADS = 6, ROUNDS = 500 };

static pthread_barrier_t barrier;
static int progress[THREADS], wrong, serial;
static sem_t tokens;
static int inside, most;

static void *works(void *arg)
{
	long self = (long)arg;

	for (int round = 0; round < ROUNDS; round++) {
		progress[self] = round;
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			__atomic_add_fetch(&serial, 1, __ATOMIC_SEQ_CST);
		for (int i = 0; i < THREADS; i++)
			if (progress[i] != round)
				__atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST);
		pthread_barrier_wait(&barrier);
	}
	for (int i = 0; i < 200; i++) {
		sem_wait(&tokens);
		int now = __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);

		if (now > 2)
			__atomic_store_n(&most, now, __ATOMIC_SEQ_CST);
		__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		sem_post(&tokens);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	pthread_barrier_init(&barrier, NULL, THREADS);
	sem_init(&tokens, 0, 2);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, works, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("serial %d wrong %d too many %d\n", serial, wrong, most);
	return 0;
}
