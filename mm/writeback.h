/*
 * Pages of a file that lies on a device, on their way there. Such a file's address_space has
 * ops->write_folios.
 *
 * A folio is PG_dirty from before somebody writes to it until it is begun to be written back; it
 * is locked and PG_writeback while that lasts. An entry that allows writing to it means that it is
 * dirty: the first write through a mapping faults (page_mkwrite), and writeback takes the
 * permission away again, on every CPU, before the folio counts as clean. So nothing that is
 * written after the device has the bytes goes unnoticed.
 */
#pragma once
#include "mm/pagecache.h"

/* Is it noted which of the mapping's pages have been written to? */
static inline bool mapping_tracks_dirty(const struct address_space *mapping)
{
	return mapping && READ_ONCE(mapping->ops)->write_folios;
}

/*
 * Writes the dirty pages of [first, last] back, and waits for those that are on their way already:
 * what was written before the call is with the device afterwards. 0, or what write_folios() said:
 * then the mapping remembers it (wb_err), for those who have the file open, and the pages are
 * clean all the same. Takes folio locks; sleeps.
 */
int filemap_write_and_wait_range(struct address_space *mapping, unsigned long first,
				 unsigned long last);
/* The same, and what the device has it also keeps: fsync(), msync(). 0 or -EIO. */
int filemap_fsync_range(struct address_space *mapping, unsigned long first, unsigned long last);
