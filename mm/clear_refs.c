/*
 * Forgetting which pages were used (A bits), or written to since they were last
 * asked about (soft-dirty).
 */
#include "mm/internal.h"
#include "mm/pagewalk.h"
#include "mm/tlb.h"

struct clear {
	int what;
	unsigned long first, last;	/* bounds of the entries that changed */
};

static pte_t cleared(pte_t pte, int what)
{
	/* The next write must fault: it is the fault that remembers it. */
	return what == CLEAR_REFS_SOFT_DIRTY ? pte_wrprotect(pte_clear_soft_dirty(pte)) :
					       pte_mkold(pte);
}

static int clear_pte_range(struct page_walk *walk, pmd_t *pmdp, unsigned long addr,
			   unsigned long end)
{
	struct pte_slot slot = pte_offset_lock(pmdp, addr);
	struct clear *clear = walk->private;
	pte_t old, new;

	if (!slot.ptep)
		return 0;
	for (; addr != end; addr += PAGE_SIZE, slot.ptep++) {
		old = ptep_get(slot.ptep);
		if (!pte_present(old) || pte_same(cleared(old, clear->what), old))
			continue;
		/* What hardware sets meanwhile belongs to the time before, and D stays. */
		do
			new = cleared(old, clear->what);
		while (unlikely(!ptep_change(walk->mm, addr, slot.ptep, &old, new)));
		clear->first = min(clear->first, addr);
		clear->last = max(clear->last, addr + PAGE_SIZE);
	}
	pte_unlock(slot);
	return 0;
}

static const struct walk_ops clear_ops = { .pte_range = clear_pte_range };

static bool wanted(const struct vm_area_struct *vma, int what)
{
	return (what != CLEAR_REFS_ANON || !vma->mapping) &&
	       (what != CLEAR_REFS_MAPPED || vma->mapping);
}

/* The lock is held for writing: nobody faults, so nothing becomes dirty before the flush. */
static void clear_wanted(struct mm_struct *mm, struct clear *clear)
{
	lockdep_assert_held(&mm->mmap_lock);
	for (struct vm_area_struct *vma = vma_first(mm); vma; vma = vma_next(vma)) {
		if (clear->what == CLEAR_REFS_SOFT_DIRTY)
			vma_set_flags(vma, vma->vm_flags & ~VM_SOFTDIRTY);
		if (wanted(vma, clear->what))
			walk_page_range(mm, vma->vm_start, vma->vm_end, &clear_ops, clear);
	}
	if (clear->last)
		flush_tlb_range(mm, clear->first, clear->last);
}

void mm_clear_refs(struct mm_struct *mm, int what)
{
	struct clear clear = { .what = what, .first = ~0ul };

	mmap_write_lock(mm);
	if (what == CLEAR_REFS_MM_HIWATER_RSS)
		mm_reset_hiwater_rss(mm);
	else
		clear_wanted(mm, &clear);
	mmap_write_unlock(mm);
}
