/* Shared by the files of mm/ that change what the page cache holds; nobody else includes it. */
#pragma once
#include "mm/pagecache.h"

/* Pages that the size reaches into. */
static inline unsigned long size_pages(const struct address_space *mapping)
{
	return (READ_ONCE(mapping->size) + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/*
 * The locked folio, found at index, is (still) the page of the file there. False: it has been
 * truncated, or lies beyond the size by now.
 */
static inline bool folio_belongs(const struct folio *folio, const struct address_space *mapping,
				 unsigned long index)
{
	return READ_ONCE(folio->page.mapping) == mapping && index < size_pages(mapping);
}

/*
 * The first folio of [*index, last], with a reference; *index is its place. NULL: there is none.
 */
struct folio *filemap_find_from(struct address_space *mapping, unsigned long *index,
				unsigned long last);
/* Takes the folio, which the caller has locked or nobody else can find, out of the cache. */
void filemap_remove(struct address_space *mapping, struct folio *folio);
/*
 * `new`, which nobody knows yet, comes to the place of a locked folio that is mapped nowhere,
 * with its contents. -EBUSY: somebody beside the cache and the caller has a reference, and may
 * write to it. Does not sleep.
 */
int filemap_replace(struct address_space *mapping, struct folio *old, struct folio *new);
