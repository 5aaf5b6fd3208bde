/*
 * The page cache: what a file's pages are. Regular files, shared anonymous memory and the initramfs's
 * files are all an address_space: mapping and index lead to a folio.
 */
#pragma once
#include "mm/buddy.h"
#include "kernel/base/wait.h"
#include "mm/radix.h"

struct address_space;

struct address_space_ops {
	/* Fills a new, locked, zeroed folio with the file's contents. 0 or -errno. May sleep. */
	int (*read_folio)(struct address_space *mapping, struct folio *folio);
	/* The last reference is gone and the pages too: frees what surrounds the mapping. */
	void (*release)(struct address_space *mapping);
};

struct address_space {
	const struct address_space_ops *ops;
	void *host;			/* the file that it belongs to */
	u64 size;			/* bytes; pages beyond it fault with SIGBUS */
	spinlock_t tree_lock;
	struct radix_tree tree;		/* index -> folio, changed under tree_lock */
	unsigned long nr_pages;
	atomic_t refcount;		/* files, mappings */
	bool shmem;			/* pages count as shared memory, not as file pages */
	bool read_only;			/* its file cannot be written: no writable shared mappings */
};

void mapping_init(struct address_space *mapping, const struct address_space_ops *ops, void *host, u64 size);
void mapping_get(struct address_space *mapping);
/* The last put drops all pages. */
void mapping_put(struct address_space *mapping);
/* An unnamed file for MAP_SHARED | MAP_ANONYMOUS; NULL: no memory. */
struct address_space *shmem_mapping_create(u64 size);

/* The folio at index with a reference, or NULL. */
struct folio *filemap_find(struct address_space *mapping, unsigned long index);
/* The same, read in first if it is absent. ERR_PTR(-ENOMEM, -EIO, ...). May sleep. */
struct folio *filemap_get(struct address_space *mapping, unsigned long index);
/* Copies [pos, pos + len) to a kernel buffer, stopping at the size. Bytes copied or -errno. */
long filemap_read(struct address_space *mapping, u64 pos, void *buf, size_t len);
/* Removes all pages (unmapped by then). */
void filemap_drop_all(struct address_space *mapping);
void pagecache_init(void);
