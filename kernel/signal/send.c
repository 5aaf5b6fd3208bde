/*
 * Sending. What the new signal undoes comes first (SIGCONT and the stops), then it is dropped if
 * it is ignored, or waits; then somebody is told. All under tasks_lock.
 */
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"

/* Where the signal goes: a function, or SIG_DFL_ADDR, or SIG_IGN_ADDR. */
static u64 handler(const struct process *process, int signo)
{
	return process->sighand->action[signo - 1].handler;
}

bool signal_ignored(const struct process *process, int signo)
{
	u64 to = handler(process, signo);

	return to == SIG_IGN_ADDR || (to == SIG_DFL_ADDR && SIGMASK(signo) & DEFAULT_IGNORES);
}

/* The first process has no defaults but its own faults: nobody can end or stop it by accident. */
static bool spared(const struct process *process, int signo)
{
	return process->pid == 1 && handler(process, signo) == SIG_DFL_ADDR;
}

/* Nothing will come of the signal. One that is blocked may find another handler later. */
static bool dropped(const struct process *process, const struct task *task, int signo)
{
	if (task && (task->blocked | task->real_blocked) & SIGMASK(signo))
		return false;
	return signal_ignored(process, signo) || spared(process, signo);
}

static bool fatal(const struct process *process, int signo)
{
	return handler(process, signo) == SIG_DFL_ADDR &&
	       !(SIGMASK(signo) & (DEFAULT_IGNORES | DEFAULT_STOPS));
}

static bool accepts(const struct task *task, int signo)
{
	return !(task->blocked & SIGMASK(signo)) && !task->stopped;
}

/* A thread that can take the signal, one with nothing else to do before others; or NULL. */
static struct task *find_receiver(const struct process *process, int signo)
{
	struct task *task, *busy = NULL;

	TAILQ_FOREACH(task, &process->threads, thread_link) {
		if (!accepts(task, signo))
			continue;
		if (!(READ_ONCE(task->work) & WORK_SIGNAL))
			return task;
		if (!busy)
			busy = task;
	}
	return busy;
}

void signal_retarget(struct process *process, const struct task *except, __kernel_sigset_t set)
{
	struct task *task;

	set &= process->pending.set;
	TAILQ_FOREACH(task, &process->threads, thread_link) {
		__kernel_sigset_t takes = set & ~task->blocked;

		if (!set)
			break;
		if (task == except || !takes)
			continue;
		set &= ~takes;
		signal_task_wake(task);
	}
}

/* It waits where it waits; who takes it? */
static void announce(struct process *process, struct task *task, int signo)
{
	if (signo == SIGKILL) {
		process_kill(process, SIGKILL);
		return;
	}
	if (!task)
		task = find_receiver(process, signo);
	else if (!accepts(task, signo))
		task = NULL;
	if (!task)
		return;
	if (fatal(process, signo) && !(task->real_blocked & SIGMASK(signo)))
		process_kill(process, signo);
	else
		signal_task_wake(task);
}

static void flush_all(struct process *process, __kernel_sigset_t set)
{
	struct task *task;

	sigpending_flush(&process->pending, set);
	TAILQ_FOREACH(task, &process->threads, thread_link)
		sigpending_flush(&task->pending, set);
}

static int send(struct process *process, struct task *task, const struct ksiginfo *info,
		bool timer)
{
	struct sigpending *pending = task ? &task->pending : &process->pending;
	int signo = info->signo, ret;

	if (process->zombie || process->group_exit || process == &kernel_process)
		return 0;
	if (SIGMASK(signo) & DEFAULT_STOPS) {
		flush_all(process, SIGMASK(SIGCONT));
	} else if (signo == SIGCONT) {
		flush_all(process, DEFAULT_STOPS);
		stop_end(process);
	}
	if (dropped(process, task ? task : TAILQ_FIRST(&process->threads), signo))
		return 0;
	/* What timers send is told apart by the timer, which does not send another. */
	if (signo < SIGRTMIN && !timer && pending->set & SIGMASK(signo))
		return 0;
	ret = sigpending_add(process, pending, info, timer);
	if (!ret)
		announce(process, task, signo);
	return ret;
}

int signal_send(struct process *process, struct task *task, const struct ksiginfo *info)
{
	return send(process, task, info, false);
}

void signal_send_timer(struct process *process, struct task *task, const struct ksiginfo *info)
{
	(void)send(process, task, info, true);
}

void siginfo_user(struct ksiginfo *info, int signo, int code)
{
	*info = (struct ksiginfo){ .signo = signo, .code = code,
				   .child = { .pid = current_process()->pid,
					      .uid = current_process()->cred.uid.real } };
}

void signal_process(struct process *process, int signo)
{
	struct ksiginfo info;

	siginfo_user(&info, signo, SI_USER);
	signal_send(process, NULL, &info);
}

void signal_task(struct task *task, int signo)
{
	struct ksiginfo info;

	siginfo_user(&info, signo, SI_USER);
	signal_send(task->process, task, &info);
}

struct group_signal {
	int pgid, signo;
	bool found;
};

static void send_to_member(struct process *process, void *arg)
{
	struct group_signal *req = arg;

	if (process->pgid != req->pgid)
		return;
	req->found = true;
	signal_send(process, NULL, KERNEL_SIGNAL(req->signo));
}

bool signal_group(int pgid, int signo)
{
	struct group_signal req = { .pgid = pgid, .signo = signo };

	process_for_each(send_to_member, &req);
	return req.found;
}
