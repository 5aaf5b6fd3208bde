/*
 * When an unlinked page table may be given back: not before every lockless walker has left it.
 * Walkers have interrupts off, which two builds make use of in two ways (docs/table-free.md):
 *
 *	TABLE_FREE=ipi	an interrupt to each CPU that runs the mm is answered when its walk is
 *			over. The flush has sent one already; where it has not,
 *			tlb_remove_table_sync_one() does.
 *	TABLE_FREE=rcu	nobody is interrupted. Each CPU passes by itself a moment at which it
 *			cannot be walking, a quiescent state; tables unlinked before wait in
 *			batches until all have: a grace period.
 */
#pragma once
#include "arch/interface.h"
#include "mm/page.h"

#ifdef CONFIG_TABLE_FREE_RCU
#define TABLE_FREE_RCU 1
#else
#define TABLE_FREE_RCU 0
#endif

/*
 * Gives unlinked tables back, now or later; TLBs have been flushed. interrupted: by an IPI, which
 * every CPU that runs mm has answered. No spin lock held, interrupts on; may wait for IPIs.
 */
void tables_free(struct mm_struct *mm, struct page_list *tables, bool interrupted);
/*
 * Interrupts every other CPU that runs mm, and waits: no walk goes on that began
 * before. Interrupts on.
 */
void tlb_remove_table_sync_one(struct mm_struct *mm);

/* ---- grace periods; without TABLE_FREE=rcu none of these does anything ---- */

void table_free_init(void);
/*
 * Gives back what has waited long enough, and begins the next grace period if
 * something waits for it.
 */
void grace_poll(void);
/* Ends the grace periods under way, by interrupts: for who counts frames. Interrupts on; waits. */
void grace_drain(void);
void grace_quiescent_slow(void);
/* The idle loop, around the time in which the CPU does nothing. Interrupts off. */
void grace_idle_enter(void);
void grace_idle_leave(void);

extern cpumask_t grace_waiting;

/*
 * This CPU is in no walk: a context switch; a timer's interrupt, which no walk
 * lets in. Any context.
 */
static inline void grace_quiescent(void)
{
	if (TABLE_FREE_RCU && unlikely(READ_ONCE(grace_waiting) & cpumask_of(this_cpu())))
		grace_quiescent_slow();
}
