/*
 * lab_cow_cost.c - instructions that fork and the write faults after it take: to be run with
 * instructions counted instead of time. The figures go to whoever reads `# figure NAME NUMBER`.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

enum { PAGES = 512 };

static char *mem;

static long instructions(void)
{
	unsigned int low, high;

	__asm__ __volatile__("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (long)high << 32 | low;
}

static void write_all(void)
{
	for (size_t i = 0; i < PAGES; i++)
		mem[i * PAGE_SIZE]++;
}

/* What is shared with the children. */
static struct costs {
	long fork, copy, reuse, no_fault;
} *costs;

/* The loop itself: the second time nothing faults. */
static int child_measures_loop(void *arg)
{
	long before;

	(void)arg;
	write_all();
	before = instructions();
	write_all();
	costs->no_fault = instructions() - before;
	return 0;
}

/* The parent still has all pages: each write copies. */
static void child_measures_copies(void)
{
	long before = instructions();

	write_all();
	costs->copy = instructions() - before - costs->no_fault;
	sys_exit_group(0);
}

/* The children are gone: each write keeps its page. */
static void measure_reuse(void)
{
	long before = instructions();

	write_all();
	costs->reuse = instructions() - before - costs->no_fault;
}

int main(void)
{
	long before;
	long pid;

	costs = (struct costs *)map_shared(PAGE_SIZE);
	mem = map_private(PAGES * PAGE_SIZE);
	memset(mem, 1, PAGES * PAGE_SIZE);
	child_run(child_measures_loop, NULL);
	tap_plan(1);
	for (int round = 0; round < 2; round++) {	/* the first one warms up */
		write_all();
		before = instructions();
		pid = sys_fork();
		if (pid == 0)
			child_measures_copies();
		costs->fork = instructions() - before;
		child_wait((int)pid);
		measure_reuse();
	}
	ok(pid > 0, "costs-were-measured");
	note("figure fork_per_page %ld", costs->fork / PAGES);
	note("figure copy_per_page %ld", costs->copy / PAGES);
	note("figure reuse_per_page %ld", costs->reuse / PAGES);
	return tap_done();
}
