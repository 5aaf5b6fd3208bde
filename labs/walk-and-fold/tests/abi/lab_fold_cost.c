/*
 * lab_fold_cost.c - instructions that a fault in a fresh mapping and an unfolding take: to be run
 * with instructions counted instead of time. The figures go to whoever reads
 * `# figure NAME NUMBER`.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

enum { PAGES = 512 };

static long *costs;		/* shared with the children: fault, unfolding */

static long instructions(void)
{
	unsigned int low, high;

	__asm__ __volatile__("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (long)high << 32 | low;
}

static void touch(char *mem)
{
	for (size_t i = 0; i < PAGES; i++)
		mem[i * PAGE_SIZE] = 1;
}

static void measure_faults(void)
{
	char *mem = map_private(PAGES * PAGE_SIZE);
	long before;

	touch(mem);
	sys_madvise((uintptr_t)mem, PAGES * PAGE_SIZE, MADV_DONTNEED);
	before = instructions();
	touch(mem);
	costs[0] = (instructions() - before) / PAGES;
	unmap(mem, PAGES * PAGE_SIZE);
}

/* A mapping beyond the reach costs this much more than the next one beside it. */
static int child_unfolds(void *arg)
{
	uintptr_t high = 5UL << 39;
	long first, second;

	(void)arg;
	first = instructions();
	sys_mmap(high, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	second = instructions();
	sys_mmap(high + (1UL << 30), PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	costs[1] = second - first - (instructions() - second);
	return pleat_levels() >= 4 ? 0 : 1;
}

int main(void)
{
	costs = (long *)map_shared(PAGE_SIZE);
	tap_plan(2);
	is(pleat_levels(), 3, "programs-start-with-three-levels");
	measure_faults();
	child_run(child_unfolds, NULL);
	ok_child_exits(child_unfolds, NULL, 0, "a-mapping-beyond-2^39-unfolds");
	note("figure fault %ld", costs[0]);
	note("figure unfold %ld", costs[1]);
	return tap_done();
}
