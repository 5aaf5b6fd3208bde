/*
 * get_user_pages and leaves above the pte level, which nothing makes yet: the
 * walks are ready for them.
 */
#include "mm/buddy.h"
#include "mm/gup.h"
#include "tests/unit/space.h"

static struct page *pages[512];

struct pmd_leaf {
	struct folio *folio;
	pmd_t *pmdp;
};

/*
 * In a mapping of len bytes, be it less than the leaf or more. The folio is twice as large as the
 * leaf: who goes too far finds pages.
 */
static struct pmd_leaf leaf_start(struct mm_struct *mm, unsigned long len)
{
	struct pmd_leaf leaf = { folio_alloc(GFP_KERNEL | GFP_ZERO, 10), NULL };
	const pgprot_t prot = __pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED);

	map(mm, AT, len, RW, ANON | MAP_FIXED);
	leaf.pmdp = mm_pmd_alloc(mm, AT);
	entry_set(&leaf.pmdp->val, pfn_pmd(folio_pfn(leaf.folio), prot).val);
	return leaf;
}

static void leaf_end(struct pmd_leaf leaf)
{
	entry_set(&leaf.pmdp->val, 0);
	CHECK_EQ(folio_ref_count(leaf.folio), 1);
	folio_put(leaf.folio);
}

static void check_leaf_pages(const struct pmd_leaf *leaf)
{
	CHECK_EQ(pages[0], folio_page(leaf->folio, 7));
	CHECK_EQ(pages[504], folio_page(leaf->folio, 511));
	CHECK_EQ(folio_ref_count(leaf->folio), 506);
	put_pages(pages, 505);
}

TEST("a-leaf-of-the-pmd-level-gives-its-pages")
{
	struct space s = space_start(3, 4, 1);
	struct pmd_leaf leaf = leaf_start(s.mm, PMD_SIZE);

	CHECK_EQ(gup_fast_range(AT + 7 * PAGE_SIZE, AT + PMD_SIZE, FOLL_GET, pages), 505);
	check_leaf_pages(&leaf);
	CHECK_EQ(gup_fast_range(AT, AT + PAGE_SIZE, FOLL_GET | FOLL_WRITE, pages), 0);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT + 7 * PAGE_SIZE, 505, 0, pages), 505);
	check_leaf_pages(&leaf);
	leaf_end(leaf);
	space_end(&s);
}

TEST("no-page-behind-the-mapping-is-taken-from-a-leaf")
{
	struct space s = space_start(3, 4, 1);
	struct pmd_leaf leaf = leaf_start(s.mm, 4 * PAGE_SIZE);

	CHECK_EQ(get_user_pages_unlocked(s.mm, AT + 3 * PAGE_SIZE, 8, 0, pages), 1);
	CHECK_EQ(pages[0], folio_page(leaf.folio, 3));
	put_page(pages[0]);
	leaf_end(leaf);
	space_end(&s);
}

TEST("what-follows-a-leaf-in-its-mapping-is-found-by-its-own-entries")
{
	struct space s = space_start(3, 4, 1);
	struct pmd_leaf leaf = leaf_start(s.mm, PMD_SIZE + 4 * PAGE_SIZE);

	CHECK_EQ(get_user_pages_unlocked(s.mm, AT + PMD_SIZE - PAGE_SIZE, 3, 0, pages), 3);
	CHECK_EQ(pages[0], folio_page(leaf.folio, 511));
	CHECK(pages[1] == zero_page && pages[2] == zero_page);
	put_pages(pages, 3);
	leaf_end(leaf);
	space_end(&s);
}

TEST("a-page-of-a-folio-that-was-written-to-makes-the-folio-dirty")
{
	struct space s = space_start(3, 4, 1);
	struct pmd_leaf leaf = leaf_start(s.mm, PMD_SIZE);

	CHECK_EQ(pin_user_pages_unlocked(s.mm, AT + 3 * PAGE_SIZE, 1, 0, pages), 1);
	unpin_user_pages_dirty_lock(pages, 1, true);
	CHECK(page_test(&leaf.folio->page, PG_dirty) && !page_test(pages[0], PG_dirty));
	page_clear(&leaf.folio->page, PG_dirty);
	leaf_end(leaf);
	space_end(&s);
}

