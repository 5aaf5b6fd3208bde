/* mmu_gather: what is unmapped waits in batches until every CPU has flushed. */
#include "mm/tlb.h"
#include "mm/buddy.h"
#include "mm/table_free.h"

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm)
{
	tlb->mm = mm;
	tlb->start = ~0ul;
	tlb->end = 0;
	TAILQ_INIT(&tlb->tables);
	tlb->nr = 0;
	tlb->batches = 0;
	tlb->first = tlb->last = NULL;
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		tlb->rss[i] = 0;
	tlb->dead = false;
}

void tlb_gather_mmu_dead(struct mmu_gather *tlb, struct mm_struct *mm)
{
	BUG_MSG(READ_ONCE(mm->cpumask), "exiting mm is loaded on CPUs %lx", mm->cpumask);
	tlb_gather_mmu(tlb, mm);
	tlb->dead = true;
}

/*
 * Room for more in a batch of its own, if there is memory: without it the gather
 * is flushed more often.
 */
static bool next_batch(struct mmu_gather *tlb)
{
	struct gather_batch *batch;
	struct page *page;

	if (tlb->last && tlb->last->next) {
		tlb->last = tlb->last->next;
		return true;
	}
	if (tlb->batches == GATHER_MAX_BATCHES)
		return false;
	page = alloc_page(GFP_ATOMIC);
	if (!page)
		return false;
	batch = page_address(page);
	batch->next = NULL;
	batch->nr = 0;
	if (tlb->last)
		tlb->last->next = batch;
	else
		tlb->first = batch;
	tlb->last = batch;
	tlb->batches++;
	return true;
}

bool tlb_remove_page_slow(struct mmu_gather *tlb, struct page *page)
{
	struct gather_batch *batch;

	/*
	 * The small array serves small operations, and then as the reserve when
	 * there is no memory.
	 */
	if (!tlb->first && tlb->nr < GATHER_ON_STACK - 1) {
		tlb->pages[tlb->nr++] = page;
		return false;
	}
	if (!tlb->last && !next_batch(tlb)) {
		tlb->pages[tlb->nr++] = page;
		return true;
	}
	batch = tlb->last;
	batch->pages[batch->nr++] = page;
	/* The last slot of the last batch: whoever asks next may get no other. */
	return batch->nr == GATHER_BATCH && !next_batch(tlb);
}

void tlb_remove_table(struct mmu_gather *tlb, struct page *table, unsigned long addr,
		      unsigned long size)
{
	tlb_range(tlb, addr, size);
	TAILQ_INSERT_TAIL(&tlb->tables, table, lru);
}

static void free_batches(struct mmu_gather *tlb)
{
	put_pages(tlb->pages, tlb->nr);
	tlb->nr = 0;
	for (struct gather_batch *batch = tlb->first; batch; batch = batch->next) {
		put_pages(batch->pages, batch->nr);
		batch->nr = 0;
		cond_resched();
	}
	tlb->last = tlb->first;
}

/* A program walks its own tables only, and this one has ended. */
static void free_dead_tables(struct mmu_gather *tlb)
{
	struct page *table;

	while ((table = TAILQ_FIRST(&tlb->tables))) {
		TAILQ_REMOVE(&tlb->tables, table, lru);
		table_free(tlb->mm, table);
	}
}

void tlb_flush_mmu(struct mmu_gather *tlb)
{
	bool interrupted = true;	/* and of a dead mm there is nobody to be interrupted */

	if (tlb->end && !tlb->dead)
		interrupted = flush_tlb_range(tlb->mm, tlb->start, tlb->end);
	tlb->start = ~0ul;
	tlb->end = 0;
	free_batches(tlb);
	if (TAILQ_EMPTY(&tlb->tables))
		return;
	if (tlb->dead)
		free_dead_tables(tlb);
	else
		tables_free(tlb->mm, &tlb->tables, interrupted);
}

/* Of a dead mm nobody will ask what its peak was. */
static void subtract_rss(struct mmu_gather *tlb)
{
	long sum = 0;

	for (int i = 0; i < NR_MM_COUNTERS; i++)
		sum += tlb->rss[i];
	if (!tlb->dead && sum)
		mm_rss_goes(tlb->mm, (unsigned long)sum);
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		if (tlb->rss[i])
			mm_rss_add(tlb->mm, i, -tlb->rss[i]);
}

void tlb_finish_mmu(struct mmu_gather *tlb)
{
	struct gather_batch *batch, *next;

	tlb_flush_mmu(tlb);
	for (batch = tlb->first; batch; batch = next) {
		next = batch->next;
		free_page(virt_to_page(batch));
	}
	subtract_rss(tlb);
}
