/* What the boot option `strace` prints of system calls, and by which tables. */
#pragma once
#include "kernel/base/types.h"

/* A number that has a name, or a part of one. */
struct strace_flag {
	u64 mask, value; /* it is set if (number & mask) == value */
	const char *name;
};

#define STRACE_NAMES	3

/*
 * How a call's arguments are printed, a letter each:
 *	d u x	a number: signed, unsigned, hexadecimal	S	a signal
 *	p	an address, NULL if it is 0		s	a string of the program's
 *	t	a file descriptor, or AT_FDCWD
 *	o	an octal mode
 *	c	the same, if the flags before it create
 *	m	the same, with the file's type by the next of `names`
 *	b	a buffer; the next argument is its length
 *	r	a buffer that the call fills, as far as its result says
 *	*	flags or a number with a name: by the next of `names`
 * Behind a colon: what the result is (d if nothing is said); behind its * a word for what the
 * number is.
 */
struct strace_format {
	unsigned int nr;
	const char *name, *format;
	const struct strace_flag *names[STRACE_NAMES]; /* sets, each ended by one without a name */
	bool has_case;	/* only if the low half of argument `arg` is `is` */
	unsigned int arg;
	u32 is;
};
extern const struct strace_format strace_formats[];
extern const size_t nr_strace_formats;

/* "ENOENT"; NULL: there is no such error. */
const char *strace_errno(int error);
/* "SIGSEGV"; NULL: none of those below SIGRTMIN. */
const char *strace_signal(int signo);
