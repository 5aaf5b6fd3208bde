/*
 * The leak check: what is only deferred does not count, what is lost is named with its allocator.
 */
#include "mm/leak.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "tests/unit/unit.h"

static struct mem_usage start(void)
{
	struct mem_usage before;

	sim_boot_frames(NULL);
	before = mem_quiesce();
	leak_mark();
	sim_log_clear();
	return before;
}

static __noinline struct page *lose_a_frame(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	barrier(); /* a call in tail position would leave no trace of this function */
	return page;
}

static __noinline void *lose_an_object(void)
{
	void *obj = kmalloc(100, GFP_KERNEL);

	barrier();
	return obj;
}

TEST("what-is-freed-is-no-leak")
{
	struct mem_usage before = start(), now;
	void *stack = vmalloc(4 * PAGE_SIZE), *obj = kmalloc(500, GFP_KERNEL);
	struct page *page = alloc_page(GFP_KERNEL);

	vfree(stack);
	kfree(obj);
	free_page(page);
	now = mem_quiesce();
	CHECK_EQ(now.frames, before.frames);
	CHECK_EQ(now.objects, before.objects);
	leak_report(&before, &now);
	CHECK_EQ(*sim_log(), '\0');
}

TEST("a-lost-frame-is-named-with-its-allocator")
{
	struct mem_usage before = start(), now;
	struct page *lost = lose_a_frame();

	now = mem_quiesce();
	CHECK_EQ(now.frames, before.frames + 1);
	leak_report(&before, &now);
	CHECK_LOGGED("leak: 1 frames and 0 slab objects more than before");
	CHECK_LOGGED("1 frames, the first is");
	CHECK_LOGGED("lose_a_frame");
	free_page(lost);
}

TEST("frames-lost-by-one-caller-are-one-line")
{
	struct mem_usage before = start(), now;

	for (volatile unsigned int i = 0; i < 5; i++) /* not unrolled: one place of call */
		lose_a_frame();
	now = mem_quiesce();
	leak_report(&before, &now);
	CHECK_LOGGED("5 frames, the first is");
}

TEST("a-lost-object-is-named-with-its-cache-and-allocator")
{
	struct mem_usage before = start(), now;

	lose_an_object();
	now = mem_quiesce();
	CHECK_EQ(now.objects, before.objects + 1);
	leak_report(&before, &now);
	CHECK_LOGGED("cache kmalloc-128: 1 objects more than before");
	CHECK_LOGGED("lose_an_object");
}

TEST("what-was-there-before-the-mark-is-not-named")
{
	struct mem_usage before, now;

	sim_boot_frames(NULL);
	lose_an_object();
	lose_a_frame();
	before = mem_quiesce();
	leak_mark();
	sim_log_clear();
	alloc_page(GFP_KERNEL);
	kmalloc(100, GFP_KERNEL);
	now = mem_quiesce();
	leak_report(&before, &now);
	CHECK_LOGGED("frames and 1 slab objects more than before");
	CHECK_LOGGED("kmalloc-128: 1 objects");
	CHECK(!unit_logged("lose_a"));
}

TEST("kvmalloc-gives-small-and-large-and-kvfree-takes-both")
{
	void *small, *large;
	long frames;

	sim_boot_frames(NULL);
	kvfree(kvmalloc(3 * PAGE_SIZE));
	mem_quiesce();
	frames = (long)(frames_total() - frames_free() - slab_frames());
	small = kvmalloc(100);
	large = kvmalloc(3 * PAGE_SIZE);
	CHECK(small && large);
	CHECK((unsigned long)large % PAGE_SIZE == 0);
	kvfree(small);
	kvfree(large);
	kvfree(NULL);
	mem_quiesce();
	CHECK((long)(frames_total() - frames_free() - slab_frames()) == frames);
}

TEST("a-stack-that-came-from-the-cache-has-its-new-owner")
{
	struct mem_usage before, now;

	sim_boot_frames(NULL);
	vfree(vmalloc(4 * PAGE_SIZE));
	before = (struct mem_usage){ frames_total() - frames_free() - vmalloc_table_frames() -
					     slab_frames() - 4,
				     slab_objects() };
	leak_mark();
	sim_log_clear();
	vmalloc(4 * PAGE_SIZE);
	now = mem_quiesce();
	leak_report(&before, &now);
	CHECK_LOGGED("4 frames, the first is");
	CHECK_LOGGED("own_pages");
}

TEST("quiescing-empties-the-lists-of-every-cpu")
{
	unsigned long counts[MAX_ORDER + 1], in_blocks = 0;

	sim_boot_frames(&(struct sim_config){ .cpus = 4 });
	for (unsigned int cpu = 0; cpu < 4; cpu++) {
		sim_on_cpu(cpu);
		free_page(alloc_page(GFP_KERNEL));
	}
	mem_quiesce();
	buddy_counts(counts);
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		in_blocks += counts[order] << order;
	CHECK_EQ(in_blocks, frames_free());
}

static unsigned int hoarded;
static void *hoard[4];

static void let_go(void)
{
	while (hoarded)
		kfree(hoard[--hoarded]);
}

TEST("registered-hoards-are-emptied-first")
{
	struct mem_usage before = start(), now;

	quiesce_register(let_go);
	while (hoarded < 4)
		hoard[hoarded++] = kmalloc(3000, GFP_KERNEL);
	now = mem_quiesce();
	CHECK_EQ(hoarded, 0);
	CHECK_EQ(now.frames, before.frames);
	CHECK_EQ(now.objects, before.objects);
}
