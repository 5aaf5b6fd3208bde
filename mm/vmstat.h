/* Counters per CPU, of events since boot and of what there is now: for tests and /proc/vmstat. */
#pragma once
#include "arch/interface.h"

enum vm_event {
	VM_EVENT_FAULT,			/* faults on user addresses */
	VM_EVENT_ZERO_PAGE,		/* read faults that mapped the zero page */
	VM_EVENT_ANON_PAGE,		/* faults that gave a new zeroed page */
	VM_EVENT_COW_COPY,
	VM_EVENT_COW_REUSE,
	VM_EVENT_GUP_FAST,		/* pages that the lockless walk found */
	VM_EVENT_GUP_SLOW,		/* pages that it left to the slow path,
					 * and that were found there */
	VM_EVENT_FORK_PINNED,		/* pages copied at fork since they were pinned */
	VM_EVENT_UNSHARE,		/* pages copied for a pin that only reads */
	VM_EVENT_UNFOLD,
	VM_EVENT_ROOT_RELOAD,		/* a CPU found in a fault that it had an old root */
	VM_EVENT_TLB_REMOTE_FLUSH,	/* shootdowns that other CPUs had to be told of */
	VM_EVENT_TLB_TARGETS,		/* one for each CPU that a shootdown tells */
	VM_EVENT_TLB_IPI_SENT,		/* interrupts that this took */
	VM_EVENT_TLB_IPI_RECEIVED,	/* one for each CPU that was told */
	VM_EVENT_TLB_WAIT_CYCLES,	/* until all had answered */
	VM_EVENT_TLB_FLUSH_ALL,		/* flushes of this CPU's own TLB, as a whole, */
	VM_EVENT_TLB_FLUSH_ONE,		/* and pages that were dropped from it one by one */
	VM_EVENT_TLB_KERNEL_FLUSH,	/* every CPU dropped everything, for kernel addresses */
	VM_EVENT_TABLE_IPI,		/* CPUs interrupted for no flush, but so
					 * that tables could be freed */
	VM_EVENT_TABLE_RCU,		/* tables that were freed after a grace period */
	VM_EVENT_ASYNC_FAULT_TRY,	/* pages that were asked for by who does not wait, */
	VM_EVENT_ASYNC_FAULT_WAIT,	/* and those that somebody else waited for */
	VM_EVENT_MAJOR_FAULT,		/* faults that waited for a page to be read */
	VM_EVENT_DIRTIED,		/* pages of files on a device that became dirty, */
	VM_EVENT_WRITTEN,		/* and that the device was given */
	VM_EVENT_PIN,			/* pins taken, by get_user_pages(), */
	VM_EVENT_UNPIN,			/* and given back */
	VM_EVENT_SECTORS_IN,		/* read from the disk, of 512 bytes */
	VM_EVENT_SECTORS_OUT,
	VM_EVENT_DROP_PAGECACHE,	/* somebody asked for it */
	VM_EVENT_DROP_SLAB,
	NR_VM_EVENTS
};

struct vm_event_row {
	unsigned long count[NR_VM_EVENTS];
} __cacheline_aligned;

extern struct vm_event_row vm_event_rows[NR_CPUS];

/* Only the CPU itself changes its row, so that plain additions do. */
static inline void count_vm_event(enum vm_event event)
{
	vm_event_rows[this_cpu()].count[event]++;
}
static inline void count_vm_events(enum vm_event event, unsigned long n)
{
	vm_event_rows[this_cpu()].count[event] += n;
}
static inline unsigned long vm_events_cpu(enum vm_event event, unsigned int cpu)
{
	return vm_event_rows[cpu].count[event];
}
/* Of all CPUs. Exact while nothing happens. */
unsigned long vm_events(enum vm_event event);

/* What comes, and goes perhaps on another CPU: a row says nothing, the sum of all does. */
enum vm_stat {
	VM_STAT_COMMITTED,	/* pages that programs have been promised: see overcommit.h */
	VM_STAT_DIRTY,		/* pages of files on a device that it does not have yet, */
	VM_STAT_WRITEBACK,	/* and those that are on their way to it */
	NR_VM_STATS
};

struct vm_stat_row {
	long count[NR_VM_STATS];
} __cacheline_aligned;

extern struct vm_stat_row vm_stat_rows[NR_CPUS];

/* Not from an interrupt's handler. */
static inline void mod_vm_stat(enum vm_stat stat, long n)
{
	vm_stat_rows[this_cpu()].count[stat] += n;
}
/* Exact while nothing moves, and never negative. */
unsigned long vm_stat(enum vm_stat stat);
