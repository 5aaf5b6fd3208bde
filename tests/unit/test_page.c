/* References, the folio lock, and what a page says of itself. */
#include "mm/buddy.h"
#include "tests/unit/unit.h"

static struct folio *boot_folio(void)
{
	sim_boot_frames(NULL);
	return folio_alloc(GFP_KERNEL, 0);
}

TEST("the-last-put-frees-the-folio")
{
	struct folio *folio = boot_folio();
	unsigned long before = frames_free();

	folio_get(folio);
	CHECK(folio_try_get(folio));
	CHECK_EQ(folio_ref_count(folio), 3);
	folio_put(folio);
	folio_put(folio);
	CHECK_EQ(frames_free(), before);
	folio_put(folio);
	CHECK_EQ(frames_free(), before + 1);
	CHECK_EQ(folio_ref_count(folio), 0);
}

TEST("a-free-folio-gives-no-reference")
{
	struct folio *folio = boot_folio();

	folio_put(folio);
	CHECK(!folio_try_get(folio));
	CHECK_EQ(folio_ref_count(folio), 0);
}

TEST("a-reference-through-a-tail-is-the-folios")
{
	struct folio *folio;
	unsigned long before;

	boot_folio();
	before = frames_free();
	folio = folio_alloc(GFP_KERNEL, 3);
	get_page(folio_page(folio, 5));
	CHECK_EQ(folio_ref_count(folio), 2);
	put_page(folio_page(folio, 7));
	put_page(folio_page(folio, 0));
	CHECK_EQ(frames_free(), before);
}

TEST("a-count-near-its-limit-refuses-and-never-wraps")
{
	struct folio *folio = boot_folio();

	atomic_set(&folio->page._refcount, PAGE_REF_SATURATED - 2);
	CHECK(folio_try_get(folio));
	CHECK(folio_try_get(folio));
	CHECK(!folio_try_get(folio));
	CHECK(!folio_try_get(folio));
	CHECK_EQ(folio_ref_count(folio), PAGE_REF_SATURATED);
}

TEST("a-saturated-count-no-longer-falls")
{
	struct folio *folio = boot_folio();
	unsigned long before = frames_free();

	atomic_set(&folio->page._refcount, PAGE_REF_SATURATED);
	for (unsigned int i = 0; i < 100; i++)
		folio_put(folio);
	CHECK_EQ(folio_ref_count(folio), PAGE_REF_SATURATED);
	folio_get(folio);
	folio_put(folio);
	folio_put(folio);
	CHECK_EQ(folio_ref_count(folio), PAGE_REF_SATURATED);
	CHECK_EQ(frames_free(), before);
}

TEST("a-put-too-many-is-caught")
{
	struct folio *folio = boot_folio();

	folio_put(folio);
	EXPECT_DEATH("had no reference left", folio_put(folio));
}

TEST("a-get-without-a-reference-is-caught")
{
	struct folio *folio = boot_folio();

	folio_put(folio);
	EXPECT_DEATH("BUG_ON", folio_get(folio));
}

TEST("the-folio-lock-excludes-and-is-given-back")
{
	struct folio *folio = boot_folio();

	folio_lock(folio);
	CHECK(page_test(&folio->page, PG_locked));
	CHECK(!folio_trylock(folio));
	folio_unlock(folio);
	CHECK(folio_trylock(folio));
	folio_unlock(folio);
	CHECK(!page_test(&folio->page, PG_locked));
	CHECK_EQ(folio->page.flags, 0);
}

TEST("taking-the-folio-lock-twice-is-caught")
{
	struct folio *folio = boot_folio();

	folio_lock(folio);
	EXPECT_DEATH("the same lock twice", folio_lock(folio));
}

TEST("waiting-for-a-folio-lock-that-nobody-gives-back-is-a-deadlock")
{
	struct folio *folio = boot_folio();

	page_set(&folio->page, PG_locked);
	EXPECT_DEATH("deadlock: the task sleeps", folio_lock(folio));
}

TEST("unlocking-what-is-not-locked-is-caught")
{
	struct folio *folio = boot_folio();

	EXPECT_DEATH("is not locked", folio_unlock(folio));
}

TEST("the-folio-lock-obeys-the-order-of-locks")
{
	struct folio *folio = boot_folio();
	spinlock_t lock = SPINLOCK_INIT(LOCK_PAGE_TABLE);

	spin_lock(&lock);
	EXPECT_DEATH("the other order is the rule", folio_lock(folio));
	CHECK(folio_trylock(folio)); /* trying cannot deadlock */
	folio_unlock(folio);
	spin_unlock(&lock);
	lockdep_assert_none_held();
}

TEST("page-dump-names-flags-counts-and-owner")
{
	struct folio *folio = boot_folio();

	page_set(&folio->page, PG_anon);
	page_set(&folio->page, PG_exclusive);
	page_dump(&folio->page, "for the test");
	CHECK_LOGGED("for the test: refs 1, mapped 0, pins 0, order 0, flags anon exclusive\n");
	CHECK_LOGGED("allocated by:");
	CHECK_LOGGED("boot_folio");
}

TEST("frames-pointers-and-pages-lead-to-each-other")
{
	struct folio *folio = boot_folio();
	unsigned long pfn = folio_pfn(folio);
	u8 *address = folio_address(folio);

	CHECK(pfn_to_page(pfn) == &folio->page);
	CHECK_EQ(ptr_frame(address + PAGE_SIZE - 1), pfn);
	CHECK(virt_to_page(address + 123) == &folio->page);
	CHECK(pfn_valid(pfn));
	CHECK(!pfn_valid(max_pfn));
}
