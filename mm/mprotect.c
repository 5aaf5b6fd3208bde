#include "mm/internal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "mm/pagewalk.h"
#include "mm/rmap.h"
#include "mm/tlb.h"

struct change {
	const struct vm_area_struct *vma;	/* with its new flags and protection */
	unsigned long first, last;		/* bounds of the entries that lost a permission */
};

/* Does `new` grant less than `old`, to hardware that still has `old`? */
static bool loses_permission(pte_t old, pte_t new)
{
	return pte_accessible(old) && (!pte_accessible(new) || (pte_write(old) && !pte_write(new)) ||
				       (pte_exec(old) && !pte_exec(new)));
}

static void change_pte(struct change *ch, struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	/* Taken out first, so that A and D up to the last moment come along. */
	pte_t old = ptep_get_and_clear(mm, addr, ptep);
	pte_t new = pte_modify(old, ch->vma->vm_page_prot);

	if (pte_may_be_writable(ch->vma, new))
		new = pte_mkwrite(new, ch->vma);
	else
		new = pte_wrprotect(new);
	set_pte(mm, addr, ptep, new);
	if (loses_permission(old, new)) {
		ch->first = min(ch->first, addr);
		ch->last = addr + PAGE_SIZE;
	}
}

static int change_pte_range(struct page_walk *walk, pmd_t *pmdp, unsigned long addr, unsigned long end)
{
	struct pte_slot slot = pte_offset_lock(pmdp, addr);

	if (!slot.ptep)
		return 0;
	for (; addr != end; addr += PAGE_SIZE, slot.ptep++)
		if (!pte_none(ptep_get(slot.ptep)))
			change_pte(walk->private, walk->mm, addr, slot.ptep);
	pte_unlock(slot);
	return 0;
}

static const struct walk_ops change_ops = { .pte_range = change_pte_range };

/* The entries of vma follow its new protection. mmap_lock held for writing. */
static void change_protection(struct vm_area_struct *vma)
{
	struct change ch = { .vma = vma, .first = ~0ul };

	walk_page_range(vma->vm_mm, vma->vm_start, vma->vm_end, &change_ops, &ch);
	if (ch.last)
		flush_tlb_range(vma->vm_mm, ch.first, ch.last);
}

/* [start, end) of vma, cut out where it is a part. Returns the mapping that covers it afterwards. */
static struct vm_area_struct *protect_vma(struct vm_area_struct *vma, unsigned long start,
					  unsigned long end, unsigned long vm_flags)
{
	if (vma->vm_start < start) {
		if (vma_split(vma, start))
			return ERR_PTR(-ENOMEM);
		vma = vma_next(vma);
	}
	if (vma->vm_end > end && vma_split(vma, end)) {
		vma_merge(vma);
		return ERR_PTR(-ENOMEM);
	}
	vma_set_flags(vma, vm_flags);
	change_protection(vma);
	return vma_merge(vma);
}

static long protect_locked(struct mm_struct *mm, unsigned long start, unsigned long end, int prot)
{
	unsigned long access = (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) |
			       (prot & PROT_EXEC ? VM_EXEC : 0);
	struct vm_area_struct *vma = vma_find(mm, start);
	unsigned long vm_flags;

	if ((prot & PROT_GROWSDOWN) && vma) {
		if (vma->vm_start >= end)
			return -ENOMEM;
		start = vma->vm_start;
		if (!(vma->vm_flags & VM_GROWSDOWN))
			return -EINVAL;
	}
	while (start < end) {
		if (!vma || vma->vm_start > start)
			return -ENOMEM;
		vm_flags = (vma->vm_flags & ~VM_ACCESS_FLAGS) | access;
		if (access & ~(vma->vm_flags >> 4))	/* VM_MAYREAD and so on */
			return -EACCES;
		if (vm_flags != vma->vm_flags) {
			vma = protect_vma(vma, start, min(end, vma->vm_end), vm_flags);
			if (IS_ERR(vma))
				return PTR_ERR(vma);
		}
		start = vma->vm_end;
		vma = vma_next(vma);
	}
	return 0;
}

long mm_mprotect(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot)
{
	const int grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	unsigned long end;
	long ret;

	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || addr & ~PAGE_MASK)
		return -EINVAL;
	if (!len)
		return 0;
	end = addr + ALIGN_UP(len, PAGE_SIZE);
	if (end <= addr)
		return -ENOMEM;
	if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | PROT_GROWSDOWN | PROT_GROWSUP) ||
	    grows == PROT_GROWSUP)
		return -EINVAL;
	down_write(&mm->mmap_lock);
	ret = protect_locked(mm, addr, end, prot);
	up_write(&mm->mmap_lock);
	return ret;
}
