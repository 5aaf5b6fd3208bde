/*
 * The user's (or the interrupted kernel's) registers on the kernel stack, in the order in which
 * Linux has them: the entry code pushes them, and task_regs() finds those of a program that is in
 * the kernel.
 */
#pragma once
#include "kernel/base/types.h"

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx;	/* what C functions preserve */
	unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
	/*
	 * The number of the system call. NO_SYSCALL after any other entry, and for system calls
	 * that change more of the registers than ax (exec, sigreturn, a new thread): all of them
	 * are loaded on the way out.
	 */
	unsigned long orig_ax;
	unsigned long ip, cs, flags, sp, ss;		/* what the processor pushes */
};

#define NO_SYSCALL	(~0ul)

/* Selectors, as Linux has them: programs can see theirs. */
#define KERNEL_CS	0x10
#define KERNEL_DS	0x18
#define USER_DS		0x2b
#define USER_CS		0x33

#define X86_FLAGS_FIXED	BIT(1)
#define X86_FLAGS_TF	BIT(8)
#define X86_FLAGS_IF	BIT(9)
#define X86_FLAGS_DF	BIT(10)
#define X86_FLAGS_IOPL	(3ul << 12)
#define X86_FLAGS_NT	BIT(14)
#define X86_FLAGS_RF	BIT(16)
#define X86_FLAGS_AC	BIT(18)

/* What the system call has answered that the registers come from; 0 if it is none. */
static inline long syscall_result(const struct pt_regs *regs)
{
	return regs->orig_ax == NO_SYSCALL ? 0 : (long)regs->ax;
}

static inline void syscall_set_result(struct pt_regs *regs, long result)
{
	regs->ax = (unsigned long)result;
}

/* Back to the SYSCALL instruction, of two bytes, with the call's own number or another one. */
static inline void syscall_restart(struct pt_regs *regs, unsigned long nr)
{
	regs->ax = nr;
	regs->ip -= 2;
}

static inline bool user_mode(const struct pt_regs *regs) { return regs->cs & 3; }
