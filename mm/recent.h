/*
 * Debug builds: the last faults and shootdowns of each CPU, for a person with gdb (`faults`, `tlb`
 * in tools/gdb). Nothing in the kernel reads them, and release builds keep none.
 */
#pragma once
#include "mm/mm.h"
#include "mm/vmstat.h"

#if CONFIG_DEBUG

#define RECENT_RECORDS 64 /* of each kind, for each CPU */

struct recent_fault {
	u64 seq; /* one count for all CPUs: what came first */
	const struct mm_struct *mm;
	const struct task *task; /* may be gone when somebody reads this */
	unsigned long addr;
	unsigned int flags; /* FAULT_FLAG_... */
	int signo;
	enum vm_event event; /* what it counted as; NR_VM_EVENTS: nothing of its own */
};

struct recent_flush {
	u64 seq;
	const struct mm_struct *mm;
	unsigned long start, end;
	cpumask_t targets; /* CPUs that got an IPI */
};

/* What a fault has counted by now: the difference shows what it did. */
struct recent_mark {
	unsigned int cpu;
	struct vm_event_row row;
};

struct recent_mark recent_fault_begin(void);
void recent_fault_end(const struct recent_mark *mark, const struct mm_struct *mm,
		      unsigned long addr, unsigned int flags, int signo);
void recent_flush(const struct mm_struct *mm, unsigned long start, unsigned long end,
		  cpumask_t targets);

#else

struct recent_mark {
};
static inline struct recent_mark recent_fault_begin(void) { return (struct recent_mark){}; }
static inline void recent_fault_end(const struct recent_mark *mark, const struct mm_struct *mm,
				    unsigned long addr, unsigned int flags, int signo)
{
}
static inline void recent_flush(const struct mm_struct *mm, unsigned long start, unsigned long end,
				cpumask_t targets)
{
}

#endif
