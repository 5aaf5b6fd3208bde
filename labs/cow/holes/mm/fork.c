@@ delete copy_pinned
@@ delete copy_pte
@@ replace copy_pte_range
/*
 * LAB cow, step 1: the child maps the parent's pages, and copies wait for the first
 * write. Until then: every anonymous page is copied at once. Right for one thread, but
 * slow, and nothing is shared.
 */
static int copy_pte_range(struct page_walk *walk, pmd_t *src_pmdp, unsigned long addr,
			  unsigned long end)
{
	struct copy *copy = walk->private;
	pmd_t *dst_pmdp = mm_pmd_alloc(copy->dst, addr);
	pte_t *src_ptep = (pte_t *)table_slot(pmd_pfn(pmdp_get(src_pmdp)), addr, 1);
	pte_t *dst_ptep, pte;
	struct page *old, *page;

	lab_missing("step 1", "fork copies every page at once (copy_pte_range() in mm/fork.c)");
	if (!dst_pmdp)
		return -ENOMEM;
	if (pmd_none(pmdp_get(dst_pmdp)) && pte_table_alloc(copy->dst, dst_pmdp, addr))
		return -ENOMEM;
	dst_ptep = (pte_t *)table_slot(pmd_pfn(pmdp_get(dst_pmdp)), addr, 1);
	for (; addr != end; addr += PAGE_SIZE, src_ptep++, dst_ptep++) {
		pte = ptep_get(src_ptep);
		old = pte_none(pte) ? NULL : vm_normal_page(pte);
		if (!old || !page_test(old, PG_anon))
			continue;	/* the child faults it in again */
		page = alloc_page(GFP_KERNEL);
		if (!page)
			return -ENOMEM;
		page_copy(page_address(page), page_address(old));
		page_add_new_anon_rmap(page);
		copy->anon++;
		set_pte(copy->dst, addr, dst_ptep,
			__pte((pte.val & ~PTE_PFN_MASK) | page_to_pfn(page) << PAGE_SHIFT));
	}
	return 0;
}
