/*
 * Thousands of threads, one after another and some at once, joined and detached,
 * with small stacks.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static int ran;

static void *runs(void *arg)
{
	char room[1000];

	room[999] = (char)(long)arg;
	__atomic_add_fetch(&ran, 1 + (room[999] & 0), __ATOMIC_SEQ_CST);
	return arg;
}

int main(void)
{
	pthread_attr_t attr;
	pthread_t threads[16];
	int failed = 0;
	void *result;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (long i = 0; i < 2000; i++) {
		failed += pthread_create(&threads[0], &attr, runs, (void *)i) != 0;
		failed += pthread_join(threads[0], &result) != 0 || result != (void *)i;
	}
	printf("one after another: %d ran, %d failed\n", ran, failed);
	for (int round = 0; round < 100; round++) {
		for (long i = 0; i < 16; i++)
			failed += pthread_create(&threads[i], &attr, runs, (void *)i) != 0;
		for (int i = 0; i < 16; i++)
			pthread_join(threads[i], NULL);
	}
	printf("sixteen at once: %d ran, %d failed\n", ran, failed);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (long i = 0; i < 400; i++)
		failed += pthread_create(&threads[0], &attr, runs, (void *)i) != 0;
	while (__atomic_load_n(&ran, __ATOMIC_SEQ_CST) < 4000)
		usleep(1000);
	printf("detached: %d ran, %d failed\n", ran, failed);
	return 0;
}
