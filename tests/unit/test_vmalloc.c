/* Areas of single frames: mapping, guards, reuse after a flush, cached stacks, exhaustion. */
#include <stdlib.h>
#include "mm/leak.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/vmstat.h"
#include "tests/unit/unit.h"

#define STACK (4 * PAGE_SIZE)

static void boot(void) { sim_boot_frames(&(struct sim_config){ .cpus = 4 }); }

static unsigned long area(size_t size)
{
	unsigned long addr = (unsigned long)vmalloc(size);

	CHECK(addr >= VMALLOC_START && addr < VMALLOC_END);
	CHECK_EQ(addr & ~PAGE_MASK, 0);
	return addr;
}

static bool mapped(unsigned long addr) { return sim_kernel_ptr(addr); }

TEST("an-area-is-mapped-writable-and-whole")
{
	unsigned long addr;

	boot();
	addr = area(10 * PAGE_SIZE - 5);
	for (unsigned long i = 0; i < 10 * PAGE_SIZE; i += 8)
		*(u64 *)sim_kernel_ptr(addr + i) = i;
	for (unsigned long i = 0; i < 10 * PAGE_SIZE; i += 8)
		CHECK_EQ(*(u64 *)sim_kernel_ptr(addr + i), i);
	vfree((void *)addr);
}

TEST("both-sides-of-an-area-are-guards")
{
	unsigned long a, b;

	boot();
	a = area(PAGE_SIZE);
	b = area(3 * PAGE_SIZE);
	CHECK(!mapped(a - PAGE_SIZE) && !mapped(a + PAGE_SIZE));
	CHECK(!mapped(b - PAGE_SIZE) && !mapped(b + 3 * PAGE_SIZE));
	CHECK(vmalloc_is_guard(a - 1));
	CHECK(vmalloc_is_guard(a + PAGE_SIZE));
	CHECK(vmalloc_is_guard(b + 3 * PAGE_SIZE + 100));
	CHECK(!vmalloc_is_guard(a));
	CHECK(!vmalloc_is_guard(b + 3 * PAGE_SIZE - 1));
	CHECK(!vmalloc_is_guard(b + 10 * PAGE_SIZE));
	CHECK(!vmalloc_is_guard(0));
	CHECK(!vmalloc_is_guard(VMALLOC_START - 1));
	CHECK(!vmalloc_is_guard(~0ul));
}

TEST("a-freed-area-is-unmapped-at-once-and-reused-only-after-a-flush")
{
	unsigned long a, b;

	boot();
	a = area(5 * PAGE_SIZE);
	vfree((void *)a);
	CHECK(!mapped(a));
	CHECK_EQ(sim_events[0].kernel_flushes, 0);
	b = area(5 * PAGE_SIZE);
	CHECK(b != a);
	vmalloc_purge();
	for (unsigned int cpu = 0; cpu < 4; cpu++)
		CHECK_EQ(sim_events[cpu].kernel_flushes, 1);
	CHECK_EQ(vm_events(VM_EVENT_TLB_KERNEL_FLUSH), 1);
	vfree((void *)b);
	vmalloc_purge();
	CHECK_EQ(area(5 * PAGE_SIZE), a);
}

TEST("who-is-killed-gets-no-area-and-keeps-no-frame")
{
	unsigned long free;

	boot();
	vfree((void *)area(8 * PAGE_SIZE)); /* has made the tables */
	vmalloc_purge();
	free = frames_free();
	sim_set_killed(true);
	CHECK(!vmalloc(8 * PAGE_SIZE));
	sim_set_killed(false);
	vmalloc_purge();
	CHECK_EQ(frames_free(), free);
	CHECK_EQ(vmalloc_pages(), 0);
	vfree((void *)area(8 * PAGE_SIZE));
}

TEST("frames-of-a-freed-area-wait-for-the-flush-too")
{
	unsigned long a, free;

	boot();
	a = area(7 * PAGE_SIZE);
	free = frames_free();
	vfree((void *)a);
	CHECK_EQ(frames_free(), free);
	vmalloc_purge();
	CHECK_EQ(frames_free(), free + 7);
}

TEST("a-stale-translation-does-not-outlive-the-purge")
{
	unsigned long a;

	boot();
	a = area(PAGE_SIZE);
	sim_on_cpu(2);
	CHECK(mapped(a));
	sim_on_cpu(0);
	vfree((void *)a);
	sim_on_cpu(2);
	CHECK(mapped(a)); /* this CPU has not been told yet */
	vmalloc_purge();
	CHECK(!mapped(a));
}

TEST("an-empty-purge-disturbs-nobody")
{
	boot();
	vmalloc_purge();
	CHECK_EQ(sim_events[1].kernel_flushes, 0);
}

TEST("many-frees-are-flushed-together")
{
	boot();
	for (unsigned int i = 0; i < 1000; i++)
		vfree((void *)area(PAGE_SIZE));
	CHECK(sim_events[1].kernel_flushes > 0);
	CHECK(sim_events[1].kernel_flushes <= 1000 * 2 / 128 + 1);
}

