/*
 * Taking pages away from a file: from its page cache, and from every address space that maps them.
 *
 * The order: the size is set, the entries are cleared (and flushed), the folios go. A fault that
 * found a folio before may map it after that first clearing, but only with the folio locked and in
 * the cache: so each folio is unmapped once more, if need be, under its lock, as it goes. What is
 * left are private copies that such a fault has made: a second clearing finds them.
 */
#include "mm/truncate.h"
#include "kernel/base/string.h"
#include "mm/vma.h"
#include "mm/zap.h"

#define NO_PAGE (~0ul) /* beyond all indices of pages that a file can have */

static void unmap_vma(struct vm_area_struct *vma, unsigned long first, unsigned long last,
		      bool even_cows)
{
	unsigned long from = max(first, vma->vm_pgoff) - vma->vm_pgoff;
	unsigned long to = min(last - vma->vm_pgoff, vma_pages(vma) - 1) + 1;
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, vma->vm_mm);
	zap_file_range(&tlb, vma->vm_start + (from << PAGE_SHIFT),
		       vma->vm_start + (to << PAGE_SHIFT), even_cows);
	tlb_finish_mmu(&tlb);
}

void unmap_mapping_range(struct address_space *mapping, unsigned long first, unsigned long last,
			 bool even_cows)
{
	struct vm_area_struct *vma;

	down_read(&mapping->i_mmap_lock);
	for (vma = i_mmap_first(mapping, first, last); vma; vma = i_mmap_next(vma, first, last))
		unmap_vma(vma, first, last, even_cows);
	up_read(&mapping->i_mmap_lock);
}

/* dirty: those too that somebody has written to. */
static void remove_pages(struct address_space *mapping, unsigned long first, unsigned long last,
			 bool dirty)
{
	struct folio *folio;

	for (unsigned long index = first; (folio = filemap_find_from(mapping, &index, last));
	     index++) {
		folio_lock(folio);
		/* A re-check: somebody else may have removed it. */
		if (READ_ONCE(folio->page.mapping) == mapping) {
			if (atomic_read(&folio->page._mapcount))
				unmap_mapping_range(mapping, index, index, false);
			if (dirty || !page_test(&folio->page, PG_dirty))
				filemap_remove(mapping, folio);
		}
		folio_unlock(folio);
		folio_put(folio);
		cond_resched();
	}
}

/* Zeroes [from, to) of a locked folio, which nobody reads in or removes meanwhile. */
static void zero_locked(struct address_space *mapping, struct folio *folio, size_t from, size_t to)
{
	lockdep_assert_held(folio);
	/* A re-check: it may have left the file while the lock was waited for. */
	if (READ_ONCE(folio->page.mapping) != mapping)
		return;
	memset((char *)folio_address(folio) + from, 0, to - from);
	folio_mark_dirty(folio);
}

/* Zeroes [from, to) of the page at index, if there is one. */
static void zero_part(struct address_space *mapping, unsigned long index, size_t from, size_t to)
{
	struct folio *folio = from < to ? filemap_find(mapping, index) : NULL;

	if (!folio)
		return;
	folio_lock(folio);
	zero_locked(mapping, folio, from, to);
	folio_unlock(folio);
	folio_put(folio);
}

void truncate_setsize(struct address_space *mapping, u64 size)
{
	unsigned long first = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	size_t part = size & ~PAGE_MASK;
	u64 old = mapping->size;

	/*
	 * What a mapping has written behind the end of the file stays when it grows, as on Linux.
	 */
	WRITE_ONCE(mapping->size, size);
	if (size > old)
		return;
	unmap_mapping_range(mapping, first, NO_PAGE, true);
	if (part)
		zero_part(mapping, size >> PAGE_SHIFT, part, PAGE_SIZE);
	remove_pages(mapping, first, NO_PAGE, true);
	unmap_mapping_range(mapping, first, NO_PAGE, true);
}

void truncate_pagecache_range(struct address_space *mapping, u64 start, u64 end)
{
	unsigned long first = (start + PAGE_SIZE - 1) >> PAGE_SHIFT, behind = end >> PAGE_SHIFT;
	size_t head = start & ~PAGE_MASK, tail = end & ~PAGE_MASK;

	if (start >> PAGE_SHIFT == behind) { /* within one page */
		zero_part(mapping, behind, head, tail);
		return;
	}
	if (head)
		zero_part(mapping, start >> PAGE_SHIFT, head, PAGE_SIZE);
	zero_part(mapping, behind, 0, tail);
	if (first == behind)
		return;
	unmap_mapping_range(mapping, first, behind - 1, false);
	remove_pages(mapping, first, behind - 1, true);
}

void filemap_invalidate_range(struct address_space *mapping, unsigned long first,
			      unsigned long last)
{
	remove_pages(mapping, first, last, false);
}
