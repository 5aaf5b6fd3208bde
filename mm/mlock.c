/*
 * mlock and its kin: mappings whose pages stay, and are there from the start. No page is
 * taken away from anybody here, so a lock is a flag, the pages faulted in, and what
 * RLIMIT_MEMLOCK counts.
 */
#include "mm/internal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "mm/pagewalk.h"
#include "mm/rmap.h"

/*
 * [start, end) of vma gets these of the flags that lock. Returns the mapping that
 * covers it afterwards.
 */
static struct vm_area_struct *mlock_fixup(struct vm_area_struct *vma, unsigned long start,
					  unsigned long end, unsigned long lock_flags)
{
	const unsigned long vm_flags = (vma->vm_flags & ~VM_LOCKED_MASK) | lock_flags;

	if (vm_flags == vma->vm_flags)
		return vma;
	vma = vma_isolate(vma, start, end);
	if (IS_ERR(vma))
		return vma;
	vma_change_flags(vma, vm_flags);
	return vma_merge(vma);
}

/* As Linux: what lies before a hole is changed all the same. */
static long apply_lock_flags(struct mm_struct *mm, unsigned long start, unsigned long end,
			     unsigned long flags)
{
	struct vm_area_struct *vma;

	lockdep_assert_held(&mm->mmap_lock);
	if (end < start)
		return -EINVAL;
	for (; start < end; start = vma->vm_end) {
		vma = vma_lookup(mm, start);
		if (!vma)
			return -ENOMEM;
		vma = mlock_fixup(vma, start, min(end, vma->vm_end), flags);
		if (IS_ERR(vma))
			return PTR_ERR(vma);
	}
	return 0;
}

static long mlock_locked(struct mm_struct *mm, unsigned long start, unsigned long end,
			 unsigned long flags)
{
	unsigned long limit = memlock_pages(mm);
	unsigned long pages = mm->locked_vm + ((end - start) >> PAGE_SHIFT);

	/* What is locked already does not count twice. */
	if (pages > limit && pages - count_vma_pages_range(mm, start, end, VM_LOCKED) > limit)
		return -ENOMEM;
	return apply_lock_flags(mm, start, end, flags);
}

/* POSIX has other words for what a fault says. */
static long posix_error(long err)
{
	return err == -EFAULT ? -ENOMEM : err == -ENOMEM ? -EAGAIN : err;
}

/*
 * The pages that an unchecked range of bytes touches; one that wraps to nothing is
 * empty, as on Linux.
 */
static unsigned long range_end(unsigned long *addr, unsigned long len)
{
	unsigned long bytes = ALIGN_UP(len + (*addr & ~PAGE_MASK), PAGE_SIZE);

	*addr &= PAGE_MASK;
	return *addr + bytes;
}

long mm_mlock(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags)
{
	unsigned long end = range_end(&addr, len);
	long ret;

	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	if (!can_do_mlock(mm))
		return -EPERM;
	mmap_write_lock(mm);
	ret = mlock_locked(mm, addr, end, flags & MLOCK_ONFAULT ? VM_LOCKED_MASK : VM_LOCKED);
	mmap_write_unlock(mm);
	return ret ? ret : posix_error(mm_populate(mm, addr, end, false));
}

long mm_munlock(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	unsigned long end = range_end(&addr, len);
	long ret;

	mmap_write_lock(mm);
	ret = apply_lock_flags(mm, addr, end, 0);
	mmap_write_unlock(mm);
	return ret;
}

/*
 * A mapping that cannot be cut for want of memory is left out; none needs to be,
 * whole as they are.
 */
static void lock_all(struct mm_struct *mm, int flags)
{
	const unsigned long lock_flags = flags & MCL_ONFAULT ? VM_LOCKED_MASK : VM_LOCKED;
	struct vm_area_struct *vma;

	lockdep_assert_held(&mm->mmap_lock);
	mm->def_flags = flags & MCL_FUTURE ? lock_flags : 0;
	if ((flags & (MCL_FUTURE | MCL_CURRENT)) == MCL_FUTURE)
		return;
	for (vma = vma_first(mm); vma; vma = vma_next(vma))
		vma = mlock_fixup(vma, vma->vm_start, vma->vm_end,
				  flags & MCL_CURRENT ? lock_flags : 0);
}

long mm_mlockall(struct mm_struct *mm, int flags)
{
	long ret = 0;

	mmap_write_lock(mm);
	if ((flags & MCL_CURRENT) && mm->total_vm > memlock_pages(mm))
		ret = -ENOMEM;
	else
		lock_all(mm, flags);
	mmap_write_unlock(mm);
	if (!ret && (flags & MCL_CURRENT))
		mm_populate(mm, 0, task_size_max(), true);
	return ret;
}

/* ---- for /proc ---- */

static int count_present(struct page_walk *walk, pmd_t *pmdp, unsigned long addr,
			 unsigned long end)
{
	unsigned long *pages = walk->private;
	struct pte_slot slot = pte_offset_lock(pmdp, addr);

	if (!slot.ptep)
		return 0;
	for (; addr != end; addr += PAGE_SIZE, slot.ptep++) {
		pte_t pte = ptep_get(slot.ptep);

		*pages += pte_present(pte) && vm_normal_page(pte);
	}
	pte_unlock(slot);
	return 0;
}

unsigned long mm_mlocked_pages(struct mm_struct *mm)
{
	static const struct walk_ops ops = { .pte_range = count_present };
	unsigned long pages = 0;

	mmap_read_lock(mm);
	for (struct vm_area_struct *vma = vma_first(mm); vma; vma = vma_next(vma)) {
		if (vma->vm_flags & VM_LOCKED)
			walk_page_range(mm, vma->vm_start, vma->vm_end, &ops, &pages);
	}
	mmap_read_unlock(mm);
	return pages;
}
