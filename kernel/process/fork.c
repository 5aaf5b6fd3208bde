/* Making tasks and processes: fork, vfork, clone, kernel threads; and freeing them. */
#include "kernel/base/string.h"
#include "kernel/fs/namei.h"
#include "kernel/process/exit.h"
#include "kernel/process/task.h"
#include "kernel/sched/priority.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/sched.h"
#include "mm/buddy.h"
#include "mm/leak.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"

spinlock_t tasks_lock = SPINLOCK_INIT(LOCK_TASKS);
struct process kernel_process;

/* Queued signals, by default; each takes about 80 bytes. */
#define SIGNALS_MAX	4096

#define TIMER_SLACK	50000	/* ns, of the first thread, and by default of all */

static struct kmem_cache *task_cache, *process_cache;

/*
 * A parent waits here until its vfork child has let go of the address space. All under tasks_lock.
 */
struct vfork_done {
	struct wait_queue wait;
	bool done;
};

/* ---- the life of the structures ---- */

/* Dead tasks that were switched out: whoever may sleep frees them. */
static spinlock_t dead_lock = SPINLOCK_INIT(LOCK_RUN_QUEUE);
static SLIST_HEAD(, task) dead_tasks;

void task_set_name(struct task *task, const char *name)
{
	size_t len = strnlen(name, sizeof(task->comm) - 1);

	memcpy(task->comm, name, len);
	memset(task->comm + len, 0, sizeof(task->comm) - len);
}

static struct task *task_alloc(const char *name, struct process *process)
{
	struct task *task = kmem_cache_alloc(task_cache, GFP_KERNEL | GFP_ZERO);

	if (!task)
		return NULL;
	task->kernel_stack = vmalloc(KERNEL_STACK_SIZE);
	if (!task->kernel_stack) {
		kmem_cache_free(task_cache, task);
		return NULL;
	}
	task->state = TASK_SLEEPING;
	task->cpu = this_cpu();
	task->affinity = ~0ul;
	atomic_set(&task->refcount, 2);		/* the lists, and the CPU */
	atomic_inc(&process->refcount);
	task->process = process;
	task->sigaltstack.ss_flags = SS_DISABLE;
	task->start_ns = clock_ns();
	sigpending_init(&task->pending);
	task_set_name(task, name);
	return task;
}

void process_put(struct process *process)
{
	if (!atomic_dec_and_test(&process->refcount))
		return;
	sighand_put(process->sighand);
	kmem_cache_free(process_cache, process);
}

static void task_free(struct task *task)
{
	thread_free(task);
	vfree(task->kernel_stack);
	process_put(task->process);
	kmem_cache_free(task_cache, task);
}

void task_put(struct task *task)
{
	if (atomic_dec_and_test(&task->refcount))
		task_free(task);
}

void task_put_dead(struct task *task)
{
	if (atomic_dec_and_test(&task->refcount)) {
		unsigned long flags = spin_lock_irqsave(&dead_lock);

		SLIST_INSERT_HEAD(&dead_tasks, task, dead_link);
		spin_unlock_irqrestore(&dead_lock, flags);
	}
	task_left();
}

void reap_dead_tasks(void)
{
	struct task *task;

	while (READ_ONCE(dead_tasks.slh_first)) {
		unsigned long flags = spin_lock_irqsave(&dead_lock);

		task = SLIST_FIRST(&dead_tasks);
		if (task)
			SLIST_REMOVE_HEAD(&dead_tasks, dead_link);
		spin_unlock_irqrestore(&dead_lock, flags);
		if (task)
			task_free(task);
	}
}

/* ---- kernel threads ---- */

struct task *kernel_thread(const char *name, void (*fn)(void *arg), void *arg)
{
	struct task *task = task_alloc(name, &kernel_process);

	if (task)
		thread_init_kernel(task, fn, arg);
	return task;
}

/* ---- processes ---- */

/* A process without tasks, whose parent is not yet told, and that has inherited nothing yet. */
static struct process *process_alloc(struct sighand *sighand)
{
	struct process *process = kmem_cache_alloc(process_cache, GFP_KERNEL | GFP_ZERO);

