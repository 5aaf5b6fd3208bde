/* For the entry code: where the registers lie in struct pt_regs, and how they get there. */
#pragma once
#include "machine/asm.h"
#include "machine/offsets.h"

#define NO_SYSCALL	-1

#define REGS_R10	56
#define REGS_R9		64
#define REGS_R8		72
#define REGS_AX		80
#define REGS_DX		96
#define REGS_SI		104
#define REGS_DI		112
#define REGS_ORIG_AX	120
#define REGS_IP		128
#define REGS_CS		136
#define REGS_FLAGS	144
#define REGS_SP		152

#define FLAGS_TF_RF	0x10100

/* The slot orig_ax and what the processor pushes are there already. */
.macro SAVE_REGS
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
.endm

/* All of them, orig_ax skipped: what iretq needs is next. */
.macro RESTORE_REGS
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	addq	$8, %rsp
.endm
