@@ after #include "mm/pgtable.h"
#include "mm/lab.h"
@@ replace pte_may_be_writable
static inline bool pte_may_be_writable(const struct vm_area_struct *vma, pte_t pte)
{
	/*
	 * LAB cow, step 2. Until then: never, which is safe; each write to such an entry faults.
	 */
	return false;
}