	if (!process)
		return NULL;
	atomic_set(&process->refcount, 1);
	TAILQ_INIT(&process->threads);
	TAILQ_INIT(&process->children);
	wait_queue_init(&process->exit_wait);
	wait_queue_init(&process->child_wait);
	process->sighand = sighand;
	sigpending_init(&process->pending);
	process->start_ns = clock_ns();
	LIST_INIT(&process->posix_timers);
	return process;
}

/*
 * What a child is given. All at one moment, with its place in the family: another thread may be
 * changing it, and what is sent to a group, or asked of a session, meets the child or its parent
 * as they are then. tasks_lock held.
 */
static void inherit(struct process *process, const struct process *from)
{
	process->pgid = from->pgid;
	process->sid = from->sid;
	process->has_tty = from->has_tty;
	process->no_new_privs = from->no_new_privs;
	process->thp_disabled = from->thp_disabled;
	process->oom_score_adj = READ_ONCE(from->oom_score_adj);
	process->oom_score_adj_min = READ_ONCE(from->oom_score_adj_min);
	process->undumpable = READ_ONCE(from->undumpable);
	process->cred = from->cred;
	process->too_many = from->too_many;
	memcpy(process->rlimits, from->rlimits, sizeof(process->rlimits));
	process->personality = from->personality;
	process->randomized = from->randomized;
	process->membarrier = from->membarrier;
	itimers_init(process);
}

static struct process *process_create(struct process *parent, unsigned long flags)
{
	struct process *process;
	struct sighand *sighand = parent->sighand;

	if (flags & CLONE_SIGHAND)
		atomic_inc(&sighand->refcount);
	else
		sighand = sighand_create(sighand);
	if (!sighand)
		return NULL;
	if (flags & CLONE_CLEAR_SIGHAND)
		sighand_reset(sighand);
	process = process_alloc(sighand);
	if (!process)
		sighand_put(sighand);
	return process;
}

/* tasks_lock held. */
static void add_process(struct process *process, struct process *parent, int pid)
{
	process->pid = pid;
	process->parent = parent;
	inherit(process, current_process());
	TAILQ_INSERT_TAIL(&parent->children, process, sibling);
	process_hash(process);
}

static unsigned long total_forks;	/* written under tasks_lock */
static unsigned int nr_threads, max_threads;

unsigned int threads_max(void) { return max_threads; }

void threads_count(int n) { nr_threads += (unsigned int)n; }

unsigned long forks_so_far(void) { return READ_ONCE(total_forks); }

/* tasks_lock held. */
static void add_task(struct task *task, int tid)
{
	task->tid = tid;
	TAILQ_INSERT_TAIL(&task->process->threads, task, thread_link);
	task->process->nr_threads++;
	threads_count(1);
	task_hash(task);
	WRITE_ONCE(total_forks, total_forks + 1);
}

struct task *first_process(void (*fn)(void *arg), void *arg)
{
	struct process *process = process_create(&kernel_process, 0);
	struct task *task;

	if (!process)
		return NULL;
	task = task_alloc("init", process);
	if (!task) {
		process_put(process);
		return NULL;
	}
	thread_init_kernel(task, fn, arg);
	task->timer_slack = task->default_timer_slack = TIMER_SLACK;
	process->exit_signal = SIGCHLD;
	spin_lock(&tasks_lock);
	add_process(process, &kernel_process, pid_alloc());
	add_task(task, process->pid);
	spin_unlock(&tasks_lock);
	return task;
}

/* ---- clone ---- */

/* The arguments of clone, of whichever form. */
struct clone_request {
	unsigned long flags;
	unsigned long stack;		/* 0: the caller's */
	unsigned long tls;
	int *parent_tid, *child_tid;
	int exit_signal;
};

#define CLONE_UNSUPPORTED \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET | CLONE_PIDFD)

