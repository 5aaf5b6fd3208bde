/*
 * racing_faults.c - the kernel faults in pages that another thread maps and unmaps meanwhile: each
 * of its accesses finds the whole mapping or none, and no page comes into one that is gone (what
 * is lost by then is counted when the process ends).
 *
 * With an argument: that many mappings.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#include <errno.h>
#include <stdlib.h>

enum { PAGES = 4, TIMES = 2000 };

static uint32_t times = TIMES;
static char *area;			/* PAGES pages for each of the times */
static uint32_t turn;			/* which of them */

/* Each mapping has a place of its own: the next one would take over what is left in this one. */
static void *maps_and_unmaps(void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < times; i++) {
		uintptr_t at = (uintptr_t)area + (uintptr_t)i * PAGES * PAGE_SIZE;

		sys_mmap(at, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		word_set(&turn, i);
		sys_munmap(at, PAGES * PAGE_SIZE);
	}
	word_set(&turn, times);
	return NULL;
}

/* The time is written to the pages of the mapping that is there now, one after the other. */
static int child_races(void *arg)
{
	struct thread other;
	uint32_t now;
	int wrong = 0;

	(void)arg;
	area = map_private((size_t)times * PAGES * PAGE_SIZE);
	if (thread_create(&other, maps_and_unmaps, NULL))
		return 2;
	for (uint32_t i = 0; (now = word_get(&turn)) < times; i++) {
		void *at = area + ((size_t)now * PAGES + i % PAGES) * PAGE_SIZE;
		long ret = syscall2(__NR_clock_gettime, CLOCK_MONOTONIC, (long)at);

		wrong |= ret && ret != -EFAULT;
	}
	thread_join(&other);
	return wrong;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		times = (uint32_t)atoi(argv[1]);
	tap_plan(1);
	ok_child_exits(child_races, NULL, 0, "the-kernel-faults-where-another-thread-unmaps");
	return tap_done();
}
