/* Rings of the last faults and shootdowns: see recent.h. Exists in debug builds only. */
#include "mm/recent.h"

#if CONFIG_DEBUG

/* Only the CPU itself writes its rings; a reader has stopped the machine. */
static struct recent_ring {
	unsigned long nr_faults, nr_flushes; /* ever */
	struct recent_fault faults[RECENT_RECORDS];
	struct recent_flush flushes[RECENT_RECORDS];
} __cacheline_aligned recent[NR_CPUS];

static u64 last_seq;

/* No scheduling point of the simulator: what is recorded must not change what happens. */
static u64 next_seq(void) { return __atomic_add_fetch(&last_seq, 1, __ATOMIC_RELAXED); }

struct recent_mark recent_fault_begin(void)
{
	return (struct recent_mark){ this_cpu(), vm_event_rows[this_cpu()] };
}

/* The first of the kinds of fault that was counted meanwhile, if the task is where it was. */
static enum vm_event what_happened(const struct recent_mark *mark)
{
	static const u8 kinds[] = { VM_EVENT_ROOT_RELOAD, VM_EVENT_COW_COPY, VM_EVENT_COW_REUSE,
				    VM_EVENT_ANON_PAGE, VM_EVENT_ZERO_PAGE };
	const struct vm_event_row *now = &vm_event_rows[mark->cpu];

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds) && mark->cpu == this_cpu(); i++)
		if (now->count[kinds[i]] != mark->row.count[kinds[i]])
			return (enum vm_event)kinds[i];
	return NR_VM_EVENTS;
}

void recent_fault_end(const struct recent_mark *mark, const struct mm_struct *mm,
		      unsigned long addr, unsigned int flags, int signo)
{
	struct recent_ring *ring = &recent[this_cpu()];

	ring->faults[ring->nr_faults++ % RECENT_RECORDS] =
		(struct recent_fault){ next_seq(), mm,	  current_task(),     addr,
				       flags,	   signo, what_happened(mark) };
}

void recent_flush(const struct mm_struct *mm, unsigned long start, unsigned long end,
		  cpumask_t targets)
{
	struct recent_ring *ring = &recent[this_cpu()];

	ring->flushes[ring->nr_flushes++ % RECENT_RECORDS] =
		(struct recent_flush){ next_seq(), mm, start, end, targets };
}

#endif
