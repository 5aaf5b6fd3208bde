/* Shared by the files of mm/ that implement address spaces; nobody else includes it. */
#pragma once
#include "mm/fault.h"
#include "mm/mmap_lock.h"
#include "mm/overcommit.h"
#include "mm/pgtable.h"
#include "mm/writeback.h"

/* The page of zeroes that read faults on untouched memory map; its entries are special. */
extern struct page *zero_page;

/*
 * [start, end) page aligned, below task_size_max(). mmap_lock held for writing. 0 or
 * -ENOMEM (nothing changed).
 */
int unmap_locked(struct mm_struct *mm, unsigned long start, unsigned long end);

/*
 * Do RLIMIT_AS and RLIMIT_DATA allow that many more pages, of that kind? mmap_lock held.
 * may_have_data: only the second question, for pages that are mapped already.
 */
bool may_expand_vm(const struct mm_struct *mm, unsigned long vm_flags, unsigned long pages);
bool may_have_data(const struct mm_struct *mm, unsigned long pages);

/* Unfolds if end lies beyond the tree's reach. mmap_lock held for writing. */
static inline int ensure_reach(struct mm_struct *mm, unsigned long end)
{
	unsigned int levels = mm_levels(mm);

	while (levels < hw_levels() && end > levels_reach(levels))
		levels++;
	return mm_unfold(mm, levels);
}

/*
 * RLIMIT_MEMLOCK: may anything be locked (-EPERM), and that many more pages with these flags
 * (-EAGAIN)? mmap_lock held.
 */
static inline bool can_do_mlock(const struct mm_struct *mm)
{
	return READ_ONCE(mm->limits.memlock);
}

static inline unsigned long memlock_pages(const struct mm_struct *mm)
{
	unsigned long limit = READ_ONCE(mm->limits.memlock);

	return limit == ~0ul ? limit : limit >> PAGE_SHIFT;
}
static inline bool mlock_future_ok(const struct mm_struct *mm, unsigned long vm_flags,
				   unsigned long pages)
{
	return !(vm_flags & VM_LOCKED) || mm->locked_vm + pages <= memlock_pages(mm);
}

/*
 * Faults in the pages of [start, end), as far as they are mapped; writable private mappings get
 * pages of their own. Takes mmap_lock for reading. ignore_errors: 0, what is absent faults later.
 * Else it ends with the first error: -EFAULT, -ENOMEM, -EINTR.
 */
long mm_populate(struct mm_struct *mm, unsigned long start, unsigned long end, bool ignore_errors);

/*
 * "Is it writable now?" One predicate for the write fault and for mprotect: may this entry, which
 * the table's lock keeps as it is, have write permission without anybody needing to see the fault?
 * Whether the page may be *made* exclusive is another question, which only the write fault asks.
 */
static inline bool pte_may_be_writable(const struct vm_area_struct *vma, pte_t pte)
{
	const unsigned long exclusive = BIT(PG_anon) | BIT(PG_exclusive);

	if (!(vma->vm_flags & VM_WRITE))	/* first: this is the security rule */
		return false;
	if (!pte_accessible_normal(pte))		/* PROT_NONE; the zero page */
		return false;
	if (vma->vm_flags & VM_SHARED)	/* a page that is clean, as far as that is noted, is not */
		return !mapping_tracks_dirty(vma->mapping) || pte_dirty(pte, vma);
	return (READ_ONCE(pfn_to_page(pte_pfn(pte))->flags) & exclusive) == exclusive;
}
