/* One page by get_user_pages, without waiting; and the same, later, by somebody who waits. */
#include "mm/async_fault.h"
#include "kernel/uapi/errno.h"
#include "mm/gup.h"
#include "mm/mmap_lock.h"
#include "mm/vmstat.h"

static unsigned int foll_write(bool write) { return write ? FOLL_WRITE : 0; }

int async_fault_try(struct mm_struct *mm, unsigned long addr, bool write)
{
	struct page *page;
	long n;

	count_vm_event(VM_EVENT_ASYNC_FAULT_TRY);
	/* Who has the lock may be waiting for a device himself, or for others who are. */
	if (!mmap_read_trylock(mm))
		return -EAGAIN;
	n = get_user_pages(mm, addr, 1, FOLL_NOWAIT | foll_write(write), &page);
	mmap_read_unlock(mm);
	if (n == 1)
		put_page(page);
	return n == 1 ? 0 : n ? (int)n : -EAGAIN;
}

/* The reference goes at once: what was asked for is the page's entry, not the page. */
int async_fault_wait(struct mm_struct *mm, unsigned long addr, bool write)
{
	struct page *page;
	int locked = 1;
	long n;

	count_vm_event(VM_EVENT_ASYNC_FAULT_WAIT);
	/*
	 * A user of the memory only for this fault: who has asked may end meanwhile, or long
	 * before, and its memory is not kept for a page that nobody will look at.
	 */
	if (!mmget_not_zero(mm))
		return -ESRCH;
	mmap_read_lock(mm);
	n = get_user_pages_remote(mm, addr, 1, foll_write(write), &page, &locked);
	if (locked)
		mmap_read_unlock(mm);
	if (n == 1)
		put_page(page);
	mmput(mm);
	return n == 1 ? 0 : (int)n;
}
