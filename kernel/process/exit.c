/*
 * The end of threads and processes, and what becomes of the children.
 *
 * A thread gives back all it holds by itself; its structure and stack go when the CPU has left
 * them. The last one makes its process a zombie: a pid, a status and the CPU time, until wait4
 * takes it. To end other threads is to set WORK_KILLED: they end by themselves on their way to
 * user mode.
 */
#include "kernel/process/exit.h"
#include "kernel/fs/namei.h"
#include "kernel/futex.h"
#include "kernel/syscall.h"
#include "kernel/tty/tty.h"
#include "kernel/process/task.h"
#include "kernel/process/usage.h"
#include "kernel/uapi/errno.h"
#include "mm/leak.h"

/* Threads that are on no list any more but still on a CPU. */
static atomic_t leaving;

/* The machine is about to go off: nobody waits for processes that end. Under tasks_lock. */
static bool shutting_down;

/* How process 1 ended. */
int first_process_status;

void switch_to_mm(struct mm_struct *mm)
{
	struct task *task = current_task();
	struct process *process = task->process;
	struct mm_struct *old = task->mm;
	unsigned long flags;

	spin_lock(&tasks_lock); /* others find a task's mm, and take a reference, under it */
	if (old)
		process->maxrss = max(process->maxrss, mm_hiwater_rss(old));
	flags = irq_save();
	task->mm = mm;
	switch_mm(mm);
	irq_restore(flags);
	spin_unlock(&tasks_lock);
	if (old)
		mmput(old);
}

/* The thread library's wishes: locks of a dead owner, and "my stack is free". */
void exit_user_words(struct task *task)
{
	u32 zero = 0;

	if (!task->mm)
		return;
	if (task->robust_list)
		futex_exit_robust(task);
	if (task->clear_child_tid && atomic_read(&task->mm->mm_users) > 1 &&
	    !copy_to_user(task->clear_child_tid, &zero, sizeof(zero)))
		futex_wake_address(task->clear_child_tid, 1);
}

/* ---- families ---- */

void process_unlink(struct process *process)
{
	TAILQ_REMOVE(&process->parent->children, process, sibling);
	process_unhash(process);
	if (shutting_down)
		wake_up_all(&kernel_process.child_wait);
}

static const struct __kernel_sigaction *parent_action(const struct process *process)
{
	return &process->parent->sighand->action[SIGCHLD - 1];
}

/* Nor is a parent told who ignores SIGCHLD; one with SA_NOCLDWAIT is. */
static bool parent_ignores(const struct process *process)
{
	return process->parent == &kernel_process ||
	       parent_action(process)->handler == SIG_IGN_ADDR;
}

/* Does nobody want to wait for this child? */
static bool reaps_itself(const struct process *process)
{
	if (shutting_down)
		return true;
	if (process->parent == &kernel_process || process->exit_signal != SIGCHLD)
		return false;
	return parent_ignores(process) || parent_action(process)->flags & SA_NOCLDWAIT;
}

/* Tells the parent of a zombie; true if nobody will wait for it. tasks_lock held. */
static bool notify_parent(struct process *process)
{
	struct process *parent = process->parent;
	bool reap = reaps_itself(process);

	/*
	 * clone() takes any number up to 255: those that are no signal only mark a clone's child.
	 */
	if (process->exit_signal && process->exit_signal <= _NSIG &&
	    !(reap && parent_ignores(process))) {
		struct ksiginfo info;

		siginfo_child(&info, process, process->exit_status);
		info.signo = process->exit_signal;
		signal_send(parent, NULL, &info);
	}
	if (reap)
		process_unlink(process);
	wake_up_sync(&parent->child_wait, 0);
	return reap;
}

/* Who asked for it (PR_SET_PDEATHSIG) hears that its parent has ended. tasks_lock held. */
static void tell_orphan(struct process *child, const struct process *parent)
{
	struct ksiginfo info = { .code = SI_USER,
				 .child = { .pid = parent->pid, .uid = parent->cred.uid.real } };
	struct task *task;

	TAILQ_FOREACH(task, &child->threads, thread_link) {
		info.signo = READ_ONCE(task->pdeath_signal);
		if (info.signo)
			signal_send(child, NULL, &info);
	}
}

