/* The calls on users and groups (credentials(7)). */
#include "kernel/process/cred.h"
#include "kernel/base/string.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"

#define KEEP	(~0u)	/* -1: leaves it as it is */

static bool is_root(const struct cred *cred) { return !cred->uid.effective; }

bool capable(void) { return is_root(&current_process()->cred); }

static bool one_of(u32 id, const struct ids *ids)
{
	return id == ids->real || id == ids->effective || id == ids->saved;
}

bool may_signal(const struct process *process, int signo)
{
	const struct process *self = current_process();
	const struct ids *mine = &self->cred.uid, *theirs = &process->cred.uid;

	return process == self || capable() || mine->effective == theirs->saved ||
	       mine->effective == theirs->real || mine->real == theirs->saved ||
	       mine->real == theirs->real || (signo == SIGCONT && self->sid == process->sid);
}

bool may_schedule(const struct process *process)
{
	u32 mine = current_process()->cred.uid.effective;

	return capable() || mine == process->cred.uid.real || mine == process->cred.uid.effective;
}

static bool same(u32 id, const struct ids *ids)
{
	return id == ids->real && id == ids->effective && id == ids->saved;
}

bool may_limit(const struct process *process)
{
	const struct cred *mine = &current_process()->cred, *theirs = &process->cred;

	return process == current_process() || capable() ||
	       (same(mine->uid.real, &theirs->uid) && same(mine->gid.real, &theirs->gid));
}

bool may_access_process(const struct process *process)
{
	return process == current_process() || capable() ||
	       (!READ_ONCE(process->undumpable) && may_limit(process));
}

/* Did it lose or gain rights by that? */
static bool rights_differ(const struct ids *old, const struct ids *now)
{
	return old->effective != now->effective || old->fs != now->fs;
}

/*
 * What it could see and do as somebody else may still be in its memory: nobody but root may look,
 * until it says otherwise, and no signal comes at the wish of whom it was. tasks_lock held.
 */
static void rights_changed(struct process *process)
{
	WRITE_ONCE(process->undumpable, true);
	WRITE_ONCE(current_task()->pdeath_signal, 0);
}

void cred_exec(struct process *process, const struct ids *uid, const struct ids *gid, bool secret)
{
	const struct cred old = process->cred;
	struct cred *cred = &process->cred;

	cred->uid = *uid;
	cred->gid = *gid;
	cred->uid.saved = cred->uid.fs = uid->effective;
	cred->gid.saved = cred->gid.fs = gid->effective;
	WRITE_ONCE(process->undumpable, secret || old.uid.effective != old.uid.real ||
						old.gid.effective != old.gid.real);
	if (rights_differ(&old.uid, &cred->uid) || rights_differ(&old.gid, &cred->gid))
		rights_changed(process);
}

/* ---- asking ---- */

SYSCALL_DEFINE0(getuid) { return current_process()->cred.uid.real; }
SYSCALL_DEFINE0(geteuid) { return current_process()->cred.uid.effective; }
SYSCALL_DEFINE0(getgid) { return current_process()->cred.gid.real; }
SYSCALL_DEFINE0(getegid) { return current_process()->cred.gid.effective; }

static long write_ids(const struct ids *ids, u32 *real, u32 *effective, u32 *saved)
{
	return copy_to_user(real, &ids->real, sizeof(u32)) ||
	       copy_to_user(effective, &ids->effective, sizeof(u32)) ||
	       copy_to_user(saved, &ids->saved, sizeof(u32)) ? -EFAULT : 0;
}

SYSCALL_DEFINE3(getresuid, u32 *, real, u32 *, effective, u32 *, saved)
{
	return write_ids(&current_process()->cred.uid, real, effective, saved);
}

SYSCALL_DEFINE3(getresgid, u32 *, real, u32 *, effective, u32 *, saved)
{
	return write_ids(&current_process()->cred.gid, real, effective, saved);
}

/* ---- changing ---- */

/* setuid, setgid: all three for root; else the effective one becomes one of the others. */
static int set_id(struct ids *ids, u32 id, bool root)
{
	if (id == KEEP)
		return -EINVAL;
	if (root)
		ids->real = ids->saved = id;
	else if (id != ids->real && id != ids->saved)
		return -EPERM;
	ids->effective = id;
	return 0;
}

static int set_reid(struct ids *ids, u32 real, u32 effective, bool root)
{
	const struct ids old = *ids;

	if (real != KEEP && !root && real != old.real && real != old.effective)
		return -EPERM;
	if (effective != KEEP && !root && !one_of(effective, &old))
		return -EPERM;
	if (real != KEEP)
		ids->real = real;
	if (effective != KEEP)
		ids->effective = effective;
	if (real != KEEP || (effective != KEEP && effective != old.real))
		ids->saved = ids->effective;
	return 0;
}

