/*
 * Overcommit: how much more may programs be promised than there is? A promise is memory that a
 * program may fill without asking again: private memory that it may write to (VM_ACCOUNT), and
 * shared memory. It is counted when it is made, page by page for the files of a tmpfs, and given
 * back when the mapping or the page goes.
 */
#pragma once
#include "kernel/base/types.h"

struct mm_struct;

/* As in /proc/sys/vm/overcommit_memory. */
enum { OVERCOMMIT_GUESS, OVERCOMMIT_ALWAYS, OVERCOMMIT_NEVER };

/* /proc/sys/vm; each written with WRITE_ONCE by whoever is asked to. */
extern struct overcommit {
	long memory; /* refuse what could never be; nothing; what is more than vm_commit_limit() */
	long ratio, kbytes;	/* the limit: percent of memory, or so much if it is not 0 */
	long admin_reserve_kbytes; /* of it, kept for root, */
	long user_reserve_kbytes; /* and for who would kill the program that asks */
} overcommit;

/* In pages. */
unsigned long vm_commit_limit(void);
unsigned long vm_committed(void);

/*
 * May mm be promised that many more pages? Then they are counted: 0. Or -ENOMEM. mm NULL: it is
 * nobody's. With OVERCOMMIT_NEVER the limit is as exact as the sum, which may miss what others are
 * promised at this moment. Any lock may be held; not from interrupts.
 */
int vm_enough_memory(const struct mm_struct *mm, unsigned long pages);
/* They are counted without a question; they are given back. */
void vm_acct_memory(unsigned long pages);
void vm_unacct_memory(unsigned long pages);

/* Boot, once there is memory: the reserves follow its size. */
void overcommit_init(void);