/*
 * The next ancestor that takes orphans, else the first process; without it, the
 * kernel. tasks_lock held.
 */
static struct process *find_reaper(const struct process *process)
{
	struct process *p, *first = process_find(1);

	for (p = process->parent; p != &kernel_process; p = p->parent) {
		if (READ_ONCE(p->subreaper) && !p->zombie)
			return p;
	}
	return first && first != process ? first : &kernel_process;
}

/* The children of a process that has ended get another parent. tasks_lock held. */
static void orphan_children(struct process *process)
{
	struct process *heir = find_reaper(process), *child;

	while ((child = TAILQ_FIRST(&process->children))) {
		TAILQ_REMOVE(&process->children, child, sibling);
		child->parent = heir;
		child->exit_signal = SIGCHLD;
		TAILQ_INSERT_TAIL(&heir->children, child, sibling);
		tell_orphan(child, process);
		orphan_group(child, process, NULL);
		if (child->zombie && notify_parent(child))
			process_put(child);
	}
}

/*
 * The last thread is gone. True if the tables' reference is the caller's to put. tasks_lock held.
 */
static bool process_end(struct process *process, int status)
{
	/* Without an exit of the whole group, its last thread speaks for it. */
	if (!process->group_exit)
		process->exit_status = status;
	process->group_exit = true;
	process->zombie = true;
	if (process->pid == 1)
		first_process_status = process->exit_status;
	process->stop_signo = process->stop_status = 0;
	process->stop_complete = false;
	sigpending_flush(&process->pending, ~0ull);
	itimers_end(process);
	tty_process_exit(process);
	orphan_group(process, process->parent, process);
	orphan_children(process);
	return notify_parent(process);
}

/*
 * What the thread leaves to the others: signals that it would have taken, who waits for its end.
 */
static void leave_others(const struct task *task)
{
	struct process *process = task->process;

	if (process->exec_task)
		wake_up_all(&process->exit_wait);
	if (process->group_exit)
		return;
	signal_retarget(process, task, ~task->blocked);
	stop_check(process);
}

/* Takes the running thread off all lists. */
static void leave_process(struct task *task, int status)
{
	struct process *process = task->process;
	bool put = false;

	spin_lock(&tasks_lock);
	TAILQ_REMOVE(&process->threads, task, thread_link);
	task_unhash(task);
	usage_of_thread_ends(process, task);
	atomic_inc(&leaving);
	sigpending_flush(&task->pending, ~0ull);
	threads_count(-1);
	if (--process->nr_threads == 0)
		put = process_end(process, status);
	else
		leave_others(task);
	spin_unlock(&tasks_lock);
	if (put)
		process_put(process);
}

void task_left(void) { atomic_dec(&leaving); }

/* Others look at a task's files under tasks_lock (/proc/PID). */
static void exit_files(struct task *task)
{
	struct files *files;
	struct fs_struct *fs;

	spin_lock(&tasks_lock);
	files = task->files;
	fs = task->fs;
	task->files = NULL;
	task->fs = NULL;
	spin_unlock(&tasks_lock);
	if (files)
		files_put(files);
	if (fs)
		fs_put(fs);
}

void thread_exit(int status)
{
	struct task *task = current_task();

	exit_user_words(task);
	switch_to_mm(NULL);
	vfork_finish(task);
	exit_files(task);
	leave_process(task, status);
	atomic_dec(&task->refcount);	/* the lists'; the CPU has one still */
	irq_disable();
	WRITE_ONCE(task->state, TASK_DEAD);
	schedule();
	panic("a dead task of %s runs again", task->comm);
}

/* ---- ending others ---- */

bool process_kill(struct process *process, int status)
{
	struct task *task;

	if (process->group_exit)
		return false;
	process->group_exit = true;
	process->exit_status = status;
	TAILQ_FOREACH(task, &process->threads, thread_link)
		kill_task(task);
	return true;
}

