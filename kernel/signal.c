/*
 * Signals, as far as they end programs: the default actions, ignoring, blocking. Handlers are
 * recorded; a signal that has one stays pending.
 */
#include "kernel/base/string.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/uapi/errno.h"
#include "mm/slab.h"

#define MASK(signo)	(1ull << ((signo) - 1))

#define DEFAULT_IGNORES	(MASK(SIGCHLD) | MASK(SIGURG) | MASK(SIGWINCH) | MASK(SIGCONT))
#define DEFAULT_STOPS	(MASK(SIGSTOP) | MASK(SIGTSTP) | MASK(SIGTTIN) | MASK(SIGTTOU))
#define UNBLOCKABLE	(MASK(SIGKILL) | MASK(SIGSTOP))

static struct kmem_cache *sighand_cache;

struct sighand *sighand_create(const struct sighand *from)
{
	struct sighand *sighand = kmem_cache_alloc(sighand_cache, GFP_KERNEL);

	if (!sighand)
		return NULL;
	if (from)
		memcpy(sighand->action, from->action, sizeof(sighand->action));
	else
		memset(sighand->action, 0, sizeof(sighand->action));
	atomic_set(&sighand->refcount, 1);
	return sighand;
}

void sighand_put(struct sighand *sighand)
{
	if (atomic_dec_and_test(&sighand->refcount))
		kmem_cache_free(sighand_cache, sighand);
}

void signal_init(void)
{
	sighand_cache = kmem_cache_create("sighand", sizeof(struct sighand), 0);
}

/* Where the signal goes: a function, or SIG_DFL_ADDR, or SIG_IGN_ADDR. */
static u64 handler(const struct process *process, int signo)
{
	return process->sighand->action[signo - 1].handler;
}

bool signal_ignored(const struct process *process, int signo)
{
	u64 to = handler(process, signo);

	return to == SIG_IGN_ADDR || (to == SIG_DFL_ADDR && MASK(signo) & DEFAULT_IGNORES);
}

/*
 * Does the signal end the process, by default? The first process has no defaults but its own
 * faults.
 */
static bool signal_fatal(const struct process *process, int signo)
{
	return handler(process, signo) == SIG_DFL_ADDR &&
	       !(MASK(signo) & (DEFAULT_IGNORES | DEFAULT_STOPS)) && process->pid != 1;
}

/* A thread that does not block the signal, or NULL. */
static struct task *find_receiver(const struct process *process, int signo)
{
	struct task *task;

	TAILQ_FOREACH(task, &process->threads, thread_link) {
		if (!(task->blocked & MASK(signo)))
			return task;
	}
	return NULL;
}

/* pending is the set where the signal waits if it cannot act at once. */
static void signal_send(struct process *process, struct task *receiver, __kernel_sigset_t *pending,
			int signo)
{
	if (process->zombie || process == &kernel_process)
		return;
	if (signo == SIGKILL && process->pid != 1) {
		process_kill(process, SIGKILL);
		return;
	}
	if (receiver && signal_fatal(process, signo)) {
		process_kill(process, signo);
		return;
	}
	if (receiver && (handler(process, signo) <= SIG_IGN_ADDR))
		return;		/* ignored; or one that stops: there is no job control */
	*pending |= MASK(signo);
}

void signal_process(struct process *process, int signo)
{
	signal_send(process, find_receiver(process, signo), &process->pending, signo);
}

void signal_task(struct task *task, int signo)
{
	signal_send(task->process, task->blocked & MASK(signo) ? NULL : task, &task->pending,
		    signo);
}

void signal_force(int signo)
{
	spin_lock(&tasks_lock);
	process_kill(current_process(), signo);
	spin_unlock(&tasks_lock);
	thread_exit(signo);
}

/* The caller's mask or a disposition has changed: what is pending may act now. tasks_lock held. */
static void act_on_pending(void)
{
	struct task *task = current_task();
	struct process *process = task->process;
	__kernel_sigset_t pending = (task->pending | process->pending) & ~task->blocked;

	for (; pending; pending &= pending - 1) {
		int signo = __builtin_ctzll(pending) + 1;
		__kernel_sigset_t bit = MASK(signo);

		if (signal_fatal(process, signo))
			process_kill(process, signo);
		if (handler(process, signo) <= SIG_IGN_ADDR) {
			task->pending &= ~bit;
			process->pending &= ~bit;
		}
	}
}

/* ---- the calls ---- */

static bool valid_signal(int signo) { return signo >= 1 && signo <= _NSIG; }

SYSCALL_DEFINE4(rt_sigaction, int, signo, const struct __kernel_sigaction *, act,
		struct __kernel_sigaction *, old, size_t, size)
{
	struct __kernel_sigaction new_action, old_action, *slot;

