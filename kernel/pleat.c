/* prctl(2) operations of our own: looking at page tables and counters (kernel/uapi/pleat.h). */
#include "kernel/pleat.h"
#include "kernel/fs/tmpfs.h"
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/pleat.h"
#include "mm/buddy.h"
#include "mm/leak.h"
#include "mm/pgtable.h"
#include "mm/vmstat.h"

static const enum vm_event counters[PLEAT_NR_COUNTERS] = {
	[PLEAT_TLB_IPIS_SENT] = VM_EVENT_TLB_TARGETS,
	[PLEAT_TLB_IPIS_RECEIVED] = VM_EVENT_TLB_IPI_RECEIVED,
	[PLEAT_UNFOLDS] = VM_EVENT_UNFOLD,
	[PLEAT_ROOT_RELOADS] = VM_EVENT_ROOT_RELOAD,
	[PLEAT_FAULTS] = VM_EVENT_FAULT,
	[PLEAT_COW_COPIES] = VM_EVENT_COW_COPY,
	[PLEAT_COW_REUSES] = VM_EVENT_COW_REUSE,
	[PLEAT_ZEROPAGE_FAULTS] = VM_EVENT_ZERO_PAGE,
};

static long read_counter(unsigned long counter, long cpu)
{
	if (counter >= PLEAT_NR_COUNTERS)
		return -EINVAL;
	if (cpu == -1)
		return (long)vm_events(counters[counter]);
	if (cpu < 0 || cpu >= NR_CPUS || !(cpus_online() & cpumask_of((unsigned int)cpu)))
		return -EINVAL;
	return (long)vm_events_cpu(counters[counter], (unsigned int)cpu);
}

/* The entries that lead to an address of the caller's, from the live tables. */
static long walk_tables(unsigned long addr, struct pleat_walk *user)
{
	struct pleat_walk result = { 0 };
	fold_t fold = mm_fold(current_mm());
	struct table_walk walk = { .fold = fold };
	unsigned long flags = irq_save();	/* no table is freed under us */

	if (addr < fold_reach(fold))
		walk = table_walk(fold, addr);
	irq_restore(flags);
	result.levels = fold_levels(fold);
	result.root = fold.word;
	result.found = walk.lowest;
	for (unsigned int level = 1; level <= PLEAT_WALK_LEVELS; level++)
		result.entry[level - 1] = walk.entry[level];
	return copy_to_user(user, &result, sizeof(result)) ? -EFAULT : 0;
}

/* The answer to the caller says how far the previous countdown came. */
static long set_fail_nth(unsigned long n)
{
	long left = (long)fail_nth_left();

	if (!CONFIG_DEBUG || (long)n < 0)
		return -EINVAL;
	fail_nth_set(n);
	return left;
}

/*
 * Without the contents of files: which of the initramfs's a running program has touched says
 * nothing, and what programs have left in others is no leak.
 */
static long frames_in_use(void)
{
	unsigned long frames = mem_quiesce().frames;

	return (long)frames - atomic_long_read(&tmpfs_total_pages);
}

long pleat_prctl(int option, unsigned long arg2, unsigned long arg3)
{
	switch (option) {
	case PR_PLEAT_LEVELS: return (long)mm_levels(current_mm());
	case PR_PLEAT_HW_LEVELS: return (long)hw_levels();
	case PR_PLEAT_FRAMES: return frames_in_use();
	case PR_PLEAT_OBJECTS: return (long)mem_quiesce().objects;
	case PR_PLEAT_COUNTER: return read_counter(arg2, (long)arg3);
	case PR_PLEAT_WALK: return walk_tables(arg2, (struct pleat_walk *)arg3);
	case PR_PLEAT_FAIL_NTH: return set_fail_nth(arg2);
	case PR_PLEAT_LAZY_UNFOLD: return UNFOLD_LAZY;
	default: return -EINVAL;
	}
}
