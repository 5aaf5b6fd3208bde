/*
 * The machine's part of a task. The FPU state and, below it, the user's registers lie at the top
 * of the task's kernel stack, so that a thread needs no memory besides.
 */
#pragma once
#include "kernel/base/types.h"

struct thread {
	unsigned long sp;		/* kernel stack pointer while it does not run */
	unsigned long fs_base, gs_base;	/* the program's, while it does not run */
	/* It has been in user mode, or is on its way: FPU state and bases are saved and loaded. */
	bool user;
	/* The program's last fault, for the frames of signal handlers. */
	u32 fault_vector;
	u64 fault_error, fault_addr;
};
