/*
 * Bulk memory: eight bytes at a time. The byte forms of the string instructions serve the last
 * seven bytes only: emulators count, and slow processors execute, each byte of them as an
 * instruction.
 */
	.text
	.globl	memcpy
	.type	memcpy, @function
memcpy:
	movq	%rdi, %rax
	movq	%rdx, %rcx
	shrq	$3, %rcx
	rep movsq
	andl	$7, %edx
	jz	1f
	movl	%edx, %ecx
	rep movsb
1:	ret
	.size	memcpy, . - memcpy

	.globl	memset
	.type	memset, @function
memset:
	movq	%rdi, %r8
	movzbl	%sil, %eax
	movabsq	$0x0101010101010101, %rcx
	imulq	%rcx, %rax
	movq	%rdx, %rcx
	shrq	$3, %rcx
	rep stosq
	andl	$7, %edx
	jz	1f
	movl	%edx, %ecx
	rep stosb
1:	movq	%r8, %rax
	ret
	.size	memset, . - memset

/* Forward unless the destination starts inside the source: then from the end, tail bytes first. */
	.globl	memmove
	.type	memmove, @function
memmove:
	movq	%rdi, %rax
	subq	%rsi, %rax
	cmpq	%rdx, %rax		/* unsigned: also true if dst lies below src */
	jae	memcpy
	movq	%rdi, %rax
	leaq	-1(%rdi,%rdx), %rdi
	leaq	-1(%rsi,%rdx), %rsi
	movl	%edx, %ecx
	andl	$7, %ecx
	std
	rep movsb
	subq	$7, %rdi
	subq	$7, %rsi
	movq	%rdx, %rcx
	shrq	$3, %rcx
	rep movsq
	cld
	ret
	.size	memmove, . - memmove

	.section .note.GNU-stack, "", @progbits
