/* Finding, reading in and removing a file's pages; and shared memory, a file without a name. */
#include "mm/pagecache.h"
#include "kernel/base/string.h"
#include "kernel/uapi/errno.h"
#include "mm/overcommit.h"
#include "mm/slab.h"
#include "mm/truncate.h"
#include "mm/writeback.h"

static struct kmem_cache *shmem_cache;

void mapping_init(struct address_space *mapping, const struct address_space_ops *ops, void *host,
		  u64 size)
{
	*mapping = (struct address_space){
		.ops = ops, .host = host, .size = size, .refcount = ATOMIC_INIT(1)
	};
	spin_lock_init(&mapping->tree_lock, LOCK_MAPPING);
	rwsem_init(&mapping->i_mmap_lock, LOCK_I_MMAP);
	RB_INIT(&mapping->i_mmap);
}

void mapping_get(struct address_space *mapping)
{
	atomic_inc(&mapping->refcount);
}

void mapping_put(struct address_space *mapping)
{
	if (!atomic_dec_and_test(&mapping->refcount))
		return;
	filemap_drop_all(mapping);
	mapping->ops->release(mapping);
}

static atomic_long_t file_pages, shmem_pages;

unsigned long pagecache_shmem_pages(void) { return (unsigned long)atomic_long_read(&shmem_pages); }
unsigned long pagecache_pages(void)
{
	return (unsigned long)atomic_long_read(&file_pages) + pagecache_shmem_pages();
}

/* tree_lock held. */
static void count_pages(struct address_space *mapping, long n)
{
	lockdep_assert_held(&mapping->tree_lock);
	mapping->nr_pages += (unsigned long)n;
	atomic_long_add(n, mapping->shmem ? &shmem_pages : &file_pages);
}

struct folio *filemap_find(struct address_space *mapping, unsigned long index)
{
	struct folio *folio;

	spin_lock(&mapping->tree_lock);
	folio = radix_find(locked_tree(mapping), index);
	if (folio)
		folio_get(folio);
	spin_unlock(&mapping->tree_lock);
	return folio;
}

struct folio *filemap_find_from(struct address_space *mapping, unsigned long *index,
				unsigned long last)
{
	struct folio *folio;

	spin_lock(&mapping->tree_lock);
	folio = radix_next(locked_tree(mapping), index);
	if (folio && *index > last)
		folio = NULL;
	if (folio)
		folio_get(folio);
	spin_unlock(&mapping->tree_lock);
	return folio;
}

/* Gives the folio its place. The page cache holds a reference of its own from then on. */
static int add_folio(struct address_space *mapping, unsigned long index, struct folio *folio)
{
	int err = mapping->ops->charge ? mapping->ops->charge(mapping) : 0;

	if (err)
		return err;
	folio->page.mapping = mapping;
	folio->page.index = index;
	if (mapping->shmem)
		page_write_flags(&folio->page, folio->page.flags | BIT(PG_swapbacked));
	if (mapping_tracks_dirty(mapping))
		page_write_flags(&folio->page, folio->page.flags | BIT(PG_backed));
	folio_get(folio);
	spin_lock(&mapping->tree_lock);
	err = radix_insert(locked_tree(mapping), index, folio);
	if (!err)
		count_pages(mapping, 1);
	spin_unlock(&mapping->tree_lock);
	if (err) {
		folio->page.mapping = NULL;
		folio_leave_file(folio);
		folio_put(folio);
		if (mapping->ops->uncharge)
			mapping->ops->uncharge(mapping);
	}
	return err;
}

/* tree_lock held. The cache's reference is the caller's from now on. */
static void remove_locked(struct address_space *mapping, struct folio *folio)
{
	radix_remove(locked_tree(mapping), folio->page.index);
	count_pages(mapping, -1);
	WRITE_ONCE(folio->page.mapping, NULL);
	folio_leave_file(folio);
	if (mapping->ops->uncharge)
		mapping->ops->uncharge(mapping);
}

void filemap_remove(struct address_space *mapping, struct folio *folio)
{
	spin_lock(&mapping->tree_lock);
	remove_locked(mapping, folio);
	spin_unlock(&mapping->tree_lock);
	folio_put(folio);
}

int filemap_replace(struct address_space *mapping, struct folio *old, struct folio *new)
{
	const unsigned long kept = BIT(PG_uptodate) | BIT(PG_dirty) | BIT(PG_swapbacked) |
				   BIT(PG_backed);
	unsigned long marks;
	int err = -EBUSY;

	lockdep_assert_held(old);
	spin_lock(&mapping->tree_lock);
	/* Who uses a page that is mapped nowhere has found it here. */
	if (folio_ref_count(old) == 2) {
		page_copy(folio_address(new), folio_address(old));
		/* With what is counted by them. */
		marks = atomic_and_return_old(~kept, &old->page.flags) & kept;
		page_write_flags(&new->page, new->page.flags | marks);
		new->page.mapping = mapping;
		new->page.index = old->page.index;
		folio_get(new);
		radix_replace(locked_tree(mapping), new->page.index, new);
		WRITE_ONCE(old->page.mapping, NULL);
		err = 0;
	}
	spin_unlock(&mapping->tree_lock);
	if (!err)
		folio_put(old);
	return err;
}

