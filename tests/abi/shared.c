/* shared.c - shared anonymous memory: one object, seen by everybody who inherits the mapping. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#include <string.h>

#define SHARED_ANON	(MAP_SHARED | MAP_ANONYMOUS)

enum { PAGES = 64 };

static char *mem;
static uint32_t *turn;

static int child_writes_everywhere(void *arg)
{
	(void)arg;
	for (int i = 0; i < PAGES; i++)
		mem[(size_t)i * PAGE_SIZE] = (char)(i + 1);
	return 0;
}

static void test_visible(void)
{
	int wrong = 0;

	ok_child_exits(child_writes_everywhere, NULL, 0, "child-writes-shared-memory");
	for (int i = 0; i < PAGES; i++)
		wrong += mem[(size_t)i * PAGE_SIZE] != (char)(i + 1);
	is(wrong, 0, "the-parent-sees-pages-that-it-never-touched");
}

static int child_answers(void *arg)
{
	(void)arg;
	word_wait(turn, 1);
	mem[1] = (char)(mem[0] + 1);
	word_set(turn, 2);
	return 0;
}

static void test_both_ways(void)
{
	int pid = child_start(child_answers, NULL);

	mem[0] = 41;
	word_set(turn, 1);
	word_wait(turn, 2);
	is(mem[1], 42, "parent-and-child-talk-through-it");
	is(child_verdict(child_wait(pid)), 0, "the-child-ends-well");
}

static int grandchild_writes(void *arg)
{
	(void)arg;
	mem[7] = 77;
	return 0;
}

static int child_forks(void *arg)
{
	return child_run(grandchild_writes, arg);
}

static int child_unmaps(void *arg)
{
	(void)arg;
	unmap(mem, PAGES * PAGE_SIZE);
	return 0;
}

static int child_protects(void *arg)
{
	(void)arg;
	return sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_NONE) == 0 ? 0 : 1;
}

static void test_family(void)
{
	ok_child_exits(child_forks, NULL, 0, "a-grandchild-writes");
	is(mem[7], 77, "a-grandchild's-write-is-visible");
	ok_child_exits(child_unmaps, NULL, 0, "a-child-unmaps-it");
	is(mem[7], 77, "the-parent-keeps-the-mapping");
	ok_child_exits(child_protects, NULL, 0, "a-child-protects-it");
	mem[7] = 78;
	is(mem[7], 78, "the-parent's-protection-stays");
}

/* The pages belong to the object: a part that one process unmapped lives on in the other. */
static int child_part(void *arg)
{
	(void)arg;
	unmap(mem, PAGE_SIZE);
	unmap(mem + 2 * PAGE_SIZE, PAGE_SIZE);
	mem[PAGE_SIZE] = 55;
	return mem[PAGE_SIZE] == 55 ? 0 : 1;
}

static void test_split(void)
{
	mem[0] = 1;
	mem[PAGE_SIZE] = 2;
	mem[2 * PAGE_SIZE] = 3;
	ok_child_exits(child_part, NULL, 0, "a-child-keeps-the-middle-page");
	ok(mem[0] == 1 && mem[PAGE_SIZE] == 55 && mem[2 * PAGE_SIZE] == 3,
	   "the-split-mapping-shows-the-same-object");
}

static void test_separate_objects(void)
{
	char *other = map_shared(PAGE_SIZE);

	other[0] = 9;
	mem[0] = 1;
	is(other[0], 9, "two-mappings-are-two-objects");
	unmap(other, PAGE_SIZE);
	other = (char *)sys_mmap(0, PAGE_SIZE, PROT_READ | PROT_WRITE,
				 SHARED_ANON | MAP_POPULATE, -1, 0);
	is(other[0], 0, "populated-shared-memory-reads-zero");
	unmap(other, PAGE_SIZE);
}

static int child_reads_zeros(void *arg)
{
	return all_bytes(arg, 0, PAGES * PAGE_SIZE) ? 0 : 1;
}

/* A read fault of shared memory must not map a page that a later write replaces for one only. */
static void test_read_first(void)
{
	char *fresh = map_shared(PAGES * PAGE_SIZE);
	volatile char sum = 0;
	int wrong = 0, pid;

	for (int i = 0; i < PAGES; i++)
		sum = (char)(sum + fresh[(size_t)i * PAGE_SIZE]);
	ok_child_exits(child_reads_zeros, fresh, 0, "everybody-reads-zeros-first");
	pid = (int)sys_fork();
	if (pid == 0) {
		for (int i = 0; i < PAGES; i++)
			fresh[(size_t)i * PAGE_SIZE] = 1;
		sys_exit_group(0);
	}
	child_wait(pid);
	for (int i = 0; i < PAGES; i++)
		wrong += fresh[(size_t)i * PAGE_SIZE] != 1;
	is(wrong + sum, 0, "a-write-after-reads-is-seen-by-everybody");
	unmap(fresh, PAGES * PAGE_SIZE);
}

static int child_counts(void *arg)
{
	uint32_t *counter = arg;

	for (int i = 0; i < 2000; i++)
		__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
	return 0;
}

static void test_atomics(void)
{
	uint32_t *counter = (uint32_t *)(mem + 8 * PAGE_SIZE);
	int pids[4];

	*counter = 0;
	for (int i = 0; i < 4; i++)
		pids[i] = child_start(child_counts, counter);
	for (int i = 0; i < 4; i++)
		child_wait(pids[i]);
	is(*counter, 8000, "four-processes-count-together");
}

int main(void)
{
	mem = map_shared(PAGES * PAGE_SIZE);
	turn = (uint32_t *)map_shared(PAGE_SIZE);
	tap_plan(17);
	test_visible();
	test_both_ways();
	test_family();
	test_split();
	test_separate_objects();
	test_read_first();
	test_atomics();
	return tap_done();
}
