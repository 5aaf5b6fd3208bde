/*
 * pleat.h - what only Pleat has: operations of prctl(2) through which a program looks at its
 * own page tables and at the kernel's counters. Linux answers -EINVAL to all of them, so a
 * program probes one and skips what it cannot see there. Only PR_PLEAT_FAIL_NTH changes anything.
 */
#ifndef UAPI_PLEAT_H
#define UAPI_PLEAT_H

#include "kernel/uapi/types.h"

/* The levels of the caller's page tables now: 3, 4 or 5. */
#define PR_PLEAT_LEVELS		0x504c0001

/* The most levels that a program can have on this machine: 4, or 5 with LA57 in use. */
#define PR_PLEAT_HW_LEVELS	0x504c0002

/*
 * Page frames, or slab objects, in use by the whole system, after everything that is only
 * deferred (lazily held address spaces, per-CPU lists, cached stacks) was given back. Equal
 * before and after a program: it leaked nothing. They may sleep.
 */
#define PR_PLEAT_FRAMES		0x504c0003
#define PR_PLEAT_OBJECTS	0x504c0004

/*
 * arg2: one of enum pleat_counter; arg3: a CPU number, or -1 for the sum over all CPUs.
 * Events since boot. -EINVAL for an unknown counter or a CPU that is not there.
 */
#define PR_PLEAT_COUNTER	0x504c0005

/*
 * arg2: an address of the caller's; arg3: a struct pleat_walk * that is filled in from the
 * live tables. -EFAULT if it cannot be written; an address beyond the tree's reach is no
 * error: nothing is found there.
 */
#define PR_PLEAT_WALK		0x504c0006

/*
 * Debug builds: of all allocations in the kernel from now on, by whomever, the arg2-th fails;
 * 0: none. Returns how many were still to come before an earlier one failed, 0 if it has
 * failed or there was none. A test repeats an operation with 1, 2, ... until it succeeds with
 * some left. -EINVAL in release builds.
 */
#define PR_PLEAT_FAIL_NTH	0x504c0007

/* 1 in kernels built to let other CPUs find a new root by a fault; 0 where an IPI tells them. */
#define PR_PLEAT_LAZY_UNFOLD	0x504c0008

enum pleat_counter {
	PLEAT_TLB_IPIS_SENT,		/* flush requests to another CPU, one for each target */
	PLEAT_TLB_IPIS_RECEIVED,
	PLEAT_UNFOLDS,
	PLEAT_ROOT_RELOADS,		/* a fault found its CPU with an outgrown root */
	PLEAT_FAULTS,
	PLEAT_COW_COPIES,
	PLEAT_COW_REUSES,		/* a write fault kept the page: nobody else had it */
	PLEAT_ZEROPAGE_FAULTS,		/* a read fault mapped the zero page */
	PLEAT_NR_COUNTERS
};

#define PLEAT_WALK_LEVELS	5

/*
 * entry[0] is the pte, entry[1] the pmd, ... entry[4] the pgd of a tree of 5 levels, raw as
 * the processor reads them. Those of levels that the tree does not have, or that the walk did
 * not reach, are 0.
 */
struct pleat_walk {
	__u32 levels;			/* of the tree */
	__u32 found;			/* lowest level reached: 1 = pte, 0 = beyond the reach */
	__u64 root;			/* the root word: table frame | levels */
	__u64 entry[PLEAT_WALK_LEVELS];
};

#endif
