/* Reading, writing and populating an address space that need not be loaded. */
#include "mm/internal.h"
#include "kernel/base/string.h"
#include "mm/gup.h"

size_t access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, size_t len,
			unsigned int foll)
{
	const bool write = foll & FOLL_WRITE;
	size_t done = 0, n;
	struct page *page;
	char *at;

	mmap_read_lock(mm);
	for (; done < len; done += n) {
		if (get_user_pages_remote(mm, addr + done, 1, foll, &page, NULL) != 1)
			break;
		at = (char *)page_address(page) + ((addr + done) & ~PAGE_MASK);
		n = min(len - done, PAGE_SIZE - ((addr + done) & ~PAGE_MASK));
		if (write) {
			memcpy(at, (char *)buf + done, n);
			set_page_dirty_lock(page);
		} else {
			memcpy((char *)buf + done, at, n);
		}
		put_page(page);
	}
	mmap_read_unlock(mm);
	return done;
}

size_t mm_access(struct mm_struct *mm, unsigned long addr, void *buf, size_t len, bool write)
{
	/*
	 * Reading is a debugger's: argument strings may lie in memory that has
	 * become unreadable since.
	 */
	return access_remote_vm(mm, addr, buf, len, write ? FOLL_WRITE : FOLL_FORCE);
}

/* Mapping by mapping, each looked up anew: the lock may have been dropped. */
long mm_populate(struct mm_struct *mm, unsigned long start, unsigned long end, bool ignore_errors)
{
	struct vm_area_struct *vma;
	unsigned long stop;
	int locked = 0;
	long n = 0;

	while (start < end) {
		if (!locked)
			mmap_read_lock(mm);
		locked = 1;
		vma = vma_find_intersection(mm, start, end);
		if (!vma)
			break;
		start = max(start, vma->vm_start);
		stop = min(end, vma->vm_end);
		n = populate_vma_page_range(vma, start, stop, &locked);
		if (n < 0 && !ignore_errors)
			break;
		start = n < 0 ? stop : start + ((unsigned long)n << PAGE_SHIFT);
		n = 0;
	}
	if (locked)
		mmap_read_unlock(mm);
	return n;
}
