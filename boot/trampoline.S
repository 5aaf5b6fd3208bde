/*
 * Where the other CPUs start, in real mode: this is copied to a page below 1 MiB, whose number is
 * the vector of the start-up IPI and, times 256, their cs. It only enters protected mode;
 * entry32.S does the rest.
 */
#include "boot/boot.h"

	.section .rodata.trampoline, "a"
	.code16
	.globl	trampoline_start, trampoline_end
trampoline_start:
	cli
	cld
	lgdtl	%cs:(trampoline_gdt - trampoline_start)
	movl	%cr0, %eax
	andl	$0x9fffffff, %eax	/* caches on */
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$BOOT_CS32, $entry32_other_cpu
	.balign	4
trampoline_gdt:
	.word	31
	.long	boot_gdt
trampoline_end:

	.section .note.GNU-stack, "", @progbits
