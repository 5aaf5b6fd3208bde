/*
 * Live page tables: finding and making tables, and changing entries so that the checkers see it.
 *
 * Locks: entries of a pte table change under that table's own lock (pte_offset_lock),
 * entries above under mm->page_table_lock. A table, once linked, stays while mmap_lock is
 * held or interrupts are off.
 */
#pragma once
#include "mm/check.h"
#include "mm/fold.h"

/* ---- rules that need the mapping: no caller can forget it ---- */

/* Only the mapping says whether an entry may be made writable at all. */
static inline pte_t pte_mkwrite(pte_t pte, const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_WRITE ? pte_mkwrite_novma(pte) : pte;
}
/* Whether the page has to be kept because it was written to. */
static inline bool pte_dirty(pte_t pte, const struct vm_area_struct *vma)
{
	(void)vma;	/* every kind of mapping that exists keeps what was written */
	return pte_dirty_novma(pte);
}

/* ---- changing entries; the table's lock is held ---- */

/* Without a lock only where no CPU has ever been: in fork's child, and where all have left. */
static inline void assert_entry_locked(const struct mm_struct *mm, const spinlock_t *ptl)
{
	BUG_MSG(CONFIG_DEBUG && !lockdep_held(ptl) && mm->cpumask,
		"an entry changes without its table's lock");
}
static inline void assert_pte_locked(const struct mm_struct *mm, const pte_t *ptep)
{
	assert_entry_locked(mm, &virt_to_page(ptep)->ptl);
}

/* Over an entry that hardware does not use: none, or not accessible. */
static inline void set_pte(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte)
{
	assert_pte_locked(mm, ptep);
	if (CONFIG_DEBUG)
		entry_changed(mm, addr, 1, ptep->val, pte.val);
	entry_set(&ptep->val, pte.val);
}
/* Takes the entry out; what comes back has the A and D bits up to the last moment. */
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	u64 old = entry_xchg(&ptep->val, 0);

	assert_pte_locked(mm, ptep);
	entry_changed(mm, addr, 1, old, 0);
	return __pte(old);
}
/* The same where no CPU can reach the tables any more. */
static inline pte_t ptep_get_and_clear_dead(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	entry_changed(mm, addr, 1, old.val, 0);
	ptep->val = 0;
	return old;
}
/* Write permission goes; A and D that hardware sets meanwhile stay. */
static inline void ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	u64 old = entry_and(&ptep->val, ~_PAGE_RW);

	assert_pte_locked(mm, ptep);
	entry_changed(mm, addr, 1, old, old & ~_PAGE_RW);
}
/*
 * A live entry gains permissions or A and D bits, never loses any, and keeps its frame: no flush
 * is needed, a CPU with the old translation faults once and finds the new one.
 */
static inline void entry_upgrade(struct mm_struct *mm, unsigned long addr, unsigned int level,
				 u64 *slot, u64 val)
{
	u64 old = entry_get(slot);

	while (!entry_cmpxchg(slot, &old, val | (old & (_PAGE_ACCESSED | _PAGE_DIRTY))))
		;
	entry_changed(mm, addr, level, old, val | (old & (_PAGE_ACCESSED | _PAGE_DIRTY)));
}
static inline void ptep_upgrade(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte)
{
	assert_pte_locked(mm, ptep);
	entry_upgrade(mm, addr, 1, &ptep->val, pte.val);
}
/* The same for a leaf above the pte level. */
static inline void leaf_upgrade(struct mm_struct *mm, unsigned long addr, unsigned int level,
				u64 *slot, u64 leaf)
{
	assert_entry_locked(mm, &mm->page_table_lock);
	entry_upgrade(mm, addr, level, slot, leaf);
}
/*
 * A live entry becomes `new` if it is still *old, without being empty in between. False, and what
 * it is now in *old: hardware has set A or D meanwhile.
 */
static inline bool ptep_change(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t *old,
			       pte_t new)
{
	assert_pte_locked(mm, ptep);
	if (!entry_cmpxchg(&ptep->val, &old->val, new.val))
		return false;
	entry_changed(mm, addr, 1, old->val, new.val);
	return true;
}
/* An entry above the pte level. */
static inline void set_upper(struct mm_struct *mm, unsigned long addr, unsigned int level,
			     u64 *slot, u64 val)
{
	assert_entry_locked(mm, &mm->page_table_lock);
	if (CONFIG_DEBUG)
		entry_changed(mm, addr, level, *slot, val);
	entry_set(slot, val);
}

/* ---- tables ---- */

/* A zeroed table, counted in mm->table_frames; NULL: no memory. */
struct page *table_alloc(struct mm_struct *mm);
/*
 * One that no CPU can reach any more, or that was never linked: both of the steps below at once.
 */
void table_free(struct mm_struct *mm, struct page *table);
/* It is no table of the mm's any more; its frame stays a table until nobody walks it. */
void table_unaccount(struct mm_struct *mm, struct page *table);
/* Nobody walks it any more: its frame is free. */
void table_give_back(struct page *table);

/* The pmd slot for addr, with tables made down to it; NULL: no memory. addr is below the reach. */
pmd_t *mm_pmd_alloc(struct mm_struct *mm, unsigned long addr);
/* The pmd slot for addr if its table exists, else NULL. */
pmd_t *mm_pmd_find(struct mm_struct *mm, unsigned long addr);
/* Makes the pte table below an empty pmd; 0 also if another CPU was faster; -ENOMEM. */
int pte_table_alloc(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr);

static inline spinlock_t *pte_lockptr(pmd_t pmd) { return &pfn_to_page(pmd_pfn(pmd))->ptl; }

/* A locked slot of a pte table. */
struct pte_slot {
	pte_t *ptep;		/* NULL: the pmd is no table (any more) */
	spinlock_t *ptl;
};

/*
 * Locks the pte table below *pmdp and returns the slot for addr. The pmd is read again under
 * the lock: if it is no longer that table, ptep is NULL, nothing is locked, and the caller
 * starts over or gives up.
 */
struct pte_slot pte_offset_lock(pmd_t *pmdp, unsigned long addr);
static inline void pte_unlock(struct pte_slot slot) { spin_unlock(slot.ptl); }

/* ---- looking from outside ---- */

/* What a walk found: the entries of each level from the top, and how far it came. */
struct table_walk {
	fold_t fold;
	u64 entry[6];		/* entry[level]; 0 for folded levels and below `lowest` */
	unsigned int lowest;	/* lowest level whose entry was read;
				 * 0: addr is beyond the reach */
};
/*
 * Lockless, for reports: the answer may be old when it arrives. Interrupts off, or
 * the mm is not running.
 */
struct table_walk table_walk(fold_t fold, unsigned long addr);

/*
 * Every helper, every protection, every depth: at boot in debug builds, and in the unit tests.
 * Each panics on the first failure and returns how many checks it made.
 */
unsigned long selftest_entries(unsigned long vm_flags);		/* one of the 16 protections */
/* Changes of entries in a real table. */
unsigned long selftest_live_entries(unsigned long vm_flags);
unsigned long selftest_fold(unsigned int levels);		/* stepping and folding; 3, 4, 5 */
void pgtable_selftest(void);	/* all of them */
