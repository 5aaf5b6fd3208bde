/* Boot memory: what is given out, what stays, and how much work a large memory is. */
#include "mm/buddy.h"
#include "tests/unit/unit.h"

#define MIB (1ul << 20)

/* RAM from 16 MiB to 32 MiB and from 48 MiB to 64 MiB, nothing else yet. */
static void two_regions(void)
{
	struct sim_config config = {
		.nr_regions = 2,
		.cpus = 1,
		.hw_levels = 4,
		.regions = { { 16 * MIB, 32 * MIB }, { 48 * MIB, 64 * MIB } },
	};

	arena_create(&config);
	cpus_create(&config);
	boot_mem_init(config.regions, config.nr_regions);
}

static void to_buddy(void)
{
	page_init();
	boot_mem_release();
}

TEST("boot-alloc-is-zeroed-aligned-and-within-its-limit")
{
	two_regions();
	__builtin_memset(frame_ptr(16 * MIB >> PAGE_SHIFT), 0xff, 2 * MIB);
	CHECK_EQ(*(u64 *)frame_ptr(boot_alloc(PAGE_SIZE, PAGE_SIZE, 0) >> PAGE_SHIFT), 0);
	for (unsigned int i = 0; i < 50; i++) {
		phys_addr_t at = boot_alloc(100 + i, 64, 20 * MIB);
		u8 *memory = (u8 *)frame_ptr(at >> PAGE_SHIFT) + (at & ~PAGE_MASK);

		CHECK(at >= 16 * MIB && at + 100 + i <= 20 * MIB);
		CHECK_EQ(at % 64, 0);
		for (unsigned int b = 0; b < 100 + i; b++)
			CHECK_EQ(memory[b], 0);
	}
}

TEST("boot-alloc-goes-round-what-is-reserved")
{
	two_regions();
	boot_reserve(16 * MIB, 17 * MIB);
	boot_reserve(18 * MIB, 19 * MIB);
	CHECK_EQ(boot_alloc(MIB, PAGE_SIZE, 0), 17 * MIB);
	CHECK_EQ(boot_alloc(MIB, PAGE_SIZE, 0), 19 * MIB);
}

TEST("boot-alloc-uses-the-next-region-when-the-first-is-full")
{
	two_regions();
	boot_reserve(16 * MIB, 32 * MIB - PAGE_SIZE);
	CHECK_EQ(boot_alloc(2 * PAGE_SIZE, PAGE_SIZE, 0), 48 * MIB);
	CHECK_EQ(boot_alloc(PAGE_SIZE, PAGE_SIZE, 0), 32 * MIB - PAGE_SIZE);
}

TEST("too-little-memory-is-one-sentence")
{
	two_regions();
	EXPECT_DEATH("too little memory: the kernel needs 17408 KiB",
		     boot_alloc(17 * MIB, PAGE_SIZE, 0));
	EXPECT_DEATH("32768 KiB are free", boot_alloc(PAGE_SIZE, PAGE_SIZE, 16 * MIB));
}

TEST("reserved-ranges-merge-in-any-order")
{
	two_regions();
	for (unsigned long i = 0; i < 200; i++)
		boot_reserve(16 * MIB + i * 2 * PAGE_SIZE % (200 * PAGE_SIZE),
			     16 * MIB + i * 2 * PAGE_SIZE % (200 * PAGE_SIZE) + 2 * PAGE_SIZE);
	boot_reserve(20 * MIB, 21 * MIB);
	boot_reserve(19 * MIB, 22 * MIB);
	boot_reserve(18 * MIB, 20 * MIB);
	boot_reserve(17 * MIB, 17 * MIB);
	CHECK_EQ(boot_alloc(PAGE_SIZE, PAGE_SIZE, 0), 16 * MIB + 200 * PAGE_SIZE);
	CHECK_EQ(boot_alloc(MIB, MIB, 0), 17 * MIB);
	CHECK_EQ(boot_alloc(PAGE_SIZE, MIB, 0), 22 * MIB);
}

