/* Signals for events on files (kernel/fs/async.h). */
#include "kernel/fs/async.h"
#include "kernel/fs/fs.h"
#include "kernel/syscall.h"
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "mm/slab.h"

/* Signals whose si_code means something else. */
#define OWN_CODES	(SIGMASK(SIGILL) | SIGMASK(SIGFPE) | SIGMASK(SIGSEGV) | SIGMASK(SIGBUS) | \
			 SIGMASK(SIGTRAP) | SIGMASK(SIGCHLD) | SIGMASK(SIGSYS))

struct async_entry {
	LIST_ENTRY(async_entry) link;
	struct file_async *async;
	bool queued;
};

/* What a file has that was ever asked for signals. */
struct file_async {
	struct f_owner_ex owner;	/* pid 0: nobody */
	struct process *process;	/* that had the number then, counted: numbers come again */
	u32 uid, euid;			/* of who said so */
	int signo;			/* 0: SIGIO, without words */
	int fd;
	struct async_entry entry[2];	/* on the lists that the operations name */
};

static struct file_async *file_async(struct file *file)
{
	struct file_async *async, *other;

	if (READ_ONCE(file->async))
		return file->async;
	async = kzalloc(sizeof(*async), GFP_KERNEL);
	if (!async)
		return NULL;
	for (unsigned int i = 0; i < ARRAY_SIZE(async->entry); i++)
		async->entry[i].async = async;
	spin_lock(&tasks_lock);
	other = file->async;
	if (!other)
		WRITE_ONCE(file->async, async);
	spin_unlock(&tasks_lock);
	if (other)
		kfree(async);
	return file->async;
}

/* ---- the owner ---- */

static struct process *process_of(const struct f_owner_ex *owner)
{
	struct task *task;

	if (owner->type != F_OWNER_TID)
		return process_find(owner->pid);
	task = task_find(owner->pid);
	return task ? task->process : NULL;
}

/*
 * Is the owner still who it was? A group outlives the process that it is named after, but the
 * number is not given again before the group has gone, too. tasks_lock held.
 */
static bool owner_lives(const struct file_async *async)
{
	const struct process *process;

	if (!async->owner.pid)
		return false;
	process = process_of(&async->owner);
	if (async->owner.type == F_OWNER_PGRP && !process)
		return pid_is_group(async->owner.pid);
	return process && process == async->process;
}

/* Returns the process that is no longer needed, for the caller to put. tasks_lock held. */
static struct process *change_owner(struct file_async *async, const struct f_owner_ex *owner)
{
	const struct cred *cred = &current_process()->cred;
	struct process *old = async->process;

	async->owner = *owner;
	async->process = owner->pid ? process_of(owner) : NULL;
	if (async->process)
		atomic_inc(&async->process->refcount);
	async->uid = cred->uid.real;
	async->euid = cred->uid.effective;
	return old;
}

static bool number_is_known(int id)
{
	return process_find(id) || task_find(id) || pid_is_group(id);
}

static long set_owner(struct file *file, const struct f_owner_ex *owner)
{
	struct file_async *async = file_async(file);
	struct process *old = NULL;
	long ret = 0;

	if (!async)
		return -ENOMEM;
	spin_lock(&tasks_lock);
	if (owner->pid && !number_is_known(owner->pid))
		ret = -ESRCH;
	else
		old = change_owner(async, owner);
	spin_unlock(&tasks_lock);
	if (old)
		process_put(old);
	return ret;
}

/* F_SETOWN's way to say it: a group is negative. */
static long set_owner_number(struct file *file, int who)
{
	struct f_owner_ex owner = { F_OWNER_PID, who };

	if (who == (int)0x80000000)
		return -EINVAL;
	if (who < 0)
		owner = (struct f_owner_ex){ F_OWNER_PGRP, -who };
	return set_owner(file, &owner);
}

static long set_owner_ex(struct file *file, const void *user)
{
	struct f_owner_ex owner;

	if (copy_from_user(&owner, user, sizeof(owner)))
		return -EFAULT;
	if (owner.type < F_OWNER_TID || owner.type > F_OWNER_PGRP)
		return -EINVAL;
	return set_owner(file, &owner);
}

/* pid 0: there is none, or there is none any more. */
static struct f_owner_ex get_owner(struct file *file)
{
	struct f_owner_ex owner = { F_OWNER_TID, 0 };

	spin_lock(&tasks_lock);
	if (file->async) {
		owner = file->async->owner;
		if (!owner_lives(file->async))
			owner.pid = 0;
	}
	spin_unlock(&tasks_lock);
	return owner;
}

static long set_signal(struct file *file, unsigned long signo)
{
	struct file_async *async;

	if (signo > _NSIG)
		return -EINVAL;
	async = file_async(file);
	if (!async)
		return -ENOMEM;
	WRITE_ONCE(async->signo, (int)signo);
	return 0;
}

