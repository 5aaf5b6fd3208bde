/* The system calls of the scheduler. */
#include "kernel/process/cred.h"
#include "kernel/sched/priority.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/sched.h"

SYSCALL_DEFINE0(sched_yield)
{
	sched_yield();
	return 0;
}

struct task *task_get_by_tid(int tid)
{
	struct task *task;

	spin_lock(&tasks_lock);
	task = tid ? task_find(tid) : current_task();
	if (task)
		task_get(task);
	spin_unlock(&tasks_lock);
	return task;
}

struct task *task_get_to_schedule(int tid)
{
	struct task *task;

	spin_lock(&tasks_lock);
	task = tid ? task_find(tid) : current_task();
	if (task && !may_schedule(task->process))
		task = ERR_PTR(-EPERM);
	else if (task)
		task_get(task);
	spin_unlock(&tasks_lock);
	return task ? task : ERR_PTR(-ESRCH);
}

SYSCALL_DEFINE3(sched_setaffinity, int, tid, size_t, size, const u8 *, user)
{
	cpumask_t mask = 0;
	struct task *task;

	if (copy_from_user(&mask, user, min(size, sizeof(mask))))
		return -EFAULT;
	task = task_get_to_schedule(tid);
	if (IS_ERR(task))
		return PTR_ERR(task);
	mask &= cpus_online();
	if (mask)
		sched_set_affinity(task, mask);
	task_put(task);
	return mask ? 0 : -EINVAL;
}

SYSCALL_DEFINE3(sched_getaffinity, int, tid, size_t, size, u8 *, user)
{
	struct task *task;
	cpumask_t mask;

	if (size < sizeof(mask) || size % sizeof(mask))
		return -EINVAL;
	task = task_get_by_tid(tid);
	if (!task)
		return -ESRCH;
	mask = READ_ONCE(task->affinity) & cpus_online();
	task_put(task);
	return copy_to_user(user, &mask, sizeof(mask)) ? -EFAULT : (long)sizeof(mask);
}

SYSCALL_DEFINE2(getcpu, u32 *, user_cpu, u32 *, user_node)
{
	u32 cpu = this_cpu(), node = 0;

	if (user_cpu && copy_to_user(user_cpu, &cpu, sizeof(cpu)))
		return -EFAULT;
	return user_node && copy_to_user(user_node, &node, sizeof(node)) ? -EFAULT : 0;
}
