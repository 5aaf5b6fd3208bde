/* What each CPU has loaded: for context.c and the shootdown beside it. */
#pragma once
#include "mm/mm.h"

struct cpu_context {
	struct mm_struct *mm;	/* whose tables this CPU can reach; NULL: only the kernel's */
	unsigned long root;	/* the root word that was loaded */
	bool lazy;		/* a kernel thread runs: mm is kept only in
				 * case its task comes back */
	unsigned int ipis;	/* that the last request to others took:
				 * who has one to come sees all */
} __cacheline_aligned;

/* Makes every CPU let go of mm, lazily held or not. Interrupts on; waits. */
void mm_leave_all_cpus(struct mm_struct *mm);

/*
 * Read and written by the CPU itself, by what runs there and by the interrupts that come in
 * between; written with interrupts off.
 */
extern struct cpu_context cpu_contexts[NR_CPUS];

/*
 * For the fault path: this CPU has an older root of mm loaded. Loads the new one;
 * true if that was so.
 */
bool reload_root_slow(struct mm_struct *mm);
static inline bool reload_root(struct mm_struct *mm)
{
	return unlikely(READ_ONCE(cpu_contexts[this_cpu()].root) != READ_ONCE(mm->root)) &&
	       reload_root_slow(mm);
}

