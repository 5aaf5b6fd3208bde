/*
 * calibrate.c - are two cores of this machine idle? Two threads, each kept on a core of its own,
 * run the same loop. Prints, for the slower one, nanoseconds that passed and nanoseconds that it
 * ran: on idle cores they are equal, and the first is the same each time.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#define ROUNDS 300000000UL

struct loop {
	int cpu;
	long wall, run;
};

static long now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void *run_loop(void *arg)
{
	struct loop *loop = arg;
	cpu_set_t one;
	long wall, run;

	CPU_ZERO(&one);
	CPU_SET(loop->cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
	wall = now(CLOCK_MONOTONIC);
	run = now(CLOCK_THREAD_CPUTIME_ID);
	for (unsigned long i = 0; i < ROUNDS; i++)
		__asm__ volatile("");
	loop->wall = now(CLOCK_MONOTONIC) - wall;
	loop->run = now(CLOCK_THREAD_CPUTIME_ID) - run;
	return NULL;
}

/* The first two CPUs that this process may run on; false if there is one only. */
static int choose_cpus(struct loop loops[2])
{
	cpu_set_t allowed;
	int found = 0;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (int cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			loops[found++].cpu = cpu;
	return found == 2;
}

int main(void)
{
	struct loop loops[2] = { 0 };
	pthread_t threads[2];
	int slower;

	if (!choose_cpus(loops)) {
		fprintf(stderr, "this machine has one core only\n");
		return 2;
	}
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, run_loop, &loops[i]))
			return 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	slower = loops[1].wall > loops[0].wall;
	printf("%ld %ld\n", loops[slower].wall, loops[slower].run);
	return 0;
}
