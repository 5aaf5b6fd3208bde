/*
 * What the slow path of get_user_pages takes counts as used: A and D of the entry, at every level.
 */
#include "mm/buddy.h"
#include "mm/gup.h"
#include "tests/unit/space.h"

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
	struct space s = space_touched(1);

	uses_after(&s, 0, false);
	uses_after(&s, FOLL_WRITE, true);
	space_end(&s);
}

/*
 * No entry says so for it, and nobody but the debugger knows that the page is no
 * longer what it was.
 */
TEST("what-a-debugger-writes-to-is-dirty-whatever-the-mapping-allows")
{
	struct space s = space_touched(1);

	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_READ), 0);
	uses_after(&s, FOLL_FORCE, false);
	uses_after(&s, FOLL_WRITE | FOLL_FORCE, true);
	CHECK_EQ(sim_user_write(AT, 2), SIGSEGV);
	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_NONE), 0);
	uses_after(&s, FOLL_FORCE, false);
	uses_after(&s, FOLL_WRITE | FOLL_FORCE, true);
	space_end(&s);
}

/*
 * As on Linux: pin_user_pages() under the lock leaves the entries alone, the one
 * without a lock does not.
 */
TEST("a-pin-touches-only-where-it-takes-the-lock-itself")
{
	struct space s = space_touched(1);

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

TEST("what-is-taken-under-the-lock-or-from-elsewhere-has-been-used")
{
	struct space s = space_touched(1);
	int locked = 1;

	mmap_read_lock(s.mm);
	forget_uses(s.mm, AT);
	CHECK_EQ(get_user_pages(s.mm, AT, 1, FOLL_WRITE, pages), 1);
	check_uses(__pte(entry_of(s.mm, AT)), true, true);
	forget_uses(s.mm, AT);
	CHECK_EQ(get_user_pages_remote(s.mm, AT, 1, 0, pages + 1, &locked), 1);
	check_uses(__pte(entry_of(s.mm, AT)), true, false);
	forget_uses(s.mm, AT);
	CHECK(!page_pinned(pages[0]));
	CHECK_EQ(pin_user_pages_remote(s.mm, AT, 1, FOLL_WRITE, pages + 2, &locked), 1);
	CHECK(page_pinned(pages[2]));
	check_uses(__pte(entry_of(s.mm, AT)), true, true);
	mmap_read_unlock(s.mm);
	put_pages(pages, 2);
	unpin_user_page(pages[2]);
	space_end(&s);
}

TEST("what-the-lockless-walk-leaves-to-the-slow-path-has-been-used")
{
	struct space s = space_touched(1);

	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_NONE), 0);
	forget_uses(s.mm, AT);
	CHECK_EQ(get_user_pages_fast(AT, 1, FOLL_FORCE, pages), 1);
	check_uses(__pte(entry_of(s.mm, AT)), true, false);
	put_page(pages[0]);
	space_end(&s);
}

/* What is refused has not been used. */
TEST("a-page-that-is-not-given-stays-as-it-was")
{
	struct space s = space_touched(1);
	u64 before;

	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_READ), 0);
	forget_uses(s.mm, AT);
	before = entry_of(s.mm, AT);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_WRITE, pages), -EFAULT);
	CHECK_EQ(entry_of(s.mm, AT), before);
	space_end(&s);
}