static int clone_check(const struct clone_request *req)
{
	unsigned long flags = req->flags;

	if (flags & CLONE_UNSUPPORTED)
		return -EINVAL;
	if ((flags & CLONE_SIGHAND && (!(flags & CLONE_VM) || flags & CLONE_CLEAR_SIGHAND)) ||
	    (flags & CLONE_THREAD && !(flags & CLONE_SIGHAND)))
		return -EINVAL;
	/* The first process has no parent whose child a sibling of it could be. */
	if (flags & CLONE_PARENT && current_process()->pid == 1)
		return -EINVAL;
	return 0;
}

/*
 * What the new task shares with the caller or gets a copy of; task_abandon() undoes any part of
 * it.
 */
static int task_copy(struct task *task, const struct clone_request *req)
{
	struct task *parent = current_task();
	struct mm_struct *mm = parent->mm;

	task->blocked = parent->blocked;
	task->timer_slack = task->default_timer_slack = parent->timer_slack;
	task->affinity = parent->affinity;
	policy_inherit(task, parent);
	if (req->flags & CLONE_FILES)
		task->files = files_get(parent->files);
	else
		task->files = files_copy(parent->files);
	task->fs = req->flags & CLONE_FS ? fs_get(parent->fs) : fs_copy(parent->fs);
	if (!task->files || !task->fs)
		return -ENOMEM;
	if (req->flags & CLONE_VM)
		mmget(mm);
	else
		mm = mm_fork(mm);
	if (IS_ERR(mm))
		return (int)PTR_ERR(mm);
	task->mm = mm;
	if (!(req->flags & CLONE_VM) || req->flags & CLONE_VFORK)
		task->sigaltstack = parent->sigaltstack;
	if (req->flags & CLONE_CHILD_CLEARTID)
		task->clear_child_tid = (u32 *)req->child_tid;
	return 0;
}

/* Frees a task that never ran and is on no list. */
static void task_abandon(struct task *task)
{
	if (task->files)
		files_put(task->files);
	if (task->fs)
		fs_put(task->fs);
	if (task->mm)
		mmput(task->mm);
	task_free(task);
}

/* The child's registers: the caller's, with a result of 0, and what the arguments change. */
static int task_set_registers(struct task *task, const struct clone_request *req,
			      const struct pt_regs *regs)
{
	int ret = thread_init_user(task, regs, current_task());

	if (!ret && req->stack)
		task_regs(task)->sp = req->stack;
	if (!ret && req->flags & CLONE_SETTLS)
		ret = thread_set_tls(task, req->tls);
	return ret;
}

static struct task *task_create(const struct clone_request *req, const struct pt_regs *regs)
{
	struct process *process = current_process();
	struct task *task;
	int ret;

	if (req->flags & CLONE_THREAD)
		atomic_inc(&process->refcount);
	else
		process = process_create(process, req->flags);
	if (!process)
		return ERR_PTR(-ENOMEM);
	task = task_alloc(current_task()->comm, process);
	process_put(process);	/* the task has a reference of its own now, if there is one */
	if (!task)
		return ERR_PTR(-ENOMEM);
	ret = task_set_registers(task, req, regs);
	if (!ret)
		ret = task_copy(task, req);
	if (ret) {
		task_abandon(task);
		return ERR_PTR(ret);
	}
	return task;
}

/* Is there a signal for the caller, and not only a mark left by one? tasks_lock held. */
static bool self_signalled(void)
{
	if (likely(!signal_pending()))
		return false;
	signal_recalc();
	return signal_pending();
}

struct user_count {
	u32 uid;
	u64 threads;
};

/* One that has ended and waits for its parent counts, too. */
static void count_user(struct process *process, void *arg)
{
	struct user_count *count = arg;

	if (process->cred.uid.real == count->uid)
		count->threads += max(process->nr_threads, 1u);
}

u64 user_threads(u32 uid)
{
	struct user_count count = { .uid = uid };

	process_for_each(count_user, &count);
	return count.threads;
}

