/*
 * Cancellation: in a blocking read, in a condition wait (the mutex is taken again), deferred,
 * disabled; clean-up handlers.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static int fds[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static volatile int ready, cleaned;

static void clean(void *arg) { cleaned += (int)(long)arg; }

static void *reads(void *arg)
{
	char byte;

	pthread_cleanup_push(clean, (void *)1L);
	ready = 1;
	if (read(fds[0], &byte, 1) < 0)
		puts("read failed");
	pthread_cleanup_pop(0);
	return arg;
}

static void unlocks(void *arg)
{
	clean((void *)2L);
	printf("unlock %d\n", pthread_mutex_unlock(arg));
}

static void *waits(void *arg)
{
	pthread_mutex_lock(&lock);
	pthread_cleanup_push(unlocks, &lock);
	ready = 1;
	for (;;)
		pthread_cond_wait(&never, &lock);
	pthread_cleanup_pop(0);
	return arg;
}

static void *computes(void *arg)
{
	ready = 1;
	for (;;)
		pthread_testcancel();
	return arg;
}

static void *refuses(void *arg)
{
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	ready = 1;
	usleep(20000);
	cleaned += 100;
	return arg;
}

static void cancels(void *(*entry)(void *), const char *name)
{
	pthread_t thread;
	void *result;

	ready = 0;
	pthread_create(&thread, NULL, entry, NULL);
	while (!ready)
		usleep(1000);
	usleep(2000);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	printf("%s: %s, cleaned %d\n", name, result == PTHREAD_CANCELED ? "cancelled" : "returned",
	       cleaned);
}

int main(void)
{
	if (pipe(fds))
		return 1;
	cancels(reads, "read");
	cancels(waits, "wait");
	cancels(computes, "compute");
	cancels(refuses, "refuse");
	printf("the mutex is free: %d\n", pthread_mutex_trylock(&lock));
	return 0;
}
