#include "mm/internal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "mm/zap.h"

/* MADV_DONTNEED: private pages are lost, shared ones are found again in the page cache. */
static long dontneed(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;
	struct mmu_gather tlb;
	long ret = 0;

	tlb_gather_mmu(&tlb, mm);
	for (vma = vma_find(mm, start); start < end; vma = vma_next(vma)) {
		if (!vma || vma->vm_start > start)
			ret = -ENOMEM;		/* as Linux: the rest is done all the same */
		if (!vma || vma->vm_start >= end)
			break;
		zap_page_range(&tlb, max(start, vma->vm_start), min(end, vma->vm_end));
		start = vma->vm_end;
	}
	tlb_finish_mmu(&tlb);
	return ret;
}

/* Advice that changes nothing here, but says where nothing is mapped. */
static long check_mapped(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = vma_find(mm, start);

	lockdep_assert_held(&mm->mmap_lock);
	for (; start < end; start = vma->vm_end, vma = vma_next(vma))
		if (!vma || vma->vm_start > start)
			return -ENOMEM;
	return 0;
}

long mm_msync(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags)
{
	unsigned long end = addr + ALIGN_UP(len, PAGE_SIZE);
	long ret;

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || addr & ~PAGE_MASK ||
	    (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	if (end < addr)
		return -ENOMEM;
	mmap_read_lock(mm);
	ret = check_mapped(mm, addr, end);
	mmap_read_unlock(mm);
	return ret;
}

long mm_madvise(struct mm_struct *mm, unsigned long addr, unsigned long len, int advice)
{
	unsigned long end = addr + ALIGN_UP(len, PAGE_SIZE);
	long ret;

	if (advice != MADV_DONTNEED && (advice < MADV_NORMAL || advice > MADV_WILLNEED))
		return -EINVAL;
	if (addr & ~PAGE_MASK || (len && !ALIGN_UP(len, PAGE_SIZE)) || end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;
	mmap_read_lock(mm);
	ret = advice == MADV_DONTNEED ? dontneed(mm, addr, end) : check_mapped(mm, addr, end);
	mmap_read_unlock(mm);
	return ret;
}
