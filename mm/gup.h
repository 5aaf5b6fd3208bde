/*
 * get_user_pages: references to the pages behind user addresses, for who reads or writes them
 * later, elsewhere, or without the program's page tables.
 *
 * GET takes a reference: the page stays. PIN takes a reference and counts it as a pin: what is
 * written to the page by the pin is what the program sees, for as long as the pin lasts. That
 * needs an anonymous page that is exclusive, so a pin breaks COW first; and fork copies pinned
 * pages instead of sharing them.
 *
 * A flag says what the caller expects; what follows for the fault is decided in one place,
 * foll_to_fault_flags(). Addresses and counts are unchecked values; start is rounded down to its
 * page. All but the fast ones run with mmap_lock held for reading and may sleep. Results: the
 * number of pages, which may be less than nr (NOWAIT: 0, if the first would have to be waited
 * for), or -errno if there is not one: -EFAULT, -ENOMEM, -EINTR, -EINVAL (flags), -EHWPOISON; the
 * fast ones -EOVERFLOW as well.
 */
#pragma once
#include "mm/mm.h"

#define FOLL_WRITE		BIT(0)	/* the page will be written to */
#define FOLL_GET		BIT(1)	/* get_*: a reference */
#define FOLL_DUMP		BIT(2)	/* -EFAULT for a hole instead of the zero page */
#define FOLL_FORCE		BIT(3)	/* as a debugger: whatever the mapping
					 * says now, by what it may be */
#define FOLL_NOWAIT		BIT(4)	/* wait for nobody, and never drop the
					 * lock; the allocator may sleep */
#define FOLL_NOFAULT		BIT(5)	/* only what is there */
#define FOLL_HWPOISON		BIT(6)	/* say -EHWPOISON, not -EFAULT, for a poisoned page */
#define FOLL_LONGTERM		BIT(8)	/* the pin stays after the call that it was taken in */
#define FOLL_INTERRUPTIBLE	BIT(10)	/* any signal ends a wait, not only a deadly one */
/* Ours: refused from outside. */
#define FOLL_TOUCH		BIT(16)	/* the entry becomes young, and dirty for a write */
#define FOLL_TRIED		BIT(17)	/* the lock has been dropped once */
#define FOLL_REMOTE		BIT(18)	/* not the running program's own memory */
#define FOLL_PIN		BIT(19)	/* pin_*: a reference that counts as a pin */
#define FOLL_FAST_ONLY		BIT(20)	/* not the slow path */
#define FOLL_UNLOCKABLE		BIT(21)	/* the lock may be dropped: the caller will be told */

#define FOLL_MADV_POPULATE	BIT(22)	/* its errors: -ENOMEM for a hole,
					 * -EINVAL for what is not allowed */

#define FOLL_INTERNAL \
	(FOLL_TOUCH | FOLL_TRIED | FOLL_REMOTE | FOLL_PIN | FOLL_FAST_ONLY | FOLL_UNLOCKABLE | \
	 FOLL_MADV_POPULATE)

/* ---- the running program's memory; no lock held, interrupts on ---- */

/* The lockless walk first, then the slow path for the rest. */
long get_user_pages_fast(unsigned long start, unsigned long nr, unsigned int flags,
			 struct page **pages);
long pin_user_pages_fast(unsigned long start, unsigned long nr, unsigned int flags,
			 struct page **pages);
/* The lockless walk alone: as many as it finds, 0 if none. Also with interrupts off. */
long get_user_pages_fast_only(unsigned long start, unsigned long nr, unsigned int flags,
			      struct page **pages);

/* ---- any address space; mmap_lock held for reading ---- */

/*
 * With locked (which points to 1) the lock may be dropped while a fault waits: *locked is 0 then,
 * and the lock free. Without it the lock is never let go.
 */
long get_user_pages(struct mm_struct *mm, unsigned long start, unsigned long nr,
		    unsigned int flags, struct page **pages);
long get_user_pages_remote(struct mm_struct *mm, unsigned long start, unsigned long nr,
			   unsigned int flags, struct page **pages, int *locked);
long pin_user_pages(struct mm_struct *mm, unsigned long start, unsigned long nr,
		    unsigned int flags, struct page **pages);
