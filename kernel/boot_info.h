/*
 * What the loader told us, in one form for GRUB (multiboot2) and QEMU (PVH). Filled by
 * machine_early_init().
 */
#pragma once
#include "kernel/base/types.h"

#define MAX_MEM_REGIONS	64

struct mem_region {
	phys_addr_t start, end;		/* usable RAM, bytes, sorted, not
					 * overlapping, page-aligned inwards */
};

struct boot_info {
	const char *loader;		/* "GRUB", "PVH", ... for the welcome line */
	char cmdline[1024];
	unsigned int nr_regions;
	struct mem_region regions[MAX_MEM_REGIONS];
	phys_addr_t initrd_start, initrd_end;	/* equal: none */
	phys_addr_t kernel_start, kernel_end;	/* the image in memory */
	phys_addr_t rsdp;		/* 0: unknown */
	bool vga_text;
};

extern struct boot_info boot_info;
