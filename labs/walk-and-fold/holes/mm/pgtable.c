@@ after #include "mm/pgtable.h"
#include "mm/lab.h"
@@ replace mm_pmd_find
/* LAB walk-and-fold, step 4. Until then: makes the tables that it should only find. */
pmd_t *mm_pmd_find(struct mm_struct *mm, unsigned long addr)
{
	lab_missing("step 4",
		    "mm_pmd_find() makes the tables that it should only find (mm/pgtable.c)");
	return addr < fold_reach(mm_fold(mm)) ? mm_pmd_alloc(mm, addr) : NULL;
}
@@ delete walk_note
@@ replace table_walk
/* LAB walk-and-fold, step 5. Until then: nothing is found anywhere. */
struct table_walk table_walk(fold_t fold, unsigned long addr)
{
	lab_missing("step 5", "table_walk() finds nothing (mm/pgtable.c)");
	return (struct table_walk){ .fold = fold };
}
