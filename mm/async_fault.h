/*
 * Asynchronous faults: a page is asked for by one who does not wait, and made present by another
 * who does. docs/async-fault.md. Both look at one page; no lock held; write: as for writing to it.
 */
#pragma once
#include "mm/mm.h"

/*
 * The asker's half, for its own address space: never waits for a device, nor for mmap_lock. 0: the
 * page is there; -EAGAIN: somebody has to wait for it, and if it comes from a device, that has
 * begun to read it; -EFAULT, -ENOMEM, -EINTR.
 */
int async_fault_try(struct mm_struct *mm, unsigned long addr, bool write);

/*
 * The worker's half, for an address space of which the caller has no more than an mmgrab().
 * Waits. 0: the page was there a moment ago; -ESRCH: nobody uses mm any more; -EFAULT,
 * -ENOMEM. May end mm: mmput().
 */
int async_fault_wait(struct mm_struct *mm, unsigned long addr, bool write);
