/*
 * The policies of the scheduler (sched(7)). Those that ask for a turn before all others do not
 * exist: -EINVAL. SCHED_BATCH and SCHED_IDLE are kept and shown, and scheduled as SCHED_NORMAL is.
 */
#include "kernel/sched/priority.h"
#include "kernel/syscall.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/resource.h"
#include "kernel/uapi/sched.h"

static bool is_policy(int policy)
{
	return policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE;
}

void policy_inherit(struct task *task, const struct task *parent)
{
	task->policy = READ_ONCE(parent->policy);
	task->nice = READ_ONCE(parent->nice);
	if (READ_ONCE(parent->sched_reset))
		task->nice = max(task->nice, 0);
}

/* ---- the old calls ---- */

/* With a reference; ERR_PTR(-EINVAL, -ESRCH). */
static struct task *task_to_look_at(int tid)
{
	struct task *task = tid < 0 ? ERR_PTR(-EINVAL) : task_get_by_tid(tid);

	return task ? task : ERR_PTR(-ESRCH);
}

SYSCALL_DEFINE1(sched_getscheduler, int, tid)
{
	struct task *task = task_to_look_at(tid);
	long policy;

	if (IS_ERR(task))
		return PTR_ERR(task);
	policy =
		READ_ONCE(task->policy) | (READ_ONCE(task->sched_reset) ? SCHED_RESET_ON_FORK : 0);
	task_put(task);
	return policy;
}

SYSCALL_DEFINE2(sched_getparam, int, tid, u32 *, user)
{
	struct task *task = user ? task_to_look_at(tid) : ERR_PTR(-EINVAL);
	u32 priority = 0;

	if (IS_ERR(task))
		return PTR_ERR(task);
	task_put(task);
	return copy_to_user(user, &priority, sizeof(priority)) ? -EFAULT : 0;
}

/*
 * Who wants to be reset no more needs a privilege: its children would have what it
 * should not hand on.
 */
static long set_policy(struct task *task, int policy, bool reset)
{
	if (!is_policy(policy))
		return -EINVAL;
	if (READ_ONCE(task->sched_reset) && !reset && !capable())
		return -EPERM;
	WRITE_ONCE(task->policy, (u8)policy);
	WRITE_ONCE(task->sched_reset, reset);
	return 0;
}

/* policy < 0: the one it has. */
static long change_policy(int tid, int policy, const u32 *user)
{
	bool keep = policy < 0, reset = !keep && policy & SCHED_RESET_ON_FORK;
	struct task *task;
	u32 priority;
	long ret;

	if (!user || tid < 0)
		return -EINVAL;
	if (copy_from_user(&priority, user, sizeof(priority)))
		return -EFAULT;
	task = task_get_to_schedule(tid);
	if (IS_ERR(task))
		return PTR_ERR(task);
	if (priority)
		ret = -EINVAL;
	else
		ret = keep ? 0 : set_policy(task, policy & ~SCHED_RESET_ON_FORK, reset);
	task_put(task);
	return ret;
}

SYSCALL_DEFINE3(sched_setscheduler, int, tid, int, policy, const u32 *, user)
{
	return policy < 0 ? -EINVAL : change_policy(tid, policy, user);
}

SYSCALL_DEFINE2(sched_setparam, int, tid, const u32 *, user)
{
	return change_policy(tid, -1, user);
}

/* ---- sched_getattr, sched_setattr ---- */

/* Told what is known if it is more than that, and not 0. 0 or -errno. */
static long attr_from_user(struct sched_attr *attr, struct sched_attr *user)
{
	const u32 known = sizeof(*attr);
	long ret = -E2BIG;
	u32 size;

	if (copy_from_user(&size, &user->size, sizeof(size)))
		return -EFAULT;
	size = size ? size : SCHED_ATTR_SIZE_VER0;
	if (size >= SCHED_ATTR_SIZE_VER0 && size <= PAGE_SIZE)
		ret = copy_struct_from_user(attr, known, user, size);
	return ret == -E2BIG && copy_to_user(&user->size, &known, sizeof(known)) ? -EFAULT : ret;
}

