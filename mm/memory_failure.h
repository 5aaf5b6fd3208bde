/*
 * Memory that is broken (Linux: mm/memory-failure.c): the page goes from where it is mapped, who uses it gets
 * SIGBUS, and its frame is nobody's any more. Real hardware says so by a machine check; here a program asks
 * for it, with MADV_HWPOISON.
 */
#pragma once
#include "mm/mm.h"

/*
 * Breaks the memory under [start, end), page aligned, of an address space. Takes mmap_lock; may sleep. What
 * comes before an error stays done: -EFAULT for a hole and for what is broken already, -EBUSY for a page that
 * cannot be unmapped everywhere, or the errors of get_user_pages_unlocked().
 */
long inject_memory_failure(struct mm_struct *mm, unsigned long start, unsigned long end);

/* How many pages have been broken since the boot. */
unsigned long hwpoisoned_pages(void);
