/* Waiting for children: wait4 and waitid. */
#include "kernel/base/string.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/usage.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/wait.h"

/* Whom to wait for, and what was found. */
struct wait_request {
	int type;		/* P_ALL, P_PID or P_PGID */
	int id;
	int options;

	int pid, status;	/* of the zombie; pid 0: none yet */
	struct __kernel_rusage usage;
};

static bool matches(const struct process *child, const struct wait_request *req)
{
	bool clone = child->exit_signal != SIGCHLD;

	if (req->type == P_PID && child->pid != req->id)
		return false;
	if (req->type == P_PGID && child->pgid != req->id)
		return false;
	return req->options & __WALL || clone == !!(req->options & __WCLONE);
}

/*
 * Looks once. 0: found, or there are children that have not ended; -ECHILD: there are none to wait
 * for.
 */
static int look_for_zombie(struct wait_request *req)
{
	struct process *self = current_process(), *child;
	bool any = false, take = false;

	spin_lock(&tasks_lock);
	TAILQ_FOREACH(child, &self->children, sibling) {
		if (!matches(child, req))
			continue;
		any = true;
		if (child->zombie && req->options & WEXITED)
			break;
	}
	if (child) {
		req->pid = child->pid;
		req->status = child->exit_status;
		usage_of_process(child, &req->usage);
		take = !(req->options & WNOWAIT);
		if (take)
			process_unlink(child);
	}
	spin_unlock(&tasks_lock);
	if (take)
		process_put(child);
	return any ? 0 : -ECHILD;
}

/* Waits until a child has ended; 0 with req->pid 0 if none has and WNOHANG is set. */
static int wait_for_child(struct wait_request *req)
{
	struct wait_queue *wq = &current_process()->child_wait;
	struct waiter w = { .task = current_task() };
	int ret = look_for_zombie(req);

	if (ret || req->pid || req->options & WNOHANG)
		return ret;
	for (;;) {
		prepare_to_wait(wq, &w, true);
		ret = look_for_zombie(req);
		if (ret || req->pid)
			break;
		if (fatal_signal_pending()) {
			ret = -EINTR;
			break;
		}
		schedule();
	}
	finish_wait(wq, &w);
	return ret;
}

SYSCALL_DEFINE4(wait4, int, pid, int *, status, int, options, struct __kernel_rusage *, usage)
{
	struct wait_request req = { .options = options | WEXITED };
	int ret;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | (int)__WCLONE | __WALL))
		return -EINVAL;
	if (pid == (int)0x80000000)
		return -ESRCH;
	req.type = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
	req.id = pid > 0 ? pid : pid ? -pid : current_process()->pgid;
	ret = wait_for_child(&req);
	if (ret || !req.pid)
		return ret;
	if (status && copy_to_user(status, &req.status, sizeof(req.status)))
		return -EFAULT;
	if (usage && copy_to_user(usage, &req.usage, sizeof(req.usage)))
		return -EFAULT;
	return req.pid;
}

/* What SIGCHLD's siginfo says of the child. */
static void fill_siginfo(struct __kernel_siginfo *info, const struct wait_request *req)
{
	memset(info, 0, sizeof(*info));
	if (!req->pid)
		return;
	info->si_signo = SIGCHLD;
	info->si_code = WIFEXITED(req->status) ? CLD_EXITED : CLD_KILLED;
	info->child.pid = req->pid;
	info->child.status =
		WIFEXITED(req->status) ? WEXITSTATUS(req->status) : WTERMSIG(req->status);
}

SYSCALL_DEFINE5(waitid, int, type, int, id, struct __kernel_siginfo *, user_info, int, options,
		struct __kernel_rusage *, usage)
{
	struct wait_request req = { .type = type, .id = id, .options = options };
	struct __kernel_siginfo info;
	int ret;

	if (options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD |
			(int)__WCLONE | __WALL))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	if (type < P_ALL || type > P_PGID || (type == P_PID && id <= 0) ||
	    (type == P_PGID && id < 0))
		return -EINVAL;
	if (type == P_PGID && !id)
		req.id = current_process()->pgid;
	ret = wait_for_child(&req);
	if (ret)
		return ret;
	fill_siginfo(&info, &req);
	if (user_info && copy_to_user(user_info, &info, sizeof(info)))
		return -EFAULT;
	if (usage && req.pid && copy_to_user(usage, &req.usage, sizeof(req.usage)))
		return -EFAULT;
	return 0;
}
