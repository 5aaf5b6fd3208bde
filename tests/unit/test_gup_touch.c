/* What the slow path of get_user_pages takes counts as used: A and D of the entry, at every level. */
#include "mm/buddy.h"
#include "mm/gup.h"
#include "tests/unit/space.h"

#define AT 0x40000000ul

static struct page *pages[4];

/* As if nobody had used the page since it was mapped. */
static void forget_uses(struct mm_struct *mm, unsigned long addr)
{
	struct pte_slot slot = pte_offset_lock(mm_pmd_find(mm, addr), addr);
	pte_t pte = ptep_get_and_clear(mm, addr, slot.ptep);

	set_pte(mm, addr, slot.ptep, pte_mkold(pte_mkclean(pte)));
	pte_unlock(slot);
	flush_tlb_page(mm, addr);
}

static void check_uses(pte_t pte, bool young, bool dirty)
{
	CHECK_EQ(pte_young(pte), young);
	CHECK_EQ(pte_dirty_novma(pte), dirty);
}

static void uses_after(const struct space *s, unsigned int foll, bool dirty)
{
	pte_t before, pte;

	forget_uses(s->mm, AT);
	before = __pte(entry_of(s->mm, AT));
	CHECK_EQ(get_user_pages_unlocked(s->mm, AT, 1, foll, pages), 1);
	put_page(pages[0]);
	pte = __pte(entry_of(s->mm, AT));
	check_uses(pte, true, dirty);
	CHECK_EQ(pte_mkold(pte_mkclean(pte)).val, before.val);	/* and nothing else has changed */
}

TEST("what-the-slow-path-takes-has-been-used")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	uses_after(&s, 0, false);
	uses_after(&s, FOLL_WRITE, true);
	space_end(&s);
}

/* No entry says so for it, and nobody but the debugger knows that the page is no longer what it was. */
TEST("what-a-debugger-writes-to-is-dirty-whatever-the-mapping-allows")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_READ), 0);
	uses_after(&s, FOLL_FORCE, false);
	uses_after(&s, FOLL_WRITE | FOLL_FORCE, true);
	CHECK_EQ(sim_user_write(AT, 2), SIGSEGV);
	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_NONE), 0);
	uses_after(&s, FOLL_FORCE, false);
	uses_after(&s, FOLL_WRITE | FOLL_FORCE, true);
	space_end(&s);
}

/* As on Linux: pin_user_pages() under the lock leaves the entries alone, the one without a lock does not. */
TEST("a-pin-touches-only-where-it-takes-the-lock-itself")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	forget_uses(s.mm, AT);
	mmap_read_lock(s.mm);
	CHECK_EQ(pin_user_pages(s.mm, AT, 1, FOLL_WRITE, pages), 1);
	mmap_read_unlock(s.mm);
	check_uses(__pte(entry_of(s.mm, AT)), false, false);
	CHECK_EQ(pin_user_pages_unlocked(s.mm, AT, 1, FOLL_WRITE, pages + 1), 1);
	check_uses(__pte(entry_of(s.mm, AT)), true, true);
	unpin_user_pages(pages, 2);
	space_end(&s);
}

/* What is refused has not been used. */
TEST("a-page-that-is-not-given-stays-as-it-was")
{
	struct space s = space_start(3, 4, 1);
	u64 before;

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_READ), 0);
	forget_uses(s.mm, AT);
	before = entry_of(s.mm, AT);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_WRITE, pages), -EFAULT);
	CHECK_EQ(entry_of(s.mm, AT), before);
	space_end(&s);
}

/* ---- leaves above the pte level ---- */

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
	CHECK_EQ(entry_get(slot), (u64)folio_pfn(folio) << PAGE_SHIFT | plain | _PAGE_ACCESSED | _PAGE_DIRTY);
	put_pages(pages, 4);
	entry_set(slot, table);
	flush_tlb_range(s.mm, AT, AT + PMD_SIZE);
	CHECK_EQ(folio_ref_count(folio), 1);
	folio_put(folio);
	space_end(&s);
}

TEST("a-leaf-of-the-pmd-level-is-touched-as-a-whole") { touch_leaf(2); }
TEST("a-leaf-of-the-pud-level-is-touched-as-a-whole") { touch_leaf(3); }
