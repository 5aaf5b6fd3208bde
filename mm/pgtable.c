/* Making, finding and locking page tables; and a look at one address from outside. */
#include "mm/pgtable.h"
#include "kernel/uapi/errno.h"
#include "mm/buddy.h"

struct page *table_alloc(struct mm_struct *mm)
{
	struct page *table = alloc_page(GFP_ZERO);

	if (!table)
		return NULL;
	page_write_flags(table, table->flags | BIT(PG_table));
	table->table_mm = mm;
	spin_lock_init(&table->ptl, LOCK_PAGE_TABLE);
	atomic_long_inc(&mm->table_frames);
	return table;
}

void table_unaccount(struct mm_struct *mm, struct page *table)
{
	table->table_mm = NULL;
	atomic_long_dec(&mm->table_frames);
}

void table_give_back(struct page *table)
{
	page_write_flags(table, table->flags & ~BIT(PG_table));
	put_page(table);
}

void table_free(struct mm_struct *mm, struct page *table)
{
	table_unaccount(mm, table);
	table_give_back(table);
}

/*
 * Makes a table below an empty slot of `level`. Two faults may try at once under the mmap lock
 * held for reading: the lock decides, and the second gives its table back.
 */
static int link_table(struct mm_struct *mm, u64 *slot, unsigned int level, unsigned long addr)
{
	struct page *table = table_alloc(mm);

	if (!table)
		return -ENOMEM;
	spin_lock(&mm->page_table_lock);
	/* The re-check. */
	if (entry_none(entry_get(slot))) {
		/*
		 * The zeroes must be there before a lockless walker can follow the entry.
		 * tests/models/publish.pml: NO_WMB
		 */
		smp_wmb();
		set_upper(mm, addr, level, slot, entry_make_table(page_to_pfn(table)));
		table = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	if (table)
		table_free(mm, table);
	return 0;
}

static p4d_t *p4d_alloc(struct mm_struct *mm, fold_t fold, pgd_t *pgdp, unsigned long addr)
{
	if (pgd_none(fold, pgdp_get(pgdp)) && link_table(mm, &pgdp->val, 5, addr))
		return NULL;
	return p4d_offset(fold, pgdp, addr);
}

static pud_t *pud_alloc(struct mm_struct *mm, fold_t fold, p4d_t *p4dp, unsigned long addr)
{
	if (p4d_none(fold, p4dp_get(p4dp)) && link_table(mm, &p4dp->val, 4, addr))
		return NULL;
	return pud_offset(fold, p4dp, addr);
}

static pmd_t *pmd_alloc(struct mm_struct *mm, fold_t fold, pud_t *pudp, unsigned long addr)
{
	if (pud_none(fold, pudp_get(pudp)) && link_table(mm, &pudp->val, 3, addr))
		return NULL;
	return pmd_offset(fold, pudp, addr);
}

pmd_t *mm_pmd_alloc(struct mm_struct *mm, unsigned long addr)
{
	fold_t fold = mm_fold(mm);
	p4d_t *p4dp;
	pud_t *pudp;

	DEBUG_BUG_ON(addr >= fold_reach(fold));
	p4dp = p4d_alloc(mm, fold, pgd_offset(fold, addr), addr);
	if (!p4dp)
		return NULL;
	pudp = pud_alloc(mm, fold, p4dp, addr);
	return pudp ? pmd_alloc(mm, fold, pudp, addr) : NULL;
}

pmd_t *mm_pmd_find(struct mm_struct *mm, unsigned long addr)
{
	fold_t fold = mm_fold(mm);
	pgd_t *pgdp, pgd;
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;

	if (addr >= fold_reach(fold))
		return NULL;
	pgdp = pgd_offset(fold, addr);
	pgd = pgdp_get(pgdp);
	if (pgd_none(fold, pgd) || pgd_bad(fold, pgd))
		return NULL;
	p4dp = p4d_offset_lockless(fold, pgdp, pgd, addr);
	p4d = p4dp_get(p4dp);
	if (p4d_none(fold, p4d) || p4d_bad(fold, p4d))
		return NULL;
	pudp = pud_offset_lockless(fold, p4dp, p4d, addr);
	pud = pudp_get(pudp);
	if (pud_none(fold, pud) || pud_bad(fold, pud))
		return NULL;
	return pmd_offset_lockless(fold, pudp, pud, addr);
}

int pte_table_alloc(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr)
{
	return link_table(mm, &pmdp->val, 2, addr);
}

struct pte_slot pte_offset_lock(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get(pmdp);
	spinlock_t *ptl;

	if (!entry_table(pmd.val))
		return (struct pte_slot){ NULL, NULL };
	ptl = pte_lockptr(pmd);
	spin_lock(ptl);
	if (unlikely(!pmd_same(pmd, pmdp_get(pmdp)))) {
		spin_unlock(ptl);
		return (struct pte_slot){ NULL, NULL };
	}
	return (struct pte_slot){ (pte_t *)table_slot(pmd_pfn(pmd), addr, 1), ptl };
}

/* Notes an entry of a real level; true if the walk can go on below it. */
static bool walk_note(struct table_walk *w, unsigned int level, u64 entry)
{
	w->entry[level] = entry;
	w->lowest = level;
	return level > 1 && entry_table(entry) && pfn_valid(entry_pfn(entry));
}

struct table_walk table_walk(fold_t fold, unsigned long addr)
{
	struct table_walk w = { .fold = fold };
	pgd_t *pgdp, pgd;
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;
	pmd_t *pmdp, pmd;

	/* The kernel's tables serve the upper half. */
	if (addr >= fold_reach(fold) && !(addr >> 63))
		return w;
	pgdp = pgd_offset(fold, addr);
	pgd = pgdp_get(pgdp);
	/* An entry that folded levels share is noted once, at the lowest of them. */
	if (!p4d_folded(fold) && !walk_note(&w, 5, pgd.val))
		return w;
	p4dp = p4d_offset_lockless(fold, pgdp, pgd, addr);
	p4d = p4dp_get(p4dp);
	if (!pud_folded(fold) && !walk_note(&w, 4, p4d.val))
		return w;
	pudp = pud_offset_lockless(fold, p4dp, p4d, addr);
	pud = pudp_get(pudp);
	if (!walk_note(&w, 3, pud.val))
		return w;
	pmdp = pmd_offset_lockless(fold, pudp, pud, addr);
	pmd = pmdp_get(pmdp);
	if (walk_note(&w, 2, pmd.val))
		walk_note(&w, 1, ptep_get(pte_offset_lockless(fold, pmdp, pmd, addr)).val);
	return w;
}
