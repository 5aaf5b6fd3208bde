/* The first 64-bit instructions of each CPU: its stack and its own data, then C. */
#include "boot/boot.h"
#include "machine/offsets.h"

#define MSR_GS_BASE	0xc0000101

	.text
	.globl	entry64
entry64:
	testl	%ebp, %ebp
	jnz	1f
	movq	$boot_stack_end, %rsp
	movq	$percpus, %rdi
	movq	%rdi, PERCPU_SELF(%rdi)
	movq	$kernel_main, %r12
	jmp	2f
1:	movq	other_cpu_root, %rax	/* its stack exists in the kernel's own tables only */
	movq	%rax, %cr3
	movq	other_cpu_stack, %rsp
	movq	other_cpu_data, %rdi
	movq	$other_cpu_main, %r12
2:	movq	%rdi, %rdx
	shrq	$32, %rdx
	movl	%edi, %eax
	movl	$MSR_GS_BASE, %ecx
	wrmsr
	xorl	%ebp, %ebp		/* backtraces end here */
	call	*%r12
3:	hlt
	jmp	3b

	/* The first CPU's stack, later its idle task's. The page below it is left unmapped. */
	.section .bss.stack, "aw", @nobits
	.balign	4096
	.globl	boot_stack_guard, boot_stack, boot_stack_end
boot_stack_guard:
	.skip	4096
boot_stack:
	.skip	BOOT_STACK_SIZE
boot_stack_end:

	.section .note.GNU-stack, "", @progbits
