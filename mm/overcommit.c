#include "mm/overcommit.h"
#include "kernel/uapi/errno.h"
#include "mm/buddy.h"
#include "mm/mm.h"
#include "mm/vmstat.h"

#define KB_TO_PAGES(kb) ((unsigned long)(kb) >> (PAGE_SHIFT - 10))

struct overcommit overcommit = { .ratio = 50 };

/* As Linux: a 32nd of what is free, at most 8 MiB and 128 MiB. */
void overcommit_init(void)
{
	const long kbytes = (long)(frames_free() << (PAGE_SHIFT - 10)) / 32;

	overcommit.admin_reserve_kbytes = min(kbytes, 1l << 13);
	overcommit.user_reserve_kbytes = min(kbytes, 1l << 17);
}

unsigned long vm_commit_limit(void)
{
	const long kbytes = READ_ONCE(overcommit.kbytes);

	return kbytes ? KB_TO_PAGES(kbytes)
		      : frames_total() * (unsigned long)READ_ONCE(overcommit.ratio) / 100;
}

unsigned long vm_committed(void) { return vm_stat(VM_STAT_COMMITTED); }

void vm_acct_memory(unsigned long pages) { mod_vm_stat(VM_STAT_COMMITTED, (long)pages); }
void vm_unacct_memory(unsigned long pages) { mod_vm_stat(VM_STAT_COMMITTED, -(long)pages); }

/* What is counted already included. */
static bool within_limit(const struct mm_struct *mm)
{
	long allowed = (long)vm_commit_limit();

	if (!mm || !READ_ONCE(mm->limits.admin))
		allowed -= (long)KB_TO_PAGES(READ_ONCE(overcommit.admin_reserve_kbytes));
	if (mm)
		allowed -= (long)min(READ_ONCE(mm->total_vm) / 32,
				     KB_TO_PAGES(READ_ONCE(overcommit.user_reserve_kbytes)));
	return (long)vm_committed() < allowed;
}

int vm_enough_memory(const struct mm_struct *mm, unsigned long pages)
{
	const long mode = READ_ONCE(overcommit.memory);

	if (mode == OVERCOMMIT_GUESS && pages > frames_total())
		return -ENOMEM;
	vm_acct_memory(pages);
	if (mode != OVERCOMMIT_NEVER || !pages || within_limit(mm))
		return 0;
	vm_unacct_memory(pages);
	return -ENOMEM;
}
