/* Signals that the running thread has brought upon itself: faults, frames that do not work. */
#include "kernel/process/task.h"

bool signal_force(const struct ksiginfo *info)
{
	struct task *task = current_task();
	struct process *process = task->process;
	__kernel_sigset_t bit = SIGMASK(info->signo);
	struct __kernel_sigaction *action = &process->sighand->action[info->signo - 1];
	bool ends;

	spin_lock(&tasks_lock);
	ends = task->blocked & bit || action->handler <= SIG_IGN_ADDR;
	if (ends) {
		process_kill(process, info->signo);
	} else {
		sigpending_add(process, &task->pending, info, false);
		signal_task_wake(task);
	}
	spin_unlock(&tasks_lock);
	return ends;
}

void signal_end(int signo)
{
	spin_lock(&tasks_lock);
	process_kill(current_process(), signo);
	spin_unlock(&tasks_lock);
}

/* If that was the handler for SIGSEGV, there is no other. */
void signal_force_segv(int signo)
{
	if (signo == SIGSEGV)
		signal_end(SIGSEGV);
	else
		signal_force(KERNEL_SIGNAL(SIGSEGV));
}
