@@ after #include "mm/vmstat.h"
#include "mm/zap.h"
@@ delete make_exclusive
@@ delete wp_reuse
@@ delete copied_pte
@@ delete wp_replace
@@ delete wp_copy
@@ replace wp_fault
/*
 * LAB cow, step 3: keep the page if nobody else has it, or put a copy in its place. Until then
 * only what can be had again from elsewhere may be written: the entry is dropped, and the write
 * faults as if nothing had been mapped.
 */
static vm_fault_t wp_fault(const struct vm_fault *vmf)
{
	struct page *page = vm_normal_page(vmf->orig);
	struct mm_struct *mm = vmf->vma->vm_mm;
	struct vm_fault again = *vmf;
	struct mmu_gather tlb;

	if (page && page_test(page, PG_anon)) {
		lab_missing("step 3",
			    "a write to a read-only page of a writable mapping (wp_fault() in "
			    "mm/fault.c); the program gets SIGBUS");
		return VM_FAULT_SIGBUS;
	}
	tlb_gather_mmu(&tlb, mm);
	zap_page_range(&tlb, vmf->addr, vmf->addr + PAGE_SIZE);
	tlb_finish_mmu(&tlb);
	again.orig = __pte(0);
	return vma_is_anonymous(vmf->vma) ? anonymous_fault(&again) : file_fault(&again);
}
