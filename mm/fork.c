/* Copying an address space: pages are shared read-only until one side writes. */
#include "mm/internal.h"
#include "kernel/base/file.h"
#include "kernel/base/string.h"
#include "kernel/uapi/errno.h"
#include "mm/pagecache.h"
#include "mm/pagewalk.h"
#include "mm/rmap.h"
#include "mm/tlb.h"
#include "mm/vmstat.h"

struct copy {
	struct mm_struct *dst;
	struct vm_area_struct *vma;	/* the child's */
	struct page *spare;	/* for a copy of a pinned page:
				 * no memory is asked for under a lock */
	long anon;		/* pages that the child maps; counted at the end */
	bool downgraded;	/* some entry of the parent lost its write permission */
};

/* The child gets a page of its own at once. False: there is no spare one yet. */
static bool copy_pinned(struct copy *copy, unsigned long addr, pte_t *dst_ptep,
			const struct page *page)
{
	struct page *own = copy->spare;
	pte_t pte;

	if (!own)
		return false;
	copy->spare = NULL;
	page_copy(page_address(own), page_address(page));
	page_add_new_anon_rmap(own);
	pte = pte_mkdirty(pte_mkyoung(pfn_pte(page_to_pfn(own), copy->vma->vm_page_prot)));
	set_pte(copy->dst, addr, dst_ptep, pte_mkwrite(pte, copy->vma));
	copy->anon++;
	count_vm_event(VM_EVENT_FORK_PINNED);
	return true;
}

/*
 * One present entry. The parent's table is locked; the child's tables nobody else can see. A page
 * that two entries map is not exclusive to either: the mark goes, and with it the write permission
 * of both. False: a spare page is needed.
 */
static bool copy_pte(struct copy *copy, struct mm_struct *src, unsigned long addr, pte_t *dst_ptep,
		     pte_t *src_ptep, pte_t pte)
{
	struct page *page = vm_normal_page(pte);

	if (page) {
		if (!page_test(page, PG_anon))
			return true;	/* a file's page: the child faults it in again */
		if (!page_try_share_anon_rmap(page))
			return copy_pinned(copy, addr, dst_ptep, page);
		get_page(page);
		page_dup_rmap(page);
		copy->anon++;
	}
	if (pte_write(pte)) {
		ptep_set_wrprotect(src, addr, src_ptep);
		copy->downgraded = true;
		pte = ptep_get(src_ptep);
	}
	/* The child has not used it yet. */
	set_pte(copy->dst, addr, dst_ptep, pte_mkold(pte));
	return true;
}

static int copy_pte_range(struct page_walk *walk, pmd_t *src_pmdp, unsigned long addr,
			  unsigned long end)
{
	struct copy *copy = walk->private;
	pmd_t *dst_pmdp = mm_pmd_alloc(copy->dst, addr);
	struct pte_slot src;
	pte_t *dst_ptep, pte;

	if (!dst_pmdp)
		return -ENOMEM;
	if (pmd_none(pmdp_get(dst_pmdp)) && pte_table_alloc(copy->dst, dst_pmdp, addr))
		return -ENOMEM;
	for (;;) {
		dst_ptep = (pte_t *)table_slot(pmd_pfn(pmdp_get(dst_pmdp)), addr, 1);
		src = pte_offset_lock(src_pmdp, addr);
		if (!src.ptep)
			return 0;
		for (; addr != end; addr += PAGE_SIZE, src.ptep++, dst_ptep++) {
			pte = ptep_get(src.ptep);
			if (!pte_none(pte) &&
			    !copy_pte(copy, walk->mm, addr, dst_ptep, src.ptep, pte))
				break;
		}
		pte_unlock(src);
		if (addr == end)
			return 0;
		copy->spare = alloc_page(GFP_KERNEL);
		if (!copy->spare)
			return -ENOMEM;
	}
}

static const struct walk_ops copy_ops = { .pte_range = copy_pte_range };

static struct vm_area_struct *copy_vma(struct mm_struct *mm, const struct vm_area_struct *old)
{
	const unsigned long promised = old->vm_flags & VM_ACCOUNT ? vma_pages(old) : 0;
	struct vm_area_struct *vma;

	if (vm_enough_memory(old->vm_mm, promised))
		return NULL;
	/* Locks are not inherited. */
	vma = vma_alloc(mm, old->vm_start, old->vm_end, old->vm_flags & ~VM_LOCKED_MASK);
	if (!vma) {
		vm_unacct_memory(promised);
		return NULL;
	}
	vma->vm_page_prot = old->vm_page_prot;
	vma_copy_file(vma, old, old->vm_pgoff);
	/*
	 * Before its entries are copied: truncation then finds them here, or they are gone there.
	 */
	vma_link(vma);
	return vma;
}

/* Both mmap locks held for writing. An error leaves the child half copied; its mmput cleans up. */
static int copy_mappings(struct mm_struct *mm, struct mm_struct *parent)
{
	struct copy copy = { .dst = mm };
	int err = 0;

	for (struct vm_area_struct *vma = vma_first(parent); vma && !err; vma = vma_next(vma)) {
		copy.vma = copy_vma(mm, vma);
		if (!copy.vma)
			err = -ENOMEM;
		else if (!(vma->vm_flags & VM_SHARED)) /* shared: in the page cache already */
			err = walk_page_range(parent, vma->vm_start, vma->vm_end, &copy_ops,
					      &copy);
	}
	mm_rss_add(mm, MM_ANONPAGES, copy.anon);
	if (copy.spare)
		free_page(copy.spare);	/* the last pin went while there was no lock */
	/* Before anybody may write to a page that both see, no CPU may have it writable. */
	if (copy.downgraded)
		flush_tlb_range(parent, 0, fold_reach(mm_fold(parent)));
	return err;
}

static void copy_layout(struct mm_struct *mm, const struct mm_struct *parent)
{
	mm->start_brk = parent->start_brk;
	mm->brk = parent->brk;
	mm->start_code = parent->start_code;
	mm->end_code = parent->end_code;
	mm->start_data = parent->start_data;
	mm->end_data = parent->end_data;
	mm->start_stack = parent->start_stack;
	mm->arg_start = parent->arg_start;
	mm->arg_end = parent->arg_end;
	mm->env_start = parent->env_start;
	mm->env_end = parent->env_end;
	memcpy(mm->auxv, parent->auxv, sizeof(mm->auxv));
	mm->mmap_base = parent->mmap_base;
	mm->limits = parent->limits;
	mm->mdwe = mm_inherited_mdwe(parent);
	mm->exe_file = parent->exe_file;
	if (mm->exe_file)
		exe_file_get(mm->exe_file);
}

struct mm_struct *mm_fork(struct mm_struct *parent)
{
	struct mm_struct *mm = NULL;
	int err = -ENOMEM;

	/* The depth is read under the lock: the child's tree is as deep as the parent's is now. */
	mmap_write_lock(parent);
	mm = mm_alloc(mm_levels(parent));
	if (mm) {
		mmap_write_lock_nested(mm);
		copy_layout(mm, parent);
		err = copy_mappings(mm, parent);
		mmap_write_unlock(mm);
	}
	mmap_write_unlock(parent);
	if (mm && err) {
		mmput(mm);
		mm = NULL;
	}
	return mm ? mm : ERR_PTR(err);
}
