/* get_user_pages, lockless and slow, against somebody who takes a leaf of the pmd level away. */
#include "tests/races/race.h"
#include "mm/buddy.h"
#include "mm/gup.h"
#include "mm/tlb.h"

#define AT    0x40000000ul
#define PAGE  7ul		/* of the leaf: a tail page, whose folio counts the references */
#define THERE (AT + PAGE * PAGE_SIZE)
#define OLD   1
/* Eight frames stand for 512: the program itself does not come here while the leaf is there. */
#define ORDER 3

static struct folio *folio;
static u64 *slot;

static u64 *first_word(struct page *page) { return page_address(page); }

static void set_leaf(u64 val)
{
	spin_lock(&race_mm->page_table_lock);
	set_upper(race_mm, AT, 2, slot, val);
	spin_unlock(&race_mm->page_table_lock);
}

static void with_leaf(void)
{
	const u64 prot = _PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_RW;

	race_map(AT, 16);
	folio = folio_alloc(GFP_KERNEL, ORDER);
	RACE_CHECK(folio);
	WRITE_ONCE(*first_word(folio_page(folio, PAGE)), OLD);
	slot = &mm_pmd_alloc(race_mm, AT)->val;
	set_leaf(pfn_pmd(folio_pfn(folio), __pgprot(prot)).val);
}

/* As who reclaims memory: without the mmap lock. The frames are somebody else's at once. */
static void remove_and_reuse(void)
{
	set_leaf(0);
	flush_tlb_range(race_mm, AT, AT + PMD_SIZE);
	folio_put(folio);
	folio = folio_alloc(GFP_KERNEL, ORDER);
	if (!folio)
		return; /* the walker still holds what we gave back, and there is no other */
	WRITE_ONCE(*first_word(folio_page(folio, PAGE)), 0x55);
	folio_put(folio);
}

/* What was found is what the leaf has shown, and nobody else's while we hold it. */
static void judge(long n, struct page *page)
{
	race_outcome((u64)n);
	if (n != 1)
		return;
	RACE_EQ(READ_ONCE(*first_word(page)), OLD);
	put_page(page);
}

static void get_fast(void)
{
	struct page *page;
	long n = get_user_pages_fast_only(THERE, 1, FOLL_WRITE, &page);

	judge(n, page);
}

static void get_slow(void)
{
	struct page *page;
	long n = get_user_pages_unlocked(race_mm, THERE, 1, FOLL_NOFAULT, &page);

	RACE_CHECK(n == 1 || n == -EFAULT);
	judge(n, page);
}

static void empty(void) { RACE_EQ(race_peek(THERE), 0); }

RACE("gup-leaf",
     "a lockless reference to a page of a leaf that goes, whose frames are somebody else's soon",
     .levels = 3, .setup = with_leaf, .cpu = { get_fast, remove_and_reuse }, .probe = empty)
RACE("gup-leaf-slow", "the same by the slow path, under the lock of the upper levels", .levels = 3,
     .setup = with_leaf, .cpu = { get_slow, remove_and_reuse }, .probe = empty)
