/* What becomes of a signal, as programs say it: actions, masks, alternate stacks. */
#include "kernel/base/string.h"
#include "kernel/process/task.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "mm/slab.h"

#define SA_FLAGS_KNOWN	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | \
			 SA_NODEFER | SA_RESETHAND | SA_RESTORER)

static struct kmem_cache *sighand_cache;

struct sighand *sighand_create(const struct sighand *from)
{
	struct sighand *sighand = kmem_cache_alloc(sighand_cache, GFP_KERNEL);

	if (!sighand)
		return NULL;
	if (from) {
		spin_lock(&tasks_lock);
		memcpy(sighand->action, from->action, sizeof(sighand->action));
		spin_unlock(&tasks_lock);
	} else {
		memset(sighand->action, 0, sizeof(sighand->action));
	}
	atomic_set(&sighand->refcount, 1);
	return sighand;
}

void sighand_put(struct sighand *sighand)
{
	if (atomic_dec_and_test(&sighand->refcount))
		kmem_cache_free(sighand_cache, sighand);
}

void sighand_reset(struct sighand *sighand)
{
	for (int i = 0; i < _NSIG; i++) {
		struct __kernel_sigaction *action = &sighand->action[i];
		u64 handler = action->handler == SIG_IGN_ADDR ? SIG_IGN_ADDR : SIG_DFL_ADDR;

		*action = (struct __kernel_sigaction){ .handler = handler };
	}
}

void signal_init(void)
{
	sighand_cache = kmem_cache_create("sighand", sizeof(struct sighand), 0);
	sigqueue_init();
}

/* ---- rt_sigaction ---- */

/* What waits and is now ignored is gone, for all threads. tasks_lock held. */
static void forget_ignored(struct process *process, int signo)
{
	struct task *task;

	if (!signal_ignored(process, signo))
		return;
	sigpending_flush(&process->pending, SIGMASK(signo));
	TAILQ_FOREACH(task, &process->threads, thread_link)
		sigpending_flush(&task->pending, SIGMASK(signo));
}

SYSCALL_DEFINE4(rt_sigaction, int, signo, const struct __kernel_sigaction *, act,
		struct __kernel_sigaction *, old, size_t, size)
{
	struct __kernel_sigaction new_action, old_action, *slot;

	if (size != sizeof(__kernel_sigset_t))
		return -EINVAL;
	if (act && copy_from_user(&new_action, act, sizeof(new_action)))
		return -EFAULT;
	if (!valid_signal(signo) || (act && SIGMASK(signo) & UNBLOCKABLE))
		return -EINVAL;
	spin_lock(&tasks_lock);
	slot = &current_process()->sighand->action[signo - 1];
	old_action = *slot;
	if (act) {
		new_action.flags &= SA_FLAGS_KNOWN;
		new_action.mask &= ~UNBLOCKABLE;
		*slot = new_action;
		forget_ignored(current_process(), signo);
	}
	spin_unlock(&tasks_lock);
	return old && copy_to_user(old, &old_action, sizeof(old_action)) ? -EFAULT : 0;
}

/* ---- masks ---- */

SYSCALL_DEFINE4(rt_sigprocmask, int, how, const __kernel_sigset_t *, set, __kernel_sigset_t *, old,
		size_t, size)
{
	__kernel_sigset_t change, before = current_task()->blocked;

	if (size != sizeof(__kernel_sigset_t))
		return -EINVAL;
	if (set) {
		if (copy_from_user(&change, set, sizeof(change)))
			return -EFAULT;
		switch (how) {
		case SIG_BLOCK:
			change |= before;
			break;
		case SIG_UNBLOCK:
			change = before & ~change;
			break;
		case SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		signal_set_blocked(change);
	}
	return old && copy_to_user(old, &before, sizeof(before)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(rt_sigpending, __kernel_sigset_t *, set, size_t, size)
{
	struct task *task = current_task();
	__kernel_sigset_t pending;

	if (size > sizeof(pending))
		return -EINVAL;
	spin_lock(&tasks_lock);
	pending = (task->pending.set | task->process->pending.set) & task->blocked;
	spin_unlock(&tasks_lock);
	return copy_to_user(set, &pending, size) ? -EFAULT : 0;
}

int siginfo_to_user(void *user, const struct ksiginfo *info)
{
	if (copy_to_user(user, info, sizeof(*info)))
		return -EFAULT;
	return clear_user((u8 *)user + sizeof(*info),
			  sizeof(struct __kernel_siginfo) - sizeof(*info)) ? -EFAULT : 0;
}

/* ---- alternate stacks: each thread's own business ---- */

static bool within(unsigned long sp, const struct __kernel_sigaltstack *stack)
{
	return sp > stack->ss_sp && sp - stack->ss_sp <= stack->ss_size;
}

bool on_sigaltstack(unsigned long sp)
{
	const struct __kernel_sigaltstack *stack = &current_task()->sigaltstack;

	return !((u32)stack->ss_flags & SS_AUTODISARM) && within(sp, stack);
}

/* The flags that sigaltstack(2) reports. */
static s32 state_flags(const struct __kernel_sigaltstack *stack, unsigned long sp)
{
	s32 flags = on_sigaltstack(sp) ? SS_ONSTACK : 0;

	if (!stack->ss_size)
		flags = SS_DISABLE;
	return flags | (s32)((u32)stack->ss_flags & SS_AUTODISARM);
}

int set_sigaltstack(const struct __kernel_sigaltstack *new_stack, struct __kernel_sigaltstack *old,
		    unsigned long sp)
{
	struct __kernel_sigaltstack *stack = &current_task()->sigaltstack;
	s32 mode;

	if (old)
		*old = (struct __kernel_sigaltstack){ .ss_sp = stack->ss_sp,
						      .ss_size = stack->ss_size,
						      .ss_flags = state_flags(stack, sp) };
	if (!new_stack)
		return 0;
	if (on_sigaltstack(sp))
		return -EPERM;
	mode = (s32)((u32)new_stack->ss_flags & ~SS_AUTODISARM);
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode != SS_DISABLE && new_stack->ss_size < MINSIGSTKSZ)
		return -ENOMEM;
	*stack = *new_stack;
	if (mode == SS_DISABLE)
		stack->ss_sp = stack->ss_size = 0;
	return 0;
}

SYSCALL_DEFINE2(sigaltstack, const struct __kernel_sigaltstack *, user_new,
		struct __kernel_sigaltstack *, user_old)
{
	struct __kernel_sigaltstack new_stack, old;
	unsigned long sp = task_regs(current_task())->sp;
	int ret;

	if (user_new && copy_from_user(&new_stack, user_new, sizeof(new_stack)))
		return -EFAULT;
	ret = set_sigaltstack(user_new ? &new_stack : NULL, &old, sp);
	if (ret)
		return ret;
	return user_old && copy_to_user(user_old, &old, sizeof(old)) ? -EFAULT : 0;
}
