/*
 * Signals and threads: pthread_kill to each, masks of their own, sigwait, process
 * signals to who takes them.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 4 };

static __thread int self;
static volatile int got[THREADS + 1], stop;
static volatile int started;

static void handle(int signo) { (void)signo; got[self]++; }

static void *works(void *arg)
{
	self = (int)(long)arg;
	__atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
	while (!stop)
		usleep(1000);
	return NULL;
}

static void *waits(void *arg)
{
	int signo, sum = 0;

	for (int i = 0; i < 5; i++) {
		sigwait(arg, &signo);
		sum += signo == SIGUSR2;
	}
	return (void *)(long)sum;
}

int main(void)
{
	struct sigaction action = { .sa_handler = handle };
	pthread_t threads[THREADS + 1], waiter;
	sigset_t set;
	void *sum;

	sigaction(SIGUSR1, &action, NULL);
	for (long i = 1; i <= THREADS; i++)
		pthread_create(&threads[i], NULL, works, (void *)i);
	while (started < THREADS)
		usleep(1000);
	for (int round = 1; round <= 20; round++) {
		for (int i = 1; i <= THREADS; i++) {
			pthread_kill(threads[i], SIGUSR1);
			while (got[i] < round)
				usleep(100);
		}
	}
	printf("got %d %d %d %d %d\n", got[0], got[1], got[2], got[3], got[4]);
	stop = 1;
	for (int i = 1; i <= THREADS; i++)
		pthread_join(threads[i], NULL);

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&waiter, NULL, waits, &set);
	for (int i = 0; i < 5; i++) {
		sigset_t pending;

		kill(getpid(), SIGUSR2);
		do {
			usleep(1000);
			sigpending(&pending);
		} while (sigismember(&pending, SIGUSR2));
	}
	pthread_join(waiter, &sum);
	printf("sigwait took %ld\n", (long)sum);
	printf("no such signal %d\n", pthread_kill(pthread_self(), 1000) != 0);
	return 0;
}
