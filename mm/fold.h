/*
 * Folding: one set of walking helpers for page tables of 3, 4 and 5 levels.
 *
 * Generic code always walks five: pgd, p4d, pud, pmd, pte. A tree of depth d has a real
 * table at the top, over which the pgd level iterates, and 5 - d folded levels between that
 * and the next real table:
 *
 *	levels	pgd iterates over	p4d		pud		pmd, pte
 *	5	256 TiB entries		real		real		real
 *	4	512 GiB entries		folded		real		real
 *	3	1 GiB entries		folded		folded		real
 *
 * A folded level hands the pointer that it was given on, and its loop runs exactly once (its
 * addr_end is the end of the range). The real question about such an entry (none? leaf? table?) is
 * asked once, at the lowest of the levels that share it; above, the answer is "a present table",
 * whatever the value says.
 *
 * `fold` is the root word of the walker's snapshot of mm->root and all a walker needs to know.
 * Before it indexes anything a walker compares the end of its range with fold_reach(): an address
 * beyond it would alias a low, valid entry.
 */
#pragma once
#include "arch/interface.h"
#include "mm/mm.h"

typedef struct { unsigned long word; } fold_t;

/* The one read of the root: depth and table are one value. */
static inline fold_t mm_fold(const struct mm_struct *mm)
{
	return (fold_t){ READ_ONCE(mm->root) };
}
static inline unsigned int fold_levels(fold_t fold) { return fold.word & 7; }
/* The frame of the top table. */
static inline unsigned long fold_table(fold_t fold) { return fold.word >> PAGE_SHIFT; }
static inline unsigned long fold_reach(fold_t fold) { return levels_reach(fold_levels(fold)); }

/* ---- geometry by level number: 1 is the pte level (level_shift() is the machine's) ---- */

/* Bytes that one entry of the level maps. */
static inline unsigned long level_span(unsigned int level) { return 1ul << level_shift(level); }
static inline unsigned int level_index(unsigned long addr, unsigned int level)
{
	return addr >> level_shift(level) & (PTRS_PER_TABLE - 1);
}
/* The end of the entry that contains addr, or end if that comes first. */
static inline unsigned long level_addr_end(unsigned int level, unsigned long addr,
					   unsigned long end)
{
	unsigned long next = (addr | (level_span(level) - 1)) + 1;

	return next - 1 < end - 1 ? next : end;
}
static inline u64 *table_slot(unsigned long pfn, unsigned long addr, unsigned int level)
{
	return (u64 *)frame_ptr(pfn) + level_index(addr, level);
}

#define PMD_SHIFT	21
#define PMD_SIZE	(1ul << PMD_SHIFT)
#define PMD_MASK	(~(PMD_SIZE - 1))

/* ---- which levels are folded ---- */

static inline bool p4d_folded(fold_t fold) { return fold_levels(fold) < 5; }
static inline bool pud_folded(fold_t fold) { return fold_levels(fold) < 4; }

/* ---- one read of a live entry ---- */

static inline pgd_t pgdp_get(const pgd_t *p) { return __pgd(entry_get(&p->val)); }
static inline p4d_t p4dp_get(const p4d_t *p) { return __p4d(entry_get(&p->val)); }
static inline pud_t pudp_get(const pud_t *p) { return __pud(entry_get(&p->val)); }
static inline pmd_t pmdp_get(const pmd_t *p) { return __pmd(entry_get(&p->val)); }
static inline pte_t ptep_get(const pte_t *p) { return __pte(entry_get(&p->val)); }

/* ---- what an entry is ---- */

