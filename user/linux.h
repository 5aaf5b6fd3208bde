/*
 * linux.h - Linux as a program sees it: the numbers and structures of kernel/uapi/ and a thin
 * sys_NAME() for each call that programs here make, which returns -errno.
 *
 * The rule that keeps two worlds apart: newlib's numbers differ from Linux's (ENOSYS is 88
 * there and 38 here), so a file includes EITHER this header and of newlib only what carries no
 * system constants (stdio.h, stdlib.h, string.h, stdbool.h, stdint.h, stdarg.h, ctype.h),
 * OR newlib's errno.h, signal.h, fcntl.h, time.h, unistd.h, sys/stat.h... and not this one.
 * Portable programs do the second and get translated numbers; tests do the first.
 */
#ifndef USER_LINUX_H
#define USER_LINUX_H

#if defined(_SYS_ERRNO_H_) || defined(_SYS_SIGNAL_H) || defined(_SYS__DEFAULT_FCNTL_H_) || \
	defined(_TIME_H_) || defined(_SYS_STAT_H) || defined(_SYS_UNISTD_H)
#error "user/linux.h and newlib's system headers do not mix in one file: see the rule above"
#endif

#include <stddef.h>
#include <stdint.h>

#include "kernel/uapi/auxvec.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/futex.h"
#include "kernel/uapi/mman.h"
#include "kernel/uapi/pleat.h"
#include "kernel/uapi/poll.h"
#include "kernel/uapi/prctl.h"
#include "kernel/uapi/reboot.h"
#include "kernel/uapi/resource.h"
#include "kernel/uapi/sched.h"
#include "kernel/uapi/signal.h"
#include "kernel/uapi/stat.h"
#include "kernel/uapi/time.h"
#include "kernel/uapi/uio.h"
#include "kernel/uapi/utsname.h"
#include "kernel/uapi/wait.h"
#include "user/syscall.h"

#define PAGE_SIZE	4096UL

/* Memory. Addresses are plain numbers in the calls: tests pass many that are no pointers. */

static inline long sys_mmap(uintptr_t addr, size_t len, int prot, int flags, int fd, long off)
{
	return syscall6(__NR_mmap, (long)addr, (long)len, prot, flags, fd, off);
}

static inline long sys_munmap(uintptr_t addr, size_t len)
{
	return syscall2(__NR_munmap, (long)addr, (long)len);
}

static inline long sys_mprotect(uintptr_t addr, size_t len, int prot)
{
	return syscall3(__NR_mprotect, (long)addr, (long)len, prot);
}

static inline long sys_madvise(uintptr_t addr, size_t len, int advice)
{
	return syscall3(__NR_madvise, (long)addr, (long)len, advice);
}

/* The break after the call; the old one when the request was refused. */
static inline long sys_brk(uintptr_t addr)
{
	return syscall1(__NR_brk, (long)addr);
}

/* Processes. */

static inline long sys_fork(void)
{
	return syscall0(__NR_fork);
}

/* In threads.S: the child runs on the parent's stack, so the return address must not lie there. */
long sys_vfork(void) __attribute__((returns_twice));

static inline long sys_execve(const char *path, char *const argv[], char *const envp[])
{
	return syscall3(__NR_execve, (long)path, (long)argv, (long)envp);
}

static inline long sys_wait4(int pid, int *status, int options, struct __kernel_rusage *usage)
{
	return syscall4(__NR_wait4, pid, (long)status, options, (long)usage);
}

/* Ends the calling thread. */
static inline void __attribute__((noreturn)) sys_exit(int status)
{
	for (;;)
		syscall1(__NR_exit, status);
}

/* Ends the whole process. */
static inline void __attribute__((noreturn)) sys_exit_group(int status)
{
	for (;;)
		syscall1(__NR_exit_group, status);
}

static inline long sys_getpid(void)
{
	return syscall0(__NR_getpid);
}

static inline long sys_getppid(void)
{
	return syscall0(__NR_getppid);
}

static inline long sys_gettid(void)
{
	return syscall0(__NR_gettid);
}

static inline long sys_kill(int pid, int signal)
{
	return syscall2(__NR_kill, pid, signal);
}

static inline long sys_prctl(int op, uintptr_t a, uintptr_t b)
{
	return syscall5(__NR_prctl, op, (long)a, (long)b, 0, 0);
}

static inline long sys_arch_prctl(int op, uintptr_t addr)
{
	return syscall2(__NR_arch_prctl, op, (long)addr);
}

static inline long sys_prlimit64(int pid, int resource, const struct rlimit64 *limit,
				 struct rlimit64 *old)
{
	return syscall4(__NR_prlimit64, pid, resource, (long)limit, (long)old);
}

/* Scheduling and time. */

static inline long sys_sched_yield(void)
{
	return syscall0(__NR_sched_yield);
}

static inline long sys_sched_setaffinity(int pid, size_t size, const void *mask)
{
	return syscall3(__NR_sched_setaffinity, pid, (long)size, (long)mask);
}

/* The bytes of the mask that the kernel wrote. */
static inline long sys_sched_getaffinity(int pid, size_t size, void *mask)
{
	return syscall3(__NR_sched_getaffinity, pid, (long)size, (long)mask);
}

static inline long sys_nanosleep(const struct __kernel_timespec *span,
				 struct __kernel_timespec *rest)
{
	return syscall2(__NR_nanosleep, (long)span, (long)rest);
}

static inline long sys_clock_gettime(int clock, struct __kernel_timespec *now)
{
	return syscall2(__NR_clock_gettime, clock, (long)now);
}

static inline long sys_futex(volatile void *word, int op, uint32_t value,
			     const struct __kernel_timespec *timeout)
{
	return syscall6(__NR_futex, (long)word, op, value, (long)timeout, 0, 0);
}

/* Files. */

static inline long sys_open(const char *path, int flags, int mode)
{
	return syscall3(__NR_open, (long)path, flags, mode);
}

static inline long sys_close(int fd)
{
	return syscall1(__NR_close, fd);
}

static inline long sys_read(int fd, void *buf, size_t len)
{
	return syscall3(__NR_read, fd, (long)buf, (long)len);
}

static inline long sys_write(int fd, const void *buf, size_t len)
{
	return syscall3(__NR_write, fd, (long)buf, (long)len);
}

static inline long sys_lseek(int fd, long offset, int whence)
{
	return syscall3(__NR_lseek, fd, offset, whence);
}

static inline long sys_fstat(int fd, struct __kernel_stat *st)
{
	return syscall2(__NR_fstat, fd, (long)st);
}

static inline long sys_pipe(int fds[2])
{
	return syscall1(__NR_pipe, (long)fds);
}

static inline long sys_dup2(int old, int fd)
{
	return syscall2(__NR_dup2, old, fd);
}

static inline long sys_getdents64(int fd, void *buf, size_t len)
{
	return syscall3(__NR_getdents64, fd, (long)buf, (long)len);
}

static inline long sys_reboot(unsigned int command)
{
	return syscall4(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command, 0);
}

#endif
