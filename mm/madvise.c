/* madvise(): what a program says of its memory, as far as it changes something. */
#include "mm/internal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "mm/gup.h"
#include "mm/memory_failure.h"
#include "mm/zap.h"

/*
 * MADV_DONTNEED: private pages are lost, shared ones are found again in the page cache. What is
 * locked is lost by MADV_DONTNEED_LOCKED only.
 */
static long dontneed(struct mm_struct *mm, unsigned long start, unsigned long end, bool locked)
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
		if ((vma->vm_flags & VM_LOCKED) && !locked) {
			ret = -EINVAL;
			break;
		}
		zap_page_range(&tlb, max(start, vma->vm_start), min(end, vma->vm_end));
		start = vma->vm_end;
	}
	tlb_finish_mmu(&tlb);
	return ret;
}

/* MADV_POPULATE_READ, MADV_POPULATE_WRITE: until all are there, or the first error. */
static long populate(struct mm_struct *mm, unsigned long start, unsigned long end, bool write)
{
	int locked = 0;
	long n = 0;

	for (; start < end && n >= 0; start += (unsigned long)max(n, 0l) << PAGE_SHIFT) {
		if (!locked)
			mmap_read_lock(mm);
		locked = 1;
		n = faultin_page_range(mm, start, end, write, &locked);
	}
	if (locked)
		mmap_read_unlock(mm);
	return min(n, 0l);
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

static bool advice_is_known(int advice)
{
	return (advice >= MADV_NORMAL && advice <= MADV_DONTNEED) ||
	       advice == MADV_DONTNEED_LOCKED || advice == MADV_POPULATE_READ ||
	       advice == MADV_POPULATE_WRITE || advice == MADV_HWPOISON ||
	       advice == MADV_SOFT_OFFLINE;
}

static long advise_locked(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	if (advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED)
		return dontneed(mm, start, end, advice == MADV_DONTNEED_LOCKED);
	return check_mapped(mm, start, end);
}

long mm_madvise(struct mm_struct *mm, unsigned long addr, unsigned long len, int advice)
{
	unsigned long end = addr + ALIGN_UP(len, PAGE_SIZE);
	long ret;

	if (!advice_is_known(advice) || addr & ~PAGE_MASK || (len && !ALIGN_UP(len, PAGE_SIZE)) ||
	    end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;
	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		return populate(mm, addr, end, advice == MADV_POPULATE_WRITE);
	if (advice == MADV_HWPOISON || advice == MADV_SOFT_OFFLINE)
		return inject_memory_failure(mm, addr, end, advice == MADV_SOFT_OFFLINE);
	mmap_read_lock(mm);
	ret = advise_locked(mm, addr, end, advice);
	mmap_read_unlock(mm);
	return ret;
}
