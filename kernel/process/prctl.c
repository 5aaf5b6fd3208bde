/* prctl() and arch_prctl(): what a thread and its process say about themselves. */
#include "kernel/pleat.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"

#define CAP_LAST	40	/* the last capability that Linux has a number for */

SYSCALL_DEFINE2(arch_prctl, int, option, unsigned long, arg)
{
	return thread_arch_prctl(current_task(), option, arg);
}

static long set_name(const char *user)
{
	char name[TASK_COMM_LEN];
	long len = strncpy_from_user(name, user, sizeof(name));

	if (len < 0 && len != -ENAMETOOLONG)
		return len;
	name[sizeof(name) - 1] = 0;
	task_set_name(current_task(), name);
	return 0;
}

static long int_to_user(unsigned long to, int value)
{
	return copy_to_user((int *)to, &value, sizeof(value)) ? -EFAULT : 0;
}

/*
 * How late a thread's timers may be, in nanoseconds, so that several can be one: none is made to
 * wait for another here. 0: as when the thread began.
 */
static long set_timer_slack(struct task *task, unsigned long slack)
{
	task->timer_slack = slack ? slack : task->default_timer_slack;
	return 0;
}

/* Flags of the address space's that change nothing here: there are no huge pages to do without. */
static long set_thp_disable(struct process *process, unsigned long on, bool rest)
{
	if (rest)
		return -EINVAL;
	WRITE_ONCE(process->thp_disabled, on != 0);
	return 0;
}

/* What the program does not want to be able to do any more; there is no way back. */
static long set_mdwe(unsigned long mdwe, bool rest)
{
	if (rest || mdwe & ~(unsigned long)(PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT) ||
	    mdwe == PR_MDWE_NO_INHERIT)
		return -EINVAL;
	return mm_set_mdwe(current_task()->mm, (unsigned int)mdwe);
}

/*
 * What a process without capabilities of its own, filters or an exact clock of its time answers.
 */
static long fixed_answer(int option, unsigned long arg)
{
	switch (option) {
	case PR_GET_KEEPCAPS:
	case PR_GET_SECUREBITS:
	case PR_GET_SECCOMP: return 0;
	case PR_GET_TIMING: return PR_TIMING_STATISTICAL;
	case PR_SET_TIMING: return arg == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
	case PR_CAPBSET_READ: return arg <= CAP_LAST ? 1 : -EINVAL;
	default: return -EINVAL;
	}
}

SYSCALL_DEFINE5(prctl, int, option, unsigned long, arg2, unsigned long, arg3, unsigned long, arg4,
		unsigned long, arg5)
{
	struct task *task = current_task();

	switch (option) {
	case PR_SET_NAME:
		return set_name((const char *)arg2);
	case PR_GET_NAME:
		return copy_to_user((char *)arg2, task->comm, sizeof(task->comm)) ? -EFAULT : 0;
	case PR_SET_PDEATHSIG:
		if (arg2 > _NSIG)
			return -EINVAL;
		task->pdeath_signal = (int)arg2;
		return 0;
	case PR_GET_PDEATHSIG:
		return int_to_user(arg2, task->pdeath_signal);
	case PR_SET_DUMPABLE:
		if (arg2 > 1)
			return -EINVAL;
		WRITE_ONCE(task->process->undumpable, !arg2);
		return 0;
	case PR_GET_DUMPABLE:
		return !task->process->undumpable;
	case PR_SET_CHILD_SUBREAPER:
		WRITE_ONCE(task->process->subreaper, arg2 != 0);
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		return int_to_user(arg2, task->process->subreaper);
	case PR_GET_TID_ADDRESS:
		return copy_to_user((u32 **)arg2, &task->clear_child_tid, sizeof(u32 *)) ?
			       -EFAULT : 0;
	case PR_SET_NO_NEW_PRIVS:
		if (arg2 != 1 || arg3 || arg4 || arg5)
			return -EINVAL;
		task->process->no_new_privs = true;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return arg2 || arg3 || arg4 || arg5 ? -EINVAL : task->process->no_new_privs;
	case PR_SET_TIMERSLACK:
		return set_timer_slack(task, arg2);
	case PR_GET_TIMERSLACK:
		return (long)task->timer_slack;
	case PR_SET_THP_DISABLE:
		return set_thp_disable(task->process, arg2, arg3 || arg4 || arg5);
	case PR_GET_THP_DISABLE:
		return arg2 || arg3 || arg4 || arg5 ? -EINVAL : task->process->thp_disabled;
	case PR_SET_MDWE:
		return set_mdwe(arg2, arg3 || arg4 || arg5);
	case PR_GET_MDWE:
		return arg2 || arg3 || arg4 || arg5 ? -EINVAL :
						     (long)READ_ONCE(task->mm->mdwe);
	case PR_GET_KEEPCAPS:
	case PR_GET_SECUREBITS:
	case PR_GET_SECCOMP:
	case PR_GET_TIMING:
	case PR_SET_TIMING:
	case PR_CAPBSET_READ:
		return fixed_answer(option, arg2);
	default:
		return pleat_prctl(option, arg2, arg3);
	}
}
