/*
 * The buddy allocator: blocks, per-CPU lists, the reserve, accounting, and what debug builds
 * catch.
 */
#include <stdlib.h>
#include <string.h>
#include "mm/buddy.h"
#include "mm/page_owner.h"
#include "tests/unit/unit.h"

#define MAX_FOLIOS 16384

static struct folio *folios[MAX_FOLIOS];

static unsigned long usable; /* free frames of the fresh machine */

static void boot_config(const struct sim_config *config)
{
	sim_boot_frames(config);
	usable = frames_free();
}

static void boot(void) { boot_config(NULL); }

static unsigned long alloc_all(gfp_t gfp, unsigned int order)
{
	unsigned long n = 0;

	while (n < MAX_FOLIOS && (folios[n] = folio_alloc(gfp, order)))
		n++;
	return n;
}

static void free_all(unsigned long n)
{
	while (n > 0)
		folio_free(folios[--n]);
}

static unsigned long blocks_of(unsigned int order)
{
	unsigned long counts[MAX_ORDER + 1];

	buddy_counts(counts);
	return counts[order];
}

TEST("every-order-is-aligned-and-accounted-exactly")
{
	unsigned long before;

	boot();
	before = frames_free();
	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		struct folio *folio = folio_alloc(GFP_KERNEL, order);

		CHECK(folio);
		CHECK_EQ(folio_order(folio), order);
		CHECK_EQ(folio_nr_pages(folio), 1ul << order);
		CHECK_EQ(folio_pfn(folio) & ((1ul << order) - 1), 0);
		CHECK_EQ(folio_ref_count(folio), 1);
		CHECK_EQ(frames_free(), before - (1ul << order));
		folio_free(folio);
		CHECK_EQ(frames_free(), before);
	}
}

TEST("orders-beyond-the-largest-are-refused")
{
	boot();
	CHECK(!folio_alloc(GFP_KERNEL, MAX_ORDER + 1));
	CHECK(!folio_alloc(GFP_KERNEL, 63));
}

TEST("no-frame-is-handed-out-twice")
{
	unsigned long n;

	boot();
	n = alloc_all(GFP_ATOMIC, 0);
	CHECK_EQ(n, usable);
	for (unsigned long i = 0; i < n; i++) {
		CHECK_EQ(folios[i]->page.index, 0);
		folios[i]->page.index = i + 1;
		*(unsigned long *)folio_address(folios[i]) = i;
	}
	for (unsigned long i = 0; i < n; i++)
		CHECK_EQ(*(unsigned long *)folio_address(folios[i]), i);
}

TEST("blocks-merge-back-to-what-they-were")
{
	unsigned long before[MAX_ORDER + 1], after[MAX_ORDER + 1], n;

	boot();
	buddy_drain_all();
	buddy_counts(before);
	n = alloc_all(GFP_ATOMIC, 0);
	/* In an order that leaves neighbours apart for long. */
	for (unsigned long i = 0; i < n; i += 2)
		folio_free(folios[i]);
	for (unsigned long i = 1; i < n; i += 2)
		folio_free(folios[i]);
	buddy_drain_all();
	buddy_counts(after);
	CHECK(!memcmp(before, after, sizeof(before)));
	CHECK_EQ(frames_free(), usable);
}

TEST("random-orders-never-overlap-and-all-come-back")
{
	unsigned long before;
	static u8 owner[1 << 16];

	boot();
	before = frames_free();
	srand(7);
	for (unsigned int round = 0; round < 20000; round++) {
		unsigned int i = (unsigned int)rand() % 64;

		if (folios[i]) {
			memset(owner + folio_pfn(folios[i]), 0, folio_nr_pages(folios[i]));
			folio_free(folios[i]);
			folios[i] = NULL;
			continue;
		}
		folios[i] = folio_alloc(GFP_KERNEL, (unsigned int)rand() % 8);
		for (unsigned long p = 0; folios[i] && p < folio_nr_pages(folios[i]); p++)
			CHECK_EQ(owner[folio_pfn(folios[i]) + p]++, 0);
	}
	for (unsigned int i = 0; i < 64; i++) {
		if (folios[i])
			folio_free(folios[i]);
	}
	CHECK_EQ(frames_free(), before);
}

