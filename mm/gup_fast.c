/*
 * The lockless walk: page tables that other CPUs change meanwhile, and no lock at all.
 *
 * What keeps it safe:
 *  - Interrupts are off. Who frees a table or a page has taken it out of the tables first and then
 *    flushes by an IPI to every CPU that runs this address space, which is answered when we
 *    are done. So what we were led to stays what it was; whether it still is where we found
 *    it is another question.
 *  - The root word and each entry are read once. What was checked is what is followed: pointer and
 *    value go down together (pXd_offset_lockless()), through folded levels too.
 *  - The reference comes before the second look at the entry. If the entry is still the
 *    same, the page was mapped there at a moment when we held it. If not, we let it go and
 *    leave it to the slow path.
 *
 * docs/gup.md tells it in pictures.
 */
#include "mm/gup.h"
#include "kernel/base/wait.h"
#include "mm/pgtable.h"
#include "mm/rmap.h"
#include "mm/vmstat.h"

struct gup_walk {
	fold_t fold;
	unsigned int foll;
	struct page **pages;
	unsigned long nr;	/* found so far */
};

/*
 * May the pages of this entry be had? By the entry alone: it grants what its mapping allowed when
 * it was set, and no more. For a level above, val is a leaf.
 */
static bool entry_allows(u64 val, unsigned int foll)
{
	const u64 need = _PAGE_PRESENT | _PAGE_USER | (foll & FOLL_WRITE ? _PAGE_RW : 0);

	return (val & (need | _PAGE_SPECIAL)) == need;
}

static __always_inline bool take(struct gup_walk *g, const u64 *slot, u64 val, struct page *page)
{
	if (unlikely(!grab_mapped(slot, val, page, g->foll)))
		return false;
	g->pages[g->nr++] = page;
	return true;
}

static bool gup_fast_pte_range(struct gup_walk *g, pmd_t *pmdp, pmd_t pmd, unsigned long addr,
			       unsigned long end)
{
	pte_t *ptep = pte_offset_lockless(g->fold, pmdp, pmd, addr);
	pte_t pte;

	do {
		pte = ptep_get(ptep);
		if (!entry_allows(pte.val, g->foll) ||
		    !take(g, &ptep->val, pte.val, pfn_to_page(pte_pfn(pte))))
			return false;
	} while (ptep++, addr += PAGE_SIZE, addr != end);
	return true;
}

/* A leaf above the pte level: each page is one of its folio's. */
static bool gup_fast_leaf(struct gup_walk *g, const u64 *slot, u64 val, unsigned int level,
			  unsigned long addr, unsigned long end)
{
	unsigned long first = addr & (level_span(level) - 1);
	struct page *page = pfn_to_page(entry_pfn(val) + (first >> PAGE_SHIFT));

	if (!entry_allows(val, g->foll))
		return false;
	for (; addr != end; addr += PAGE_SIZE, page++)
		if (!take(g, slot, val, page))
			return false;
	return true;
}

static bool gup_fast_pmd_range(struct gup_walk *g, pud_t *pudp, pud_t pud, unsigned long addr,
			       unsigned long end)
{
	pmd_t *pmdp = pmd_offset_lockless(g->fold, pudp, pud, addr);
	unsigned long next;
	pmd_t pmd;

	do {
		pmd = pmdp_get(pmdp);
		next = pmd_addr_end(addr, end);
		if (pmd_leaf(pmd)) {
			if (!gup_fast_leaf(g, &pmdp->val, pmd.val, 2, addr, next))
				return false;
		} else if (!entry_table(pmd.val) ||
			   !gup_fast_pte_range(g, pmdp, pmd, addr, next)) {
			return false;
		}
	} while (pmdp++, addr = next, addr != end);
	return true;
}

static bool gup_fast_pud_range(struct gup_walk *g, p4d_t *p4dp, p4d_t p4d, unsigned long addr,
			       unsigned long end)
{
	pud_t *pudp = pud_offset_lockless(g->fold, p4dp, p4d, addr);
	unsigned long next;
	pud_t pud;

	do {
		pud = pudp_get(pudp);
		next = pud_addr_end(g->fold, addr, end);
		if (pud_leaf(g->fold, pud)) {
			if (!gup_fast_leaf(g, &pudp->val, pud.val, 3, addr, next))
				return false;
		} else if (!entry_table(pud.val) ||
			   !gup_fast_pmd_range(g, pudp, pud, addr, next)) {
			return false;
		}
	} while (pudp++, addr = next, addr != end);
	return true;
}

static bool gup_fast_p4d_range(struct gup_walk *g, pgd_t *pgdp, pgd_t pgd, unsigned long addr,
			       unsigned long end)
{
	p4d_t *p4dp = p4d_offset_lockless(g->fold, pgdp, pgd, addr);
	unsigned long next;
	p4d_t p4d;

	do {
		p4d = p4dp_get(p4dp);
		next = p4d_addr_end(g->fold, addr, end);
		if (p4d_none(g->fold, p4d) || p4d_bad(g->fold, p4d) ||
		    !gup_fast_pud_range(g, p4dp, p4d, addr, next))
			return false;
	} while (p4dp++, addr = next, addr != end);
	return true;
}

static void gup_fast_pgd_range(struct gup_walk *g, unsigned long addr, unsigned long end)
{
	pgd_t *pgdp = pgd_offset(g->fold, addr);
	unsigned long next;
	pgd_t pgd;

	do {
		pgd = pgdp_get(pgdp);
		next = pgd_addr_end(g->fold, addr, end);
		if (pgd_none(g->fold, pgd) || pgd_bad(g->fold, pgd) ||
		    !gup_fast_p4d_range(g, pgdp, pgd, addr, next))
			return;
	} while (pgdp++, addr = next, addr != end);
}

unsigned long gup_fast_range(unsigned long start, unsigned long end, unsigned int foll,
			     struct page **pages)
{
	struct gup_walk g = { .foll = foll, .pages = pages };
	unsigned long flags;

	flags = irq_save();
	g.fold = mm_fold(current_mm());
	/* Beyond the reach an index would lead to some other, lower address. */
	end = min(end, fold_reach(g.fold));
	if (start < end)
		gup_fast_pgd_range(&g, start, end);
	irq_restore(flags);
	return g.nr;
}
