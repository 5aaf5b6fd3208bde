/* Taking entries, and the tables that nothing needs any more, out of an address space. */
#include "mm/zap.h"
#include "mm/pagewalk.h"
#include "mm/rmap.h"

struct zap {
	struct mmu_gather *tlb;
	unsigned long floor, ceiling;	/* the hole that tables are freed in; empty: none are */
	bool keep_anon;			/* only the file's own pages go, not copies of them */
};

/*
 * A page that will be written back counts as dirty once no CPU can write to it any more: otherwise
 * writeback could come between, and what a CPU writes through its TLB after that would be lost.
 */
static void dirty_after_flush(struct mmu_gather *tlb, unsigned long addr, struct page *page)
{
	if (!tlb->dead && !page_test(page, PG_swapbacked))
		flush_tlb_page(tlb->mm, addr);
	folio_mark_dirty(page_folio(page));
}

/* What the page counted as. What is known of a file's page by its entry alone goes to the page. */
static __always_inline enum mm_counter unmapped_as(struct mmu_gather *tlb, unsigned long addr,
						   struct page *page, pte_t pte)
{
	if (likely(page_test(page, PG_anon)))
		return MM_ANONPAGES;
	if (pte_dirty_novma(pte))
		dirty_after_flush(tlb, addr, page);
	return mm_counter(page);
}

/* Takes one entry out; true if the gather is full. */
static __always_inline bool zap_pte(struct mmu_gather *tlb, unsigned long addr, pte_t *ptep)
{
	pte_t pte = tlb->dead ? ptep_get_and_clear_dead(tlb->mm, addr, ptep)
			      : ptep_get_and_clear(tlb->mm, addr, ptep);
	struct page *page = vm_normal_page(pte);

	if (!page)
		return false;
	tlb->rss[unmapped_as(tlb, addr, page, pte)]++;
	page_remove_rmap(page);
	return tlb_remove_page(tlb, page);
}

/* Is there something to take out? pte is not none; the table is locked. */
static __always_inline bool zap_wanted(const struct zap *zap, pte_t pte)
{
	const struct page *page;

	if (likely(!zap->keep_anon))
		return true;
	page = vm_normal_page(pte);
	return page && !page_test(page, PG_anon);
}

/* A short loop of its own: a table with a page here and there is mostly this. */
static __always_inline unsigned long skip_none(pte_t **ptep, unsigned long addr, unsigned long end)
{
	pte_t *first = *ptep, *last = first + ((end - addr) >> PAGE_SHIFT), *at = first;

	while (at != last && pte_none(ptep_get(at)))
		at++;
	*ptep = at;
	return addr + (unsigned long)(at - first) * PAGE_SIZE;
}

static int zap_pte_range(struct page_walk *walk, pmd_t *pmdp, unsigned long addr,
			 unsigned long end)
{
	const struct zap *zap = walk->private;
	struct mmu_gather *tlb = zap->tlb;
	struct pte_slot slot;
	unsigned long start;
	pte_t pte;
	bool full;

	while (addr != end) {
		slot = pte_offset_lock(pmdp, addr);
		if (!slot.ptep)
			return 0;
		start = addr = skip_none(&slot.ptep, addr, end);
		for (full = false; addr != end && !full;) {
			pte = ptep_get(slot.ptep);
			if (pte_none(pte)) {
				addr = skip_none(&slot.ptep, addr, end);
				continue;
			}
			if (zap_wanted(zap, pte))
				full = zap_pte(tlb, addr, slot.ptep);
			addr += PAGE_SIZE, slot.ptep++;
		}
		if (start != addr)
			tlb_range(tlb, start, addr - start);
		pte_unlock(slot);
		if (full)
			tlb_flush_mmu(tlb);
	}
	return 0;
}

/* A table goes when all that it could map lies in the hole. */
static void free_if_in_hole(struct page_walk *walk, u64 *slot, unsigned int level,
			    unsigned long addr)
{
	struct zap *zap = walk->private;
	unsigned long span = level_span(level);
	unsigned long start = ALIGN_DOWN(addr, span);
	u64 entry;

	if (start < zap->floor || start + span - 1 > zap->ceiling - 1)
		return;
	/* Another CPU may still have it loaded as its root: unfolding has told nobody. */
	if (UNFOLD_LAZY && level > 3 && !start && !zap->tlb->dead)
		return;
	entry = entry_get(slot);
	spin_lock(&walk->mm->page_table_lock);
	set_upper(walk->mm, addr, level, slot, 0);
	spin_unlock(&walk->mm->page_table_lock);
	tlb_remove_table(zap->tlb, pfn_to_page(entry_pfn(entry)), start, span);
}

static const struct walk_ops zap_ops = { .pte_range = zap_pte_range };
static const struct walk_ops unmap_ops = { .pte_range = zap_pte_range,
					   .table_done = free_if_in_hole };

void zap_page_range(struct mmu_gather *tlb, unsigned long start, unsigned long end)
{
	struct zap zap = { .tlb = tlb };

	walk_page_range(tlb->mm, start, end, &zap_ops, &zap);
}

void zap_file_range(struct mmu_gather *tlb, unsigned long start, unsigned long end, bool even_cows)
{
	struct zap zap = { .tlb = tlb, .keep_anon = !even_cows };

	walk_page_range(tlb->mm, start, end, &zap_ops, &zap);
}

void unmap_page_range(struct mmu_gather *tlb, unsigned long start, unsigned long end,
		      unsigned long floor, unsigned long ceiling)
{
	struct zap zap = { .tlb = tlb, .floor = floor, .ceiling = ceiling };

	walk_page_range(tlb->mm, start, end, &unmap_ops, &zap);
}
