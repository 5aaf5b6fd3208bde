/*
 * Stopping and going on. A stop signal tells all threads of the process; each stops on its way to
 * user mode, and with the last one the process is stopped, which its parent learns. SIGCONT lets
 * all go on. All under tasks_lock.
 */
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/wait.h"
#include "kernel/time/time.h"
#include "kernel/process/usage.h"

#define STOP_STATUS(signo)	((signo) << 8 | 0x7f)
#define CONTINUED_STATUS	0xffff

/* ---- telling the parent ---- */

void siginfo_child(struct ksiginfo *info, const struct process *child, int status)
{
	int code = CLD_KILLED, value = WTERMSIG(status);

	if (WIFCONTINUED(status)) {
		code = CLD_CONTINUED;
		value = SIGCONT;
	} else if (WIFSTOPPED(status)) {
		code = CLD_STOPPED;
		value = WSTOPSIG(status);
	} else if (WIFEXITED(status)) {
		code = CLD_EXITED;
		value = WEXITSTATUS(status);
	}
	*info = (struct ksiginfo){ .signo = SIGCHLD, .code = code,
				   .child = { .pid = child->pid,
					      .uid = child->cred.uid.real,
					      .status = value } };
}

static void tell_parent(struct process *process, int status)
{
	struct process *parent = process->parent;
	const struct __kernel_sigaction *action;
	struct ksiginfo info;

	if (parent != &kernel_process) {
		action = &parent->sighand->action[SIGCHLD - 1];
		siginfo_child(&info, process, status);
		if (action->handler != SIG_IGN_ADDR && !(action->flags & SA_NOCLDSTOP))
			signal_send(parent, NULL, &info);
	}
	wake_up_all(&parent->child_wait);
}

/* ---- stopping ---- */

void stop_begin(struct process *process, int signo)
{
	struct task *task;

	if (process->stop_signo)
		return;
	process->stop_signo = signo;
	process->stop_status = 0;
	TAILQ_FOREACH(task, &process->threads, thread_link)
		signal_task_wake(task);
}

void stop_check(struct process *process)
{
	struct task *task;

	if (!process->stop_signo || process->stop_complete)
		return;
	TAILQ_FOREACH(task, &process->threads, thread_link) {
		if (!task->stopped)
			return;
	}
	process->stop_complete = true;
	process->stop_status = STOP_STATUS(process->stop_signo);
	tell_parent(process, process->stop_status);
}

void stop_here(void)
{
	struct task *task = current_task();
	struct process *process = task->process;

	while (process->stop_signo && !(READ_ONCE(task->work) & WORK_KILLED)) {
		task->stopped = true;
		stop_check(process);
		/* Who lets us go on has to take the lock first. */
		WRITE_ONCE(task->state, TASK_KILLABLE);
		spin_unlock(&tasks_lock);
		schedule();
		spin_lock(&tasks_lock);
	}
	task->stopped = false;
}

void stop_end(struct process *process)
{
	struct task *task;

	if (!process->stop_signo)
		return;
	process->stop_signo = 0;
	process->stop_complete = false;
	process->stop_status = CONTINUED_STATUS;
	TAILQ_FOREACH(task, &process->threads, thread_link) {
		if (task->stopped)
			wake_task(task, true);
		/* What came while it was stopped had no receiver. */
		task->stopped = false;
		signal_task_wake(task);
	}
	tell_parent(process, CONTINUED_STATUS);
}

/* ---- orphaned groups: setpgid(2), and POSIX ---- */

struct group_look {
	int pgid;
	const struct process *except;
	bool guarded, stopped;
};

/* A parent outside of the group, but in the session, can continue a stopped member. */
static void look_at_member(struct process *process, void *arg)
{
	struct group_look *look = arg;
	const struct process *parent = process->parent;

	if (process->pgid != look->pgid)
		return;
	look->stopped |= process->stop_complete;
	if (process == look->except || process->zombie || parent->pid <= 1)
		return;
	look->guarded |= parent->pgid != process->pgid && parent->sid == process->sid;
}

bool group_orphaned(int pgid, const struct process *except)
{
	struct group_look look = { .pgid = pgid, .except = except };

	process_for_each(look_at_member, &look);
	return !look.guarded;
}

void orphan_group(const struct process *process, const struct process *parent,
		  const struct process *except)
{
	struct group_look look = { .pgid = process->pgid, .except = except };

	if (parent->pgid == process->pgid || parent->sid != process->sid)
		return;
	process_for_each(look_at_member, &look);
	if (look.guarded || !look.stopped)
		return;
	signal_group(process->pgid, SIGHUP);
	signal_group(process->pgid, SIGCONT);
}
