/* Reading, writing and populating an address space that need not be loaded. */
#include "mm/internal.h"
#include "kernel/base/string.h"
#include "mm/rmap.h"

/* The page that addr maps, if its entry allows the access, with a reference; else NULL. */
static struct page *follow_page(struct mm_struct *mm, unsigned long addr, bool write)
{
	pmd_t *pmdp = mm_pmd_find(mm, addr);
	struct page *page = NULL;
	struct pte_slot slot;
	pte_t pte;

	if (!pmdp)
		return NULL;
	slot = pte_offset_lock(pmdp, addr);
	if (!slot.ptep)
		return NULL;
	pte = ptep_get(slot.ptep);
	if (pte_accessible(pte) && (!write || pte_write(pte))) {
		page = pfn_to_page(pte_pfn(pte));
		get_page(page);
	}
	pte_unlock(slot);
	return page;
}

static struct page *fault_in_page(struct mm_struct *mm, unsigned long addr, bool write)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	struct page *page;

	if (!vma || !(vma->vm_flags & (write ? VM_WRITE : VM_ACCESS_FLAGS)))
		return NULL;
	while (!(page = follow_page(mm, addr, write)))
		if (handle_mm_fault(vma, addr, write ? FAULT_FLAG_WRITE : 0))
			return NULL;
	return page;
}

size_t mm_access(struct mm_struct *mm, unsigned long addr, void *buf, size_t len, bool write)
{
	size_t done = 0, n;
	struct page *page;
	char *at;

	mmap_read_lock(mm);
	for (; done < len; done += n) {
		page = fault_in_page(mm, addr + done, write);
		if (!page)
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
