@@ after #include "mm/internal.h"
#include "mm/lab.h"
@@ delete stack_tables
@@ replace mm_unfold
/*
 * LAB walk-and-fold, step 6. Until then: there is no memory for more levels. load_new_root() and
 * unfold_other_cpus() are there for you.
 */
int mm_unfold(struct mm_struct *mm, unsigned int levels)
{
	if (levels == mm_levels(mm))
		return 0;
	lab_missing("step 6",
		    "mm_unfold() (mm/context.c); mmap beyond the reach of the tree gets ENOMEM");
	(void)unfold_other_cpus;
	return -ENOMEM;
}