static int set_resid(struct ids *ids, u32 real, u32 effective, u32 saved, bool root)
{
	const struct ids old = *ids;

	if (!root && ((real != KEEP && !one_of(real, &old)) ||
		      (effective != KEEP && !one_of(effective, &old)) ||
		      (saved != KEEP && !one_of(saved, &old))))
		return -EPERM;
	*ids = (struct ids){ real != KEEP ? real : old.real,
			     effective != KEEP ? effective : old.effective,
			     saved != KEEP ? saved : old.saved, old.fs };
	return 0;
}

/*
 * A program that becomes another user is not refused for that user's RLIMIT_NPROC, since many do
 * not look at the result: exec is, which follows. tasks_lock held.
 */
static void note_user(struct process *process, u32 old)
{
	u32 uid = process->cred.uid.real;

	if (uid != old)
		process->too_many = uid && user_threads(uid) - process->nr_threads >
						   process->rlimits[RLIMIT_NPROC].rlim_cur;
}

bool cred_may_exec(struct process *process)
{
	bool refused;

	spin_lock(&tasks_lock);
	refused = process->too_many &&
		  user_threads(process->cred.uid.real) > process->rlimits[RLIMIT_NPROC].rlim_cur;
	if (!refused)
		process->too_many = false;
	spin_unlock(&tasks_lock);
	return !refused;
}

/* One of them, on the caller's users or groups; what depends on who root is follows. */
static long change(bool groups, int how, u32 a, u32 b, u32 c)
{
	struct process *process = current_process();
	struct ids *ids = groups ? &process->cred.gid : &process->cred.uid, old;
	bool root;
	u32 user;
	int ret;

	spin_lock(&tasks_lock);
	/* Read under the lock: another thread may be giving up what this call relies on. */
	old = *ids;
	root = capable();
	user = process->cred.uid.real;
	ret = how == 1 ? set_id(ids, a, root) : how == 2 ? set_reid(ids, a, b, root) :
	      set_resid(ids, a, b, c, root);
	if (!ret)
		ids->fs = ids->effective;
	if (rights_differ(&old, ids))
		rights_changed(process);
	note_user(process, user);
	limits_changed(process);
	spin_unlock(&tasks_lock);
	return ret;
}

SYSCALL_DEFINE1(setuid, u32, id) { return change(false, 1, id, 0, 0); }
SYSCALL_DEFINE1(setgid, u32, id) { return change(true, 1, id, 0, 0); }
SYSCALL_DEFINE2(setreuid, u32, real, u32, effective)
{
	return change(false, 2, real, effective, 0);
}

SYSCALL_DEFINE2(setregid, u32, real, u32, effective)
{
	return change(true, 2, real, effective, 0);
}

SYSCALL_DEFINE3(setresuid, u32, real, u32, effective, u32, saved)
{
	return change(false, 3, real, effective, saved);
}

SYSCALL_DEFINE3(setresgid, u32, real, u32, effective, u32, saved)
{
	return change(true, 3, real, effective, saved);
}

/* One's own, or any for root. What it was is the answer in any case. */
static long change_fs(bool groups, u32 id)
{
	struct process *process = current_process();
	struct ids *ids = groups ? &process->cred.gid : &process->cred.uid;
	u32 old;

	spin_lock(&tasks_lock);
	old = ids->fs;
	if (id != KEEP && id != old && (capable() || one_of(id, ids))) {
		ids->fs = id;
		rights_changed(process);
	}
	spin_unlock(&tasks_lock);
	return old;
}

SYSCALL_DEFINE1(setfsuid, u32, id) { return change_fs(false, id); }
SYSCALL_DEFINE1(setfsgid, u32, id) { return change_fs(true, id); }

/* ---- supplementary groups ---- */

SYSCALL_DEFINE2(getgroups, int, size, u32 *, user)
{
	const struct cred *cred = &current_process()->cred;
	unsigned int n = cred->ngroups;

	if (size < 0)
		return -EINVAL;
	if (!size)
		return n;
	if ((unsigned int)size < n)
		return -EINVAL;
	return copy_to_user(user, cred->groups, n * sizeof(u32)) ? -EFAULT : (long)n;
}

static void sort_groups(u32 *groups, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++) {
		u32 group = groups[i];
		unsigned int at = i;

		for (; at && groups[at - 1] > group; at--)
			groups[at] = groups[at - 1];
		groups[at] = group;
	}
}

SYSCALL_DEFINE2(setgroups, int, size, const u32 *, user)
{
	struct cred *cred = &current_process()->cred;
	u32 groups[NGROUPS];

	if (!capable())
		return -EPERM;
	if (size < 0 || size > NGROUPS)
		return -EINVAL;
	if (copy_from_user(groups, user, (unsigned int)size * sizeof(u32)))
		return -EFAULT;
	for (int i = 0; i < size; i++) {
		if (groups[i] == KEEP)
			return -EINVAL;
	}
	sort_groups(groups, (unsigned int)size);	/* they are a set */
	spin_lock(&tasks_lock);
	memcpy(cred->groups, groups, (unsigned int)size * sizeof(u32));
	cred->ngroups = (unsigned int)size;
	spin_unlock(&tasks_lock);
	return 0;
}
