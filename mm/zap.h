/* Taking pages out of an address space. */
#pragma once
#include "mm/tlb.h"

/*
 * Unmaps the pages of [start, end) into the gather. Tables stay. mmap_lock held, for reading at
 * least: the mappings stay, and a fault may fill an entry again at once (MADV_DONTNEED).
 */
void zap_page_range(struct mmu_gather *tlb, unsigned long start, unsigned long end);
/*
 * The same for the pages of a file, in one of its VMAs, whose mm need not be the caller's: the
 * mapping's i_mmap_lock is held, which keeps the VMA and the tables below it. Without
 * even_cows, anonymous pages stay.
 */
void zap_file_range(struct mmu_gather *tlb, unsigned long start, unsigned long end,
		    bool even_cows);
/*
 * The same where no mapping covers [start, end) any more, and no other [floor, ceiling): tables
 * that serve only that hole go too. mmap_lock held for writing, or the mm is dead.
 */
void unmap_page_range(struct mmu_gather *tlb, unsigned long start, unsigned long end,
		      unsigned long floor, unsigned long ceiling);
