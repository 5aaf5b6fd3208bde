/*
 * Memory that is broken (Linux: mm/memory-failure.c): the page goes from where it is mapped,
 * who uses it gets SIGBUS, and its frame is nobody's any more. Real hardware says so by a
 * machine check; here a program asks for it, with MADV_HWPOISON; or, before anything is lost,
 * with MADV_SOFT_OFFLINE.
 */
#pragma once
#include "mm/mm.h"

/*
 * Breaks the memory under [start, end), page aligned, of an address space. Takes mmap_lock; may
 * sleep. What comes before an error stays done: -EFAULT for a hole and for what is broken already,
 * -EBUSY for a page that cannot be unmapped everywhere, or the errors of
 * get_user_pages_unlocked().
 *
 * soft: nothing is lost, the program notices nothing. What is there goes to another page, or
 * is read again from its device, and only the frame is out of use. -EBUSY for a page that
 * somebody else has or maps as well, and for one of a file that is only in memory; -EIO for
 * the page of zeroes; -ENOMEM.
 */
long inject_memory_failure(struct mm_struct *mm, unsigned long start, unsigned long end,
			   bool soft);

/* How many pages have been broken since the boot. */
unsigned long hwpoisoned_pages(void);
