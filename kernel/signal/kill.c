/* The calls that send signals. */
#include "kernel/process/task.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"

struct kill_request {
	bool all;		/* but the caller and the first process; else those of a group */
	int pgid;		/* may be 0: of who never left the first process's group */
	struct ksiginfo info;
	int sent, denied;
};

static void kill_one(struct process *process, void *arg)
{
	struct kill_request *req = arg;

	if (req->all ? process->pid == 1 || process == current_process()
		     : process->pgid != req->pgid)
		return;
	if (!may_signal(process, req->info.signo)) {
		req->denied++;
		return;
	}
	req->sent++;
	if (req->info.signo)
		signal_send(process, NULL, &req->info);
}

/* The process of that number, or the one that the thread of that number belongs to. */
static struct process *find_receiver(int pid)
{
	struct process *process = process_find(pid);
	struct task *task = process ? NULL : task_find(pid);

	return task ? task->process : process;
}

/* To one process: 0, -ESRCH, -EPERM, -EAGAIN. info->signo 0: only asks. */
static long send_to(int pid, const struct ksiginfo *info)
{
	struct process *process;
	long ret = -ESRCH;

	spin_lock(&tasks_lock);
	process = find_receiver(pid);
	if (process && !may_signal(process, info->signo))
		ret = -EPERM;
	else if (process)
		ret = info->signo ? signal_send(process, NULL, info) : 0;
	spin_unlock(&tasks_lock);
	return ret;
}

SYSCALL_DEFINE2(kill, int, pid, int, signo)
{
	struct kill_request req = { .sent = 0 };

	if (signo && !valid_signal(signo))
		return -EINVAL;
	if (pid == (int)0x80000000)
		return -ESRCH;
	siginfo_user(&req.info, signo, SI_USER);
	if (pid > 0)
		return send_to(pid, &req.info);
	req.all = pid == -1;
	req.pgid = pid ? -pid : current_process()->pgid;
	spin_lock(&tasks_lock);
	process_for_each(kill_one, &req);
	spin_unlock(&tasks_lock);
	/* As Linux: of all processes, those that may not be reached count as reached. */
	return req.sent || (pid == -1 && req.denied) ? 0 : req.denied ? -EPERM : -ESRCH;
}

/* ---- to threads ---- */

/* To one thread; of a certain process if tgid is not 0. */
static long send_to_thread(int tgid, int tid, const struct ksiginfo *info)
{
	struct task *task;
	long ret = -ESRCH;

	spin_lock(&tasks_lock);
	task = task_find(tid);
	if (task && (!tgid || task->process->pid == tgid) &&
	    !may_signal(task->process, info->signo))
		ret = -EPERM;
	else if (task && (!tgid || task->process->pid == tgid))
		ret = info->signo ? signal_send(task->process, task, info) : 0;
	spin_unlock(&tasks_lock);
	return ret;
}

static long do_tkill(int tgid, int tid, int signo)
{
	struct ksiginfo info;

	if (tid <= 0 || (signo && !valid_signal(signo)))
		return -EINVAL;
	siginfo_user(&info, signo, SI_TKILL);
	return send_to_thread(tgid, tid, &info);
}

SYSCALL_DEFINE3(tgkill, int, tgid, int, tid, int, signo)
{
	return tgid > 0 ? do_tkill(tgid, tid, signo) : -EINVAL;
}

SYSCALL_DEFINE2(tkill, int, tid, int, signo) { return do_tkill(0, tid, signo); }

/* ---- with words of the sender's ---- */

/*
 * What it says may not look as if the kernel or kill(2) had said it, except to itself: to the
 * calling thread's own number, so that only a process's first thread says it to the process.
 */
static long read_info(struct ksiginfo *info, const void *user, int signo, int id)
{
	if (copy_from_user(info, user, sizeof(*info)))
		return -EFAULT;
	info->signo = signo;
	if (id != current_task()->tid && (info->code >= 0 || info->code == SI_TKILL))
		return -EPERM;
	return signo && !valid_signal(signo) ? -EINVAL : 0;
}

SYSCALL_DEFINE3(rt_sigqueueinfo, int, pid, int, signo, const void *, user)
{
	struct ksiginfo info;
	long ret = read_info(&info, user, signo, pid);

	return ret ? ret : send_to(pid, &info);
}

SYSCALL_DEFINE4(rt_tgsigqueueinfo, int, tgid, int, tid, int, signo, const void *, user)
{
	struct ksiginfo info;
	long ret;

	if (copy_from_user(&info, user, sizeof(info)))
		return -EFAULT;
	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	ret = read_info(&info, user, signo, tid);
	return ret ? ret : send_to_thread(tgid, tid, &info);
}
