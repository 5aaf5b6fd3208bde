/*
 * Memory that is taken in when it is needed: nobody who allocates or counts sees a difference, and
 * nothing looks at a struct page before its time (the simulator hides those that are not
 * initialised).
 */
#include "mm/buddy.h"
#include "mm/check.h"
#include "mm/page_owner.h"
#include "mm/section.h"
#include "tests/unit/unit.h"

#define MIB	  (1ul << 20)
#define FRAMES(b) ((b) >> PAGE_SHIFT)
#define LARGEST	  (1ul << MAX_ORDER)
#define MAX_KEPT  2048

static struct folio *kept[MAX_KEPT];

static unsigned long usable; /* free frames of the fresh machine */

/* Sections are 32 MiB: [32 MiB, 64 MiB) and so on; the boot takes in 256 MiB of them. */
static void boot_config(const struct sim_config *config)
{
	sim_boot_frames(config);
	buddy_drain_all();
	usable = frames_free();
}

static void boot(unsigned int mib) { boot_config(&(struct sim_config){ .mib = mib }); }

/* Holes with edges inside a section, at its edges, and over many of them. */
static void boot_with_holes(void)
{
	boot_config(&(struct sim_config){
		.nr_regions = 6,
		.regions = { { MIB, 290 * MIB },
			     { 303 * MIB + 5 * PAGE_SIZE, 320 * MIB },
			     { 352 * MIB, 353 * MIB - PAGE_SIZE },
			     { 386 * MIB, 387 * MIB },
			     { 418 * MIB, 419 * MIB },
			     { 1000 * MIB, 1100 * MIB } },
	});
}

static unsigned long free_up_to(unsigned long end)
{
	struct pfn_range free;
	unsigned long n = 0;

	for (unsigned long pfn = 0; pfn < end; pfn = free.end) {
		free = boot_mem_next_free(pfn, end);
		n += free.end - free.start;
	}
	return n;
}

static unsigned long in_blocks(void)
{
	unsigned long counts[MAX_ORDER + 1], sum = 0;

	buddy_counts(counts);
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		sum += counts[order] << order;
	return sum;
}

static unsigned long initialised_sections(void)
{
	unsigned long n = 0;

	for (unsigned long pfn = 0; pfn < max_pfn; pfn += SECTION_FRAMES)
		n += page_initialised(pfn);
	return n;
}

TEST("a-boot-takes-in-a-part-and-counts-all")
{
	boot(1024);
	CHECK_EQ(frames_total(), free_up_to(max_pfn));
	/* Slab and vmalloc have some of them by now. */
	CHECK(frames_total() - usable < 64);
	CHECK_EQ(in_blocks(), usable);
	CHECK(free_up_to(sections_end()) >= FRAMES(256 * MIB));
	CHECK(free_up_to(sections_end()) < FRAMES(256 * MIB) + SECTION_FRAMES);
	CHECK(page_initialised(sections_end() - 1));
	CHECK(!page_initialised(sections_end()));
	CHECK(!page_initialised(max_pfn - 1));
	CHECK(pfn_valid(max_pfn - 1));
	CHECK(!page_initialised(max_pfn));
	CHECK(!page_initialised(~0ul));
}

TEST("a-small-memory-is-taken-in-at-once")
{
	boot(200);
	CHECK_EQ(free_up_to(sections_end()), frames_total());
	CHECK(page_initialised(max_pfn - 1));
}

TEST("sections-come-one-at-a-time-and-every-step-is-accounted")
{
	unsigned long counts[MAX_ORDER + 1], total, n = 0;

	boot(512);
	total = frames_total();
	buddy_counts(counts);
	for (;;) {
		unsigned long before = initialised_sections();
		struct folio *folio = folio_alloc(GFP_ATOMIC, MAX_ORDER);

		CHECK(initialised_sections() <= before + 1);
		if (!folio)
			break;
		n++;
		CHECK(page_initialised(folio_pfn(folio) + LARGEST - 1));
		CHECK_EQ(frames_total(), total);
		CHECK_EQ(frames_free(), usable - n * LARGEST);
		CHECK_EQ(in_blocks(), frames_free());
	}
	CHECK_EQ(n, counts[MAX_ORDER]);
	CHECK_EQ(free_up_to(sections_end()), total);
}

TEST("taking-in-changes-no-count-of-blocks")
{
	unsigned long before[MAX_ORDER + 1], after[MAX_ORDER + 1], n = 0;

	boot_with_holes();
	buddy_counts(before);
	while ((kept[n] = folio_alloc(GFP_ATOMIC, 3 + n % 8)))
		n++;
	CHECK(page_initialised(max_pfn - 1));
	while (n)
		folio_free(kept[--n]);
	buddy_drain_all();
	buddy_counts(after);
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		CHECK_EQ(after[order], before[order]);
}

TEST("single-frames-reach-the-last-one")
{
	unsigned long n = 0;
	bool last = false;
	struct page *page;

	boot(320);
	while ((page = alloc_page(GFP_ATOMIC))) {
		n++;
		last |= page_to_pfn(page) == max_pfn - 1;
	}
	CHECK_EQ(n, usable);
	CHECK(last);
	CHECK_EQ(frames_free(), 0);
}

TEST("the-reserve-is-a-part-of-all-memory")
{
	boot(320);
	while (alloc_page(GFP_KERNEL))
		;
	CHECK_EQ(frames_free(), 256);
	CHECK_EQ(free_up_to(sections_end()), frames_total());
}

