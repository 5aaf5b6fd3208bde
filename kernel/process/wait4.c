/* Waiting for children: wait4 and waitid. */
#include "kernel/syscall.h"
#include "kernel/process/task.h"
#include "kernel/process/usage.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/wait.h"

enum { EVENT_END = 1, EVENT_STOP };	/* EVENT_STOP: or goes on */

/* Whom to wait for, and what was found. */
struct wait_request {
	int type;		/* P_ALL, P_PID or P_PGID */
	int id;
	int options;

	int pid, status;	/* of who reports; pid 0: nobody yet */
	struct ksiginfo info;
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

/* What the child has to report, of what the request wants to hear; 0: nothing. tasks_lock held. */
static int child_event(const struct process *child, const struct wait_request *req)
{
	if (child->zombie)
		return req->options & WEXITED ? EVENT_END : 0;
	if (!child->stop_status)
		return 0;
	return req->options & (WIFCONTINUED(child->stop_status) ? WCONTINUED : WSTOPPED) ?
	       EVENT_STOP : 0;
}

/* Notes what the child reports; true if the caller has to put it. tasks_lock held. */
static bool take_event(struct process *child, struct wait_request *req, int event)
{
	bool keep = req->options & WNOWAIT;

	req->pid = child->pid;
	req->status = event == EVENT_END ? child->exit_status : child->stop_status;
	usage_of_process(child, &req->usage);
	siginfo_child(&req->info, child, req->status);
	if (keep)
		return false;
	if (event == EVENT_STOP) {
		child->stop_status = 0;
	} else {
		usage_add_child(current_process(), child);
		process_unlink(child);
	}
	return event == EVENT_END;
}

/* Looks once. 0: found, or there are children that may report later; -ECHILD: there are none. */
static int look_for_event(struct wait_request *req)
{
	struct process *self = current_process(), *child;
	bool any = false, put = false;
	int event = 0;

	spin_lock(&tasks_lock);
	TAILQ_FOREACH(child, &self->children, sibling) {
		if (!matches(child, req))
			continue;
		any = true;
		event = child_event(child, req);
		if (event)
			break;
	}
	if (event)
		put = take_event(child, req, event);
	spin_unlock(&tasks_lock);
	if (put)
		process_put(child);
	return any ? 0 : -ECHILD;
}

/* Waits until a child reports; 0 with req->pid 0 if none does and WNOHANG is set. */
static int wait_for_child(struct wait_request *req)
{
	struct wait_queue *wq = &current_process()->child_wait;
	struct waiter w = { .task = current_task() };
	int ret = look_for_event(req);

	if (ret || req->pid || req->options & WNOHANG)
		return ret;
	for (;;) {
		prepare_to_wait_interruptible(wq, &w);
		ret = look_for_event(req);
		if (ret || req->pid)
			break;
		if (signal_pending()) {
			ret = -ERESTARTSYS;
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

/* Linux writes these words of the structure, and only these. */
static int write_info(struct __kernel_siginfo *user, const struct ksiginfo *info)
{
	if (copy_to_user(user, info, offsetof(struct ksiginfo, pad)))
		return -EFAULT;
	return copy_to_user(&user->child, &info->child, offsetof(struct ksiginfo, child.pad2) -
			    offsetof(struct ksiginfo, child)) ? -EFAULT : 0;
}

SYSCALL_DEFINE5(waitid, int, type, int, id, struct __kernel_siginfo *, user_info, int, options,
		struct __kernel_rusage *, usage)
{
	struct wait_request req = { .type = type, .id = id, .options = options };
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
	/* Also where there is nothing to say: zeroes, as Linux. */
	if (user_info && write_info(user_info, &req.info))
		return -EFAULT;
	if (ret)
		return ret;
	if (usage && req.pid && copy_to_user(usage, &req.usage, sizeof(req.usage)))
		return -EFAULT;
	return 0;
}
