/*
 * What a page knows of the entries that map it: _mapcount, and for anonymous pages the exclusive
 * mark. The way back, from page to entries, there is for a file's page alone: by the mappings
 * of its file (i_mmap.c).
 */
#pragma once
#include "mm/pagecache.h"
#include "mm/pgtable.h"

/* The page behind a present entry; NULL for one that is not counted (the zero page). */
static inline struct page *vm_normal_page(pte_t pte)
{
	return pte_special(pte) ? NULL : pfn_to_page(pte_pfn(pte));
}

static inline enum mm_counter mm_counter(const struct page *page)
{
	if (page_test(page, PG_anon))
		return MM_ANONPAGES;
	/* Not by its mapping: that may be gone while entries are left. */
	return page_test(page, PG_swapbacked) ? MM_SHMEMPAGES : MM_FILEPAGES;
}

/* A new anonymous page that nobody else can see yet: one entry, exclusive. */
static inline void page_add_new_anon_rmap(struct page *page)
{
	page_write_flags(page,
			 page->flags | BIT(PG_anon) | BIT(PG_exclusive) | BIT(PG_swapbacked));
	page->_mapcount.counter = 1;
}

/*
 * One more entry. The table's lock is held, and for anonymous pages that of the entry copied from.
 */
static inline void page_dup_rmap(struct page *page)
{
	atomic_inc(&page->_mapcount);
}

/*
 * May an anonymous page be shared from now on? Not while it is pinned: who pinned it, and its
 * program, must go on seeing the same page. The table's lock is held, which keeps the slow
 * path of get_user_pages away.
 *
 * The mark is taken away first and the pins are counted then; the lockless walk counts its pin
 * first and looks at the mark then (grab_mapped() in gup.h). Each first step is a full
 * barrier, so that a pin which is not seen here sees us, and gives up.
 * tests/models/gup_pin.pml: NO_FENCE_SHARE
 */
static inline bool page_try_share_anon_rmap(struct page *page)
{
	if (!page_test(page, PG_exclusive))
		return true;
	page_clear(page, PG_exclusive);
	if (likely(!page_pinned(page)))
		return true;
	page_set(page, PG_exclusive);
	return false;
}

static inline void page_remove_rmap(struct page *page)
{
	DEBUG_BUG_ON(atomic_read(&page->_mapcount) <= 0);
	atomic_dec(&page->_mapcount);
}