TEST("who-can-wait-takes-a-section-in-before-the-lists-are-empty")
{
	unsigned long end, listed, n = 0;

	boot(512);
	end = sections_end();
	listed = free_up_to(end) - (frames_total() - usable);
	for (; !page_initialised(end); n++)
		CHECK(alloc_page(GFP_KERNEL));
	CHECK(n <= listed - LARGEST);
	CHECK(n > listed - LARGEST - 64);
}

TEST("who-cannot-wait-takes-one-in-only-when-no-batch-is-left")
{
	unsigned long end, listed, n = 0;

	boot(512);
	end = sections_end();
	listed = free_up_to(end) - (frames_total() - usable);
	for (; !page_initialised(end); n++)
		CHECK(alloc_page(GFP_ATOMIC));
	CHECK(n > listed - 64);
	CHECK(n <= listed + 1);
}

TEST("a-large-block-comes-from-a-new-section-when-what-is-left-is-in-pieces")
{
	unsigned long end, n = 0;
	struct folio *folio;

	boot(512);
	end = sections_end();
	while (n < MAX_KEPT && (kept[n] = folio_alloc(GFP_ATOMIC, MAX_ORDER - 1)) &&
	       !page_initialised(end))
		n++;
	CHECK(n > 120);
	folio_free(kept[n]);
	for (unsigned long i = 0; i < n; i++) {
		if (folio_pfn(kept[i]) & LARGEST / 2)
			folio_free(kept[i]);
	}
	for (unsigned int i = 0; i < 2 * SECTION_FRAMES / LARGEST; i++) {
		folio = folio_alloc(GFP_KERNEL, MAX_ORDER);
		CHECK(folio);
		CHECK(folio_pfn(folio) >= end);
		CHECK_EQ(folio_pfn(folio) % LARGEST, 0);
	}
	CHECK(page_initialised(end + SECTION_FRAMES));
}

TEST("sections-without-a-block-that-is-large-enough-are-passed-over")
{
	unsigned long counts[MAX_ORDER + 1], n = 0;

	boot_with_holes();
	buddy_counts(counts);
	while (folio_alloc(GFP_ATOMIC, MAX_ORDER))
		n++;
	CHECK_EQ(n, counts[MAX_ORDER]);
	CHECK_EQ(frames_free(), usable - n * LARGEST);
	CHECK_EQ(in_blocks(), frames_free());
}

TEST("holes-are-neither-initialised-nor-given-out")
{
	unsigned long n = 0;
	struct folio *folio;

	boot_with_holes();
	CHECK(!page_initialised(FRAMES(352 * MIB)));
	while ((folio = folio_alloc(GFP_ATOMIC, 0))) {
		unsigned long at = folio_pfn(folio) << PAGE_SHIFT;

		n++;
		CHECK(at < 290 * MIB || at >= 303 * MIB + 5 * PAGE_SIZE);
		CHECK(at < 320 * MIB || at >= 352 * MIB);
		CHECK(at < 353 * MIB - PAGE_SIZE || at >= 386 * MIB);
		CHECK(at < 419 * MIB || at >= 1000 * MIB);
	}
	CHECK_EQ(n, usable);
	CHECK(!page_initialised(FRAMES(320 * MIB)));
	CHECK(!page_initialised(FRAMES(700 * MIB)));
	CHECK(page_test(pfn_to_page(FRAMES(300 * MIB)), PG_reserved));
	CHECK(page_test(pfn_to_page(FRAMES(353 * MIB) - 1), PG_reserved));
	CHECK(page_test(pfn_to_page(FRAMES(999 * MIB)), PG_reserved));
}

TEST("records-are-zero-whatever-the-memory-held")
{
	struct sim_config config = { .nr_regions = 1,
				     .cpus = 1,
				     .hw_levels = 4,
				     .regions = { { MIB, 321 * MIB } } };
	unsigned long reserved = 0;
	struct page *page;

	arena_create(&config);
	cpus_create(&config);
	boot_mem_init(config.regions, config.nr_regions);
	__builtin_memset(frame_ptr(0x100), 0xff, 16 * MIB);
	page_init();
	page_owner_init();
	boot_mem_release();
	while ((page = alloc_page(GFP_ATOMIC)))
		CHECK_EQ(atomic_read(&page->_mapcount) | atomic_read(&page->pincount), 0);
	for (unsigned long pfn = 0; pfn < max_pfn; pfn++) {
		reserved += page_test(pfn_to_page(pfn), PG_reserved);
		CHECK_EQ(frame_checks[pfn].anon_maps | frame_checks[pfn].pending, 0);
	}
	CHECK_EQ(reserved, max_pfn - frames_total());
}

TEST("a-struct-page-that-is-not-initialised-is-never-read")
{
	static struct mm_struct mm;
	unsigned long last;

	boot(512);
	last = max_pfn - 1;
	EXPECT_DEATH("use-after-poison", READ_ONCE(pfn_to_page(last)->flags));
	page_dump(pfn_to_page(last), "asked for");
	CHECK_LOGGED("asked for: it was never allocated");
	page_owner_report(0);
	EXPECT_DEATH("leads to a frame that was never allocated",
		     entry_changed(&mm, PAGE_SIZE, 1, 0,
				   pfn_pte(last, __pgprot(_PAGE_PRESENT)).val));
	EXPECT_DEATH("leads to a frame that was never allocated",
		     entry_changed(&mm, PAGE_SIZE, 2, entry_make_table(max_pfn), 0));
}
