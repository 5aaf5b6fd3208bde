/*
 * From the loader's 32-bit protected mode to long mode: checks that the processor can do it,
 * builds tables for the first 4 GiB and decides whether the hardware walks 4 or 5 levels, which
 * only code without paging can do. The other CPUs come through enter_long_mode too and take the
 * first CPU's decision.
 *
 * All of this is linked at the physical addresses where it lies; esi, edi, eax, ecx, edx are free
 * everywhere.
 */
#include "boot/boot.h"

#define CR4_PAE		0x20
#define CR4_LA57	0x1000
#define MSR_EFER	0xc0000080
#define EFER_SCE_LME_NXE 0x901
#define CR0_LONG_MODE	0x80050033	/* PG AM WP NE ET MP PE; caches on */

#define TABLE		0x3		/* present, writable */
#define LARGE_PAGE	0x83		/* the same, 2 MiB */

	.section .boot.text, "ax"
	.code32
	.globl	boot_entry
boot_entry:
	cli
	cld
	lgdt	boot_gdt_pointer
	ljmp	$BOOT_CS32, $1f
1:	movl	$BOOT_DS, %ecx
	movl	%ecx, %ds
	movl	%ecx, %es
	movl	%ecx, %ss
	xorl	%ecx, %ecx
	movl	%ecx, %fs
	movl	%ecx, %gs
	movl	$entry32_stack, %esp
	movl	%ebx, boot_loader_info
	call	find_command_line
	call	check_processor
	call	choose_levels
	call	build_tables
	xorl	%ebp, %ebp		/* the first CPU */
	jmp	enter_long_mode

/*
 * Leaves the command line's address in command_line, 0 if there is none. eax, ebx: as the loader
 * left them.
 */
find_command_line:
	cmpl	$MULTIBOOT2_BOOT_MAGIC, %eax
	je	2f
	cmpl	$PVH_START_MAGIC, (%ebx)
	movl	$message_loader, %esi
	jne	refuse
	movl	24(%ebx), %eax		/* hvm_start_info.cmdline_paddr */
	movl	%eax, command_line
	ret
2:	movl	%eax, boot_multiboot2
	leal	8(%ebx), %esi		/* tags: type, size, contents, each 8-aligned */
3:	movl	(%esi), %eax
	testl	%eax, %eax
	jz	5f
	cmpl	$1, %eax
	je	4f
	movl	4(%esi), %eax
	addl	$7, %eax
	andl	$~7, %eax
	addl	%eax, %esi
	jmp	3b
4:	addl	$8, %esi
	movl	%esi, command_line
5:	ret

/* Is the word at edx, NUL-terminated, one of the command line's? ZF clear if so. */
has_word:
	movl	command_line, %esi
	testl	%esi, %esi
	jz	9f
6:	movl	%edx, %edi
7:	movb	(%edi), %al
	testb	%al, %al
	jz	10f
	cmpb	%al, (%esi)
	jne	8f
	incl	%esi
	incl	%edi
	jmp	7b
8:	movb	(%esi), %al		/* on to the next word */
	testb	%al, %al
	jz	9f
	incl	%esi
	cmpb	$' ', %al
	jne	8b
	jmp	6b
9:	xorl	%eax, %eax
	ret
10:	cmpb	$0, (%esi)		/* the word must end here */
	je	11f
	cmpb	$' ', (%esi)
	jne	8b
11:	movl	$1, %eax
	testl	%eax, %eax
	ret

/* Long mode and NX, which all that follows builds on; before CPUID there was neither. */
check_processor:
	movl	$message_processor, %ebp
	pushfl
	popl	%eax
	movl	%eax, %ecx
	xorl	$0x200000, %eax		/* EFLAGS.ID can be changed: there is CPUID */
	pushl	%eax
	popfl
	pushfl
	popl	%eax
	cmpl	%eax, %ecx
	je	12f
	movl	$0x80000000, %eax
	cpuid
	cmpl	$0x80000001, %eax
	jb	12f
	movl	$0x80000001, %eax
	cpuid
	btl	$29, %edx		/* long mode */
	jnc	12f
	movl	$message_nx, %ebp
	btl	$20, %edx		/* NX */
	jnc	12f
	ret
12:	movl	%ebp, %esi
	jmp	refuse

/* Five levels if the processor has LA57 and the command line does not say nola57. */
choose_levels:
	xorl	%eax, %eax
	cpuid
	cmpl	$7, %eax
	jb	13f
	movl	$7, %eax
	xorl	%ecx, %ecx
	cpuid
	btl	$16, %ecx
	jnc	13f
	movl	$word_nola57, %edx
	call	has_word
	jnz	13f
	movl	$1, boot_la57
13:	ret

