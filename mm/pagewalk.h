/*
 * The locked walker: the one place that goes through a range of page tables. What is done there is
 * a set of callbacks; nobody else nests loops over tables.
 */
#pragma once
#include "mm/pgtable.h"

struct page_walk;

struct walk_ops {
	/*
	 * A pte table: [addr, end) lies within it. Takes the table's lock itself
	 * (pte_offset_lock), since only it knows when to let go. A return value other than 0 ends
	 * the walk and becomes its result.
	 */
	int (*pte_range)(struct page_walk *walk, pmd_t *pmdp, unsigned long addr,
			 unsigned long end);
	/* Nothing is mapped in [addr, end), one entry's span at most. May be NULL. */
	int (*hole)(struct page_walk *walk, unsigned long addr, unsigned long end);
	/*
	 * All of [addr, end) below this slot has been visited; `level` is the slot's (2 to 5) and
	 * the slot still leads to a table. For freeing tables from below. May be NULL.
	 */
	void (*table_done)(struct page_walk *walk, u64 *slot, unsigned int level,
			   unsigned long addr);
};

struct page_walk {
	struct mm_struct *mm;
	fold_t fold;			/* the walk's one snapshot of mm->root */
	const struct walk_ops *ops;
	void *private;
};

/*
 * Visits [start, end) of mm in ascending order. mmap_lock held (for writing if tables are
 * freed), or the mm is dead. What lies beyond the tree's reach is not there. Returns 0 or
 * what a callback returned.
 */
int walk_page_range(struct mm_struct *mm, unsigned long start, unsigned long end,
		    const struct walk_ops *ops, void *private);
