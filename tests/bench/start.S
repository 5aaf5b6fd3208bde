/*
 * start.S - the first instruction of mmbench, and what a signal handler needs around it.
 */
#include "kernel/uapi/unistd.h"

	.section .note.GNU-stack, "", @progbits
	.text

	.globl	_start
	.type	_start, @function
_start:
	xor	%ebp, %ebp
	mov	%rsp, %rdi
	and	$-16, %rsp
	call	bench_main
	ud2
	.size	_start, . - _start

/* void poke(char *page): one store, and the address behind it for a handler that skips it. */
	.globl	poke, poke_resume
	.type	poke, @function
poke:
	movb	$1, (%rdi)
poke_resume:
	ret
	.size	poke, . - poke

/*
 * void profile_keep(void): tells a profiler that the last timed piece belongs to the row it asked
 * for. Touches no memory: an instruction that faults would be seen twice.
 */
	.globl	profile_keep
	.type	profile_keep, @function
profile_keep:
	nop
	ret
	.size	profile_keep, . - profile_keep