static unsigned long reserved_frames(unsigned long start, unsigned long end)
{
	unsigned long n = 0;

	for (unsigned long pfn = start >> PAGE_SHIFT; pfn < end >> PAGE_SHIFT; pfn++)
		n += page_test(pfn_to_page(pfn), PG_reserved);
	return n;
}

TEST("boot-memory-release-counts-every-free-frame")
{
	two_regions();
	boot_reserve(16 * MIB + 100, 16 * MIB + 200);
	boot_reserve(60 * MIB - 1, 64 * MIB);
	to_buddy();
	CHECK_EQ(max_pfn, 64 * MIB >> PAGE_SHIFT);
	CHECK_EQ(frames_free(), frames_total());
	CHECK_EQ(frames_total() + reserved_frames(16 * MIB, 32 * MIB) +
			 reserved_frames(48 * MIB, 64 * MIB),
		 32 * MIB >> PAGE_SHIFT);
	/*
	 * A frame that is taken in part is taken; the rest of what is reserved is mem_map and the
	 * like.
	 */
	CHECK_EQ(reserved_frames(16 * MIB, 16 * MIB + PAGE_SIZE), 1);
	CHECK_EQ(reserved_frames(48 * MIB, 64 * MIB), 1025);
}

TEST("holes-and-reserved-frames-are-never-allocated")
{
	struct folio *folio;

	two_regions();
	boot_reserve(18 * MIB, 19 * MIB);
	to_buddy();
	while ((folio = folio_alloc(GFP_ATOMIC, 0))) {
		unsigned long at = folio_pfn(folio) << PAGE_SHIFT;

		CHECK((at >= 16 * MIB && at < 32 * MIB) || (at >= 48 * MIB && at < 64 * MIB));
		CHECK(at < 18 * MIB || at >= 19 * MIB);
	}
	CHECK(page_test(pfn_to_page(18 * MIB >> PAGE_SHIFT), PG_reserved));
	CHECK(page_test(pfn_to_page(40 * MIB >> PAGE_SHIFT), PG_reserved));
	CHECK(page_test(pfn_to_page(0), PG_reserved));
}

TEST("boot-alloc-after-the-release-is-refused")
{
	two_regions();
	to_buddy();
	EXPECT_DEATH("has gone to the buddy allocator", boot_alloc(16, 16, 0));
}

TEST("regions-out-of-order-are-refused")
{
	struct mem_region bad[] = { { 32 * MIB, 64 * MIB }, { 16 * MIB, 33 * MIB } };

	EXPECT_DEATH("empty or not in order", boot_mem_init(bad, 2));
	EXPECT_DEATH("no memory", boot_mem_init(bad, 0));
}

static void boot_with_gib(unsigned int gib)
{
	sim_boot_frames(&(struct sim_config){
		.nr_regions = 2,
		.regions = { { MIB, 3072 * MIB },
			     { 4096 * MIB, 4096 * MIB + (gib - 3) * 1024 * MIB } },
	});
}

TEST("eight-gib-with-a-hole-boot-and-are-accounted")
{
	unsigned long counts[MAX_ORDER + 1], sum = 0;

	boot_with_gib(8);
	CHECK(frames_total() > (8 * 1024 * MIB - 300 * MIB) >> PAGE_SHIFT);
	buddy_drain_all();
	buddy_counts(counts);
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		sum += counts[order] << order;
	CHECK_EQ(sum, frames_free());
	/* All but the edges is in the largest blocks. */
	CHECK(counts[MAX_ORDER] << MAX_ORDER > sum - 10000);
}

TEST("thirty-two-mib-leave-at-least-thirty-to-use")
{
	sim_boot_frames(NULL);
	CHECK(frames_free() >= (30 * MIB >> PAGE_SHIFT));
}
