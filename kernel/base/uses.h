/*
 * What a thread has done, as /proc/PID/io, /proc/PID/stat and getrusage() tell. Each thread
 * counts for itself; what is gone is added to its process, and a process that was waited for to
 * its parent (kernel/process/usage.c).
 */
#pragma once
#include "kernel/base/types.h"

enum use {
	USE_MINFLT,		/* faults that found their page in memory, */
	USE_MAJFLT,		/* and those that waited for a device */
	USE_NVCSW,		/* left the CPU to sleep, */
	USE_NIVCSW,		/* or although it could have gone on */
	/* In the order of /proc/PID/io: bytes that calls have moved, and these calls. */
	USE_RCHAR, USE_WCHAR, USE_SYSCR, USE_SYSCW,
	USE_READ_BYTES,		/* asked of a device */
	USE_WRITE_BYTES,	/* made dirty, so that a device will get them */
	NR_USES
};

struct uses {
	u64 n[NR_USES];
};

/* The running task has done that n times more. Any context but an interrupt. */
void use_count(enum use what, u64 n);
/*
 * It has handled a page fault. waited: it slept for the page without the lock, and the fault will
 * be met once more, which is then counted as the one that waited.
 */
void use_fault(bool waited);
