/*
 * Kernel memory that is contiguous in address space only, each area with an unmapped guard page on
 * both sides: kernel stacks, so that an overflow faults instead of overwriting. The tables below
 * are never freed; freed addresses are used again only after all CPUs have flushed.
 */
#pragma once
#include "mm/buddy.h"

/*
 * size is rounded up to pages. NULL if there is no memory, or the task has been killed and needs
 * none any more. May sleep; interrupts on.
 */
void *vmalloc(size_t size);
void vfree(void *addr);
/* kmalloc() where that gives so much, else vmalloc(). May sleep; NULL if there is no memory. */
void *kvmalloc(size_t size);
void kvfree(void *addr);
/* Is addr in some area's guard page? For a clear message on stack overflow. */
bool vmalloc_is_guard(unsigned long addr);
/* Unmapped areas wait for the next flush of all CPUs: does it now. */
void vmalloc_purge(void);
/* Pages of all areas, stacks that wait for their next task included. */
unsigned long vmalloc_pages(void);
/*
 * Frames of page tables below VMALLOC_START: they only grow, up to what was ever mapped at once.
 */
unsigned long vmalloc_table_frames(void);
void vmalloc_init(void);