TEST("exhaustion-returns-null-and-leaves-the-reserve")
{
	unsigned long n, reserve;

	boot();
	n = alloc_all(GFP_KERNEL, 0);
	reserve = frames_free();
	CHECK_EQ(n + reserve, usable);
	CHECK_EQ(reserve, frames_total() / 64);
	CHECK(!alloc_page(GFP_KERNEL));
	CHECK(!folio_alloc(GFP_KERNEL, 1));
	free_all(n);
	CHECK_EQ(frames_free(), usable);
	CHECK(alloc_page(GFP_KERNEL));
}

TEST("those-who-cannot-wait-get-the-reserve-to-the-last-frame")
{
	unsigned long n;

	boot();
	n = alloc_all(GFP_KERNEL, 0);
	for (; n < MAX_FOLIOS && (folios[n] = folio_alloc(GFP_ATOMIC, 0)); n++)
		;
	CHECK_EQ(frames_free(), 0);
	CHECK_EQ(n, usable);
	free_all(n);
	CHECK_EQ(frames_free(), usable);
}

TEST("a-large-block-is-found-on-other-cpus-lists")
{
	unsigned long n;
	struct folio *folio;

	boot_config(&(struct sim_config){ .cpus = 4 });
	n = alloc_all(GFP_ATOMIC, 0);
	/* Each CPU keeps a part of one aligned block of 64 in its own list. */
	for (unsigned long i = 0; i < n; i++) {
		if (folio_pfn(folios[i]) >> 6 != 0x800 >> 6)
			continue;
		sim_on_cpu((unsigned int)(folio_pfn(folios[i]) % 4));
		folio_free(folios[i]);
	}
	CHECK_EQ(frames_free(), 64);
	sim_on_cpu(0);
	folio = folio_alloc(GFP_ATOMIC, 6);
	CHECK(folio);
	CHECK_EQ(folio_pfn(folio), 0x800);
	CHECK_EQ(frames_free(), 0);
}

TEST("single-frames-come-from-the-lists-of-other-cpus-too")
{
	unsigned long n;

	boot_config(&(struct sim_config){ .cpus = 2 });
	n = alloc_all(GFP_ATOMIC, 0);
	sim_on_cpu(1);
	folio_free(folios[n - 1]);
	sim_on_cpu(0);
	CHECK(folio_alloc(GFP_ATOMIC, 0) == folios[n - 1]);
}

TEST("single-frames-use-up-fragments-before-breaking-large-blocks")
{
	unsigned long single, large;

	boot();
	for (unsigned int i = 0; i < 128; i++)
		folios[i] = folio_alloc(GFP_KERNEL, 0);
	for (unsigned int i = 0; i < 128; i += 2)
		folio_free(folios[i]);
	buddy_drain_all();
	single = blocks_of(0);
	large = blocks_of(MAX_ORDER);
	CHECK(single >= 64);
	CHECK(alloc_page(GFP_KERNEL)); /* and as many for the list as it takes at once */
	CHECK_EQ(blocks_of(0), single - 64);
	CHECK_EQ(blocks_of(MAX_ORDER), large);
}

TEST("gfp-zero-clears-every-page-of-a-folio")
{
	boot();
	for (unsigned int order = 0; order <= 3; order++) {
		struct folio *folio = folio_alloc(GFP_KERNEL, order);
		u8 *memory;

		memset(folio_address(folio), 0xff, PAGE_SIZE << order);
		folio_free(folio);
		folio = folio_alloc(GFP_ZERO, order);
		memory = folio_address(folio);
		for (size_t i = 0; i < PAGE_SIZE << order; i++)
			CHECK_EQ(memory[i], 0);
	}
}

TEST("tails-lead-to-their-head-and-forget-it-when-freed")
{
	struct folio *folio;

	boot();
	folio = folio_alloc(GFP_KERNEL, 4);
	CHECK(page_test(&folio->page, PG_head));
	for (unsigned long i = 0; i < 16; i++)
		CHECK(page_folio(folio_page(folio, i)) == folio);
	folio_free(folio);
	for (unsigned long i = 1; i < 16; i++)
		CHECK(!page_test(folio_page(folio, i), PG_tail));
}

TEST("double-free-of-a-frame-is-caught")
{
	struct page *page;

	boot();
	page = alloc_page(GFP_KERNEL);
	free_page(page);
	EXPECT_DEATH("is free already", free_page(page));
}

TEST("double-free-is-caught-after-the-frame-has-merged")
{
	struct page *page;

	boot();
	page = alloc_page(GFP_KERNEL);
	free_page(page);
	buddy_drain_all();
	EXPECT_DEATH("is free already", free_page(page));
}

