/*
 * Pages of a file that lies on a device, on their way there. Such a file's address_space has
 * ops->write_folios.
 *
 * A folio is PG_dirty from before somebody writes to it until it is begun to be written back; it is
 * locked and PG_writeback while that lasts. Programs do not map such files: only write() changes them.
 */
#pragma once
#include "mm/pagecache.h"

/*
 * Writes the dirty pages of [first, last] back, and waits for those that are on their way already: what
 * was written before the call is with the device afterwards. 0, or what write_folios() said; pages that
 * it failed for stay dirty, the others are written all the same. Takes folio locks; sleeps.
 */
int filemap_write_and_wait_range(struct address_space *mapping, unsigned long first, unsigned long last);
