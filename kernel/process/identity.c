/*
 * Who a task is: numbers, groups, sessions, limits, the system's name. Users are cred.c's.
 */
#include "kernel/base/string.h"
#include "kernel/fs/files.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/personality.h"
#include "kernel/uapi/utsname.h"
#include "kernel/version.h"

SYSCALL_DEFINE0(getpid) { return current_process()->pid; }
SYSCALL_DEFINE0(gettid) { return current_task()->tid; }
/* A parent that ends while we look leaves us to process 1; the structure stays until then. */
SYSCALL_DEFINE0(getppid)
{
	int pid;

	spin_lock(&tasks_lock);
	pid = current_process()->parent->pid;
	spin_unlock(&tasks_lock);
	return pid;
}

SYSCALL_DEFINE1(set_tid_address, u32 *, addr)
{
	current_task()->clear_child_tid = addr;
	return current_task()->tid;
}

/* Restartable sequences: C libraries do without. */
SYSCALL_DEFINE0(rseq) { return -ENOSYS; }

/* ---- groups and sessions ---- */

enum group_kind { GROUP, SESSION };

static long group_of(int pid, enum group_kind kind)
{
	const struct process *process;
	long id = -ESRCH;

	spin_lock(&tasks_lock);
	process = pid ? process_find(pid) : current_process();
	if (process)
		id = kind == GROUP ? process->pgid : process->sid;
	spin_unlock(&tasks_lock);
	return id;
}

SYSCALL_DEFINE1(getpgid, int, pid) { return group_of(pid, GROUP); }
SYSCALL_DEFINE1(getsid, int, pid) { return group_of(pid, SESSION); }
SYSCALL_DEFINE0(getpgrp) { return group_of(0, GROUP); }

struct group_search {
	int pgid, sid;
	bool found;
};

static void match_group(struct process *process, void *arg)
{
	struct group_search *search = arg;

	search->found |=
		process->pgid == search->pgid && (!search->sid || process->sid == search->sid);
}

/* Is there such a group, in the session if that is not 0? tasks_lock held. */
bool group_exists(int pgid, int sid)
{
	struct group_search search = { .pgid = pgid, .sid = sid };

	process_for_each(match_group, &search);
	return search.found;
}

/* tasks_lock held. */
static long change_group(struct process *process, int pgid)
{
	const struct process *self = current_process();

	if (!process || (process != self && process->parent != self))
		return -ESRCH;
	if (process != self && process->sid != self->sid)
		return -EPERM;
	if (process != self && process->has_execed)
		return -EACCES;
	if (process->sid == process->pid)
		return -EPERM;
	if (pgid != process->pid && !group_exists(pgid, self->sid))
		return -EPERM;
	process->pgid = pgid;
	return 0;
}

SYSCALL_DEFINE2(setpgid, int, pid, int, pgid)
{
	long ret;

	if (pgid < 0)
		return -EINVAL;
	if (!pid)
		pid = current_process()->pid;
	spin_lock(&tasks_lock);
	ret = change_group(process_find(pid), pgid ? pgid : pid);
	spin_unlock(&tasks_lock);
	return ret;
}

SYSCALL_DEFINE0(setsid)
{
	struct process *process = current_process();
	long ret = -EPERM;

	spin_lock(&tasks_lock);
	if (!group_exists(process->pid, 0)) {
		process->pgid = process->sid = process->pid;
		process->has_tty = false;
		ret = process->pid;
	}
	spin_unlock(&tasks_lock);
	return ret;
}

/* ---- personality ---- */

SYSCALL_DEFINE1(personality, unsigned int, persona)
{
	struct process *process = current_process();
	u32 old = process->personality;

	if (persona == PER_ASK)
		return old;
	if (persona & ~ADDR_NO_RANDOMIZE)
		return -EINVAL;
	WRITE_ONCE(process->personality, persona);
	return old;
}

/* ---- limits ---- */