static inline bool pgd_none(fold_t f, pgd_t v) { return !p4d_folded(f) && entry_none(v.val); }
static inline bool pgd_leaf(fold_t f, pgd_t v) { return !p4d_folded(f) && entry_leaf(v.val, 5); }
static inline bool pgd_bad(fold_t f, pgd_t v)
{
	return !p4d_folded(f) && !entry_none(v.val) && !entry_table(v.val);
}
static inline bool p4d_none(fold_t f, p4d_t v) { return !pud_folded(f) && entry_none(v.val); }
static inline bool p4d_leaf(fold_t f, p4d_t v) { return !pud_folded(f) && entry_leaf(v.val, 4); }
static inline bool p4d_bad(fold_t f, p4d_t v)
{
	return !pud_folded(f) && !entry_none(v.val) && !entry_table(v.val);
}
/* No tree is shallower than 3 levels: the pud's answer is always the entry's own. */
static inline bool pud_none(fold_t f, pud_t v) { (void)f; return entry_none(v.val); }
static inline bool pud_leaf(fold_t f, pud_t v) { (void)f; return entry_leaf(v.val, 3); }
static inline bool pud_bad(fold_t f, pud_t v)
{
	(void)f;
	return !entry_none(v.val) && !entry_table(v.val);
}

/* ---- going down: the pointer and the value that was read from it go together ---- */

/* addr below fold_reach(fold). */
static inline pgd_t *pgd_offset(fold_t fold, unsigned long addr)
{
	return (pgd_t *)table_slot(fold_table(fold), addr, fold_levels(fold));
}

/*
 * pXd_offset_lockless(fold, ptr, val, addr): the slot one level down. val was read from ptr once
 * and has been found to be a table; the entry is not read again, since it may have changed
 * since. Through a folded level it returns ptr itself, the slot in the real table: never a
 * pointer to the caller's copy.
 */
static inline p4d_t *p4d_offset_lockless(fold_t fold, pgd_t *ptr, pgd_t val, unsigned long addr)
{
	return p4d_folded(fold) ? (p4d_t *)ptr : (p4d_t *)table_slot(entry_pfn(val.val), addr, 4);
}
static inline pud_t *pud_offset_lockless(fold_t fold, p4d_t *ptr, p4d_t val, unsigned long addr)
{
	return pud_folded(fold) ? (pud_t *)ptr : (pud_t *)table_slot(entry_pfn(val.val), addr, 3);
}
static inline pmd_t *pmd_offset_lockless(fold_t fold, pud_t *ptr, pud_t val, unsigned long addr)
{
	(void)fold, (void)ptr;
	return (pmd_t *)table_slot(entry_pfn(val.val), addr, 2);
}
static inline pte_t *pte_offset_lockless(fold_t fold, pmd_t *ptr, pmd_t val, unsigned long addr)
{
	(void)fold, (void)ptr;
	return (pte_t *)table_slot(entry_pfn(val.val), addr, 1);
}

/* With a lock that keeps the entry as it is: the same with a fresh read. */
static inline p4d_t *p4d_offset(fold_t fold, pgd_t *ptr, unsigned long addr)
{
	return p4d_offset_lockless(fold, ptr, pgdp_get(ptr), addr);
}
static inline pud_t *pud_offset(fold_t fold, p4d_t *ptr, unsigned long addr)
{
	return pud_offset_lockless(fold, ptr, p4dp_get(ptr), addr);
}
static inline pmd_t *pmd_offset(fold_t fold, pud_t *ptr, unsigned long addr)
{
	return pmd_offset_lockless(fold, ptr, pudp_get(ptr), addr);
}

/* ---- going along: consistent with the offsets, ptr + 1 is the slot for the next address ---- */

static inline unsigned long pgd_addr_end(fold_t fold, unsigned long addr, unsigned long end)
{
	return level_addr_end(fold_levels(fold), addr, end);
}
static inline unsigned long p4d_addr_end(fold_t fold, unsigned long addr, unsigned long end)
{
	return p4d_folded(fold) ? end : level_addr_end(4, addr, end);
}
static inline unsigned long pud_addr_end(fold_t fold, unsigned long addr, unsigned long end)
{
	return pud_folded(fold) ? end : level_addr_end(3, addr, end);
}
static inline unsigned long pmd_addr_end(unsigned long addr, unsigned long end)
{
	return level_addr_end(2, addr, end);
}
