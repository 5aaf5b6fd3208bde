/* Reading, writing and populating an address space that need not be loaded. */
#include "mm/internal.h"
#include "kernel/base/string.h"
#include "mm/gup.h"

size_t mm_access(struct mm_struct *mm, unsigned long addr, void *buf, size_t len, bool write)
{
	/* Reading is a debugger's: argument strings may lie in memory that has become unreadable since. */
	const unsigned int foll = write ? FOLL_WRITE : FOLL_FORCE;
	size_t done = 0, n;
	struct page *page;
	char *at;

	mmap_read_lock(mm);
	for (; done < len; done += n) {
		if (get_user_pages_remote(mm, addr + done, 1, foll, &page, NULL) != 1)
			break;
		at = (char *)page_address(page) + ((addr + done) & ~PAGE_MASK);
		n = min(len - done, PAGE_SIZE - ((addr + done) & ~PAGE_MASK));
		if (write)
			memcpy(at, (char *)buf + done, n);
		else
			memcpy((char *)buf + done, at, n);
		put_page(page);
	}
	mmap_read_unlock(mm);
	return done;
}

void mm_populate(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;
	unsigned int flags;

	mmap_read_lock(mm);
	for (vma = vma_find(mm, start); vma && vma->vm_start < end; vma = vma_next(vma)) {
		if (!(vma->vm_flags & VM_ACCESS_FLAGS))
			continue;
		flags = (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE ? FAULT_FLAG_WRITE : 0;
		for (start = max(start, vma->vm_start); start < min(end, vma->vm_end); start += PAGE_SIZE) {
			if (handle_mm_fault(vma, start, flags) || fatal_signal_pending())
				goto out;
			cond_resched();
		}
	}
out:
	mmap_read_unlock(mm);
}
