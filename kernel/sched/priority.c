/*
 * nice: how long a thread may run while others wait. The scheduler has one policy, round robin; a
 * slice is the longer, the lower the number (task_slice_ns()).
 */
#include "kernel/sched/priority.h"
#include "kernel/process/cred.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/resource.h"
#include "kernel/uapi/sched.h"

/* One call on one thread, a process group, or everything of a user. */
struct request {
	int which, who;
	bool set;
	int nice;	/* to be set; or the lowest found */
	bool found;
	int error;	/* of the last one that may not be changed */
};

bool may_be_nice(const struct task *task, int nice)
{
	return nice >= READ_ONCE(task->nice) || capable() ||
	       (u64)(20 - nice) <= READ_ONCE(task->process->rlimits[RLIMIT_NICE].rlim_cur);
}

/* tasks_lock held. */
static void do_task(struct request *request, struct task *task)
{
	request->found = true;
	if (!request->set)
		request->nice = min(request->nice, READ_ONCE(task->nice));
	else if (!may_schedule(task->process))
		request->error = -EPERM;
	else if (!may_be_nice(task, request->nice))
		request->error = -EACCES;
	else
		WRITE_ONCE(task->nice, request->nice);
}

/* tasks_lock held. */
static void do_process(struct process *process, void *arg)
{
	struct request *request = arg;
	struct task *task;

	if (request->which == PRIO_PGRP ? process->pgid != request->who :
					  process->cred.uid.real != (u32)request->who)
		return;
	TAILQ_FOREACH(task, &process->threads, thread_link)
		do_task(request, task);
}

/* 0 stands for the caller, its group, or its user. */
static long do_request(struct request *request)
{
	struct task *task;

	if (request->which < PRIO_PROCESS || request->which > PRIO_USER)
		return -EINVAL;
	spin_lock(&tasks_lock);
	if (request->which == PRIO_PROCESS) {
		task = request->who ? task_find(request->who) : current_task();
		if (task)
			do_task(request, task);
	} else {
		if (!request->who)
			request->who = request->which == PRIO_PGRP ? current_process()->pgid :
				       (int)current_process()->cred.uid.real;
		process_for_each(do_process, request);
	}
	spin_unlock(&tasks_lock);
	return request->found ? request->error : -ESRCH;
}

/* 20 - nice: the call cannot return a negative number. */
SYSCALL_DEFINE2(getpriority, int, which, int, who)
{
	struct request request = { .which = which, .who = who, .nice = NICE_MAX };
	long ret = do_request(&request);

	return ret ? ret : 20 - request.nice;
}

SYSCALL_DEFINE3(setpriority, int, which, int, who, int, nice)
{
	struct request request = {
		.which = which,
		.who = who,
		.set = true,
		.nice = min(max(nice, NICE_MIN), NICE_MAX),
	};

	return do_request(&request);
}
