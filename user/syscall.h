/*
 * syscall.h - the system call itself. The result is the kernel's own word: an error is
 * -errno with Linux's number, never -1, and nothing touches the C library's errno.
 */
#ifndef USER_SYSCALL_H
#define USER_SYSCALL_H

#include "kernel/uapi/unistd.h"

static inline long syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static inline long syscall5(long nr, long a, long b, long c, long d, long e)
{
	return syscall6(nr, a, b, c, d, e, 0);
}

static inline long syscall4(long nr, long a, long b, long c, long d)
{
	return syscall6(nr, a, b, c, d, 0, 0);
}

static inline long syscall3(long nr, long a, long b, long c)
{
	return syscall6(nr, a, b, c, 0, 0, 0);
}

static inline long syscall2(long nr, long a, long b)
{
	return syscall6(nr, a, b, 0, 0, 0, 0);
}

static inline long syscall1(long nr, long a)
{
	return syscall6(nr, a, 0, 0, 0, 0, 0);
}

static inline long syscall0(long nr)
{
	return syscall6(nr, 0, 0, 0, 0, 0, 0);
}

/* Is this result of a system call an error? */
static inline int is_error(long result)
{
	return (unsigned long)result >= -4095UL;
}

#endif