/*
 * Fills a locked folio, or begins to: then the lock is the device's when it
 * returns, else it is free.
 */
static int fill_folio(struct address_space *mapping, struct folio *folio)
{
	const struct address_space_ops *ops = mapping->ops;
	int err = 0;

	if (ops->start_read) {
		err = ops->start_read(mapping, folio);
		if (!err)
			return 0;
	} else if (ops->read_folio) {
		err = ops->read_folio(mapping, folio);
	}
	if (err)
		filemap_remove(mapping, folio);
	else
		page_set(&folio->page, PG_uptodate);
	folio_unlock(folio);
	return err;
}

/*
 * A new folio for index, in its place, and read in or being so. It is locked until its
 * contents are there, so that whoever finds it meanwhile waits. -EEXIST: another task
 * was faster, look again.
 */
static struct folio *read_new_folio(struct address_space *mapping, unsigned long index)
{
	struct folio *folio = folio_alloc(GFP_ZERO, 0);
	int err;

	if (!folio)
		return ERR_PTR(-ENOMEM);
	folio_lock(folio);
	err = add_folio(mapping, index, folio);
	if (err)
		folio_unlock(folio);
	else
		err = fill_folio(mapping, folio);
	if (!err)
		return folio;
	folio_put(folio);
	return ERR_PTR(err);
}

/*
 * Until who reads the folio gives its lock back. A page that could not be read leaves the cache:
 * by who notices first, since a device's interrupt cannot do it. One with broken memory stays, and
 * is never up to date again. 0, -EIO, -EHWPOISON, or the end of the wait: -EINTR, -EAGAIN.
 */
static int wait_for_read(struct address_space *mapping, struct folio *folio, enum folio_wait until)
{
	int err = folio_lock_until(folio, until);

	if (err)
		return err;
	if (page_test(&folio->page, PG_hwpoison)) {
		err = -EHWPOISON;
	} else if (!page_test(&folio->page, PG_uptodate)) {
		err = -EIO;
		/* A re-check: another may have noticed first. */
		if (folio->page.mapping == mapping)
			filemap_remove(mapping, folio);
	}
	folio_unlock(folio);
	return err;
}

/* Who has asked the device gets its error; who has only waited asks again. */
static struct folio *grab(struct address_space *mapping, unsigned long index,
			  enum folio_wait until)
{
	bool asked = false;
	struct folio *folio;
	int err;

	for (;;) {
		folio = filemap_find(mapping, index);
		if (!folio) {
			folio = read_new_folio(mapping, index);
			if (PTR_ERR(folio) == -EEXIST)
				continue;
			if (IS_ERR(folio))
				return folio;
			asked = true;
		}
		if (page_test(&folio->page, PG_uptodate))
			return folio;
		err = wait_for_read(mapping, folio, until);
		if (!err)
			return folio;
		folio_put(folio);
		if (asked || err != -EIO)
			return ERR_PTR(err);
	}
}

/* For who reads and writes files, broken memory is one error of the device among others. */
static long file_error(const struct folio *folio)
{
	return PTR_ERR(folio) == -EHWPOISON ? -EIO : PTR_ERR(folio);
}

struct folio *filemap_grab_until(struct address_space *mapping, unsigned long index,
				 enum folio_wait until)
{
	struct folio *folio = grab(mapping, index, until);

	return IS_ERR(folio) ? ERR_PTR(file_error(folio)) : folio;
}

struct folio *filemap_grab(struct address_space *mapping, unsigned long index)
{
	return filemap_grab_until(mapping, index, WAIT_TO_THE_END);
}

struct folio *filemap_get_until(struct address_space *mapping, unsigned long index,
				enum folio_wait until)
{
	return index < size_pages(mapping) ? grab(mapping, index, until) : ERR_PTR(-EIO);
}

void filemap_ask_for(struct address_space *mapping, unsigned long index)
{
	struct folio *folio = filemap_find(mapping, index);

	if (!folio && mapping->ops->start_read && index < size_pages(mapping))
		folio = read_new_folio(mapping, index);
	if (folio && !IS_ERR(folio))
		folio_put(folio);
}

struct folio *filemap_get(struct address_space *mapping, unsigned long index)
{
	return filemap_get_until(mapping, index, WAIT_TO_THE_END);
}