/*
 * RLIMIT_NPROC, which is the user's, not the process's; root has none, but for the machine's. Who
 * may make one more is no longer of a user that has too many. tasks_lock held.
 */
static bool too_many_threads(struct process *process)
{
	u64 limit = process->rlimits[RLIMIT_NPROC].rlim_cur;
	u32 uid = process->cred.uid.real;

	if (uid && !capable() && limit != RLIM64_INFINITY && user_threads(uid) >= limit)
		return true;
	process->too_many = false;
	return nr_threads >= max_threads;
}

/*
 * Gives the task its numbers and its place in the family. From here on it can be found, and
 * killed.
 */
static int task_publish(struct task *task, const struct clone_request *req)
{
	struct process *self = current_process(), *process = task->process;
	int tid, ret = 0;

	spin_lock(&tasks_lock);
	/*
	 * Who ends the group, by exit or exec, has told those threads that there are: none comes
	 * after.
	 */
	if (self->group_exit || (self->exec_task && self->exec_task != current_task())) {
		ret = -EINTR;
	} else if (self_signalled()) {
		/* What is sent to a group before this moment meets a parent without this child. */
		ret = -ERESTARTNOINTR;
	} else if (too_many_threads(self)) {
		ret = -EAGAIN;
	} else if ((tid = pid_alloc()) < 0) {
		ret = tid;
	} else {
		if (process != self) {
			atomic_inc(&process->refcount); /* the tables' */
			process->exit_signal =
				req->flags & CLONE_PARENT ? self->exit_signal : req->exit_signal;
			add_process(process, req->flags & CLONE_PARENT ? self->parent : self, tid);
		}
		add_task(task, tid);
	}
	spin_unlock(&tasks_lock);
	return ret;
}

/* Linux, too, does not mind if those words cannot be written. */
static void store_tids(const struct task *task, const struct clone_request *req)
{
	int tid = task->tid;

	if (req->flags & CLONE_PARENT_SETTID)
		(void)copy_to_user(req->parent_tid, &tid, sizeof(tid));
	if (!(req->flags & CLONE_CHILD_SETTID))
		return;
	if (req->flags & CLONE_VM)
		(void)copy_to_user(req->child_tid, &tid, sizeof(tid));
	else
		mm_access(task->mm, (unsigned long)req->child_tid, &tid, sizeof(tid), true);
}

void vfork_finish(struct task *task)
{
	if (likely(!READ_ONCE(task->vfork)))
		return;
	spin_lock(&tasks_lock);
	if (task->vfork) {
		task->vfork->done = true;
		wake_up_sync(&task->vfork->wait, 0);
		task->vfork = NULL;
	}
	spin_unlock(&tasks_lock);
}

/* Starts the child and sleeps until it has exec'ed or ended, or we are killed. */
static void vfork_wait(struct task *task)
{
	struct vfork_done vfork = { .done = false };

	wait_queue_init(&vfork.wait);
	task->vfork = &vfork;
	task_get(task);
	wake_task_sync(task);
	(void)wait_event_killable(&vfork.wait, READ_ONCE(vfork.done));
	/* The structure is on our stack: whoever still works on it has the lock. */
	spin_lock(&tasks_lock);
	task->vfork = NULL;
	spin_unlock(&tasks_lock);
	task_put(task);
}

static long do_clone(const struct pt_regs *regs, const struct clone_request *req)
{
	struct task *task;
	int ret = clone_check(req), tid;

	if (ret)
		return ret;
	reap_dead_tasks();
	task = task_create(req, regs);
	if (IS_ERR(task))
		return PTR_ERR(task);
	ret = task_publish(task, req);
	if (ret) {
		task_abandon(task);
		return ret;
	}
	tid = task->tid;	/* once it runs, it may end and be gone */
	store_tids(task, req);
	if (req->flags & CLONE_VFORK)
		vfork_wait(task);
	else
		wake_task(task, false);
	return tid;
}

long sys_fork(struct pt_regs *regs)
{
	return do_clone(regs, &(struct clone_request){ .exit_signal = SIGCHLD });
}

