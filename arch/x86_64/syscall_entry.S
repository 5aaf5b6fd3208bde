/*
 * System calls. SYSCALL leaves the program's rip in rcx and rflags in r11, masks IF, DF, TF and
 * AC, and changes neither the stack nor the GS base: until both are the kernel's, only an NMI, #DF
 * or #MC can come between, and those have stacks of their own and find their GS base themselves
 * (trap_entry.S).
 */
#include "machine/entry_regs.h"

#define USER_DS		0x2b
#define USER_CS		0x33

	.text
	.globl	syscall_entry
	.type	syscall_entry, @function
syscall_entry:
	swapgs
	movq	%rsp, %gs:PERCPU_USER_SP
	movq	%gs:PERCPU_STACK_TOP, %rsp
	pushq	$USER_DS
	pushq	%gs:PERCPU_USER_SP
	pushq	%r11
	pushq	$USER_CS
	pushq	%rcx
	pushq	%rax
	SAVE_REGS
	movq	%rsp, %rdi
	sti
	call	do_syscall
	movq	%rax, REGS_AX(%rsp)
	cli
	movq	%gs:PERCPU_CURRENT, %rcx
	cmpq	$0, TASK_WORK(%rcx)
	jne	return_to_user
	/*
	 * The short way back. C has preserved rbx, rbp and r12-r15, and rax is the result, so that
	 * only the others are loaded. Not for calls that set NO_SYSCALL because they changed more
	 * than ax. SYSRET faults in the kernel if rcx is not canonical, and cannot load RF: these
	 * go by IRET, as does code above 2^47, which is canonical with five levels only. (rbp was
	 * never changed: the program's points to no kernel stack, so that backtraces end here.)
	 */
	cmpq	$NO_SYSCALL, REGS_ORIG_AX(%rsp)
	je	return_to_user
	movq	REGS_IP(%rsp), %rcx
	movq	%rcx, %rdx
	shrq	$47, %rdx
	jnz	return_to_user
	movq	REGS_FLAGS(%rsp), %r11
	testl	$FLAGS_TF_RF, %r11d
	jnz	return_to_user
	movq	REGS_R10(%rsp), %r10
	movq	REGS_R9(%rsp), %r9
	movq	REGS_R8(%rsp), %r8
	movq	REGS_DX(%rsp), %rdx
	movq	REGS_SI(%rsp), %rsi
	movq	REGS_DI(%rsp), %rdi
	movq	REGS_SP(%rsp), %rsp
	swapgs
	sysretq
	.size	syscall_entry, . - syscall_entry

/*
 * With rsp at the user's registers: work that is left, then all registers. An IRET that faults (an
 * address of the program's that is not canonical) is the program's fault: trap_entry.S knows
 * user_iret.
 */
	.globl	return_to_user, user_iret
	.type	return_to_user, @function
return_to_user:
	cli
	movq	%gs:PERCPU_CURRENT, %rax
	cmpq	$0, TASK_WORK(%rax)
	je	1f
	movq	%rsp, %rdi
	call	exit_to_user
1:	RESTORE_REGS
	swapgs
user_iret:
	iretq
	.size	return_to_user, . - return_to_user

/*
 * void switch_stack(unsigned long *save_sp, unsigned long load_sp): what C preserves is on the
 * stack that is left, and comes back from the one that is entered.
 */
	.globl	switch_stack
	.type	switch_stack, @function
switch_stack:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	switch_stack, . - switch_stack

/*
 * Where a new task's stack returns to, interrupts off: rbx is its function or 0, r12 the argument.
 */
	.globl	thread_entry
	.type	thread_entry, @function
thread_entry:
	call	schedule_tail
	testq	%rbx, %rbx
	jz	return_to_user
	sti
	movq	%r12, %rdi
	call	*%rbx
	jmp	return_to_user
	.size	thread_entry, . - thread_entry

	.section .note.GNU-stack, "", @progbits
