#include "kernel/proc/look.h"
#include "kernel/base/string.h"
#include "kernel/fs/files.h"
#include "kernel/fs/namei.h"
#include "kernel/tty/tty.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/wait.h"
#include "kernel/process/usage.h"

static enum look_state state_of(const struct process *process, const struct task *task)
{
	if (process->zombie || !task)
		return ZOMBIE;
	if (task->stopped)
		return STOPPED;
	switch (READ_ONCE(task->state)) {
	case TASK_RUNNING: return RUNNING;
	case TASK_INTERRUPTIBLE: return SLEEPING;
	case TASK_DEAD: return ZOMBIE; /* others of the process go on */
	default: return WAITING;
	}
}

static void look_at_signals(struct look *look, const struct process *process,
			    const struct task *task)
{
	look->shared_pending = process->pending.set;
	look->queued = signals_queued(process->cred.uid.real);
	if (task)
		look->pending = task->pending.set;
	for (int i = 0; process->sighand && i < _NSIG; i++) {
		u64 handler = process->sighand->action[i].handler;

		if (handler == SIG_IGN_ADDR)
			look->ignored |= 1ull << i;
		else if (handler != SIG_DFL_ADDR)
			look->caught |= 1ull << i;
	}
}

static void look_at_process(struct look *look, struct process *process)
{
	look->ppid = process->parent ? process->parent->pid : 0;
	look->pgid = process->pgid;
	look->sid = process->sid;
	look->may_access = may_access_process(process);
	look->has_execed = process->has_execed;
	look->randomized = process->randomized;
	look->no_new_privs = process->no_new_privs;
	look->threads = max(process->nr_threads, 1u);
	look->start_ns = process->start_ns;
	look->children_time = process->children_time;
	look->children_uses = process->children_uses;
	look->exit_signal = process->exit_signal;
	if (process->zombie)
		look->exit_code = process->exit_status;
	else if (process->stop_status && !WIFCONTINUED(process->stop_status))
		look->exit_code =
			process->stop_status >> 8; /* as Linux keeps it until wait4 takes it */
	look->cred = process->cred;
	memcpy(look->rlimits, process->rlimits, sizeof(look->rlimits));
	look->tty_pgrp = process->has_tty ? console_tty.pgrp : 0;
}

static void look_at_thread(struct look *look, const struct task *task)
{
	look->thread = thread_traits(task);
	if (task->fs)
		look->umask = (int)READ_ONCE(task->fs->umask);
	if (task->files)
		look->fds = READ_ONCE(task->files->capacity);
}

/* What only the thread has done. */
static void look_at_share(struct look *look, struct task *task)
{
	look->tid = task->tid;
	look->start_ns = task->start_ns;
	look->time = task_cpu_time(task);
	look->uses = task->uses;
	look->exit_code = 0;
	if (task->tid != task->process->pid) {
		look->exit_signal = -1;
		look->has_execed = false; /* a thread begins where exec has been */
	}
}

/* tasks_lock held. */
static bool is_there(const struct proc_target *target)
{
	return target->thread ? task_find(target->task->tid) == target->task :
				process_find(target->process->pid) == target->process;
}

int look_at(struct look *look, const struct proc_target *target)
{
	struct process *process = target->process;
	struct task *task = target->task;

	*look = (struct look){ .pid = process->pid, .tid = process->pid, .umask = -1 };
	spin_lock(&tasks_lock);
	if (!is_there(target)) {
		spin_unlock(&tasks_lock);
		return -ESRCH;
	}
	look->state = state_of(process, task);
	look_at_process(look, process);
	if (task)
		look_at_thread(look, task);
	else
		look->thread = process->last;
	if (target->thread) {
		look_at_share(look, task);
	} else {
		look->time = process_cpu_time(process);
		look->uses = process_uses(process);
	}
	look_at_signals(look, process, task);
	spin_unlock(&tasks_lock);
	return 0;
}
