/* Slab objects: layout, magazines, what debug builds catch, and what comes back. */
#include <stdlib.h>
#include <string.h>
#include "mm/leak.h"
#include "mm/slab.h"
#include "tests/unit/unit.h"

static struct kmem_cache *boot_cache(size_t size, size_t align)
{
	sim_boot_frames(&(struct sim_config){ .cpus = 2 });
	return kmem_cache_create("test", size, align);
}

__attribute__((no_sanitize("address"))) static void raw_write(u8 *at, u8 value)
{
	*(volatile u8 *)at = value;
}

TEST("objects-of-every-size-are-aligned-writable-and-apart")
{
	static const size_t sizes[] = { 1,   8,	  16,  17,   24,   48,	 63,
					100, 192, 500, 1000, 2000, 4096, 8192 };

	sim_boot_frames(NULL);
	for (unsigned int s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct kmem_cache *cache = kmem_cache_create("test", sizes[s], 0);
		u8 *objs[40];

		for (unsigned int i = 0; i < 40; i++) {
			objs[i] = kmem_cache_alloc(cache, GFP_KERNEL);
			CHECK_EQ((unsigned long)objs[i] % 16, 0);
			memset(objs[i], (int)i, sizes[s]);
		}
		for (unsigned int i = 0; i < 40; i++) {
			for (size_t b = 0; b < sizes[s]; b++)
				CHECK_EQ(objs[i][b], i);
			kmem_cache_free(cache, objs[i]);
		}
	}
}

TEST("a-cache-line-alignment-is-kept")
{
	struct kmem_cache *cache = boot_cache(100, 64);

	for (unsigned int i = 0; i < 100; i++)
		CHECK_EQ((unsigned long)kmem_cache_alloc(cache, GFP_KERNEL) % 64, 0);
}

TEST("gfp-zero-clears-an-object-that-was-used-before")
{
	struct kmem_cache *cache = boot_cache(72, 0);
	u8 *obj = kmem_cache_alloc(cache, GFP_KERNEL);

	memset(obj, 0xff, 72);
	kmem_cache_free(cache, obj);
	obj = kmem_cache_alloc(cache, GFP_ZERO);
	for (unsigned int i = 0; i < 72; i++)
		CHECK_EQ(obj[i], 0);
}

