/*
 * Taking signals on the way to user mode, and what becomes of the system call that they cut short.
 * WORK_SIGNAL is set by senders, and cleared only here, by the thread itself, once nothing waits
 * for it: a call that has seen it may therefore answer -ERESTARTSYS and its kin.
 */
#include "kernel/process/task.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/unistd.h"

bool signal_pending(void)
{
	return READ_ONCE(current_task()->work) & (WORK_SIGNAL | WORK_KILLED);
}

/* Is there anything that the thread would take? */
static bool anything_waits(const struct task *task)
{
	const struct process *process = task->process;

	return (task->pending.set | process->pending.set) & ~task->blocked || process->stop_signo;
}

void signal_recalc(void)
{
	struct task *task = current_task();

	if (anything_waits(task))
		task_set_work(task, WORK_SIGNAL);
	else if (task->work & WORK_SIGNAL)
		atomic_and_return_old(~WORK_SIGNAL, &task->work);
}

void signal_set_blocked(__kernel_sigset_t set)
{
	struct task *task = current_task();
	__kernel_sigset_t added;

	set &= ~UNBLOCKABLE;
	if (set == task->blocked)
		return;
	spin_lock(&tasks_lock);
	added = set & ~task->blocked;
	if (added & task->process->pending.set)
		signal_retarget(task->process, task, added);
	task->blocked = set;
	signal_recalc();
	spin_unlock(&tasks_lock);
}

/* ---- taking ---- */

/* The default action of a signal that does not end the process; true if it does. */
static bool default_action(struct process *process, int signo)
{
	__kernel_sigset_t bit = SIGMASK(signo);

	if (bit & DEFAULT_IGNORES || process->pid == 1)
		return false;
	if (!(bit & DEFAULT_STOPS))
		return true;
	/* Nobody could continue it: only SIGSTOP, which is not the terminal's, stops it. */
	if (signo == SIGSTOP || !group_orphaned(process->pgid, NULL))
		stop_begin(process, signo);
	return false;
}

int signal_take(struct task *task, __kernel_sigset_t blocked, struct ksiginfo *info)
{
	bool timer = false;
	int signo = sigpending_take(&task->pending, blocked, info, &timer);

	if (!signo) {
		signo = sigpending_take(&task->process->pending, blocked, info, &timer);
		if (signo == SIGALRM)
			itimers_alarm_taken(task->process);
	}
	if (timer)
		posix_timer_taken(task->process, info);
	return signo;
}

/* The next signal that has a handler; false if there is none, or the process ends. */
static bool take_signal(struct ksignal *ksig)
{
	struct task *task = current_task();
	struct process *process = task->process;
	int signo;

	for (;;) {
		struct __kernel_sigaction *action;

		if (unlikely(READ_ONCE(task->work) & WORK_KILLED))
			return false;
		if (unlikely(process->stop_signo)) {
			stop_here();
			continue;
		}
		signo = signal_take(task, task->blocked, &ksig->info);
		if (!signo)
			return false;
		action = &process->sighand->action[signo - 1];
		if (action->handler == SIG_IGN_ADDR)
			continue;
		if (action->handler != SIG_DFL_ADDR) {
			ksig->action = *action;
			if (action->flags & SA_RESETHAND)
				action->handler = SIG_DFL_ADDR;
			return true;
		}
		if (default_action(process, signo))
			process_kill(process, signo);
	}
}

/* ---- handlers ---- */

/* The system call that the handler interrupts: made again afterwards, or -EINTR. */
static void restart_after_handler(struct pt_regs *regs, u64 flags)
{
	switch (syscall_result(regs)) {
	case -ERESTARTNOINTR:
		break;
	case -ERESTARTSYS:
		if (flags & SA_RESTART)
			break;
		/* fallthrough */
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		syscall_set_result(regs, -EINTR);
		return;
	default:
		return;
	}
	syscall_restart(regs, regs->orig_ax);
}

static void restart_without_handler(struct pt_regs *regs)
{
	switch (syscall_result(regs)) {
	case -ERESTARTNOINTR:
	case -ERESTARTSYS:
	case -ERESTARTNOHAND:
		syscall_restart(regs, regs->orig_ax);
		break;
	case -ERESTART_RESTARTBLOCK:
		syscall_restart(regs, __NR_restart_syscall);
	}
}

/* The handler is about to run: what it blocks, and the alternate stack it is on. */
static void handler_starts(struct task *task, const struct ksignal *ksig)
{
	__kernel_sigset_t mask = task->blocked | ksig->action.mask;

	if (!(ksig->action.flags & SA_NODEFER))
		mask |= SIGMASK(ksig->info.signo);
	task->restore_mask = false;
	if ((u32)task->sigaltstack.ss_flags & SS_AUTODISARM)
		task->sigaltstack = (struct __kernel_sigaltstack){ .ss_flags = SS_DISABLE };
	signal_set_blocked(mask);
}

static void run_handler(struct pt_regs *regs, const struct ksignal *ksig)
{
	struct task *task = current_task();
	__kernel_sigset_t mask = task->restore_mask ? task->saved_mask : task->blocked;

	restart_after_handler(regs, ksig->action.flags);
	if (thread_signal_frame(regs, ksig, mask))
		signal_force_segv(ksig->info.signo);
	else
		handler_starts(task, ksig);
}

void signal_deliver(struct pt_regs *regs)
{
	struct task *task = current_task();
	struct ksignal ksig;
	bool handle;

	spin_lock(&tasks_lock);
	handle = take_signal(&ksig);
	signal_recalc();
	spin_unlock(&tasks_lock);
	if (handle) {
		run_handler(regs, &ksig);
		return;
	}
	restart_without_handler(regs);
	if (task->restore_mask) {
		task->restore_mask = false;
		signal_set_blocked(task->saved_mask);
	}
}

/* ---- the calls ---- */

long sys_rt_sigreturn(struct pt_regs *regs)
{
	struct __kernel_sigaltstack stack;
	__kernel_sigset_t mask;

	current_task()->restart.fn = NULL;
	if (thread_signal_return(regs, &mask, &stack)) {
		signal_force_segv(0);
	} else {
		signal_set_blocked(mask);
		(void)set_sigaltstack(&stack, NULL, regs->sp);
	}
	return (long)regs->ax;
}

SYSCALL_DEFINE0(restart_syscall)
{
	struct restart_block *restart = &current_task()->restart;

	return restart->fn ? restart->fn(restart) : -EINTR;
}
