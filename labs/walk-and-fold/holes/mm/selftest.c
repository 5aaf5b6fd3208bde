@@ after #include "mm/internal.h"
#include "mm/lab.h"
@@ replace pgtable_selftest
/* In the lab only what does not depend on its steps; `make grade` checks the rest. */
void pgtable_selftest(void)
{
	unsigned long before = checks;

	for (unsigned long vm_flags = 0; vm_flags < 16; vm_flags++)
		selftest_entries(vm_flags);
	pr_info("page tables: %lu checks of entries passed", checks_since(before));
	lab_report();
}