TEST("what-a-leaf-does-not-allow-is-efault-and-no-endless-fault")
{
	struct space s = space_start(3, 4, 1);
	struct pmd_leaf leaf = leaf_start(s.mm, PMD_SIZE);

	CHECK_EQ(get_user_pages_fast(AT, 4, FOLL_WRITE, pages), -EFAULT);
	CHECK(!(entry_get(&leaf.pmdp->val) & _PAGE_DIRTY));	/* nobody has written to it */
	/* An anonymous page that is not exclusive: nothing could copy it out of a leaf. */
	page_set(folio_page(leaf.folio, 2), PG_anon);
	CHECK_EQ(pin_user_pages_fast(AT, 4, 0, pages), 2);
	unpin_user_pages(pages, 2);
	CHECK_EQ(pin_user_pages_unlocked(s.mm, AT, 4, 0, pages), 2);
	unpin_user_pages(pages, 2);
	CHECK_EQ(pin_user_pages_fast(AT + 2 * PAGE_SIZE, 1, 0, pages), -EFAULT);
	page_clear(folio_page(leaf.folio, 2), PG_anon);
	leaf_end(leaf);
	space_end(&s);
}

static struct mm_struct *leaf_mm;
static bool leaf_locked;

static void see_lock(void) { leaf_locked = leaf_mm->page_table_lock.locked; }

TEST("a-leaf-is-read-under-the-lock-of-its-level")
{
	struct space s = space_start(3, 4, 1);
	struct pmd_leaf leaf = leaf_start(s.mm, PMD_SIZE);

	leaf_mm = s.mm;
	sim_watch_reads(&leaf.pmdp->val, see_lock);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, 0, pages), 1);
	sim_watch_reads(NULL, NULL);
	CHECK(leaf_locked); /* at the last time: what was read before was no table, and no more */
	put_page(pages[0]);
	leaf_end(leaf);
	space_end(&s);
}

static void read_it(void) { CHECK_EQ(peek(AT), 0); }

/* Where there was neither, before the lock. */
TEST("a-table-that-has-come-meanwhile-is-no-leaf")
{
	struct space s = space_start(3, 4, 2);

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	run_on(1, s.mm);
	run_on(0, s.mm);
	sim_before_lock(LOCK_PAGE_TABLE, 1, read_it);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_WRITE, pages), 1);
	CHECK(pages[0] == page_at(&s, AT) && pages[0] != zero_page);
	put_page(pages[0]);
	space_end(&s);
}

/* ---- used ---- */

/* Where a leaf of that level for AT goes; a tree of 3 levels has the pud level at its top. */
static u64 *leaf_slot(struct mm_struct *mm, unsigned int level)
{
	pmd_t *pmdp = mm_pmd_alloc(mm, AT);

	CHECK(pmdp);
	return level == 2 ? &pmdp->val : table_slot(fold_table(mm_fold(mm)), AT, 3);
}

static void touch_leaf(unsigned int level)
{
	struct space s = space_start(3, 4, 1);
	const u64 plain = _PAGE_PRESENT | _PAGE_USER | _PAGE_RW | _PAGE_PSE;
	struct folio *folio = folio_alloc(GFP_KERNEL | GFP_ZERO, 9);
	u64 *slot, table;

	map(s.mm, AT, PMD_SIZE, RW, ANON | MAP_FIXED);
	slot = leaf_slot(s.mm, level);
	table = entry_get(slot);
	entry_set(slot, (u64)folio_pfn(folio) << PAGE_SHIFT | plain);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT + 3 * PAGE_SIZE, 2, 0, pages), 2);
	CHECK_EQ(pages[1], folio_page(folio, 4));
	CHECK_EQ(entry_get(slot), (u64)folio_pfn(folio) << PAGE_SHIFT | plain | _PAGE_ACCESSED);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT + 3 * PAGE_SIZE, 2, FOLL_WRITE, pages + 2), 2);
	CHECK_EQ(entry_get(slot),
		 (u64)folio_pfn(folio) << PAGE_SHIFT | plain | _PAGE_ACCESSED | _PAGE_DIRTY);
	put_pages(pages, 4);
	entry_set(slot, table);
	flush_tlb_range(s.mm, AT, AT + PMD_SIZE);
	CHECK_EQ(folio_ref_count(folio), 1);
	folio_put(folio);
	space_end(&s);
}

TEST("a-leaf-of-the-pmd-level-is-touched-as-a-whole") { touch_leaf(2); }
TEST("a-leaf-of-the-pud-level-is-touched-as-a-whole") { touch_leaf(3); }
