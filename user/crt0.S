/*
 * crt0.S - the first instructions of a program. The kernel left the arguments, environment and
 * auxiliary vector on the stack (System V ABI 3.4.1); rsp points at argc and is 16-aligned.
 */
	.section .note.GNU-stack, "", @progbits
	.text
	.globl	_start
	.type	_start, @function
_start:
	xor	%ebp, %ebp		/* the outermost frame */
	mov	%rsp, %rdi
	and	$-16, %rsp
	call	program_start
	ud2
	.size	_start, . - _start
