/*
 * What loaders look for: a multiboot2 header (GRUB) in the first 32 KiB, and a PVH note (QEMU's
 * -kernel) in a segment of type PT_NOTE. Both enter boot_entry in 32-bit protected mode without
 * paging.
 */
#define MULTIBOOT2_MAGIC	0xe85250d6
#define XEN_ELFNOTE_PHYS32_ENTRY 18

	.section .boot.header, "a"
	.balign	8
header:
	.long	MULTIBOOT2_MAGIC, 0, header_end - header
	.long	-(MULTIBOOT2_MAGIC + (header_end - header))
	/* No request for a framebuffer: under BIOS the screen stays in text mode. */
	.word	0, 0
	.long	8
header_end:

	.section .boot.note, "a", @note
	.balign	4
	.long	4, 4, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.long	boot_entry

	.section .note.GNU-stack, "", @progbits