static long check_attr(const struct sched_attr *attr)
{
	if ((s32)attr->sched_policy < 0 || attr->sched_flags & ~(u64)SCHED_FLAG_ALL)
		return -EINVAL;
	/* Limits of utilisation, and reservations, are for those who have them. */
	if (attr->sched_flags & (SCHED_FLAG_UTIL_CLAMP_MIN | SCHED_FLAG_UTIL_CLAMP_MAX))
		return -EOPNOTSUPP;
	return attr->sched_priority ? -EINVAL : 0;
}

static long set_attr(struct task *task, const struct sched_attr *attr)
{
	bool keep = attr->sched_flags & SCHED_FLAG_KEEP_POLICY;
	int policy = keep ? READ_ONCE(task->policy) : (int)attr->sched_policy;
	int nice = min(max(attr->sched_nice, NICE_MIN), NICE_MAX);
	bool reset = attr->sched_flags & SCHED_FLAG_RESET_ON_FORK ||
		     (keep && READ_ONCE(task->sched_reset));
	bool niced = policy != SCHED_IDLE && !(attr->sched_flags & SCHED_FLAG_KEEP_PARAMS);
	long ret;

	if (niced && !may_be_nice(task, nice))
		return -EPERM;
	ret = set_policy(task, policy, reset);
	if (!ret && niced)
		WRITE_ONCE(task->nice, nice);
	return ret;
}

SYSCALL_DEFINE3(sched_setattr, int, tid, struct sched_attr *, user, unsigned int, flags)
{
	struct sched_attr attr;
	struct task *task;
	long ret;

	if (!user || tid < 0 || flags)
		return -EINVAL;
	ret = attr_from_user(&attr, user);
	if (!ret)
		ret = check_attr(&attr);
	if (ret)
		return ret;
	task = task_get_to_schedule(tid);
	if (IS_ERR(task))
		return PTR_ERR(task);
	ret = set_attr(task, &attr);
	task_put(task);
	return ret;
}

SYSCALL_DEFINE4(sched_getattr, int, tid, struct sched_attr *, user, unsigned int, size,
		unsigned int, flags)
{
	struct sched_attr attr = { .size = (u32)min((size_t)size, sizeof(attr)) };
	struct task *task;

	if (!user || tid < 0 || size > PAGE_SIZE || size < SCHED_ATTR_SIZE_VER0 || flags)
		return -EINVAL;
	task = task_to_look_at(tid);
	if (IS_ERR(task))
		return PTR_ERR(task);
	attr.sched_policy = READ_ONCE(task->policy);
	attr.sched_flags = READ_ONCE(task->sched_reset) ? SCHED_FLAG_RESET_ON_FORK : 0;
	attr.sched_nice = READ_ONCE(task->nice);
	task_put(task);
	if (copy_to_user(user, &attr, attr.size))
		return -EFAULT;
	return clear_user((u8 *)user + attr.size, size - attr.size) ? -EFAULT : 0;
}

/* ---- what there is ---- */

/* How long a turn is that others wait for. */
SYSCALL_DEFINE2(sched_rr_get_interval, int, tid, struct __kernel_timespec *, user)
{
	struct task *task = task_to_look_at(tid);
	u64 slice;

	if (IS_ERR(task))
		return PTR_ERR(task);
	slice = task_slice_ns(task);
	task_put(task);
	return timespec_to_user(user, slice);
}

static long priority_limit(int policy, long realtime)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		return realtime;
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_IDLE:
		return 0;
	default:
		return -EINVAL;
	}
}

SYSCALL_DEFINE1(sched_get_priority_max, int, policy) { return priority_limit(policy, 99); }
SYSCALL_DEFINE1(sched_get_priority_min, int, policy) { return priority_limit(policy, 1); }
