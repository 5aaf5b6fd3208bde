/*
 * newlib_calls.c - the calls that newlib expects from its system, made with Linux's numbers
 * and structures and answered with newlib's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/uapi/stat.h"
#include "user/numbers.h"
#include "user/syscall.h"

/* The value in `to` that means what `value` means in `from`; `other` if neither knows it. */
static int translate(const struct number_table *from, const struct number_table *to, int value,
		     int other)
{
	for (int i = 0; i < from->count; i++) {
		if (from->values[i] == value)
			return to->values[i];
	}
	return other;
}

/* The same for a word of flags. */
static int translate_flags(const struct number_table *from, const struct number_table *to,
			   int flags)
{
	int result = flags & O_ACCMODE;

	for (int i = 0; i < from->count; i++) {
		if (flags & from->values[i])
			result |= to->values[i];
	}
	return result;
}

/* From the kernel's convention (-errno) to the C library's (-1 and errno). */
static long answer(long result)
{
	if (!is_error(result))
		return result;
	errno = translate(&linux_errnos, &newlib_errnos, (int)-result, EIO);
	return -1;
}

void _exit(int status)
{
	for (;;)
		syscall1(__NR_exit_group, status);
}

/* newlib's read and write return an int; Linux too moves no more than this in one call. */
static long clamp(size_t len)
{
	return len > 0x7ffff000 ? 0x7ffff000 : (long)len;
}

int read(int fd, void *buf, size_t len)
{
	return (int)answer(syscall3(__NR_read, fd, (long)buf, clamp(len)));
}

int write(int fd, const void *buf, size_t len)
{
	return (int)answer(syscall3(__NR_write, fd, (long)buf, clamp(len)));
}

int open(const char *path, int flags, ...)
{
	va_list args;
	int mode = 0;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, int);
		va_end(args);
	}
	flags = translate_flags(&newlib_open_flags, &linux_open_flags, flags);
	return (int)answer(syscall3(__NR_open, (long)path, flags, mode));
}

int close(int fd)
{
	return (int)answer(syscall1(__NR_close, fd));
}

off_t lseek(int fd, off_t offset, int whence)
{
	return answer(syscall3(__NR_lseek, fd, offset, whence));
}

int fcntl(int fd, int command, ...)
{
	va_list args;
	long arg, result;

	va_start(args, command);
	arg = va_arg(args, long);
	va_end(args);
	if (command == F_SETFL)
		arg = translate_flags(&newlib_open_flags, &linux_open_flags, (int)arg);
	result = answer(syscall3(__NR_fcntl, fd, command, arg));
	if (command == F_GETFL && result >= 0)
		result = translate_flags(&linux_open_flags, &newlib_open_flags, (int)result);
	return (int)result;
}

static void copy_stat(struct stat *to, const struct __kernel_stat *from)
{
	*to = (struct stat){
		.st_dev = (dev_t)from->st_dev,
		.st_ino = (ino_t)from->st_ino,
		.st_mode = from->st_mode,
		.st_nlink = (nlink_t)from->st_nlink,
		.st_uid = (uid_t)from->st_uid,
		.st_gid = (gid_t)from->st_gid,
		.st_rdev = (dev_t)from->st_rdev,
		.st_size = from->st_size,
		.st_atim = { (time_t)from->st_atime_sec, (long)from->st_atime_nsec },
		.st_mtim = { (time_t)from->st_mtime_sec, (long)from->st_mtime_nsec },
		.st_ctim = { (time_t)from->st_ctime_sec, (long)from->st_ctime_nsec },
		.st_blksize = from->st_blksize,
		.st_blocks = from->st_blocks,
	};
}

int fstat(int fd, struct stat *st)
{
	struct __kernel_stat linux_st;
	long result = answer(syscall2(__NR_fstat, fd, (long)&linux_st));

	if (result == 0)
		copy_stat(st, &linux_st);
	return (int)result;
}

int stat(const char *path, struct stat *st)
{
	struct __kernel_stat linux_st;
	long result = answer(syscall2(__NR_stat, (long)path, (long)&linux_st));

	if (result == 0)
		copy_stat(st, &linux_st);
	return (int)result;
}

/* newlib asks only to choose how to buffer: any character device counts as a terminal. */
int isatty(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return 0;
	if (S_ISCHR(st.st_mode))
		return 1;
	errno = ENOTTY;
	return 0;
}

int link(const char *old, const char *new)
{
	return (int)answer(syscall2(__NR_link, (long)old, (long)new));
}

int unlink(const char *path)
{
	return (int)answer(syscall1(__NR_unlink, (long)path));
}

int mkdir(const char *path, mode_t mode)
{
	return (int)answer(syscall2(__NR_mkdir, (long)path, mode));
}

pid_t getpid(void)
{
	return (pid_t)syscall0(__NR_getpid);
}

pid_t fork(void)
{
	return (pid_t)answer(syscall0(__NR_fork));
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	return (int)answer(syscall3(__NR_execve, (long)path, (long)argv, (long)envp));
}

int kill(pid_t pid, int signal)
{
	int number = translate(&newlib_signals, &linux_signals, signal, signal);

	return (int)answer(syscall2(__NR_kill, pid, number));
}

/* A status word has Linux's layout in newlib too; only the signal in it is renumbered. */
static int translate_status(int status)
{
	int signal = status & 0x7f;

	return (status & ~0x7f) | translate(&linux_signals, &newlib_signals, signal, signal);
}

pid_t wait(int *status)
{
	int word = 0;
	long pid = answer(syscall4(__NR_wait4, -1, (long)&word, 0, 0));

	if (pid >= 0 && status)
		*status = translate_status(word);
	return (pid_t)pid;
}

int gettimeofday(struct timeval *tv, void *zone)
{
	int64_t now[2];				/* Linux's timespec: seconds, nanoseconds */
	long result = answer(syscall2(__NR_clock_gettime, 0 /* CLOCK_REALTIME */, (long)now));

	(void)zone;
	if (result == 0) {
		tv->tv_sec = (time_t)now[0];
		tv->tv_usec = (suseconds_t)(now[1] / 1000);
	}
	return (int)result;
}

clock_t times(struct tms *buf)
{
	return (clock_t)answer(syscall1(__NR_times, (long)buf));
}

int getentropy(void *buf, size_t len)
{
	long result = answer(syscall3(__NR_getrandom, (long)buf, (long)len, 0));

	return result == (long)len ? 0 : -1;
}

/*
 * The end of the heap, moved by `increment` bytes. Only malloc calls it, under its lock. The
 * kernel answers a request that it refuses with the unchanged break.
 */
void *sbrk(ptrdiff_t increment)
{
	static uintptr_t end;
	uintptr_t old, new;

	if (end == 0)
		end = (uintptr_t)syscall1(__NR_brk, 0);
	old = end;
	new = (uintptr_t)syscall1(__NR_brk, (long)(old + (uintptr_t)increment));
	if (new != old + (uintptr_t)increment) {
		errno = ENOMEM;
		return (void *)-1;
	}
	end = new;
	return (void *)old;
}
