/*
 * Exceptions and interrupts: save the registers, call C, restore. Each handler gets the registers,
 * the error code (0 if the processor pushes none) and the vector.
 */
#include "machine/entry_regs.h"

#define MSR_GS_BASE	0xc0000101
#define TSS_SELECTOR	0x40		/* CPU n's is TSS_SELECTOR + 16 * n: cpu.c */

.macro VECTOR_ENTRY vector
	.pushsection .rodata
	.quad	\vector, 771f
	.popsection
	.balign	16
771:
	.type	trap_\vector, @function	/* a name, for backtraces and for stepping into it */
trap_\vector:
.endm

.macro CALL_HANDLER handler, vector, has_error
	CLAC
	cld
	movq	%rsp, %rdi
	.if \has_error
	movq	REGS_ORIG_AX(%rsp), %rsi
	movq	$NO_SYSCALL, REGS_ORIG_AX(%rsp)
	.else
	xorl	%esi, %esi
	.endif
	movl	$\vector, %edx
.endm

/*
 * The usual entry. From user mode GS is swapped and the backtrace ends. From the kernel a stack
 * frame that looks like a call from the interrupted instruction lets the backtrace go on.
 */
.macro TRAP vector, handler, has_error=0, iret_may_fault=0
	VECTOR_ENTRY \vector
	.if !\has_error
	pushq	$NO_SYSCALL
	.endif
	testb	$3, 16(%rsp)		/* cs */
	jz	1f
2:	swapgs
	SAVE_REGS
	xorl	%ebp, %ebp
	CALL_HANDLER \handler, \vector, \has_error
	call	\handler
	jmp	return_to_user
1:
	.if \iret_may_fault
	/*
	 * return_to_user's IRET found nothing to return to. All registers are the user's again: go
	 * back to the frame that it read, and take the fault as if it had come from there.
	 */
	cmpq	$user_iret, 8(%rsp)
	jne	3f
	movq	32(%rsp), %rsp
	pushq	$0
	jmp	2b
3:
	.endif
	SAVE_REGS
	CALL_HANDLER \handler, \vector, \has_error
	pushq	REGS_IP(%rdi)
	pushq	%rbp
	movq	%rsp, %rbp
	call	\handler
	addq	$16, %rsp
	RESTORE_REGS
	iretq
.endm

/*
 * Entries that may come between any two instructions, on stacks of their own: whose GS base it is
 * cannot be told, so the CPU's number is taken from its task register.
 */
.macro PARANOID vector, handler, has_error=0
	VECTOR_ENTRY \vector
	.if !\has_error
	pushq	$NO_SYSCALL
	.endif
	SAVE_REGS
	movl	$MSR_GS_BASE, %ecx
	rdmsr
	movl	%eax, %ebx
	movl	%edx, %r12d
	str	%eax
	subl	$TSS_SELECTOR, %eax
	shrl	$4, %eax
	movq	percpu_pointers(,%rax,8), %rax
	movq	%rax, %rdx
	shrq	$32, %rdx
	wrmsr
	CALL_HANDLER \handler, \vector, \has_error
	pushq	REGS_IP(%rdi)
	pushq	%rbp
	movq	%rsp, %rbp
	call	\handler
	addq	$16, %rsp
	movl	$MSR_GS_BASE, %ecx
	movl	%ebx, %eax
	movl	%r12d, %edx
	wrmsr
	RESTORE_REGS
	iretq
.endm

	/* Pairs of vector and entry, for trap_init(). */
	.section .rodata
	.balign	8
	.globl	trap_vectors, trap_vectors_end
trap_vectors:

	.text
	TRAP	0, exception			/* #DE */
	TRAP	1, exception			/* #DB */
	PARANOID 2, nmi
	TRAP	3, exception			/* #BP */
	TRAP	4, exception			/* #OF */
	TRAP	5, exception			/* #BR */
	TRAP	6, exception			/* #UD */
	TRAP	7, exception			/* #NM */
	PARANOID 8, double_fault, has_error=1
	TRAP	10, exception, has_error=1	/* #TS */
	TRAP	11, exception, has_error=1, iret_may_fault=1	/* #NP */
	TRAP	12, exception, has_error=1, iret_may_fault=1	/* #SS */
	TRAP	13, exception, has_error=1, iret_may_fault=1	/* #GP */
	TRAP	14, page_fault, has_error=1
	TRAP	16, exception			/* #MF */
	TRAP	17, exception, has_error=1	/* #AC */
	PARANOID 18, machine_check
	TRAP	19, exception			/* #XM */
	TRAP	0x30, interrupt_serial
	TRAP	0x40, interrupt_timer
	TRAP	0x50, interrupt_device
	TRAP	0x51, interrupt_device
	TRAP	0x52, interrupt_device
	TRAP	0x53, interrupt_device
	TRAP	0xf0, interrupt_call
	TRAP	0xf1, interrupt_kick
	TRAP	0xff, interrupt_spurious

	.section .rodata
trap_vectors_end:

	.section .note.GNU-stack, "", @progbits
