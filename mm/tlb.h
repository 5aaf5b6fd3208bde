/*
 * TLB shootdown, and mmu_gather: what an operation unmaps is collected, and freed only when no
 * CPU can reach it any more.
 *
 *	clear entries  ->  flush: an IPI to every CPU in mm->cpumask, wait for all  ->
 *	free pages and tables
 *
 * A CPU with interrupts off does not answer the IPI: a lockless walker that is among the tables
 * delays the last step until it has left.
 */
#pragma once
#include "mm/pgtable.h"

/*
 * Drops all translations of [start, end) of mm, on this CPU and every other that may hold some.
 * Interrupts on; waits. mm's entries have been changed before; pairs with the full barrier in
 * switch_mm(). True if each CPU in mm's mask has answered an interrupt since; false on a
 * machine that flushes without.
 */
bool flush_tlb_range(struct mm_struct *mm, unsigned long start, unsigned long end);
static inline void flush_tlb_page(struct mm_struct *mm, unsigned long addr)
{
	flush_tlb_range(mm, addr, addr + PAGE_SIZE);
}

/* Pages in one batch; a batch is one frame. */
#define GATHER_ON_STACK	8
#define GATHER_BATCH	((PAGE_SIZE - 2 * sizeof(long)) / sizeof(struct page *))
/* Flush at the latest after that many batches: bounds how much memory waits to be freed. */
#define GATHER_MAX_BATCHES 20

struct gather_batch {
	struct gather_batch *next;
	unsigned long nr;
	struct page *pages[GATHER_BATCH];
};

struct mmu_gather {
	struct mm_struct *mm;
	unsigned long start, end;	/* bounds of the entries cleared since the last flush */
	struct page_list tables;	/* unlinked, by lru: nobody looks
					 * for their lock any more */
	unsigned int nr;
	unsigned int batches;
	struct gather_batch *first, *last;	/* when the array below is full */
	struct page *pages[GATHER_ON_STACK];
	long rss[NR_MM_COUNTERS];	/* pages unmapped, to be subtracted at the end */
	bool dead;			/* exit: no CPU can reach the mm, nothing to flush */
};

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm);
/* The mm is loaded nowhere and never will be again. */
void tlb_gather_mmu_dead(struct mmu_gather *tlb, struct mm_struct *mm);
/* Flushes and frees all that is left. */
void tlb_finish_mmu(struct mmu_gather *tlb);
/* Flushes and frees what has been collected. No spin lock held. */
void tlb_flush_mmu(struct mmu_gather *tlb);

/* An entry of [addr, addr + size) lost something that a TLB may still have. */
static inline void tlb_range(struct mmu_gather *tlb, unsigned long addr, unsigned long size)
{
	if (addr < tlb->start)
		tlb->start = addr;
	if (addr + size > tlb->end)
		tlb->end = addr + size;
}
/*
 * The page's entry is gone; the reference that it held goes to the gather. True: the gather is
 * full, call tlb_flush_mmu() as soon as no spin lock is held, and before the next page.
 */
bool __must_check tlb_remove_page_slow(struct mmu_gather *tlb, struct page *page);
static inline bool __must_check tlb_remove_page(struct mmu_gather *tlb, struct page *page)
{
	struct gather_batch *batch = tlb->last;

	if (likely(batch && batch->nr < GATHER_BATCH - 1)) {
		batch->pages[batch->nr++] = page;
		return false;
	}
	return tlb_remove_page_slow(tlb, page);
}
/* A table has been unlinked; [addr, addr + size) is what it mapped. */
void tlb_remove_table(struct mmu_gather *tlb, struct page *table, unsigned long addr,
		      unsigned long size);