long pin_user_pages_remote(struct mm_struct *mm, unsigned long start, unsigned long nr,
			   unsigned int flags, struct page **pages, int *locked);

/* ---- the same without a lock: they take mmap_lock themselves ---- */

long get_user_pages_unlocked(struct mm_struct *mm, unsigned long start, unsigned long nr,
			     unsigned int flags, struct page **pages);
long pin_user_pages_unlocked(struct mm_struct *mm, unsigned long start, unsigned long nr,
			     unsigned int flags, struct page **pages);

/*
 * MADV_POPULATE: makes the pages of [start, end), page aligned, present and, with write, writable.
 * As get_user_pages_remote() with locked, which is never NULL here, but takes no references.
 * Pages, or -errno: -ENOMEM for a hole and without memory, -EINVAL where the mapping does not
 * allow it, -EFAULT beyond a file's end, -EHWPOISON, -EINTR.
 */
long faultin_page_range(struct mm_struct *mm, unsigned long start, unsigned long end, bool write,
			int *locked);

/*
 * Makes the pages of [start, end), which lie in vma, present as mlock wants them: own pages where
 * the program may write private memory, what is there to read elsewhere. As faultin_page_range();
 * locked may be NULL. All of them at once where VM_LOCKONFAULT leaves them to faults.
 */
long populate_vma_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			     int *locked);

/* ---- letting go; no spin lock held ---- */

void unpin_user_page(struct page *page);
void unpin_user_pages(struct page **pages, unsigned long nr);
/* dirty: what was written by the pin has to be kept. */
void unpin_user_pages_dirty_lock(struct page **pages, unsigned long nr, bool dirty);

/*
 * The page, to which the caller has a reference, was written to: what its file has has
 * to be kept. May sleep.
 */
void set_page_dirty_lock(struct page *page);

/* ---- between the files of gup ---- */

/* What a caller from outside may not ask for together: false, and one warning. */
bool gup_flags_valid(unsigned int flags, const int *locked, unsigned int to_set);
/* The one place where an expectation becomes a rule for the fault. */
unsigned int foll_to_fault_flags(unsigned int foll);
/* A reference of that kind; false: the count is zero or saturated. Any context. */
static inline bool try_grab_page(struct page *page, unsigned int foll)
{
	if (unlikely(!folio_try_get(page_folio(page))))
		return false;
	if (foll & FOLL_PIN)
		atomic_inc(&page->pincount);	/* a full barrier: see grab_mapped() */
	return true;
}
void put_grabbed_page(struct page *page, unsigned int foll);
static inline bool is_cow_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}
/*
 * A pin of a page that is not exclusive would see other contents than the program as soon
 * as somebody writes: has the page to be made exclusive first? vm_flags 0: not known, which
 * the lockless walk says.
 */
static inline bool gup_must_unshare(unsigned long vm_flags, unsigned int foll,
				    const struct page *page)
{
	if (!(foll & FOLL_PIN))
		return false;
	if (page_test(page, PG_anon))
		return !page_test(page, PG_exclusive);
	if (!(foll & FOLL_LONGTERM))
		return false;
	if (foll & FOLL_WRITE)	/* a device's page, perhaps: vma_allows() knows */
		return !vm_flags && !page_test(page, PG_swapbacked);
	/* A page of a file, or of zeroes, that a private mapping shows until it is written to. */
	return !vm_flags || is_cow_mapping(vm_flags);
}
/*
 * Without a lock: a reference to the page that entry val, read at slot, maps. A pin counts first
 * and looks at the exclusive mark then: the other half of page_try_share_anon_rmap().
 * tests/models/gup_pin.pml: NO_FENCE_PIN
 */
static inline bool grab_mapped(const u64 *slot, u64 val, struct page *page, unsigned int foll)
{
	if (unlikely(!try_grab_page(page, foll)))
		return false;
	/* re-check: the entry may be gone or changed since it was read. */
	if (unlikely(entry_get(slot) != val || gup_must_unshare(0, foll, page))) {
		put_grabbed_page(page, foll);
		return false;
	}
	return true;
}
/*
 * The lockless walk over [start, end) of the running program; returns pages found, in
 * order, without holes.
 */
unsigned long gup_fast_range(unsigned long start, unsigned long end, unsigned int foll,
			     struct page **pages);
