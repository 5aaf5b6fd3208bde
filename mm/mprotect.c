/*
 * mprotect(): the mappings change, and with them each entry that is there. And what a program has
 * said that it will not do (PR_SET_MDWE).
 */
#include "mm/internal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "kernel/uapi/prctl.h"
#include "mm/gup.h"
#include "mm/pagewalk.h"
#include "mm/rmap.h"
#include "mm/tlb.h"

/* ---- what is written is not to be executed ---- */

int mm_set_mdwe(struct mm_struct *mm, unsigned int mdwe)
{
	int ret = 0;

	mmap_write_lock(mm);
	if (mm->mdwe && mm->mdwe != mdwe)
		ret = -EPERM;
	else
		WRITE_ONCE(mm->mdwe, mdwe);	/* prctl() tells it without the lock */
	mmap_write_unlock(mm);
	return ret;
}

unsigned int mm_inherited_mdwe(const struct mm_struct *mm)
{
	unsigned int mdwe = mm ? READ_ONCE(mm->mdwe) : 0;

	return mdwe & PR_MDWE_NO_INHERIT ? 0 : mdwe;
}

bool map_deny_write_exec(const struct mm_struct *mm, unsigned long now, unsigned long flags)
{
	return mm->mdwe && flags & VM_EXEC && (flags & VM_WRITE || !(now & VM_EXEC));
}

/* ---- mprotect ---- */

struct change {
	const struct vm_area_struct *vma;	/* with its new flags and protection */
	unsigned long first, last;		/* bounds of the ranges that lost a permission */
};

/*
 * What an entry becomes: the new protection, and write permission where no fault needs to be seen.
 * Without the bits `seen` one does.
 */
static __always_inline pte_t changed_pte(const struct vm_area_struct *vma, pgprot_t prot, u64 seen,
					 pte_t old)
{
	pte_t new = pte_modify(old, prot);

	return pte_may_be_writable(vma, new) && !(seen & ~new.val) ? pte_mkwrite(new, vma) :
								     pte_wrprotect(new);
}

/*
 * Did an entry lose a permission, which some CPU's TLB may still grant? The bits that some old
 * entry had, that every old one had, and that every new one has. What forbids comes with the
 * mapping's protection: all new ones have it, or none.
 */
static bool permission_lost(u64 any, u64 all, u64 left)
{
	return (any & ~left & _PAGE_ALLOWS) | (left & ~all & _PAGE_FORBIDS);
}

/* The loop is the cost of mprotect: it works on copies that the compiler can keep in registers. */
static __always_inline int change_entries(struct page_walk *walk, pmd_t *pmdp, unsigned long addr,
					  unsigned long end, u64 seen)
{
	struct change *ch = walk->private;
	const struct vm_area_struct vma = { .vm_flags = ch->vma->vm_flags,
					    .mapping = ch->vma->mapping };
	const pgprot_t prot = ch->vma->vm_page_prot;
	struct pte_slot slot = pte_offset_lock(pmdp, addr);
	const unsigned long start = addr;
	u64 any = 0, all = ~0ul, left = ~0ul;	/* for permission_lost() */
	pte_t old, new;

	if (!slot.ptep)
		return 0;
	for (; addr != end; addr += PAGE_SIZE, slot.ptep++) {
		old = ptep_get(slot.ptep);
		if (!pte_present(old))
			continue;
		do
			new = changed_pte(&vma, prot, seen, old);
		while (unlikely(!ptep_change(walk->mm, addr, slot.ptep, &old, new)));
		any |= old.val;
		all &= old.val;
		left &= new.val;
	}
	pte_unlock(slot);
	if (permission_lost(any, all, left)) {
		ch->first = min(ch->first, start);
		ch->last = end;
	}
	return 0;
}

static int change_pte_range(struct page_walk *walk, pmd_t *pmdp, unsigned long addr,
			    unsigned long end)
{
	const struct change *ch = walk->private;

	return unlikely(vma_soft_dirty_enabled(ch->vma)) ?
		       change_entries(walk, pmdp, addr, end, _PAGE_SOFT_DIRTY) :
		       change_entries(walk, pmdp, addr, end, 0);
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

/*
 * [start, end) of vma, cut out where it is a part. Returns the mapping that covers it afterwards.
 */
static struct vm_area_struct *protect_vma(struct vm_area_struct *vma, unsigned long start,
					  unsigned long end, unsigned long vm_flags)
{
	unsigned long charged = 0;

	/* What can be written to for the first time is promised from then on, whatever comes. */
	if (accountable_mapping(vm_flags) && !(vma->vm_flags & VM_ACCOUNT)) {
		charged = (end - start) >> PAGE_SHIFT;
		vm_flags |= VM_ACCOUNT;
	}
	if (vm_enough_memory(vma->vm_mm, charged))
		return ERR_PTR(-ENOMEM);
	vma = vma_isolate(vma, start, end);
	if (IS_ERR(vma)) {
		vm_unacct_memory(charged);
		return vma;
	}
	vma_change_flags(vma, vm_flags);
	change_protection(vma);
	/*
	 * What is locked does not fault later: its own pages come now. If there is no
	 * memory, later all the same.
	 */
	if ((vm_flags & VM_LOCKED) && (vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		populate_vma_page_range(vma, vma->vm_start, vma->vm_end, NULL);
	return vma_merge(vma);
}

static long protect_locked(struct mm_struct *mm, unsigned long start, unsigned long end,
			   unsigned long prot)
{
	unsigned long access = (prot & PROT_READ ? VM_READ : 0) |
			       (prot & PROT_WRITE ? VM_WRITE : 0) |
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
		if (access & ~(vma->vm_flags >> 4) ||	/* VM_MAYREAD and so on */
		    map_deny_write_exec(mm, vma->vm_flags, vm_flags))
			return -EACCES;
		if (is_data_mapping(vm_flags) && !is_data_mapping(vma->vm_flags) &&
		    !may_have_data(mm, (min(end, vma->vm_end) - start) >> PAGE_SHIFT))
			return -ENOMEM;
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

long mm_mprotect(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long prot)
{
	const unsigned long grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	unsigned long end;
	long ret;

	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || addr & ~PAGE_MASK)
		return -EINVAL;
	if (!len)
		return 0;
	end = addr + ALIGN_UP(len, PAGE_SIZE);
	if (end <= addr)
		return -ENOMEM;
	if (prot & ~(unsigned long)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM |
				    PROT_GROWSDOWN | PROT_GROWSUP) ||
	    grows == PROT_GROWSUP)
		return -EINVAL;
	mmap_write_lock(mm);
	ret = protect_locked(mm, addr, end, prot);
	mmap_write_unlock(mm);
	return ret;
}
