/*
 * limits.c - what setrlimit(2) says of RLIMIT_AS and RLIMIT_DATA: mmap, brk, mprotect and the
 * growth of a stack obey, what is there already stays.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/numbers.h"
#include "user/start.h"
#include "user/tap.h"

#define MIB	(1ul << 20)
#define GIB	(1024 * MIB)
#define FOREVER	(~0ul)

static void limit(int resource, uint64_t soft)
{
	struct rlimit64 limit = { soft, FOREVER };

	if (sys_prlimit64(0, resource, &limit, NULL))
		bail("prlimit64 of a soft limit fails");
}

static long map(size_t size, int prot, int type)
{
	return (long)sys_mmap(0, size, prot, type | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static long map_data(size_t size) { return map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE); }
static bool mapped(long addr) { return addr > 0 || addr < -4095; }

static uintptr_t brk_now(void) { return (uintptr_t)sys_brk(0); }
static bool brk_grows(size_t size)
{
	uintptr_t old = brk_now();

	return (uintptr_t)sys_brk(old + size) == old + size;
}

/* ---- RLIMIT_AS ---- */

static void address_space_of_nothing(void)
{
	uintptr_t old = brk_now();

	limit(RLIMIT_AS, 0);
	is(map(PAGE_SIZE, PROT_NONE, MAP_PRIVATE), -ENOMEM, "as-0-maps-nothing");
	ok((uintptr_t)sys_brk(old + MIB) == old, "as-0-leaves-the-break-where-it-is");
	limit(RLIMIT_AS, FOREVER);
	ok(mapped(map(PAGE_SIZE, PROT_NONE, MAP_PRIVATE)), "as-raised-again-maps");
	ok(brk_grows(MIB), "as-raised-again-moves-the-break");
}

static void address_space_of_64_gib(void)
{
	long first, second;

	limit(RLIMIT_AS, 64 * GIB);
	is(map(128 * GIB, PROT_NONE, MAP_PRIVATE), -ENOMEM, "as-refuses-what-is-larger-at-once");
	first = map(40 * GIB, PROT_READ, MAP_PRIVATE);
	ok(mapped(first), "as-allows-what-fits");
	is(map(40 * GIB, PROT_READ, MAP_PRIVATE), -ENOMEM, "as-counts-all-mappings");
	is((long)sys_mmap((uintptr_t)first, 40 * GIB, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0),
	   first, "as-does-not-count-twice-what-is-replaced");
	sys_munmap((uintptr_t)first, 40 * GIB);
	second = map(40 * GIB, PROT_READ, MAP_PRIVATE);
	ok(mapped(second), "as-forgets-what-is-unmapped");
	sys_munmap((uintptr_t)second, 40 * GIB);
	limit(RLIMIT_AS, FOREVER);
}

static int stack_under_a_limit(void *arg)
{
	volatile char *far = (char *)(initial_stack() - 4 * MIB);

	(void)arg;
	limit(RLIMIT_AS, 0);
	*far = 1;
	return 0;
}

static int stack_without_one(void *arg)
{
	volatile char *far = (char *)(initial_stack() - 4 * MIB);

	(void)arg;
	*far = 1;
	return 0;
}

/* ---- RLIMIT_DATA ---- */

static void no_data(void)
{
	long page = map(PAGE_SIZE, PROT_READ, MAP_PRIVATE);
	uintptr_t old = brk_now();

	limit(RLIMIT_DATA, PAGE_SIZE);
	is(map_data(PAGE_SIZE), -ENOMEM, "data-1p-maps-no-private-writable-memory");
	ok(mapped(map(PAGE_SIZE, PROT_READ, MAP_PRIVATE)), "data-1p-maps-read-only-memory");
	ok(mapped(map(PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED)),
	   "data-1p-maps-shared-memory");
	is(sys_mprotect((uintptr_t)page, PAGE_SIZE, PROT_READ | PROT_WRITE), -ENOMEM,
	   "data-1p-makes-nothing-writable");
	ok((uintptr_t)sys_brk(old + MIB) == old, "data-1p-leaves-the-break-where-it-is");
	limit(RLIMIT_DATA, 0);
	ok((uintptr_t)sys_brk(old + MIB) == old, "data-0-leaves-the-break-where-it-is");
	ok(mapped(map_data(PAGE_SIZE)), "data-0-leaves-the-rest-to-the-hard-limit");
	limit(RLIMIT_DATA, FOREVER);
	is(sys_mprotect((uintptr_t)page, PAGE_SIZE, PROT_READ | PROT_WRITE), 0,
	   "data-raised-again-makes-writable");
	*(volatile char *)page = 1;
}

static void some_data(void)
{
	long first, second;

	limit(RLIMIT_DATA, 64 * MIB);
	first = map_data(40 * MIB);
	ok(mapped(first), "data-allows-what-fits");
	is(map_data(40 * MIB), -ENOMEM, "data-counts-all-of-it");
	is(sys_mprotect((uintptr_t)first, 40 * MIB, PROT_READ), 0, "write-is-removed");
	second = map_data(40 * MIB);
	ok(mapped(second), "data-forgets-what-is-read-only");
	is(sys_mprotect((uintptr_t)first, 40 * MIB, PROT_READ | PROT_WRITE), -ENOMEM,
	   "data-counts-what-becomes-writable-again");
	ok(!brk_grows(80 * MIB), "data-limits-the-break");
	ok(brk_grows(MIB), "data-lets-the-break-move-within-it");
	sys_munmap((uintptr_t)first, 40 * MIB);
	sys_munmap((uintptr_t)second, 40 * MIB);
	limit(RLIMIT_DATA, FOREVER);
}

/* ---- whose limits they are ---- */

static int maps_a_page(void *arg)
{
	(void)arg;
	return map(PAGE_SIZE, PROT_READ, MAP_PRIVATE) == -ENOMEM ? 7 : 0;
}

static int waits_then_maps(void *arg)
{
	volatile int *go = arg;

	while (!*go)
		sys_sched_yield();
	return maps_a_page(NULL);
}

static void of_another_process(void)
{
	struct rlimit64 nothing = { 0, FOREVER };
	volatile int *go = (volatile int *)map(PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED);
	int pid = child_start(waits_then_maps, (void *)go);

	is(sys_prlimit64(pid, RLIMIT_AS, &nothing, NULL), 0, "a-child's-limit-is-set");
	*go = 1;
	is(child_verdict(child_wait(pid)), 7, "a-limit-set-from-outside-counts-at-once");
	ok_child_exits(maps_a_page, NULL, 0, "and-only-for-that-process");
	limit(RLIMIT_AS, 0);
	pid = child_start(maps_a_page, NULL);
	limit(RLIMIT_AS, FOREVER);
	is(child_verdict(child_wait(pid)), 7, "a-child-inherits-a-limit");
}

int main(void)
{
	tap_plan(30);
	address_space_of_nothing();
	address_space_of_64_gib();
	ok_child_exits(stack_without_one, NULL, 0, "the-stack-grows-by-4-MiB");
	ok_child_dies(stack_under_a_limit, NULL, SIGSEGV, "as-stops-the-stack's-growth");
	no_data();
	some_data();
	of_another_process();
	return tap_done();
}