TEST("double-free-of-a-block-is-caught")
{
	struct folio *folio;

	boot();
	folio = folio_alloc(GFP_KERNEL, 3);
	folio_free(folio);
	EXPECT_DEATH("is free already", folio_free(folio));
}

TEST("double-free-names-who-had-the-frame")
{
	struct page *page;

	boot();
	page = alloc_page(GFP_KERNEL);
	free_page(page);
	EXPECT_DEATH("free; last allocated by:", free_page(page));
	EXPECT_DEATH("alloc_page", free_page(page));
}

TEST("freeing-what-is-in-use-is-caught")
{
	struct page *page;

	boot();
	page = alloc_page(GFP_KERNEL);
	EXPECT_DEATH("is in use", folio_get(page_folio(page)); free_page(page));
	EXPECT_DEATH("is in use", atomic_inc(&page->_mapcount); free_page(page));
	EXPECT_DEATH("is in use", atomic_inc(&page->pincount); free_page(page));
	EXPECT_DEATH("is in use", page_set(page, PG_locked); free_page(page));
	EXPECT_DEATH("is in use", page_set(page, PG_table); free_page(page));
	EXPECT_DEATH("is in use", free_page(pfn_to_page(0)));
	free_page(page);
}

TEST("freeing-a-tail-is-caught")
{
	struct folio *folio;

	boot();
	folio = folio_alloc(GFP_KERNEL, 2);
	EXPECT_DEATH("is in use", free_page(folio_page(folio, 3)));
}

/*
 * A store that the sanitizer does not see, as a late write through a stale translation would be.
 */
__attribute__((no_sanitize("address"))) static void late_write(u8 *at) { *(volatile u8 *)at = 1; }

TEST("a-late-write-to-a-free-frame-is-caught-when-it-is-allocated")
{
	struct page *page;

	boot();
	page = alloc_page(GFP_KERNEL);
	free_page(page);
	late_write((u8 *)page_address(page) + 1000);
	EXPECT_DEATH("was written to after it was freed", alloc_page(GFP_KERNEL));
	EXPECT_DEATH("at offset 0x3e8", alloc_page(GFP_KERNEL));
}

TEST("an-access-to-a-free-frame-is-caught-by-asan-at-once")
{
	struct page *page;

	boot();
	page = alloc_page(GFP_KERNEL);
	free_page(page);
	EXPECT_DEATH("use-after-poison", *(volatile u8 *)page_address(page) = 1);
}

TEST("the-nth-allocation-fails-once")
{
	boot();
	CHECK_EQ(fail_nth_left(), 0);
	fail_nth_set(3);
	CHECK(alloc_page(GFP_KERNEL));
	CHECK(alloc_page(GFP_KERNEL));
	CHECK_EQ(fail_nth_left(), 1);
	CHECK(!alloc_page(GFP_KERNEL));
	CHECK_EQ(fail_nth_left(), 0);
	CHECK(alloc_page(GFP_KERNEL));
}

TEST("what-must-not-fail-is-not-failed-on-purpose")
{
	boot();
	fail_nth_set(1);
	CHECK(alloc_page(GFP_NOFAIL));
	CHECK_EQ(fail_nth_left(), 1);
	fail_nth_set(0);
}

TEST("no-memory-at-boot-is-one-sentence")
{
	boot();
	alloc_all(GFP_ATOMIC, 0);
	EXPECT_DEATH("too little memory: no block of 4 KiB", folio_alloc(GFP_NOFAIL, 0));
	EXPECT_DEATH("too little memory: no block of 32 KiB", folio_alloc(GFP_NOFAIL, 3));
}

TEST("lists-of-a-cpu-give-half-back-when-they-are-full")
{
	unsigned long in_blocks = 0, counts[MAX_ORDER + 1];

	boot();
	for (unsigned int i = 0; i < 1000; i++)
		folios[i] = folio_alloc(GFP_KERNEL, 0);
	free_all(1000);
	CHECK_EQ(frames_free(), usable);
	buddy_counts(counts);
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		in_blocks += counts[order] << order;
	CHECK(frames_free() - in_blocks <= 128);
}

TEST("a-machine-of-one-block-works-and-no-more-is-touched")
{
	unsigned long n;

	boot_config(&(struct sim_config){ .mib = 4 });
	n = alloc_all(GFP_KERNEL, 0);
	CHECK(n > 600);
	free_all(n);
	CHECK_EQ(frames_free(), usable);
}