long sys_vfork(struct pt_regs *regs)
{
	return do_clone(regs, &(struct clone_request){ .flags = CLONE_VFORK | CLONE_VM,
						       .exit_signal = SIGCHLD });
}

/* clone(flags, stack, parent_tid, child_tid, tls): the order of x86-64. */
long sys_clone(struct pt_regs *regs)
{
	return do_clone(regs, &(struct clone_request){
		.flags = (u32)regs->di & ~CSIGNAL,
		.exit_signal = (int)(regs->di & CSIGNAL),
		.stack = regs->si,
		.parent_tid = (int *)regs->dx,
		.child_tid = (int *)regs->r10,
		.tls = regs->r8,
	});
}

static int read_clone_args(struct clone_args *args, const void *user, size_t size)
{
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	return copy_struct_from_user(args, sizeof(*args), user, size);
}

long sys_clone3(struct pt_regs *regs)
{
	struct clone_args args;
	int ret = read_clone_args(&args, (const void *)regs->di, regs->si);

	if (ret)
		return ret;
	if (args.flags & (CSIGNAL | CLONE_DETACHED) || args.flags >> 33 || args.set_tid ||
	    args.set_tid_size)
		return -EINVAL;
	if (args.exit_signal > _NSIG ||
	    (args.flags & (CLONE_THREAD | CLONE_PARENT) && args.exit_signal))
		return -EINVAL;
	if (!args.stack != !args.stack_size || args.stack + args.stack_size < args.stack)
		return -EINVAL;
	return do_clone(regs, &(struct clone_request){
		.flags = args.flags,
		.exit_signal = (int)args.exit_signal,
		.stack = args.stack + args.stack_size,
		.parent_tid = (int *)args.parent_tid,
		.child_tid = (int *)args.child_tid,
		.tls = args.tls,
	});
}

/* ---- start ---- */

/* Stacks of all threads may take an eighth of memory; one user's half of that, to begin with. */
static void limit_threads(struct process *process)
{
	max_threads =
		(unsigned int)max(frames_total() / (8 * KERNEL_STACK_SIZE / PAGE_SIZE), 20ul);
	process->rlimits[RLIMIT_NPROC] = (struct rlimit64){ max_threads / 2, max_threads / 2 };
}

static void kernel_process_init(void)
{
	struct process *process = &kernel_process;

	atomic_set(&process->refcount, 1);
	TAILQ_INIT(&process->threads);
	TAILQ_INIT(&process->children);
	wait_queue_init(&process->exit_wait);
	wait_queue_init(&process->child_wait);
	sigpending_init(&process->pending);
	for (unsigned int i = 0; i < RLIM_NLIMITS; i++)
		process->rlimits[i] = (struct rlimit64){ RLIM64_INFINITY, RLIM64_INFINITY };
	limit_threads(process);
	process->rlimits[RLIMIT_STACK].rlim_cur = 8 << 20;
	process->rlimits[RLIMIT_CORE].rlim_cur = 0;
	process->rlimits[RLIMIT_SIGPENDING].rlim_cur = SIGNALS_MAX;
	process->rlimits[RLIMIT_SIGPENDING].rlim_max = SIGNALS_MAX;
	process->rlimits[RLIMIT_MEMLOCK] = (struct rlimit64){ 8 << 20, 8 << 20 };
	process->rlimits[RLIMIT_MSGQUEUE] = (struct rlimit64){ 819200, 819200 };
	process->rlimits[RLIMIT_NICE] = (struct rlimit64){ 0, 0 };
	process->rlimits[RLIMIT_RTPRIO] = (struct rlimit64){ 0, 0 };
	process->rlimits[RLIMIT_NOFILE] = (struct rlimit64){ MAX_FILES, MAX_FILES };
}

void fork_init(void)
{
	task_cache = kmem_cache_create("task", sizeof(struct task), 64);
	process_cache = kmem_cache_create("process", sizeof(struct process), 64);
	kernel_process_init();
	signal_init();
	posix_timers_init();
	exit_init();
}