TEST("objects-in-use-are-counted-exactly-on-every-cpu")
{
	struct kmem_cache *cache = boot_cache(64, 0);
	unsigned long before = slab_objects();
	void *objs[200];

	for (unsigned int i = 0; i < 200; i++) {
		sim_on_cpu(i % 2);
		objs[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		CHECK_EQ(slab_objects(), before + i + 1);
	}
	for (unsigned int i = 0; i < 200; i++) {
		sim_on_cpu(i / 100);
		kmem_cache_free(cache, objs[i]);
		CHECK_EQ(slab_objects(), before + 199 - i);
	}
}

TEST("shrinking-gives-every-frame-back")
{
	struct kmem_cache *cache = boot_cache(200, 0);
	unsigned long before;
	void *objs[500];

	slab_shrink();
	before = frames_free();
	for (unsigned int i = 0; i < 500; i++)
		objs[i] = kmem_cache_alloc(cache, GFP_KERNEL);
	CHECK(frames_free() < before);
	for (unsigned int i = 0; i < 500; i++) {
		sim_on_cpu(i & 1);
		kmem_cache_free(cache, objs[i]);
	}
	slab_shrink();
	CHECK_EQ(frames_free(), before);
}

TEST("empty-slabs-are-not-hoarded")
{
	struct kmem_cache *cache = boot_cache(1024, 0);
	unsigned long before;
	static void *objs[3000];

	slab_shrink();
	before = frames_free();
	for (unsigned int i = 0; i < 3000; i++)
		objs[i] = kmem_cache_alloc(cache, GFP_KERNEL);
	for (unsigned int i = 0; i < 3000; i++)
		kmem_cache_free(cache, objs[i]);
	CHECK(before - frames_free() <= 4 * 8);
}

TEST("random-use-of-all-kmalloc-sizes-keeps-every-byte")
{
	static struct {
		u8 *at;
		size_t size;
		u8 fill;
	} used[256];
	struct mem_usage before, now;

	sim_boot_frames(&(struct sim_config){ .cpus = 4 });
	before = mem_quiesce();
	srand(11);
	for (unsigned int round = 0; round < 30000; round++) {
		unsigned int i = (unsigned int)rand() % 256;

		sim_on_cpu((unsigned int)rand() % 4);
		if (!used[i].at) {
			used[i].size = (size_t)rand() % (rand() % 8 ? 300 : KMALLOC_MAX) + 1;
			used[i].fill = (u8)rand();
			used[i].at = kmalloc(used[i].size, GFP_KERNEL);
			CHECK(used[i].at);
			memset(used[i].at, used[i].fill, used[i].size);
			continue;
		}
		CHECK_EQ(used[i].at[0], used[i].fill);
		CHECK_EQ(used[i].at[used[i].size - 1], used[i].fill);
		kfree(used[i].at);
		used[i].at = NULL;
	}
	for (unsigned int i = 0; i < 256; i++)
		kfree(used[i].at);
	now = mem_quiesce();
	CHECK_EQ(now.frames, before.frames);
	CHECK_EQ(now.objects, before.objects);
}

TEST("kmalloc-refuses-what-is-too-large-and-takes-null-back")
{
	void *obj;

	sim_boot_frames(NULL);
	CHECK(!kmalloc(KMALLOC_MAX + 1, GFP_KERNEL));
	CHECK(!kmalloc(~0ul, GFP_KERNEL));
	obj = kmalloc(0, GFP_KERNEL);
	CHECK(obj);
	kfree(obj);
	kfree(NULL);
}

TEST("each-kmalloc-size-has-all-its-bytes")
{
	sim_boot_frames(NULL);
	for (size_t size = 1; size <= KMALLOC_MAX; size += size < 600 ? 1 : 97) {
		u8 *obj = kzalloc(size, GFP_KERNEL);

		CHECK(obj);
		CHECK_EQ(obj[size - 1], 0);
		memset(obj, 1, size);
		kfree(obj);
	}
}

TEST("no-memory-is-null-and-loses-nothing")
{
	static void *objs[8192];
	struct mem_usage before, now;
	unsigned int n = 0;

	sim_boot_frames(NULL);
	before = mem_quiesce();
	while (n < 8192 && (objs[n] = kmalloc(8192, GFP_KERNEL)))
		n++;
	CHECK(n > 1000 && n < 8192);
	CHECK(!kmalloc(8192, GFP_KERNEL));
	while (n > 0)
		kfree(objs[--n]);
	now = mem_quiesce();
	CHECK_EQ(now.frames, before.frames);
	CHECK_EQ(now.objects, before.objects);
}

TEST("a-write-behind-an-object-is-caught")
{
	struct kmem_cache *cache = boot_cache(40, 0);
	u8 *obj = kmem_cache_alloc(cache, GFP_KERNEL);

	EXPECT_DEATH("the bytes behind it were overwritten", raw_write(obj + 40, 0);
		     kmem_cache_free(cache, obj));
	EXPECT_DEATH("the bytes behind it were overwritten", raw_write(obj + 55, 0);
		     kmem_cache_free(cache, obj));
	kmem_cache_free(cache, obj);
}

TEST("a-write-before-an-object-is-caught")
{
	struct kmem_cache *cache = boot_cache(40, 0);
	u8 *obj = kmem_cache_alloc(cache, GFP_KERNEL);

	EXPECT_DEATH("the bytes before it were overwritten", raw_write(obj - 1, 0);
		     kmem_cache_free(cache, obj));
	EXPECT_DEATH("slab test:", raw_write(obj - 16, 0); kmem_cache_free(cache, obj));
	kmem_cache_free(cache, obj);
}

TEST("a-write-to-a-free-object-is-caught-when-it-is-allocated")
{
	struct kmem_cache *cache = boot_cache(40, 0);
	u8 *obj = kmem_cache_alloc(cache, GFP_KERNEL);

	kmem_cache_free(cache, obj);
	raw_write(obj + 8, 0);
	EXPECT_DEATH("it was written to after it was freed", kmem_cache_alloc(cache, GFP_KERNEL));
	EXPECT_DEATH("freed by:", kmem_cache_alloc(cache, GFP_KERNEL));
}

TEST("a-double-free-of-an-object-is-caught")
{
	struct kmem_cache *cache = boot_cache(40, 0);
	u8 *obj = kmem_cache_alloc(cache, GFP_KERNEL);

	kmem_cache_free(cache, obj);
	EXPECT_DEATH("it was freed twice", kmem_cache_free(cache, obj));
}

TEST("an-object-given-to-another-cache-is-caught")
{
	struct kmem_cache *cache = boot_cache(40, 0), *other = kmem_cache_create("other", 40, 0);
	u8 *obj = kmem_cache_alloc(cache, GFP_KERNEL);

	EXPECT_DEATH("is an object of cache test, not of other", kmem_cache_free(other, obj));
}

TEST("a-pointer-into-an-object-is-caught")
{
	struct kmem_cache *cache = boot_cache(40, 0);
	u8 *obj = kmem_cache_alloc(cache, GFP_KERNEL);

	EXPECT_DEATH("does not point to the start of an object", kmem_cache_free(cache, obj + 16));
}

TEST("what-is-no-object-is-caught")
{
	struct kmem_cache *cache = boot_cache(40, 0);
	struct page *page = alloc_page(GFP_KERNEL);

	EXPECT_DEATH("is no slab object", kfree(page_address(page)));
	EXPECT_DEATH("is no slab", kmem_cache_free(cache, page_address(page)));
}

TEST("asan-sees-free-objects-and-red-zones")
{
	struct kmem_cache *cache = boot_cache(40, 0);
	volatile u8 *obj = kmem_cache_alloc(cache, GFP_KERNEL);

	EXPECT_DEATH("use-after-poison", obj[40] = 1);
	EXPECT_DEATH("use-after-poison", obj[-1] = 1);
	kmem_cache_free(cache, (void *)obj);
	EXPECT_DEATH("use-after-poison", obj[0] = 1);
}

static struct kmem_cache *failing_cache;
static void *failing_objs[20];

static void free_twenty(void)
{
	for (unsigned int i = 0; i < 20 && failing_objs[i]; i++) {
		kmem_cache_free(failing_cache, failing_objs[i]);
		failing_objs[i] = NULL;
	}
}

static bool alloc_twenty(void)
{
	for (unsigned int i = 0; i < 20; i++) {
		failing_objs[i] = kmem_cache_alloc(failing_cache, GFP_KERNEL);
		if (!failing_objs[i]) {
			free_twenty();
			return false;
		}
	}
	return true;
}

TEST("each-failed-allocation-of-an-object-loses-nothing")
{
	failing_cache = boot_cache(1500, 0);
	/* Twenty objects and the slabs for them. */
	CHECK(unit_fail_each(alloc_twenty, free_twenty) > 20);
}

TEST("contexts-that-cannot-wait-get-objects-from-the-reserve")
{
	struct kmem_cache *cache = boot_cache(4000, 0);
	unsigned int kernel = 0, atomic = 0;

	while (kmem_cache_alloc(cache, GFP_KERNEL))
		kernel++;
	while (kmem_cache_alloc(cache, GFP_ATOMIC))
		atomic++;
	CHECK(kernel > 1000);
	CHECK(atomic > 10);
}

static void find_test(const char *name, size_t size, unsigned long in_use, unsigned long slabs,
		      void *arg)
{
	unsigned long *seen = arg;

	if (strcmp(name, "test"))
		return;
	seen[0] = size;
	seen[1] = in_use;
	seen[2] = slabs;
}

TEST("slab-for-each-shows-names-sizes-and-use")
{
	struct kmem_cache *cache = boot_cache(48, 0);
	unsigned long seen[3] = { 0 };

	for (unsigned int i = 0; i < 7; i++)
		kmem_cache_alloc(cache, GFP_KERNEL);
	slab_for_each(find_test, seen);
	CHECK_EQ(seen[0], 48);
	CHECK_EQ(seen[1], 7);
	CHECK_EQ(seen[2], 1);
}
