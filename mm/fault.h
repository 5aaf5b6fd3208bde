/*
 * Page faults: handle_mm_fault() makes one access possible, or says why not; user_fault() is all
 * of it for an access by the running program or by the kernel on its behalf.
 */
#pragma once
#include "mm/mm.h"

/* What kind of access it was: Linux's names. */
#define FAULT_FLAG_WRITE	BIT(0)
#define FAULT_FLAG_ALLOW_RETRY	BIT(2)	/* a wait may drop mmap_lock: VM_FAULT_RETRY says so */
#define FAULT_FLAG_RETRY_NOWAIT	BIT(3)	/* ... but do not:
					 * VM_FAULT_RETRY with the lock still held */
#define FAULT_FLAG_KILLABLE	BIT(4)	/* a deadly signal ends the wait */
#define FAULT_FLAG_TRIED	BIT(5)	/* not the first try */
#define FAULT_FLAG_USER		BIT(6)
#define FAULT_FLAG_REMOTE	BIT(7)	/* not the running program's memory */
#define FAULT_FLAG_INSTRUCTION	BIT(8)
#define FAULT_FLAG_INTERRUPTIBLE BIT(9)	/* any signal does */
#define FAULT_FLAG_UNSHARE	BIT(10)	/* a read that needs a page of its own:
					 * the entry stays read-only */

typedef unsigned int vm_fault_t;
#define VM_FAULT_OOM		BIT(0)
#define VM_FAULT_SIGBUS		BIT(1)
#define VM_FAULT_HWPOISON	BIT(4)
#define VM_FAULT_RETRY		BIT(10)	/* by ALLOW_RETRY: nothing was done; try again */

/*
 * Makes the entry for addr allow the access that flags name. mmap_lock held (for reading at
 * least); vma covers addr and allows the access. Returns 0, also where another CPU was faster:
 * the access is tried again.
 */
vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long addr, unsigned int flags);

/* What became of a fault. */
struct fault_result {
	int signo;		/* 0: handled. SIGSEGV, SIGBUS, or SIGKILL for out of memory */
	int code;		/* si_code */
	/* For fault_explain(). */
	const char *why;
	unsigned long addr, flags;
	unsigned long vm_start, vm_end, vm_flags;	/* of the mapping;
							 * vm_end 0: there is none */
};

/* Writes one sentence about address, access and mapping, for the log. */
void fault_explain(const struct fault_result *res, char *buf, size_t size);
#define FAULT_EXPLAIN_MAX	120

/*
 * An access to a user address faulted. flags: WRITE, INSTRUCTION, USER (from user mode). Takes
 * mmap_lock; grows the stack; retries. In the running task, with interrupts on.
 */
void user_fault(struct mm_struct *mm, unsigned long addr, unsigned int flags,
		struct fault_result *res);