	if (size != sizeof(__kernel_sigset_t))
		return -EINVAL;
	if (act && copy_from_user(&new_action, act, sizeof(new_action)))
		return -EFAULT;
	if (!valid_signal(signo) || (act && MASK(signo) & UNBLOCKABLE))
		return -EINVAL;
	spin_lock(&tasks_lock);
	slot = &current_process()->sighand->action[signo - 1];
	old_action = *slot;
	if (act) {
		new_action.mask &= ~UNBLOCKABLE;
		*slot = new_action;
		act_on_pending();
	}
	spin_unlock(&tasks_lock);
	return old && copy_to_user(old, &old_action, sizeof(old_action)) ? -EFAULT : 0;
}

SYSCALL_DEFINE4(rt_sigprocmask, int, how, const __kernel_sigset_t *, set, __kernel_sigset_t *, old,
		size_t, size)
{
	struct task *task = current_task();
	__kernel_sigset_t change = 0, before = task->blocked;

	if (size != sizeof(__kernel_sigset_t))
		return -EINVAL;
	if (set && copy_from_user(&change, set, sizeof(change)))
		return -EFAULT;
	if (set && (how < SIG_BLOCK || how > SIG_SETMASK))
		return -EINVAL;
	if (set) {
		change &= ~UNBLOCKABLE;
		spin_lock(&tasks_lock);
		task->blocked = how == SIG_BLOCK ? before | change :
				how == SIG_UNBLOCK ? before & ~change : change;
		act_on_pending();
		spin_unlock(&tasks_lock);
	}
	return old && copy_to_user(old, &before, sizeof(before)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(rt_sigpending, __kernel_sigset_t *, set, size_t, size)
{
	__kernel_sigset_t pending = current_task()->pending | current_process()->pending;

	if (size > sizeof(pending))
		return -EINVAL;
	pending &= current_task()->blocked;
	return copy_to_user(set, &pending, size) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(sigaltstack, const struct __kernel_sigaltstack *, new_stack,
		struct __kernel_sigaltstack *, old)
{
	struct task *task = current_task();
	struct __kernel_sigaltstack stack, before = task->sigaltstack;

	if (new_stack) {
		if (copy_from_user(&stack, new_stack, sizeof(stack)))
			return -EFAULT;
		if (stack.ss_flags & ~(SS_DISABLE | SS_ONSTACK))
			return -EINVAL;
		if (stack.ss_flags & SS_DISABLE)
			stack.ss_sp = stack.ss_size = 0;
		else if (stack.ss_size < MINSIGSTKSZ)
			return -ENOMEM;
		task->sigaltstack = stack;
	}
	return old && copy_to_user(old, &before, sizeof(before)) ? -EFAULT : 0;
}

struct kill_request {
	int pgid;		/* 0: every process but the caller and the first */
	int signo;
	int sent;
};

static void kill_one(struct process *process, void *arg)
{
	struct kill_request *req = arg;

	if (req->pgid ? process->pgid != req->pgid
		      : process->pid == 1 || process == current_process())
		return;
	req->sent++;
	if (req->signo)
		signal_process(process, req->signo);
}

SYSCALL_DEFINE2(kill, int, pid, int, signo)
{
	struct kill_request req = { .signo = signo };
	struct process *process;

	if (signo && !valid_signal(signo))
		return -EINVAL;
	if (pid == (int)0x80000000)
		return -ESRCH;
	spin_lock(&tasks_lock);
	if (pid > 0) {
		process = process_find(pid);
		if (!process) {
			struct task *task = task_find(pid);

			process = task ? task->process : NULL;
		}
		if (process) {
			req.sent++;
			if (signo)
				signal_process(process, signo);
		}
	} else {
		req.pgid = pid == -1 ? 0 : pid ? -pid : current_process()->pgid;
		process_for_each(kill_one, &req);
	}
	spin_unlock(&tasks_lock);
	return req.sent ? 0 : -ESRCH;
}

/* To one thread; of a certain process if tgid is not 0. */
static long do_tkill(int tgid, int tid, int signo)
{
	struct task *task;
	long ret = -ESRCH;

	if (tid <= 0 || tgid < 0 || (signo && !valid_signal(signo)))
		return -EINVAL;
	spin_lock(&tasks_lock);
	task = task_find(tid);
	if (task && (!tgid || task->process->pid == tgid)) {
		if (signo)
			signal_task(task, signo);
		ret = 0;
	}
	spin_unlock(&tasks_lock);
	return ret;
}

SYSCALL_DEFINE3(tgkill, int, tgid, int, tid, int, signo)
{
	return tgid > 0 ? do_tkill(tgid, tid, signo) : -EINVAL;
}

SYSCALL_DEFINE2(tkill, int, tid, int, signo) { return do_tkill(0, tid, signo); }
