/* What the boot option `strace` prints of system calls, and by which tables. */
#pragma once
#include "kernel/base/types.h"

/*
 * How a call's arguments are printed, a letter each:
 *	d u x	a number: signed, unsigned, hexadecimal	o	an octal mode
 *	p	an address, NULL if it is 0		t	a file descriptor, or AT_FDCWD
 *	s	a string of the program's		S	a signal
 *	b	a buffer; the next argument is its length
 *	r	a buffer that the call fills, as far as its result says
 * and sets of flags by name: P protection, M mmap, O open, K AT_ flags, C clone, A madvise, Y
 * msync, B mount, E umount, W wait, H whence, F fcntl, U futex. Behind a colon: what the result
 * is (d if nothing is said).
 */
struct strace_format {
	unsigned int nr;
	const char *name, *format;
};
extern const struct strace_format strace_formats[];
extern const size_t nr_strace_formats;

/* "ENOENT"; NULL: there is no such error. */
const char *strace_errno(int error);
/* "SIGSEGV"; NULL. */
const char *strace_signal(int signo);

struct strace_flag {
	u64 mask, value; /* it is set if (number & mask) == value */
	const char *name;
};
/* The names that a letter stands for, ended by one without a name; NULL: no such set. */
const struct strace_flag *strace_flags(char letter);
