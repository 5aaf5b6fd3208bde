/*
 * Where things lie in the kernel's half of the address space. All of it is at and above
 * 0xffff800000000000, so that one PML4 serves 4-level and 5-level hardware.
 *
 *	ffff800000000000  direct map of all RAM (64 TiB)
 *	ffffc90000000000  vmalloc (one PML4 entry, 512 GiB)
 *	ffffffff80000000  the kernel image (2 GiB)
 */
#pragma once

#define DIRECT_MAP_BASE	0xffff800000000000ul
#define VMALLOC_START	0xffffc90000000000ul
#define VMALLOC_END	0xffffc98000000000ul
#define KERNEL_BASE	0xffffffff80000000ul

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1ul << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
