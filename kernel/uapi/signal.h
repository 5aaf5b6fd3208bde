/*
 * signal.h - signal numbers, sigaction(2), siginfo and the frame that a handler gets.
 *
 * A structure whose name a C library also claims is spelled __kernel_NAME, as Linux itself
 * does for __kernel_timespec: one file can then know both forms.
 */
#ifndef UAPI_SIGNAL_H
#define UAPI_SIGNAL_H

#include "kernel/uapi/types.h"

#define SIGHUP		1
#define SIGINT		2
#define SIGQUIT		3
#define SIGILL		4
#define SIGTRAP		5
#define SIGABRT		6
#define SIGIOT		6
#define SIGBUS		7
#define SIGFPE		8
#define SIGKILL		9
#define SIGUSR1		10
#define SIGSEGV		11
#define SIGUSR2		12
#define SIGPIPE		13
#define SIGALRM		14
#define SIGTERM		15
#define SIGSTKFLT	16
#define SIGCHLD		17
#define SIGCONT		18
#define SIGSTOP		19
#define SIGTSTP		20
#define SIGTTIN		21
#define SIGTTOU		22
#define SIGURG		23
#define SIGXCPU		24
#define SIGXFSZ		25
#define SIGVTALRM	26
#define SIGPROF		27
#define SIGWINCH	28
#define SIGIO		29
#define SIGPOLL		29
#define SIGPWR		30
#define SIGSYS		31
#define SIGRTMIN	32
#define _NSIG		64

#define SIG_BLOCK	0
#define SIG_UNBLOCK	1
#define SIG_SETMASK	2

#define SA_NOCLDSTOP	0x00000001
#define SA_NOCLDWAIT	0x00000002
#define SA_SIGINFO	0x00000004
#define SA_RESTORER	0x04000000
#define SA_ONSTACK	0x08000000
#define SA_RESTART	0x10000000
#define SA_NODEFER	0x40000000
#define SA_RESETHAND	0x80000000

/* Handlers that are no functions. */
#define SIG_DFL_ADDR	0UL
#define SIG_IGN_ADDR	1UL

/* One bit for each signal: signal n is bit n - 1. The calls take its size, 8, as an argument. */
typedef __u64 __kernel_sigset_t;

struct __kernel_sigaction {
	__u64 handler;			/* address, SIG_DFL_ADDR or SIG_IGN_ADDR */
	__u64 flags;
	__u64 restorer;			/* calls rt_sigreturn; valid with SA_RESTORER */
	__kernel_sigset_t mask;
};

/* si_code: who sent it. Of those below 0 a program may choose any for a signal to itself. */
#define SI_USER		0
#define SI_KERNEL	0x80
#define SI_QUEUE	(-1)
#define SI_TIMER	(-2)
#define SI_SIGIO	(-5)
#define SI_TKILL	(-6)

#define ILL_ILLOPN	2
#define FPE_INTDIV	1
#define FPE_FLTDIV	3
#define FPE_FLTOVF	4
#define FPE_FLTUND	5
#define FPE_FLTRES	6
#define FPE_FLTINV	7
#define SEGV_MAPERR	1		/* nothing is mapped there */
#define SEGV_ACCERR	2		/* the mapping does not allow it */
#define BUS_ADRALN	1
#define BUS_ADRERR	2		/* beyond the end of the mapped object */
#define BUS_MCEERR_AR	4		/* broken memory; addr_lsb says how much is lost */
#define TRAP_BRKPT	1
#define TRAP_TRACE	2
#define POLL_IN		1		/* F_SETSIG: what has come */
#define POLL_OUT	2
#define POLL_HUP	6
#define CLD_EXITED	1
#define CLD_KILLED	2
#define CLD_DUMPED	3
#define CLD_STOPPED	5
#define CLD_CONTINUED	6

struct __kernel_siginfo {
	__s32 si_signo;
	__s32 si_errno;
	__s32 si_code;
	__s32 pad;
	union {
		struct {		/* kill, tkill */
			__s32 pid;
			__u32 uid;
		} kill;
		struct {		/* rt_sigqueueinfo: with a value */
			__s32 pid;
			__u32 uid;
			__u64 value;
		} queue;
		struct {		/* timer_create */
			__s32 timer;
			__s32 overrun;
			__u64 value;
		} timer;
		struct {		/* SIGCHLD */
			__s32 pid;
			__u32 uid;
			__s32 status;
			__s32 pad;
			__s64 utime;
			__s64 stime;
		} child;
		struct {		/* SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP */
			__u64 addr;
			__s16 addr_lsb;
		} fault;
		struct {		/* F_SETSIG */
			__s64 band;
			__s32 fd;
		} poll;
		__u8 size[112];		/* the whole is 128 bytes */
	};
};

#define SS_ONSTACK	1
#define SS_DISABLE	2
#define SS_AUTODISARM	(1U << 31)	/* disabled while a handler runs on it */
#define MINSIGSTKSZ	2048

struct __kernel_sigaltstack {
	__u64 ss_sp;
	__s32 ss_flags;
	__s32 pad;
	__u64 ss_size;
};

/* uc_flags: what else of the frame is valid. */
#define UC_FP_XSTATE		1	/* fpstate says how long it is: struct fpx_sw_bytes */
#define UC_SIGCONTEXT_SS	2	/* uc_mcontext.ss is saved, ... */
#define UC_STRICT_RESTORE_SS	4	/* ... and rt_sigreturn loads it as it is */

/*
 * At byte 464 of the FPU state: the bytes that FXSAVE leaves to the system. The state ends with
 * FP_XSTATE_MAGIC2, at byte xstate_size.
 */
#define FP_XSTATE_MAGIC1	0x46505853U
#define FP_XSTATE_MAGIC2	0x46505845U
#define FP_SW_OFFSET		464

struct fpx_sw_bytes {
	__u32 magic1;
	__u32 extended_size;		/* with the second magic word */
	__u64 xfeatures;
	__u32 xstate_size;
	__u32 padding[7];
};

/* The registers in the frame; fpstate points to an XSAVE area in its standard form. */
struct __kernel_sigcontext {
	__u64 r8, r9, r10, r11, r12, r13, r14, r15;
	__u64 rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
	__u64 eflags;
	__u16 cs, gs, fs, ss;
	__u64 err;			/* the page-fault error code ... */
	__u64 trapno;
	__u64 oldmask;
	__u64 cr2;			/* ... and address */
	__u64 fpstate;
	__u64 reserved[8];
};

struct __kernel_ucontext {
	__u64 uc_flags;
	__u64 uc_link;
	struct __kernel_sigaltstack uc_stack;
	struct __kernel_sigcontext uc_mcontext;
	__kernel_sigset_t uc_sigmask;
};

#endif