long filemap_read(struct address_space *mapping, u64 pos, void *buf, size_t len)
{
	struct folio *folio;
	size_t done = 0, n, offset;

	if (pos >= mapping->size)
		return 0;
	len = min(len, mapping->size - pos);
	for (; done < len; done += n) {
		offset = (pos + done) & ~PAGE_MASK;
		n = min(len - done, PAGE_SIZE - offset);
		folio = filemap_get(mapping, (pos + done) >> PAGE_SHIFT);
		if (IS_ERR(folio))
			return done ? (long)done : file_error(folio);
		memcpy((char *)buf + done, (char *)folio_address(folio) + offset, n);
		folio_put(folio);
	}
	return (long)done;
}

void filemap_drop_all(struct address_space *mapping)
{
	unsigned long index = 0;
	struct folio *folio;

	while ((folio = radix_next(&mapping->tree, &index))) {
		if (!page_test(&folio->page, PG_uptodate)) {
			folio_lock(folio);	/* a device may still be filling it */
			folio_unlock(folio);
		}
		filemap_remove(mapping, folio);
	}
}

/*
 * Whoever uses a page has a reference beside the cache's. He got it under tree_lock, or by an
 * entry of a page table, which has one itself: who finds it so, looks at the entry once more. What
 * he has changed is dirty before his reference goes: so the count is looked at first.
 */
void filemap_drop_clean_range(struct address_space *mapping, unsigned long first,
			      unsigned long last)
{
	unsigned long index = first;
	struct folio *folio;

	spin_lock(&mapping->tree_lock);
	while ((folio = radix_next(locked_tree(mapping), &index)) && index <= last) {
		/* Locked without anybody's reference: the device is filling it. */
		if (folio_ref_count(folio) == 1 &&
		    !(READ_ONCE(folio->page.flags) & (BIT(PG_dirty) | BIT(PG_locked)))) {
			remove_locked(mapping, folio);
			folio_put(folio);
		}
		if (!++index)
			break;
	}
	spin_unlock(&mapping->tree_lock);
}

void filemap_drop_clean(struct address_space *mapping)
{
	filemap_drop_clean_range(mapping, 0, ~0ul);
}

/* ---- where there is data ---- */

/* The first index from `index` on where nothing is. tree_lock held. */
static unsigned long next_absent(struct address_space *mapping, unsigned long index,
				 unsigned long end)
{
	while (index < end && radix_find(locked_tree(mapping), index))
		index++;
	return index;
}

s64 filemap_seek(struct address_space *mapping, u64 pos, bool data)
{
	unsigned long first = pos >> PAGE_SHIFT, index = first;
	u64 size = READ_ONCE(mapping->size), at;
	bool found = true;

	if (pos >= size)
		return -ENXIO;
	spin_lock(&mapping->tree_lock);
	if (data)
		found = radix_next(locked_tree(mapping), &index);
	else
		index = next_absent(mapping, index, size_pages(mapping));
	spin_unlock(&mapping->tree_lock);
	at = index == first ? pos : (u64)index << PAGE_SHIFT;
	if (data)
		return found && at < size ? (s64)at : -ENXIO;
	return (s64)min(at, size);
}

/* ---- shared anonymous memory: a file without a name, whose absent pages are zero ---- */

static void shmem_release(struct address_space *mapping)
{
	vm_unacct_memory(mapping->promised);
	kmem_cache_free(shmem_cache, mapping);
}

static int shmem_charge_page(struct address_space *mapping)
{
	return vm_enough_memory(current_mm(), 1) ? -ENOSPC : 0;
}
static void shmem_uncharge_page(struct address_space *mapping) { vm_unacct_memory(1); }

static const struct address_space_ops shmem_ops = { .release = shmem_release };
static const struct address_space_ops shmem_noreserve_ops = {
	.charge = shmem_charge_page,
	.uncharge = shmem_uncharge_page,
	.release = shmem_release,
};

struct address_space *shmem_mapping_create(u64 size, bool noreserve)
{
	const unsigned long promised = noreserve ? 0 : ALIGN_UP(size, PAGE_SIZE) >> PAGE_SHIFT;
	struct address_space *mapping;

	if (vm_enough_memory(current_mm(), promised))
		return NULL;
	mapping = kmem_cache_alloc(shmem_cache, GFP_KERNEL);
	if (!mapping) {
		vm_unacct_memory(promised);
		return NULL;
	}
	mapping_init(mapping, noreserve ? &shmem_noreserve_ops : &shmem_ops, NULL, size);
	mapping->shmem = true;
	mapping->promised = promised;
	return mapping;
}

void pagecache_init(void)
{
	shmem_cache = kmem_cache_create("shmem_mapping", sizeof(struct address_space), 0);
	radix_init_cache();
}