TEST("kernel-stacks-are-cached-per-cpu-two-of-them")
{
	unsigned long a, b, c;

	boot();
	a = area(STACK);
	b = area(STACK);
	c = area(STACK);
	vfree((void *)a);
	vfree((void *)b);
	vfree((void *)c);
	CHECK(mapped(a) && mapped(b) && !mapped(c));
	sim_on_cpu(1);
	CHECK(area(STACK) != b);
	sim_on_cpu(0);
	CHECK_EQ(area(STACK), b);
	CHECK_EQ(area(STACK), a);
}

TEST("quiescing-lets-cached-stacks-go")
{
	struct mem_usage before, now;

	boot();
	before = mem_quiesce();
	for (unsigned int cpu = 0; cpu < 4; cpu++) {
		void *stacks[3];

		sim_on_cpu(cpu);
		for (unsigned int i = 0; i < 3; i++)
			stacks[i] = vmalloc(STACK);
		for (unsigned int i = 0; i < 3; i++)
			vfree(stacks[i]);
	}
	now = mem_quiesce();
	CHECK_EQ(now.frames, before.frames);
	CHECK_EQ(now.objects, before.objects);
	CHECK(vmalloc_table_frames() > 0);
}

TEST("freeing-an-area-twice-is-caught")
{
	unsigned long a, stack;

	boot();
	a = area(PAGE_SIZE);
	stack = area(STACK);
	vfree((void *)a);
	vfree((void *)stack);
	vfree(NULL);
	EXPECT_DEATH("is not the start of an area in use", vfree((void *)a));
	EXPECT_DEATH("is not the start of an area in use", vfree((void *)stack));
	EXPECT_DEATH("is not the start of an area in use",
		     vfree((void *)(VMALLOC_START + 64 * PAGE_SIZE)));
}

TEST("sizes-that-cannot-be-are-refused")
{
	boot();
	CHECK(!vmalloc(0));
	CHECK(!vmalloc(~0ul));
	CHECK(!vmalloc(VMALLOC_END - VMALLOC_START));
	CHECK(!vmalloc(1ul << 30));
}

TEST("no-memory-is-null-and-loses-nothing")
{
	struct mem_usage before, now;
	static void *areas[8192];
	unsigned int n = 0;

	boot();
	before = mem_quiesce();
	while ((areas[n] = vmalloc(64 * PAGE_SIZE)))
		n++;
	CHECK(n > 50);
	while (n > 0)
		vfree(areas[--n]);
	now = mem_quiesce();
	CHECK_EQ(now.frames, before.frames);
	CHECK_EQ(now.objects, before.objects);
}

static void *failing;
static bool alloc_area(void) { return (failing = vmalloc(20 * PAGE_SIZE)); }
static void free_area(void) { vfree(failing); }

TEST("each-failed-allocation-of-an-area-loses-nothing")
{
	boot();
	/* The call itself, its range, and twenty frames. */
	CHECK(unit_fail_each(alloc_area, free_area) >= 22);
}

TEST("random-areas-never-overlap-and-all-come-back")
{
	static struct {
		unsigned long addr, pages;
	} areas[64];
	struct mem_usage before, now;

	boot();
	before = mem_quiesce();
	srand(3);
	for (unsigned int round = 0; round < 6000; round++) {
		unsigned int i = (unsigned int)rand() % 64;

		sim_on_cpu((unsigned int)rand() % 4);
		if (areas[i].addr) {
			CHECK_EQ(*(u64 *)sim_kernel_ptr(areas[i].addr), i);
			CHECK_EQ(*(u64 *)sim_kernel_ptr(areas[i].addr +
							(areas[i].pages - 1) * PAGE_SIZE + 8),
				 i);
			vfree((void *)areas[i].addr);
			areas[i].addr = 0;
			continue;
		}
		areas[i].pages = (unsigned long)rand() % 9 + 1;
		areas[i].addr = area(areas[i].pages * PAGE_SIZE);
		*(u64 *)sim_kernel_ptr(areas[i].addr) = i;
		*(u64 *)sim_kernel_ptr(areas[i].addr + (areas[i].pages - 1) * PAGE_SIZE + 8) = i;
		CHECK(!mapped(areas[i].addr - PAGE_SIZE));
		CHECK(!mapped(areas[i].addr + areas[i].pages * PAGE_SIZE));
	}
	for (unsigned int i = 0; i < 64; i++)
		vfree((void *)areas[i].addr);
	now = mem_quiesce();
	CHECK_EQ(now.frames, before.frames);
	CHECK_EQ(now.objects, before.objects);
}

TEST("pages-of-areas-are-counted-while-they-are-mapped")
{
	unsigned long addr, before;

	boot();
	before = vmalloc_pages();
	addr = area(10 * PAGE_SIZE - 5);
	CHECK_EQ(vmalloc_pages(), before + 10);
	vfree((void *)addr);
	CHECK_EQ(vmalloc_pages(), before);
	addr = area(STACK);
	vfree((void *)addr);	/* a stack stays, for the next task */
	CHECK_EQ(vmalloc_pages(), before + 4);
}
