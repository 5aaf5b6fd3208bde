/*
 * The page cache: what a file's pages are. Regular files, shared anonymous memory and the
 * files of the initramfs are all an address_space: mapping and index lead to a folio, which
 * read, write and mmap share.
 *
 * Locks. A folio is in the cache of its page.mapping as long as that does not change, and it
 * changes only under the folio lock (and tree_lock). The size changes under a lock of the file's
 * owner, and is read without one: so a fault locks the folio that it has found, and then looks at
 * both again before it maps it. Truncation sets the size first, and takes each folio out under its
 * lock: either it finds the fault's entry, or the fault finds the folio gone. i_mmap_lock keeps
 * the mappings (VMAs) of the file, their bounds, and thereby their page tables. Order: mmap_lock,
 * folio lock, i_mmap_lock, page-table locks, tree_lock.
 */
#pragma once
#include <sys/tree.h>
#include "kernel/base/file.h"
#include "kernel/base/rwsem.h"
#include "mm/buddy.h"
#include "mm/errseq.h"
#include "kernel/base/wait.h"
#include "mm/radix.h"

struct address_space;
struct vm_area_struct;

struct address_space_ops {
	/*
	 * Fills a new, locked, zeroed folio with the file's contents. 0 or -errno. May
	 * sleep. NULL: zeros.
	 */
	int (*read_folio)(struct address_space *mapping, struct folio *folio);
	/*
	 * In place of it: begins, and does not wait. 0: folio_start_read(), and
	 * folio_end_read() once the device is done; until then the folio stays locked, and
	 * thereby in the cache. Or -ENOMEM.
	 */
	int (*start_read)(struct address_space *mapping, struct folio *folio);
	/*
	 * Writes 1 to 8 folios, which are locked, to the device, and waits: 0 or -EIO. NULL: the
	 * file is nowhere but here.
	 */
	int (*write_folios)(struct address_space *mapping, struct folio *const *folios,
			    unsigned int n);
	/* What the device was given, it keeps without power: 0 or -EIO. NULL: it always does. */
	int (*flush)(struct address_space *mapping);
	/* A page more, or less. charge: 0 or -ENOSPC. Both or neither; do not sleep. */
	int (*charge)(struct address_space *mapping);
	void (*uncharge)(struct address_space *mapping);
	/* The last reference is gone and the pages too: frees what surrounds the mapping. */
	void (*release)(struct address_space *mapping);
};

RB_HEAD(i_mmap_tree, vm_area_struct);

struct address_space {
	const struct address_space_ops *ops;
	void *host;			/* the file that it belongs to */
	u64 size;			/* bytes; pages beyond it fault with SIGBUS */
	spinlock_t tree_lock;
	struct radix_tree tree;		/* index -> folio, changed under tree_lock */
	unsigned long nr_pages;
	unsigned long promised;		/* unnamed shared memory: pages that count as promised */
	atomic_t refcount;		/* users, where no struct file holds it */
	bool shmem;			/* pages count as shared memory, not as file pages */
	errseq_t wb_err;		/* what was lost of it: each open file has a cursor */

	struct rwsem i_mmap_lock;
	struct i_mmap_tree i_mmap;	/* the VMAs that map it, by the pages that they map */
	u64 i_mmap_count;		/* VMAs ever put in: among equals, a
					 * child comes after its parent */
	atomic_t i_mmap_writable;	/* shared mappings that may be written to;
					 * below 0: none may be made */
};

/* Do absent pages come from somewhere? Else they are holes. */
static inline bool mapping_reads(const struct address_space *mapping)
{
	const struct address_space_ops *ops = READ_ONCE(mapping->ops);

	return ops->read_folio || ops->start_read;
}

/* May its pages have to be waited for, because they are on their way from or to a device? */
static inline bool mapping_has_device(const struct address_space *mapping)
{
	const struct address_space_ops *ops = READ_ONCE(mapping->ops);

	return ops->start_read || ops->write_folios;
}

/* Something that was written to the mapping is lost: err, below 0. Any context. */
static inline void mapping_set_error(struct address_space *mapping, int err)
{
	errseq_set(&mapping->wb_err, err);
}

/* The tree, for who holds its lock. */
static inline struct radix_tree *locked_tree(struct address_space *mapping)
{
	lockdep_assert_held(&mapping->tree_lock);
	return &mapping->tree;
}

/* What a new mapping is to show: filled by the file that is mapped. */
struct mmap_source {
	struct address_space *mapping;	/* NULL: anonymous memory after all, as of /dev/zero */
	struct file *file;		/* the system's, which keeps mapping:
					 * held by each VMA; or NULL */
	bool read_only;			/* shared mappings of it are never writable */
};

