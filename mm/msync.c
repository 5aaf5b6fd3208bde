/* msync(): what was written to a mapped file is on its device. */
#include "mm/internal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"

/*
 * Writes the pages of [start, end) of vma back, without mmap_lock: that may take long. The lock is
 * held again afterwards, vma may be gone. 0 or -EIO.
 */
static int sync_vma(const struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	unsigned long first = linear_page_index(vma, start),
		      last = first + ((end - start) >> PAGE_SHIFT) - 1;
	struct mm_struct *mm = vma->vm_mm;
	struct vma_pin pin;
	int err;

	if (!(vma->vm_flags & VM_SHARED) || !mapping_tracks_dirty(vma->mapping))
		return 0;
	pin = vma_pin_file(vma);
	mmap_read_unlock(mm);
	err = filemap_fsync_range(pin.mapping, first, last);
	if (pin.file)
		err = file_report_error(pin.file, err);
	vma_unpin_file(pin);
	mmap_read_lock(mm);
	return err;
}

/* mmap_lock held for reading. What is mapped is written although something in between is not. */
static long sync_range(struct mm_struct *mm, unsigned long start, unsigned long end, int flags)
{
	struct vm_area_struct *vma;
	unsigned long upto;
	long ret = 0;
	int err = 0;

	lockdep_assert_held(&mm->mmap_lock);
	for (; start < end && !err; start = upto) {
		vma = vma_find(mm, start);
		if (!vma || vma->vm_start > start)
			ret = -ENOMEM;
		if (!vma || vma->vm_start >= end)
			break;
		upto = min(end, vma->vm_end);
		if ((flags & MS_INVALIDATE) && (vma->vm_flags & VM_LOCKED))
			return -EBUSY;
		if (flags & MS_SYNC)
			err = sync_vma(vma, max(start, vma->vm_start), upto);
	}
	return err ? err : ret;
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
	ret = sync_range(mm, addr, end, flags);
	mmap_read_unlock(mm);
	return ret;
}