/*
 * The first 4 GiB, three times: at 0 (until the kernel has its own tables), as the direct map, and
 * their first GiB as the kernel's image. One PML4 serves both depths: a PML5 has it as its first
 * and last entry. Nothing here is global, so that the identity map is gone with the first load of
 * another root.
 */
build_tables:
	movl	$boot_pd, %edi
	movl	$LARGE_PAGE, %eax
	movl	$2048, %ecx
14:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	decl	%ecx
	jnz	14b
	movl	$boot_pd + TABLE, %eax
	movl	%eax, boot_pdpt + 510 * 8
	movl	$boot_pdpt, %edi
	movl	$4, %ecx
15:	movl	%eax, (%edi)
	addl	$4096, %eax
	addl	$8, %edi
	decl	%ecx
	jnz	15b
	movl	$boot_pdpt + TABLE, %eax
	movl	%eax, boot_pml4
	movl	%eax, boot_pml4 + 256 * 8
	movl	%eax, boot_pml4 + 511 * 8
	movl	$boot_pml4 + TABLE, %eax
	movl	%eax, boot_pml5
	movl	%eax, boot_pml5 + 511 * 8
	ret

/* Every CPU: paging on, and into the high half. ebp is 0 on the first CPU. */
enter_long_mode:
	movl	$CR4_PAE, %eax
	movl	$boot_pml4, %ecx
	cmpl	$0, boot_la57
	je	16f
	orl	$CR4_LA57, %eax
	movl	$boot_pml5, %ecx
16:	movl	%eax, %cr4
	movl	%ecx, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_SCE_LME_NXE, %eax
	wrmsr
	movl	$CR0_LONG_MODE, %eax
	movl	%eax, %cr0
	ljmp	$BOOT_CS64, $17f
	.code64
17:	movq	$entry64, %rax
	jmp	*%rax
	.code32

/* From the trampoline, in protected mode with the boot GDT. */
	.globl	entry32_other_cpu
entry32_other_cpu:
	movl	$BOOT_DS, %ecx
	movl	%ecx, %ds
	movl	%ecx, %es
	movl	%ecx, %ss
	xorl	%ecx, %ecx
	movl	%ecx, %fs
	movl	%ecx, %gs
	movl	$1, %ebp
	jmp	enter_long_mode

/* Says why (esi) where the kernel's log would go, and stops. */
refuse:
	movl	%esi, %ebx
	movl	$word_com2, %edx
	call	has_word
	movl	$0x3f8, %ebp
	jz	18f
	movl	$0x2f8, %ebp
18:	movl	%ebx, %esi
	movl	%ebp, %edx
	call	write_text
	movl	$message_stop, %esi
	movl	$0xe9, %edx
	call	write_text
	movl	$word_exit, %edx
	call	has_word
	jz	19f
	movl	$0x10, %eax
	movl	$0xf4, %edx
	outl	%eax, %dx
19:	hlt
	jmp	19b

/*
 * The text at esi to the port in edx. A serial port that is never ready (or absent) costs no more
 * than text.
 */
write_text:
	lodsb
	testb	%al, %al
	jz	22f
	movb	%al, %ah
	movl	$100000, %ecx
20:	cmpl	$0xe9, %edx
	je	21f
	addl	$5, %edx
	inb	%dx, %al
	subl	$5, %edx
	testb	$0x20, %al
	jnz	21f
	decl	%ecx
	jnz	20b
21:	movb	%ah, %al
	outb	%al, %dx
	jmp	write_text
22:	ret

	.section .boot.data, "aw"
word_nola57:		.asciz	"nola57"
word_com2:		.asciz	"log=com2"
word_exit:		.asciz	"exit=debug"
message_stop:		.asciz	"stop\n"
message_loader:		.asciz	"Pleat must be started by a multiboot2 loader or by PVH.\n"
message_processor:	.asciz	"Pleat needs a 64-bit processor: this one has no long mode.\n"
message_nx:		.asciz	"Pleat needs a processor with no-execute pages (NX).\n"
	.balign	8
	.globl	boot_gdt
boot_gdt:
	.quad	0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff
boot_gdt_pointer:
	.word	31
	.long	boot_gdt
	.balign	8
	/* For C, which reads them through the direct map (arch/x86_64/boot.c). */
	.globl	boot_loader_info, boot_multiboot2, boot_la57
boot_loader_info:	.quad	0
boot_multiboot2:	.long	0	/* not 0: GRUB; 0: PVH */
boot_la57:		.long	0
command_line:		.long	0

	.section .boot.bss, "aw", @nobits
	.balign	4096
boot_pml5:	.skip	4096
boot_pml4:	.skip	4096
boot_pdpt:	.skip	4096
boot_pd:	.skip	4 * 4096
	.skip	1024
entry32_stack:

	.section .note.GNU-stack, "", @progbits