void mapping_init(struct address_space *mapping, const struct address_space_ops *ops, void *host,
		  u64 size);
void mapping_get(struct address_space *mapping);
/* The last put drops all pages. */
void mapping_put(struct address_space *mapping);
/*
 * An unnamed file for MAP_SHARED | MAP_ANONYMOUS. All of it is promised to the running program, or
 * with noreserve each page when it comes. NULL: no memory.
 */
struct address_space *shmem_mapping_create(u64 size, bool noreserve);

/* Pages of all files, those of shared memory included; those alone. */
unsigned long pagecache_pages(void);
unsigned long pagecache_shmem_pages(void);

/* ---- pages ---- */

/* The folio at index with a reference, or NULL. */
struct folio *filemap_find(struct address_space *mapping, unsigned long index);
/*
 * The same, made and read in first if it is absent, whatever the size. ERR_PTR(-ENOMEM,
 * -ENOSPC, ...). May sleep.
 */
struct folio *filemap_grab(struct address_space *mapping, unsigned long index);
/*
 * The same; -EINTR when such a signal comes while a device reads. WAIT_NOT: -EAGAIN while it does.
 */
struct folio *filemap_grab_until(struct address_space *mapping, unsigned long index,
				 enum folio_wait until);
/*
 * filemap_grab(); ERR_PTR(-EIO) for a page beyond the size, ERR_PTR(-EHWPOISON) for one
 * with broken memory.
 */
struct folio *filemap_get(struct address_space *mapping, unsigned long index);
/* The same, with filemap_grab_until()'s waiting. */
struct folio *filemap_get_until(struct address_space *mapping, unsigned long index,
				enum folio_wait until);
/*
 * Begins to read the page in if it is absent, as far as that needs no waiting. May
 * sleep for memory.
 */
void filemap_ask_for(struct address_space *mapping, unsigned long index);
/* Copies [pos, pos + len) to a kernel buffer, stopping at the size. Bytes copied or -errno. */
long filemap_read(struct address_space *mapping, u64 pos, void *buf, size_t len);
/*
 * Where at or after pos the next page that is there begins (data), or the next that is not; pos
 * itself if it lies in such a one. Not beyond the size, which is where the last hole is: -ENXIO.
 */
s64 filemap_seek(struct address_space *mapping, u64 pos, bool data);
/* Removes all pages (unmapped by then). */
void filemap_drop_all(struct address_space *mapping);
/* Removes those that nobody uses and nobody has written to. Does not sleep. */
void filemap_drop_clean(struct address_space *mapping);
/* The same, of [first, last]. */
void filemap_drop_clean_range(struct address_space *mapping, unsigned long first,
			      unsigned long last);

/* ---- taking pages away (mm/truncate.c); the owner's lock of the size is held. May sleep ---- */

/*
 * The size is that from now on; what lies beyond it is gone from the cache and from all mappings.
 */
void truncate_setsize(struct address_space *mapping, u64 size);
/*
 * [start, end) becomes a hole: whole pages are gone, parts of others are zero.
 * Private copies stay.
 */
void truncate_pagecache_range(struct address_space *mapping, u64 start, u64 end);
/*
 * The device has other contents than the cache for [first, last]: those pages are gone from
 * the cache and from all mappings, but those that have been written to since. Who still
 * holds one sees what was.
 */
void filemap_invalidate_range(struct address_space *mapping, unsigned long first,
			      unsigned long last);
/*
 * Takes the pages [first, last] out of all page tables that map them; and, with even_cows, the
 * private copies made of them. A fault may bring them back at once, unless what it needs is gone.
 */
void unmap_mapping_range(struct address_space *mapping, unsigned long first, unsigned long last,
			 bool even_cows);

/* ---- who maps it (mm/i_mmap.c) ---- */

/* A VMA of the mapping comes or goes: under i_mmap_lock held for writing. */
void i_mmap_insert(struct vm_area_struct *vma);
void i_mmap_erase(struct vm_area_struct *vma);
/*
 * The first VMA that maps some of the pages [first, last], and the next one; NULL.
 * i_mmap_lock held.
 */
struct vm_area_struct *i_mmap_first(struct address_space *mapping, unsigned long first,
				    unsigned long last);
struct vm_area_struct *i_mmap_next(struct vm_area_struct *vma, unsigned long first,
				   unsigned long last);

/* One more shared mapping that may be written to: -EPERM if that is denied. */
int mapping_map_writable(struct address_space *mapping);

static inline void mapping_unmap_writable(struct address_space *mapping)
{
	atomic_dec(&mapping->i_mmap_writable);
}

/* Denies them for ever; -EBUSY while there are some. */
int mapping_deny_writable(struct address_space *mapping);

void pagecache_init(void);