/* ---- many references given back at once ---- */

static struct page *batch[512];

static void fill_batch(unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		CHECK(batch[i] = alloc_page(GFP_KERNEL));
}

TEST("put-pages-frees-what-has-no-reference-left")
{
	struct folio *large;

	boot();
	large = folio_alloc(GFP_KERNEL, 3);
	folio_get(large);
	fill_batch(100);
	get_page(batch[7]);
	batch[100] = folio_page(large, 5);
	batch[101] = &large->page;
	put_pages(batch, 101);
	CHECK_EQ(frames_free(), usable - 9);
	CHECK_EQ(atomic_read(&batch[7]->_refcount), 1);
	put_pages(batch + 101, 1);
	CHECK_EQ(frames_free(), usable - 1);
	put_pages(batch + 7, 1);
	put_pages(batch, 0);
	CHECK_EQ(frames_free(), usable);
}

/* In the order of allocation, against it, and in steps: all makes whole blocks again. */
TEST("put-pages-in-any-order-makes-whole-blocks-again")
{
	static const unsigned int steps[] = { 1, 511, 3, 257 };
	unsigned long before[MAX_ORDER + 1], after[MAX_ORDER + 1];
	struct page *shuffled[512];

	boot();
	buddy_drain_all();
	buddy_counts(before);
	for (unsigned int s = 0; s < ARRAY_SIZE(steps); s++) {
		fill_batch(512);
		for (unsigned int i = 0; i < 512; i++)
			shuffled[i] = batch[i * steps[s] % 512];
		put_pages(shuffled, 512);
		CHECK_EQ(frames_free(), usable);
		buddy_drain_all();
		buddy_counts(after);
		for (unsigned int order = 0; order <= MAX_ORDER; order++)
			CHECK_EQ(after[order], before[order]);
	}
}

TEST("put-pages-catches-what-a-free-catches")
{
	boot();
	fill_batch(3);
	page_set(batch[0], PG_locked);
	EXPECT_DEATH("is in use", put_pages(batch, 1));
	atomic_inc(&batch[1]->_mapcount);
	EXPECT_DEATH("is in use", put_pages(batch + 1, 1));
	batch[3] = batch[2];
	EXPECT_DEATH("had no reference left", put_pages(batch + 2, 2));
	put_pages(batch + 2, 1);
	EXPECT_DEATH("is free already", folio_free((struct folio *)batch[2]));
	EXPECT_DEATH("use-after-poison", *(volatile u8 *)page_address(batch[2]) = 1);
}

/*
 * A block made of frames from a CPU's list is whole: its pages become tails, checked for writes.
 */
TEST("frames-of-a-list-that-became-a-block-are-allocated-as-one")
{
	struct folio *folio;

	boot();
	fill_batch(64);
	put_pages(batch, 64);
	buddy_drain_all();
	frame_alloced(page_to_pfn(batch[5]), 0);
	*(u8 *)page_address(batch[5]) = 1;
	EXPECT_DEATH("written to after it was freed", alloc_all(GFP_ATOMIC, 4));
	EXPECT_DEATH("written to after it was freed", alloc_all(GFP_ATOMIC, 0));
	*(u8 *)page_address(batch[5]) = PAGE_POISON;
	while ((folio = folio_alloc(GFP_ATOMIC, 4))) {
		for (unsigned long i = 1; i < 16; i++) {
			CHECK_EQ(folio_page(folio, i)->flags, BIT(PG_tail));
			CHECK(page_folio(folio_page(folio, i)) == folio);
		}
	}
}

TEST("frames-that-come-and-go-are-counted")
{
	struct frame_stats before, after;
	struct page *page;

	boot();
	before = frame_stats();
	page = alloc_page(GFP_KERNEL);
	free_page(page);
	free_page(alloc_page(GFP_KERNEL));
	folio_free(folio_alloc(GFP_KERNEL, 4));
	after = frame_stats();
	CHECK_EQ(after.allocated - before.allocated, 18);
	CHECK_EQ(after.freed - before.freed, 18);
	CHECK_EQ(after.reserve, before.reserve);
	CHECK(after.free_by_cpus.count[0] > 0 &&
	      after.free_by_cpus.count[0] <= after.free_by_cpus.high);
}
