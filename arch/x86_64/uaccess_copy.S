/*
 * Copies between the kernel and user memory. Each instruction that touches user memory is in the
 * exception table; STAC and CLAC open and close SMAP. The callers (uaccess.c) have checked the
 * ranges.
 */
#include "machine/asm.h"

#define EFAULT		14
#define ENAMETOOLONG	36

/* size_t user_copy(void *dst, const void *src, size_t n): bytes not copied, exact to the byte. */
	.text
	.globl	user_copy
	.type	user_copy, @function
user_copy:
	movq	%rdx, %rcx
	shrq	$3, %rcx
	andl	$7, %edx
	STAC
1:	rep movsq
	movl	%edx, %ecx
2:	rep movsb
3:	CLAC
	movq	%rcx, %rax
	ret
	/* A word could not be copied whole: perhaps its first bytes can. */
4:	leaq	(%rdx,%rcx,8), %rcx
	jmp	2b
	EXCEPTION 1b, 4b
	EXCEPTION 2b, 3b
	.size	user_copy, . - user_copy

/* size_t user_clear(void *dst, size_t n): bytes not cleared. */
	.globl	user_clear
	.type	user_clear, @function
user_clear:
	movq	%rsi, %rcx
	shrq	$3, %rcx
	andl	$7, %esi
	xorl	%eax, %eax
	STAC
1:	rep stosq
	movl	%esi, %ecx
2:	rep stosb
3:	CLAC
	movq	%rcx, %rax
	ret
4:	leaq	(%rsi,%rcx,8), %rcx
	jmp	2b
	EXCEPTION 1b, 4b
	EXCEPTION 2b, 3b
	.size	user_clear, . - user_clear

/* long user_strncpy(char *dst, const char *src, long max): length without the NUL, or -errno. */
	.globl	user_strncpy
	.type	user_strncpy, @function
user_strncpy:
	xorl	%eax, %eax
	STAC
1:	cmpq	%rdx, %rax
	je	3f
2:	movb	(%rsi,%rax), %cl
	movb	%cl, (%rdi,%rax)
	testb	%cl, %cl
	jz	4f
	incq	%rax
	jmp	1b
3:	movq	$-ENAMETOOLONG, %rax
4:	CLAC
	ret
5:	movq	$-EFAULT, %rax
	jmp	4b
	EXCEPTION 2b, 5b
	.size	user_strncpy, . - user_strncpy

/* int user_get_u32(u32 *value, const u32 *src): 0 or -EFAULT. */
	.globl	user_get_u32
	.type	user_get_u32, @function
user_get_u32:
	STAC
1:	movl	(%rsi), %eax
	CLAC
	movl	%eax, (%rdi)
	xorl	%eax, %eax
	ret
2:	CLAC
	movl	$-EFAULT, %eax
	ret
	EXCEPTION 1b, 2b
	.size	user_get_u32, . - user_get_u32

/*
 * int user_cmpxchg_u32(u32 *addr, u32 *old, u32 value): 0 (what was there is in *old) or -EFAULT.
 */
	.globl	user_cmpxchg_u32
	.type	user_cmpxchg_u32, @function
user_cmpxchg_u32:
	movl	(%rsi), %eax
	STAC
1:	lock cmpxchgl %edx, (%rdi)
	CLAC
	movl	%eax, (%rsi)
	xorl	%eax, %eax
	ret
2:	CLAC
	movl	$-EFAULT, %eax
	ret
	EXCEPTION 1b, 2b
	.size	user_cmpxchg_u32, . - user_cmpxchg_u32

	.section .note.GNU-stack, "", @progbits
