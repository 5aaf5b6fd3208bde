/* threads.S - what C cannot say: clone with a new stack, vfork, the return of signal handlers. */
#include "kernel/uapi/unistd.h"

	.section .note.GNU-stack, "", @progbits
	.text

/*
 * long clone_call(flags, stack_top, entry, arg, parent_tid, child_tid, tls)
 * The child calls entry(arg) on its new stack and ends (the thread only) with the result.
 */
	.globl	clone_call
	.type	clone_call, @function
clone_call:
	sub	$16, %rsi
	mov	%rdx, (%rsi)
	mov	%rcx, 8(%rsi)
	mov	%r8, %rdx
	mov	%r9, %r10
	mov	8(%rsp), %r8
	mov	$__NR_clone, %eax
	syscall
	test	%rax, %rax
	jz	1f
	ret
1:	xor	%ebp, %ebp
	pop	%rax
	pop	%rdi
	call	*%rax
	mov	%eax, %edi
	mov	$__NR_exit, %eax
	syscall
	ud2
	.size	clone_call, . - clone_call

/*
 * long sys_vfork(void): the child returns first and overwrites this frame, so the return
 * address waits for the parent in rdx, which the system call leaves alone.
 */
	.globl	sys_vfork
	.type	sys_vfork, @function
sys_vfork:
	pop	%rdx
	mov	$__NR_vfork, %eax
	syscall
	push	%rdx
	ret
	.size	sys_vfork, . - sys_vfork

/* Where signal handlers return to: user/signals.h. */
	.globl	signal_restorer
	.type	signal_restorer, @function
signal_restorer:
	mov	$__NR_rt_sigreturn, %eax
	syscall
	.size	signal_restorer, . - signal_restorer