long fcntl_owner(struct file *file, int cmd, unsigned long arg)
{
	const struct file_async *async = READ_ONCE(file->async);
	struct f_owner_ex owner;

	switch (cmd) {
	case F_SETOWN: return set_owner_number(file, (int)arg);
	case F_SETOWN_EX: return set_owner_ex(file, (const void *)arg);
	case F_SETSIG: return set_signal(file, arg);
	case F_GETSIG: return async ? READ_ONCE(async->signo) : 0;
	}
	owner = get_owner(file);
	if (cmd == F_GETOWN)
		return owner.type == F_OWNER_PGRP ? -owner.pid : owner.pid;
	return copy_to_user((void *)arg, &owner, sizeof(owner)) ? -EFAULT : 0;
}

/* ---- sending; tasks_lock held ---- */

/* Might the owner's master have sent it by kill(2)? */
static bool may_tell(const struct file_async *async, const struct process *process)
{
	const struct ids *uid = &process->cred.uid;

	return !async->euid || async->euid == uid->saved || async->euid == uid->real ||
	       async->uid == uid->saved || async->uid == uid->real;
}

static u64 band(int code)
{
	return code == POLL_IN ? POLLIN | POLLRDNORM : code == POLL_HUP ? POLLHUP | POLLERR :
	       POLLOUT | POLLWRNORM | POLLWRBAND;
}

/* With words, if a signal was chosen; without room for these SIGIO says that some were lost. */
static void tell(const struct file_async *async, struct process *process, struct task *task,
		 int code)
{
	struct ksiginfo info = {
		.signo = async->signo,
		.code = async->signo && SIGMASK(async->signo) & OWN_CODES ? SI_SIGIO : code,
		.words = { band(code), (u32)async->fd },
	};

	if (!may_tell(async, process))
		return;
	if (!info.signo || signal_send(process, task, &info))
		signal_send(process, task, KERNEL_SIGNAL(SIGIO));
}

struct group_event {
	const struct file_async *async;
	int code;
};

static void tell_member(struct process *process, void *arg)
{
	const struct group_event *event = arg;

	if (process->pgid == event->async->owner.pid)
		tell(event->async, process, NULL, event->code);
}

static void tell_owner(const struct file_async *async, int code)
{
	const struct f_owner_ex *owner = &async->owner;

	if (!owner_lives(async))
		return;
	if (owner->type == F_OWNER_PGRP)
		process_for_each(tell_member, &(struct group_event){ async, code });
	else
		tell(async, async->process,
		     owner->type == F_OWNER_TID ? task_find(owner->pid) : NULL, code);
}

void kill_async(struct async_list *list, int code)
{
	const struct async_entry *entry;

	if (likely(LIST_EMPTY(&list->files)))
		return;
	spin_lock(&tasks_lock);
	LIST_FOREACH(entry, &list->files, link)
		tell_owner(entry->async, code);
	spin_unlock(&tasks_lock);
}

/* ---- O_ASYNC ---- */

/* tasks_lock held. */
static void join(struct file_async *async, struct async_entry *entry, struct async_list *list)
{
	struct f_owner_ex owner = { F_OWNER_PID, current_process()->pid };

	LIST_INSERT_HEAD(&list->files, entry, link);
	entry->queued = true;
	if (!list->group || async->owner.pid)
		return;
	if (*list->group)
		owner = (struct f_owner_ex){ F_OWNER_PGRP, *list->group };
	change_owner(async, &owner);
}

/* tasks_lock held. */
static void leave(struct async_entry *entry)
{
	if (entry->queued)
		LIST_REMOVE(entry, link);
	entry->queued = false;
}

long file_set_async(struct file *file, int fd, bool on)
{
	struct file_async *async = file_async(file);
	struct async_list *lists[2] = { NULL, NULL };

	if (!async)
		return -ENOMEM;
	file->ops->async_lists(file, lists);
	spin_lock(&tasks_lock);
	async->fd = fd;
	for (unsigned int i = 0; i < ARRAY_SIZE(lists); i++) {
		leave(&async->entry[i]);
		if (on && lists[i])
			join(async, &async->entry[i], lists[i]);
	}
	WRITE_ONCE(file->flags, on ? file->flags | O_ASYNC : file->flags & ~(unsigned int)O_ASYNC);
	spin_unlock(&tasks_lock);
	return 0;
}

void file_drop_async(struct file *file)
{
	struct file_async *async = file->async;

	spin_lock(&tasks_lock);
	for (unsigned int i = 0; i < ARRAY_SIZE(async->entry); i++)
		leave(&async->entry[i]);
	spin_unlock(&tasks_lock);
	if (async->process)
		process_put(async->process);
	kfree(async);
}