void group_exit(int status)
{
	spin_lock(&tasks_lock);
	process_kill(current_process(), status);
	spin_unlock(&tasks_lock);
	thread_exit(status);
}

/*
 * The number that the process is known by passes to the one thread that is left. tasks_lock held.
 */
static void become_leader(struct task *task)
{
	if (task->tid == task->process->pid)
		return;
	task_unhash(task);
	task->tid = task->process->pid;
	task_hash(task);
}

int kill_other_threads(void)
{
	struct task *self = current_task(), *task;
	struct process *process = self->process;
	int ret = 0;

	spin_lock(&tasks_lock);
	if (process->group_exit || process->exec_task)
		ret = -EINTR;
	else
		process->exec_task = self;
	TAILQ_FOREACH(task, &process->threads, thread_link) {
		if (!ret && task != self)
			kill_task(task);
	}
	spin_unlock(&tasks_lock);
	if (!ret)
		ret = wait_event_killable(&process->exit_wait,
					  READ_ONCE(process->nr_threads) == 1);
	spin_lock(&tasks_lock);
	if (process->exec_task == self)
		process->exec_task = NULL;
	if (!ret)
		become_leader(self);
	spin_unlock(&tasks_lock);
	return ret;
}

void exit_to_user(struct pt_regs *regs)
{
	struct task *task = current_task();
	unsigned long work;

	while ((work = READ_ONCE(task->work))) {
		irq_enable();
		if (work & WORK_KILLED)
			thread_exit(READ_ONCE(task->process->exit_status));
		if (work & WORK_CPU_TIMER)
			itimers_check();
		if (work & WORK_SIGNAL)
			signal_deliver(regs);
		cond_resched();
		irq_disable();
	}
}

static const char *signal_name(int signo)
{
	switch (signo) {
	case SIGSEGV: return "SIGSEGV";
	case SIGBUS: return "SIGBUS";
	case SIGILL: return "SIGILL";
	case SIGFPE: return "SIGFPE";
	case SIGTRAP: return "SIGTRAP";
	case SIGKILL: return "SIGKILL";
	default: return "a signal";
	}
}

bool user_exception(int signo, int code, unsigned long addr)
{
	struct ksiginfo info = { .signo = signo, .code = code, .fault = { .addr = addr } };

	if (signo == SIGBUS && code == BUS_MCEERR_AR)
		info.fault.addr_lsb = PAGE_SHIFT;	/* a page of it is lost */
	return signal_force(&info);
}

void log_exception(const struct pt_regs *regs, int signo, const char *what)
{
	const struct task *task = current_task();

	pr_info("%s[%d] ends by %s at ip %#lx: %s", task->comm, task->process->pid,
		signal_name(signo), regs->ip, what);
}

/* ---- the end of all ---- */

static void kill_process(struct process *process, void *arg)
{
	if (process->zombie) {
		process_unlink(process);
		process_put(process);
	} else {
		process_kill(process, SIGKILL);
	}
}

static bool no_processes(void)
{
	bool none;

	spin_lock(&tasks_lock);
	none = !process_count();
	spin_unlock(&tasks_lock);
	return none;
}

void kill_everything(void)
{
	spin_lock(&tasks_lock);
	shutting_down = true;
	process_for_each(kill_process, NULL);
	spin_unlock(&tasks_lock);
	wait_event(&kernel_process.child_wait, no_processes());
}

/* A thread that is gone for its parent may still be on its way off a CPU, with its stack. */
static void quiesce_leaving(void)
{
	while (atomic_read(&leaving)) {
		struct waiter w = { .task = current_task() };
		struct wait_queue never;

		wait_queue_init(&never);
		prepare_to_wait(&never, &w, false);
		schedule_until(clock_ns() + 100000);
		finish_wait(&never, &w);
	}
	reap_dead_tasks();
}

void exit_init(void) { quiesce_register(quiesce_leaving); }

/* ---- the calls ---- */

SYSCALL_DEFINE1(exit, int, code) { thread_exit((code & 0xff) << 8); }
SYSCALL_DEFINE1(exit_group, int, code) { group_exit((code & 0xff) << 8); }
