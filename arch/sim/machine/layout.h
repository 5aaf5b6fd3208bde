/*
 * The simulator's kernel addresses exist only in page tables: the arena is reached
 * by host pointers.
 */
#pragma once

#define VMALLOC_START	0xffffc90000000000ul
#define VMALLOC_END	0xffffc98000000000ul

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1ul << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