void process_limits(const struct process *process, struct mm_limits *limits)
{
	WRITE_ONCE(limits->as, READ_ONCE(process->rlimits[RLIMIT_AS].rlim_cur));
	WRITE_ONCE(limits->data, READ_ONCE(process->rlimits[RLIMIT_DATA].rlim_cur));
	WRITE_ONCE(limits->data_max, READ_ONCE(process->rlimits[RLIMIT_DATA].rlim_max));
	WRITE_ONCE(limits->stack, READ_ONCE(process->rlimits[RLIMIT_STACK].rlim_cur));
	/* Root locks what it likes. */
	WRITE_ONCE(limits->memlock, READ_ONCE(process->cred.uid.effective) ?
				    READ_ONCE(process->rlimits[RLIMIT_MEMLOCK].rlim_cur) : ~0ul);
	WRITE_ONCE(limits->admin, !READ_ONCE(process->cred.uid.effective));
}

void limits_changed(struct process *process)
{
	struct task *task;

	TAILQ_FOREACH(task, &process->threads, thread_link) {
		if (task->mm) {
			process_limits(process, &task->mm->limits);
			break;
		}
	}
}

/* tasks_lock held. */
static long change_locked(struct process *process, unsigned int resource,
			  const struct rlimit64 *new_limit, struct rlimit64 *old)
{
	struct rlimit64 *limit;

	if (!process)
		return -ESRCH;
	if (!may_limit(process))
		return -EPERM;
	limit = &process->rlimits[resource];
	if (new_limit && new_limit->rlim_max > limit->rlim_max && !capable())
		return -EPERM;
	*old = *limit;
	if (new_limit) {
		*limit = *new_limit;
		limits_changed(process);
		itimers_limit(process);
	}
	return 0;
}

/* Reads the old limit and sets the new one (NULL: leaves it). */
static long change_limit(int pid, unsigned int resource, const struct rlimit64 *new_limit,
			 struct rlimit64 *old)
{
	long ret;

	if (resource >= RLIM_NLIMITS || (new_limit && new_limit->rlim_cur > new_limit->rlim_max))
		return -EINVAL;
	if (new_limit && resource == RLIMIT_NOFILE && new_limit->rlim_max > MAX_FILES)
		return -EPERM;
	spin_lock(&tasks_lock);
	ret = change_locked(pid ? process_find(pid) : current_process(), resource, new_limit, old);
	spin_unlock(&tasks_lock);
	return ret;
}

SYSCALL_DEFINE4(prlimit64, int, pid, unsigned int, resource, const struct rlimit64 *, user_new,
		struct rlimit64 *, user_old)
{
	struct rlimit64 new_limit, old;
	long ret;

	if (user_new && copy_from_user(&new_limit, user_new, sizeof(new_limit)))
		return -EFAULT;
	ret = change_limit(pid, resource, user_new ? &new_limit : NULL, &old);
	if (!ret && user_old && copy_to_user(user_old, &old, sizeof(old)))
		return -EFAULT;
	return ret;
}

SYSCALL_DEFINE2(getrlimit, unsigned int, resource, struct rlimit64 *, user)
{
	struct rlimit64 old;
	long ret = change_limit(0, resource, NULL, &old);

	return !ret && copy_to_user(user, &old, sizeof(old)) ? -EFAULT : ret;
}

SYSCALL_DEFINE2(setrlimit, unsigned int, resource, const struct rlimit64 *, user)
{
	struct rlimit64 new_limit, old;

	if (copy_from_user(&new_limit, user, sizeof(new_limit)))
		return -EFAULT;
	return change_limit(0, resource, &new_limit, &old);
}

/* ---- the system ---- */

/* Programs decide by the release what they may use: the one whose interface we have. */
SYSCALL_DEFINE1(uname, struct new_utsname *, user)
{
	struct new_utsname name = {
		.sysname = "Linux",
		.nodename = "pleat",
		.release = PLEAT_ABI_RELEASE,
		.version = "Pleat " PLEAT_VERSION,
		.machine = "x86_64",
		.domainname = "(none)",
	};

	return copy_to_user(user, &name, sizeof(name)) ? -EFAULT : 0;
}
