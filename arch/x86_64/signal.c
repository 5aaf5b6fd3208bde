/*
 * The frame of a signal's handler on the user's stack, as Linux has it, and the way back from it.
 * From the top downward: the FPU state, siginfo, ucontext, and the address that the handler
 * returns to. All that rt_sigreturn reads may be forged.
 */
#include "kernel/base/string.h"
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"
#include "machine/fpu.h"

#define RED_ZONE	128	/* below its stack pointer a function may use so much */

struct signal_frame {
	u64 restorer;
	struct __kernel_ucontext context;
	struct ksiginfo info;
	u64 info_tail[10];
};

_Static_assert(sizeof(struct signal_frame) == 440, "Linux's struct rt_sigframe");

/* What a program may set in its flags. */
#define USER_FLAGS \
	(X86_FLAGS_AC | X86_FLAGS_RF | X86_FLAGS_TF | X86_FLAGS_DF | 0x8d5 /* O, S, Z, A, P, C */)

/* ---- where it goes ---- */

static u64 round_down(u64 value, u64 to) { return value & ~(to - 1); }

/* The address of the frame; *fpstate above it. 0: it would not fit on the alternate stack. */
static u64 frame_address(const struct pt_regs *regs, u64 flags, u64 *fpstate)
{
	const struct task *task = current_task();
	const struct __kernel_sigaltstack *stack = &task->sigaltstack;
	bool on_stack = on_sigaltstack(regs->sp);
	u64 sp = regs->sp - RED_ZONE;

	if (flags & SA_ONSTACK && stack->ss_size && !on_stack) {
		sp = stack->ss_sp + stack->ss_size;
		on_stack = true;
	}
	sp = *fpstate = round_down(sp - fpu_frame_size(), 64);
	/* The handler finds the stack as a function does that has been called. */
	sp = round_down(sp - sizeof(struct signal_frame), 16) - 8;
	if (on_stack && (sp <= stack->ss_sp || sp > stack->ss_sp + stack->ss_size))
		return 0;
	return sp;
}

/* ---- out ---- */

static void save_registers(struct __kernel_sigcontext *sc, const struct pt_regs *regs)
{
	const struct thread *thread = &current_task()->thread;

	*sc = (struct __kernel_sigcontext){
		.r8 = regs->r8, .r9 = regs->r9, .r10 = regs->r10, .r11 = regs->r11,
		.r12 = regs->r12, .r13 = regs->r13, .r14 = regs->r14, .r15 = regs->r15,
		.rdi = regs->di, .rsi = regs->si, .rbp = regs->bp, .rbx = regs->bx,
		.rdx = regs->dx, .rax = regs->ax, .rcx = regs->cx, .rsp = regs->sp,
		.rip = regs->ip, .eflags = regs->flags,
		.cs = (u16)regs->cs, .ss = (u16)regs->ss,
		.err = thread->fault_error, .trapno = thread->fault_vector,
		.cr2 = thread->fault_addr,
	};
}

int thread_signal_frame(struct pt_regs *regs, const struct ksignal *ksig, __kernel_sigset_t mask)
{
	const struct __kernel_sigaction *action = &ksig->action;
	struct signal_frame frame;
	u64 fpstate, addr = frame_address(regs, action->flags, &fpstate);

	if (!addr || !(action->flags & SA_RESTORER))
		return -EFAULT;
	save_registers(&frame.context.uc_mcontext, regs);
	frame.restorer = action->restorer;
	frame.context.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS |
				 (cpu_features.xsave ? UC_FP_XSTATE : 0);
	frame.context.uc_link = 0;
	frame.context.uc_stack = current_task()->sigaltstack;
	frame.context.uc_mcontext.oldmask = mask;
	frame.context.uc_mcontext.fpstate = fpstate;
	frame.context.uc_sigmask = mask;
	frame.info = ksig->info;
	memset(frame.info_tail, 0, sizeof(frame.info_tail));
	if (fpu_save_user((void *)fpstate) || copy_to_user((void *)addr, &frame, sizeof(frame)))
		return -EFAULT;

	fpu_reset();
	regs->di = (unsigned long)ksig->info.signo;
	regs->si = addr + offsetof(struct signal_frame, info);
	regs->dx = addr + offsetof(struct signal_frame, context);
	regs->ax = 0;
	regs->ip = action->handler;
	regs->sp = addr;
	regs->cs = USER_CS;
	regs->ss = USER_DS;
	regs->flags &= ~(X86_FLAGS_DF | X86_FLAGS_RF | X86_FLAGS_TF);
	regs->orig_ax = NO_SYSCALL;
	return 0;
}

/* ---- and back ---- */

/* A segment or an address that is none makes the IRET fault, as the program's own fault. */
static void load_registers(struct pt_regs *regs, const struct __kernel_sigcontext *sc, bool ss)
{
	*regs = (struct pt_regs){
		.r8 = sc->r8, .r9 = sc->r9, .r10 = sc->r10, .r11 = sc->r11,
		.r12 = sc->r12, .r13 = sc->r13, .r14 = sc->r14, .r15 = sc->r15,
		.di = sc->rdi, .si = sc->rsi, .bp = sc->rbp, .bx = sc->rbx,
		.dx = sc->rdx, .ax = sc->rax, .cx = sc->rcx, .sp = sc->rsp,
		.ip = sc->rip, .orig_ax = NO_SYSCALL,
		.flags = (regs->flags & ~USER_FLAGS) | (sc->eflags & USER_FLAGS),
		.cs = sc->cs | 3u, .ss = ss ? sc->ss | 3u : USER_DS,
	};
}

int thread_signal_return(struct pt_regs *regs, __kernel_sigset_t *mask,
			 struct __kernel_sigaltstack *stack)
{
	const struct signal_frame *user = (const void *)(regs->sp - sizeof(user->restorer));
	struct __kernel_ucontext context;

	if (copy_from_user(&context, &user->context, sizeof(context)))
		return -EFAULT;
	if (fpu_load_user((const void *)context.uc_mcontext.fpstate))
		return -EFAULT;
	load_registers(regs, &context.uc_mcontext, context.uc_flags & UC_STRICT_RESTORE_SS);
	*mask = context.uc_sigmask;
	*stack = context.uc_stack;
	return 0;
}
