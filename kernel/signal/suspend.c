/* Calls that wait for signals, or wait with another mask. */
#include "kernel/process/task.h"
#include "kernel/syscall.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"

SYSCALL_DEFINE0(pause)
{
	while (!signal_pending())
		(void)sleep_until(NO_DEADLINE);
	return -ERESTARTNOHAND;
}

/* ---- another mask for the time of a call ---- */

static void begin_mask(__kernel_sigset_t set)
{
	struct task *task = current_task();

	task->saved_mask = task->blocked;
	task->restore_mask = true;
	signal_set_blocked(set);
}

int signal_mask_for_wait(const void *user, size_t size)
{
	__kernel_sigset_t set;

	if (!user)
		return 0;
	if (size != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, user, sizeof(set)))
		return -EFAULT;
	begin_mask(set);
	return 0;
}

void signal_mask_restore(long ret)
{
	struct task *task = current_task();

	if (!task->restore_mask || ((ret == -ERESTARTNOHAND || ret == -EINTR) && signal_pending()))
		return;
	task->restore_mask = false;
	signal_set_blocked(task->saved_mask);
}

SYSCALL_DEFINE2(rt_sigsuspend, const __kernel_sigset_t *, user, size_t, size)
{
	__kernel_sigset_t set;

	if (size != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, user, sizeof(set)))
		return -EFAULT;
	begin_mask(set);
	while (!signal_pending())
		(void)sleep_until(NO_DEADLINE);
	return -ERESTARTNOHAND;
}

/* ---- rt_sigtimedwait ---- */

/*
 * Takes one of the wanted signals. They are not blocked meanwhile, so that a sender wakes us;
 * real_blocked tells him that they end nothing. -EAGAIN: the time is over, -EINTR: another came.
 */
static int wait_for_signal(__kernel_sigset_t wanted, u64 deadline, struct ksiginfo *info)
{
	struct task *task = current_task();
	int signo, ret = -EAGAIN;

	spin_lock(&tasks_lock);
	signo = signal_take(task, ~wanted, info);
	if (!signo && deadline > clock_ns()) {
		task->real_blocked = task->blocked;
		task->blocked &= ~wanted;
		signal_recalc();
		spin_unlock(&tasks_lock);
		if (sleep_until(deadline))
			ret = -EINTR;
		spin_lock(&tasks_lock);
		task->blocked = task->real_blocked;
		task->real_blocked = 0;
		signo = signal_take(task, ~wanted, info);
	}
	signal_recalc();
	spin_unlock(&tasks_lock);
	return signo ? signo : ret;
}

SYSCALL_DEFINE4(rt_sigtimedwait, const __kernel_sigset_t *, user_set, void *, user_info,
		const struct __kernel_timespec *, timeout, size_t, size)
{
	struct ksiginfo info;
	__kernel_sigset_t wanted;
	u64 deadline = NO_DEADLINE;
	int ret;

	if (size != sizeof(wanted))
		return -EINVAL;
	if (copy_from_user(&wanted, user_set, sizeof(wanted)))
		return -EFAULT;
	if (timeout) {
		ret = timespec_from_user(&deadline, timeout);
		if (ret)
			return ret;
		deadline = deadline ? deadline_after(deadline) : 0;
	}
	ret = wait_for_signal(wanted & ~UNBLOCKABLE, deadline, &info);
	return ret > 0 && user_info && siginfo_to_user(user_info, &info) ? -EFAULT : ret;
}
