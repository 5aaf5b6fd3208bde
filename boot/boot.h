/* Shared by the code that runs before C does. */
#pragma once

#define MULTIBOOT2_BOOT_MAGIC	0x36d76289	/* GRUB leaves it in eax */
#define PVH_START_MAGIC		0x336ec578	/* first word of hvm_start_info, at ebx */

/* Selectors of the boot GDT. */
#define BOOT_CS32	0x08
#define BOOT_DS		0x10
#define BOOT_CS64	0x18

#define BOOT_STACK_SIZE	16384		/* KERNEL_STACK_SIZE */
