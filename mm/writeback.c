#include "mm/writeback.h"
#include "kernel/uapi/errno.h"
#include "mm/truncate.h"

/* Folios that are written at once. Each is locked, the first one by waiting, the others by trying. */
#define BATCH	8

struct batch {
	struct address_space *mapping;
	struct folio *folios[BATCH];
	unsigned int n;
	int error; /* the first of all batches */
};

static bool wants_writing(const struct folio *folio)
{
	return READ_ONCE(folio->page.flags) & (BIT(PG_dirty) | BIT(PG_writeback));
}

/* Ends with an empty batch. */
static void write_batch(struct batch *batch)
{
	int err = batch->n ? batch->mapping->ops->write_folios(batch->mapping, batch->folios, batch->n) : 0;

	for (unsigned int i = 0; i < batch->n; i++) {
		struct folio *folio = batch->folios[i];

		if (err)
			page_set(&folio->page, PG_dirty);
		page_clear(&folio->page, PG_writeback);
		folio_unlock(folio);
		folio_put(folio);
	}
	batch->n = 0;
	if (err && !batch->error)
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
	if (READ_ONCE(folio->page.mapping) != batch->mapping || !page_test(&folio->page, PG_dirty)) {
		folio_unlock(folio);
		folio_put(folio);
		return;
	}
	page_set(&folio->page, PG_writeback);
	page_clear(&folio->page, PG_dirty);
	batch->folios[batch->n++] = folio;
	if (batch->n == BATCH)
		write_batch(batch);
}

int filemap_write_and_wait_range(struct address_space *mapping, unsigned long first, unsigned long last)
{
	struct batch batch = { .mapping = mapping };
	struct folio *folio;

	for (unsigned long index = first; (folio = filemap_find_from(mapping, &index, last)); index++) {
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
