/* Looks at the helpers of mm/fold.h, without a tree, to say which of them do not fold yet. */
#include "mm/lab.h"
#include "mm/fold.h"

static bool answers_fold(fold_t fold)
{
	pgd_t pgd = __pgd(0);
	p4d_t p4d = __p4d(0);

	return !(p4d_folded(fold) &&
		 (pgd_none(fold, pgd) || pgd_bad(fold, pgd) || pgd_leaf(fold, pgd))) &&
	       !(pud_folded(fold) &&
		 (p4d_none(fold, p4d) || p4d_bad(fold, p4d) || p4d_leaf(fold, p4d)));
}

static bool offsets_fold(fold_t fold)
{
	pgd_t pgd = __pgd(0);
	p4d_t p4d = __p4d(0);

	return !(p4d_folded(fold) && (void *)p4d_offset_lockless(fold, &pgd, pgd, 0) != &pgd) &&
	       !(pud_folded(fold) && (void *)pud_offset_lockless(fold, &p4d, p4d, 0) != &p4d);
}

static bool steps_fold(fold_t fold)
{
	unsigned long end = 3ul << 39;

	return !(p4d_folded(fold) && p4d_addr_end(fold, 0, end) != end) &&
	       !(pud_folded(fold) && pud_addr_end(fold, 0, end) != end);
}

unsigned int lab_levels(unsigned int levels)
{
	fold_t fold = { levels };

	if (answers_fold(fold) && offsets_fold(fold) && steps_fold(fold))
		return levels;
	lab_report();
	BUG_MSG(hw_levels() < 5,
		"lab walk-and-fold: until steps 1 to 3 are done programs need five levels, "
		"and this processor has four (leave LEVELS and la57 alone)");
	return 5;
}

void lab_report(void)
{
	fold_t three = { 3 }, four = { 4 };

	if (!answers_fold(three) || !answers_fold(four))
		lab_missing("step 1", "none, bad and leaf of folded levels (mm/fold.h)");
	if (!offsets_fold(three) || !offsets_fold(four))
		lab_missing("step 2",
			    "p4d_offset_lockless() and pud_offset_lockless() of folded levels (mm/fold.h)");
	if (!steps_fold(three) || !steps_fold(four))
		lab_missing("step 3",
			    "p4d_addr_end() and pud_addr_end() of folded levels (mm/fold.h)");
	if (!answers_fold(three) || !offsets_fold(three) || !steps_fold(three))
		lab_missing("folding", "programs start with five levels instead of three");
}
