/* Writing a file's dirty pages to its device, each after nobody can write to it unnoticed. */
#include "mm/writeback.h"
#include "kernel/uapi/errno.h"
#include "mm/pagewalk.h"
#include "mm/rmap.h"
#include "mm/tlb.h"
#include "mm/truncate.h"
#include "mm/vma.h"
#include "mm/vmstat.h"

/*
 * Folios that are written at once. Each is locked, the first one by waiting, the others by trying.
 */
#define BATCH	8

struct batch {
	struct address_space *mapping;
	struct folio *folios[BATCH];
	unsigned int n;
	int error; /* the first of all batches */
};

/* ---- who may write to a page ---- */

/* The entry loses its write permission, and then every CPU does, before the table is unlocked. */
static int clean_pte_range(struct page_walk *walk, pmd_t *pmdp, unsigned long addr,
			   unsigned long end)
{
	const struct folio *folio = walk->private;
	struct pte_slot slot = pte_offset_lock(pmdp, addr);
	pte_t old, new;

	if (!slot.ptep)
		return 0;
	old = ptep_get(slot.ptep);
	/* Dirty without being writable: mprotect() was here, and may not have flushed yet. */
	if (!pte_none(old) && vm_normal_page(old) == &folio->page &&
	    (pte_write(old) || pte_dirty_novma(old))) {
		do
			new = pte_wrprotect(pte_mkclean(old));
		while (!ptep_change(walk->mm, addr, slot.ptep, &old, new));
		flush_tlb_page(walk->mm, addr);
	}
	pte_unlock(slot);
	return 0;
}

/* After this the next write to the folio through a mapping faults, wherever it comes from. */
static void folio_mkclean(struct address_space *mapping, struct folio *folio)
{
	static const struct walk_ops ops = { .pte_range = clean_pte_range };
	const unsigned long index = folio->page.index;
	struct vm_area_struct *vma;

	lockdep_assert_held(folio); /* so that no fault maps it meanwhile */
	if (!atomic_read(&folio->page._mapcount))
		return;
	down_read(&mapping->i_mmap_lock);
	for (vma = i_mmap_first(mapping, index, index); vma;
	     vma = i_mmap_next(vma, index, index)) {
		unsigned long addr = vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT);

		/* mprotect changes others of the flags meanwhile. */
		if (READ_ONCE(vma->vm_flags) & VM_SHARED)
			walk_page_range(vma->vm_mm, addr, addr + PAGE_SIZE, &ops, folio);
	}
	up_read(&mapping->i_mmap_lock);
}

/* ---- writing ---- */

static bool wants_writing(const struct folio *folio)
{
	return READ_ONCE(folio->page.flags) & (BIT(PG_dirty) | BIT(PG_writeback));
}

/*
 * Ends with an empty batch. What the device did not take counts as clean, as on Linux:
 * kept dirty, the pages of a broken device would fill the memory for ever. That they are
 * lost is what wb_err says.
 */
static void write_batch(struct batch *batch)
{
	int err = 0;

	if (batch->n)
		err = batch->mapping->ops->write_folios(batch->mapping, batch->folios, batch->n);
	/*
	 * While the folios are locked: who waits for one, and finds it clean then,
	 * looks here next.
	 */
	if (err)
		mapping_set_error(batch->mapping, err);
	mod_vm_stat(VM_STAT_WRITEBACK, -(long)batch->n);
	count_vm_events(VM_EVENT_WRITTEN, batch->n);
	for (unsigned int i = 0; i < batch->n; i++) {
		struct folio *folio = batch->folios[i];

		page_clear(&folio->page, PG_writeback);
		folio_unlock(folio);
		folio_put(folio);
	}
	batch->n = 0;
	if (!batch->error)
		batch->error = err;
}

/* Whoever waits for a lock holds none: two that write back cannot wait for each other. */
static void lock_for(struct batch *batch, struct folio *folio)
{
	if (batch->n && folio_trylock(folio))
		return;
	write_batch(batch);
	folio_lock(folio);
}

/* The reference is the batch's from now on. */
static void add(struct batch *batch, struct folio *folio)
{
	lock_for(batch, folio);
	/* A re-check: it may have left the file, or have been written by another. */
	if (READ_ONCE(folio->page.mapping) != batch->mapping ||
	    !page_test(&folio->page, PG_dirty)) {
		folio_unlock(folio);
		folio_put(folio);
		return;
	}
	page_set(&folio->page, PG_writeback);
	mod_vm_stat(VM_STAT_WRITEBACK, 1);
	folio_mkclean(batch->mapping, folio);
	folio_mark_clean(folio);
	batch->folios[batch->n++] = folio;
	if (batch->n == BATCH)
		write_batch(batch);
}

int filemap_write_and_wait_range(struct address_space *mapping, unsigned long first,
				 unsigned long last)
{
	struct batch batch = { .mapping = mapping };
	struct folio *folio;

	for (unsigned long index = first; (folio = filemap_find_from(mapping, &index, last));
	     index++) {
		if (wants_writing(folio))
			add(&batch, folio);
		else
			folio_put(folio);
		cond_resched();
		if (index == last)
			break;
	}
	write_batch(&batch);
	return batch.error;
}

int filemap_fsync_range(struct address_space *mapping, unsigned long first, unsigned long last)
{
	int err = filemap_write_and_wait_range(mapping, first, last), flush = 0;

	if (mapping->ops->flush)
		flush = mapping->ops->flush(mapping);
	return err ? err : flush;
}
