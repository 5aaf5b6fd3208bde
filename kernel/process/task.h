/*
 * Tasks and processes. A task is what the scheduler runs: a thread of a program, or a kernel
 * thread. A process is a thread group: what getpid, kill and wait4 mean. A task without mm is a
 * kernel thread.
 *
 * What the machine needs to know:
 *  - kernel_stack is the lowest address of KERNEL_STACK_SIZE bytes that kernel/process/fork.c
 *    allocates and frees; it is set before thread_init_kernel() or thread_init_user(). The first
 *    CPU's idle task runs on the boot stack: NULL.
 *  - The first thing a new task does is schedule_tail(), on its own stack with interrupts off.
 *  - Before each return to user mode, with interrupts off: if work is not 0, exit_to_user() is
 *    called.
 *  - sched_init() makes the first CPU's idle task the current one by set_current_task()
 *    (machine/percpu.h); machine_start_cpus() does so for the task that idle_task_create() gives
 *    it for each other CPU.
 */
#pragma once
#include <sys/queue.h>
#include <sys/tree.h>
#include "arch/system.h"
#include "kernel/base/cpumask.h"
#include "kernel/base/uses.h"
#include "kernel/base/wait.h"
#include "kernel/process/cred.h"
#include "kernel/uapi/prctl.h"
#include "kernel/uapi/resource.h"
#include "kernel/signal/signal.h"
#include "kernel/time/timer.h"
#include "mm/mm.h"

struct files;
struct fs_struct;
struct process;

/* CPU time in ns, told apart by what the ticks of the timer met (usage.c). */
struct cpu_time {
	u64 user, system;
};

enum { TICK_SYSTEM, TICK_USER, NR_TICK_MODES };

#define TICK_NS	4000000ull	/* a CPU that is not idle has a timer
				 * interrupt at least that often */

/*
 * task->work: why the way back to user mode is not the short one. Set by atomic operations from
 * any CPU.
 */
#define WORK_RESCHED	BIT(0)	/* another task's turn has come */
#define WORK_KILLED	BIT(1)	/* the task must end: it returns to user mode no more */
#define WORK_SIGNAL	BIT(2)	/* a signal may wait for it, or it shall stop (kernel/signal/) */
#define WORK_CPU_TIMER	BIT(3)	/* the CPU time of its process is to be looked at (itimer.c) */

/* task->state; changed by the task itself, and by wakers under the lock of its run queue. */
enum task_state {
	TASK_RUNNING,		/* runs, or is on a run queue */
	TASK_SLEEPING,		/* waits for a wake-up */
	TASK_KILLABLE,		/* the same, and WORK_KILLED wakes it too */
	TASK_INTERRUPTIBLE,	/* the same, and WORK_SIGNAL wakes it too */
	TASK_DEAD,		/* has called schedule() for the last time */
};

struct task {
	struct thread thread;		/* the machine's part */
	void *kernel_stack;
	unsigned long work;		/* WORK_... */
	struct mm_struct *mm;		/* NULL: kernel thread, or exiting */

	/* Scheduling: under the lock of the run queue of `cpu`. */
	int state;			/* enum task_state */
	unsigned int cpu;		/* whose run queue it is on, or was last */
	bool on_cpu;			/* from before it runs until it is switched out */
	bool queued;
	bool is_idle;
	cpumask_t affinity;
	int nice;			/* how short its slices are
					 * (priority.c); read without a lock */
	u8 policy;			/* SCHED_... (policy.c); both without a lock */
	bool sched_reset;		/* children are not less nice than 0 */
	TAILQ_ENTRY(task) run_link;
	u64 run_ns;			/* CPU time used before run_since */
	u64 run_since;			/* clock_ns() when it was switched in */
	unsigned long ticks[NR_TICK_MODES];	/* how many met it there;
						 * only its CPU writes them */
	struct cpu_time told;		/* what was last said to be used: never less; tasks_lock */
	struct uses uses;		/* only the thread itself writes them */
	bool fault_waited;		/* its next fault is the one that it
					 * waited for (use_fault()) */
	/* A sleep with an end: in the tree of CPU timeout_cpu's sleepers. */
	RB_ENTRY(task) timeout_link;
	u64 timeout;
	unsigned int timeout_cpu;
	bool timeout_queued;

	/* Identity: under tasks_lock. */
	int tid;
	atomic_t refcount;		/* the lists until it exits, the CPU until it is left */
	struct process *process;	/* holds a reference */
	TAILQ_ENTRY(task) thread_link;	/* process->threads */
	LIST_ENTRY(task) hash_link;	/* by tid */
	SLIST_ENTRY(task) dead_link;	/* switched out for ever, not freed yet */
	char comm[TASK_COMM_LEN];
	u64 start_ns;

	struct files *files;
	struct fs_struct *fs;
	int pdeath_signal;		/* sent to it when its parent has ended; 0: none */
	unsigned long timer_slack, default_timer_slack;	/* ns */
	/* User addresses that thread libraries leave with us. */
	u32 *clear_child_tid;		/* set to 0 and woken as a futex at exit */
	void *robust_list;
	struct vfork_done *vfork;	/* a parent that waits until we exec or exit */

	/*
	 * Signals of this thread: under tasks_lock, to which it adds the right to change its own.
	 */
	struct sigpending pending;
	__kernel_sigset_t blocked;
	__kernel_sigset_t real_blocked;	/* in rt_sigtimedwait: what it blocks otherwise */
	__kernel_sigset_t saved_mask;	/* if restore_mask: to be set on the way to user mode */
	bool restore_mask;
	bool stopped;			/* in stop_here() */
	struct __kernel_sigaltstack sigaltstack;
	struct restart_block restart;
	struct message_list *dying_messages;	/* kernel/net/unix.c frees them; else NULL */

#if CONFIG_DEBUG
	struct held_locks held_locks;
#endif
};

TAILQ_HEAD(task_list, task);

/*
 * What is told of a thread, and of the last one of a process when that waits for its parent only.
 */
struct thread_traits {
	char comm[TASK_COMM_LEN];
	unsigned int cpu;
	int nice;
	u8 policy;
	cpumask_t affinity;
	__kernel_sigset_t blocked;
	u64 nvcsw, nivcsw;
};

struct process {
	int pid, pgid, sid;
	atomic_t refcount;		/* its tasks, and the process list until it is reaped */
	struct task_list threads;	/* alive; under tasks_lock, like all that follows */
	unsigned int nr_threads;
	struct process *parent;
	TAILQ_HEAD(, process) children;
	TAILQ_ENTRY(process) sibling;
	LIST_ENTRY(process) hash_link;	/* by pid */
	bool has_tty;			/* the terminal of its session is its controlling one */
	bool has_execed;		/* setpgid is too late */
	bool randomized;		/* its layout is not where it always is */
	u32 personality;		/* 0 or ADDR_NO_RANDOMIZE */

	bool group_exit;		/* all threads are told to end with exit_status */
	bool zombie;			/* all threads are gone; wait4 may take it */
	int exit_status;		/* as wait4 reports it */
	int exit_signal;		/* for the parent; 0: none */
	struct task *exec_task;		/* kills the others and goes on alone */
	struct wait_queue exit_wait;	/* exec: until it is alone */
	struct wait_queue child_wait;	/* wait4 in this process */

	struct sighand *sighand;
	struct sigpending pending;
	unsigned int signals_charged; /* queued for it and its threads, and its timers */
	struct itimers itimers;
	int stop_signo;			/* its threads stop, or have stopped, by that; 0: no */
	bool stop_complete;		/* they all have */
	int stop_status;		/* stopped, or goes on: not yet told
					 * to wait4; 0: nothing new */
	struct cred cred;
	bool too_many;			/* its new user had more threads
					 * than RLIMIT_NPROC: no exec */
	LIST_HEAD(, posix_timer) posix_timers;
	int next_timer;			/* the number that the next of them gets */
	struct rlimit64 rlimits[RLIM_NLIMITS];
	u64 start_ns;
	u64 dead_run_ns;		/* CPU time of threads that are gone,
					 * their ticks and deeds */
	unsigned long dead_ticks[NR_TICK_MODES];
	struct uses dead_uses;
	struct thread_traits last;	/* of the thread that ended last */
	struct cpu_time told;		/* what was last said to be used: it never goes back */
	struct cpu_time children_time;	/* ... of children that were waited for, and their deeds */
	struct uses children_uses;
	unsigned long maxrss, children_maxrss;	/* pages, of address spaces that were left */
	short oom_score_adj;		/* how soon it ends when memory does: -1000 to 1000 */
	short oom_score_adj_min;	/* below that only root sets it */
	bool no_new_privs;
	bool thp_disabled;		/* what it has said; there are no huge pages */
	bool undumpable;		/* nobody but root may look at it;
					 * until it executes a program */
	bool subreaper;			/* orphans below it become its children */
	unsigned long membarrier;	/* forms that it has registered for (membarrier.c) */
};

/* LOCK_TASKS: the tables of tasks and processes, families, signals. */
extern spinlock_t tasks_lock;
extern struct process kernel_process;	/* the kernel's own threads */

/* Is the running task a kernel thread? */
static inline bool in_kernel_thread(void) { return !current_task()->mm; }
static inline struct process *current_process(void) { return current_task()->process; }

/* ---- kernel/sched/sched.c ---- */

void sched_init(void);
/*
 * The idle task of a CPU that is about to start; its stack is ready. Panics if there is no memory
 * (boot).
 */
struct task *idle_task_create(unsigned int cpu);
/* A new task, on its own stack, interrupts off: finishes the switch to it. */
void schedule_tail(void);
/*
 * Makes a sleeping task runnable; true if it slept (killable_only: if a kill may wake it). Any
 * context.
 */
bool wake_task(struct task *task, bool killable_only);
/* The same, for a waker that is about to sleep itself: prefers this CPU and disturbs no other. */
bool wake_task_sync(struct task *task);
/*
 * Tells a task to end: it notices in a killable sleep, and at the latest when it leaves the
 * kernel.
 */
void kill_task(struct task *task);
/* The same for a task that a signal waits for: it also notices in an interruptible sleep. */
void signal_task_wake(struct task *task);
/* Sets bits of task->work, and interrupts the task if it runs on another CPU. */
void make_task_look(struct task *task, unsigned long bits);
/* Sets bits of task->work, and tells nobody. */
void task_set_work(struct task *task, unsigned long bits);
/* Like schedule(), but also returns once clock_ns() has reached the deadline. */
void schedule_until(u64 deadline_ns);
/*
 * Calls fn if the task sleeps, and keeps it asleep meanwhile; false if it does not. fn is called
 * with interrupts off and the task's run queue locked.
 */
bool task_asleep(struct task *task, void (*fn)(const struct task *task, void *arg), void *arg);
/* For the machine's other CPUs and for the end of kernel_main(). */
void idle_loop(void) __noreturn;
/*
 * Moves the task to an allowed CPU, at once if it is the caller. mask contains a CPU that is
 * online.
 */
void sched_set_affinity(struct task *task, cpumask_t mask);
/* Gives up the CPU to the others in its queue. */
void sched_yield(void);
/* CPU time that the task has used. */
u64 task_run_ns(const struct task *task);
/* The ticks that met a CPU's tasks, the idle one left out. */
unsigned long cpu_ticks(unsigned int cpu, int mode);
/*
 * How long it may run while others wait: from 20 ms for the least nice to 0.5 ms for the nicest.
 */
u64 task_slice_ns(const struct task *task);
/* How long a CPU had nothing to do; switches of all CPUs. */
u64 cpu_idle_ns(unsigned int cpu);
unsigned long context_switches(void);

/* ---- kernel/sched/wait.c ---- */

/* wake_up_all() that says which events of poll() have come; sync: the waker will sleep itself. */
int wake_up_events(struct wait_queue *wq, unsigned int events);
int wake_up_sync(struct wait_queue *wq, unsigned int events);
/*
 * Puts the waiter on the queue, and leaves the task's state alone: for a task that waits on
 * several.
 */
void add_waiter(struct wait_queue *wq, struct waiter *w);
/* Takes it off, if it is on; waits for a func that is being called. */
void remove_waiter(struct wait_queue *wq, struct waiter *w);

/* ---- kernel/process/fork.c ---- */

void fork_init(void);
/* Tasks that were made since boot, the kernel's own left out. */
unsigned long forks_so_far(void);
/* A kernel thread that sleeps: wake_task() starts it. NULL: no memory. */
struct task *kernel_thread(const char *name, void (*fn)(void *arg), void *arg);
/*
 * The same for the task of process 1, which fn turns into a program by kernel_exec() and a return.
 */
struct task *first_process(void (*fn)(void *arg), void *arg);
/* For people: shortened if it is too long. */
void task_set_name(struct task *task, const char *name);
static inline void task_get(struct task *task) { atomic_inc(&task->refcount); }
/* The last reference frees it, its stack included. May sleep. */
void task_put(struct task *task);
/*
 * The CPU's reference of a dead task, just switched out; the last one leaves it to
 * reap_dead_tasks().
 */
void task_put_dead(struct task *task);
/* Frees dead tasks. May sleep. */
void reap_dead_tasks(void);
static inline void process_get(struct process *process) { atomic_inc(&process->refcount); }
void process_put(struct process *process);
/* How many threads there may be in all, and one more or less of them. */
unsigned int threads_max(void);
void threads_count(int n);
/* Exec and exit: the address space of a vfork parent is no longer in use. */
void vfork_finish(struct task *task);

/* ---- kernel/process/pid.c: tasks_lock held ---- */

#define PID_MAX	32768

/* A number that no task, process, group or session has; -EAGAIN: there is none. */
int pid_alloc(void);
/* The number that was given last. */
int pid_last(void);
/* Is a process in the group or session of that number? Looks at all. */
bool pid_is_group(int id);
struct task *task_find(int tid);
struct process *process_find(int pid);
void task_hash(struct task *task);
void process_hash(struct process *process);
static inline void task_unhash(struct task *task) { LIST_REMOVE(task, hash_link); }
void process_unhash(struct process *process);
unsigned int process_count(void);
/* Calls fn for each process but the kernel's own; fn may unhash the one it is given. */
void process_for_each(void (*fn)(struct process *process, void *arg), void *arg);

/* ---- kernel/process/exit.c ---- */

/* Ends the running thread; the process ends with its last thread. status as wait4 reports it. */
void thread_exit(int status) __noreturn;
/* Ends all threads of the running process. */
void group_exit(int status) __noreturn;
/* Tells all threads of a process to end; tasks_lock held. False if they were told before. */
bool process_kill(struct process *process, int status);
/*
 * exec: ends the other threads of the process and waits until they are gone. -EINTR: we are killed
 * ourselves.
 */
int kill_other_threads(void);
/*
 * Takes a zombie out of all tables; tasks_lock held. The caller then puts the tables' reference.
 */
void process_unlink(struct process *process);
/*
 * Ends all processes and waits until they are gone. For the end of the machine's life, in a kernel
 * thread.
 */
void kill_everything(void);

/* ---- kernel/process/identity.c ---- */

/* Is there such a process group, in that session (0: any)? tasks_lock held. */
bool group_exists(int pgid, int sid);

/* The limits that its address space obeys. */
void process_limits(const struct process *process, struct mm_limits *limits);
/*
 * What the process has mapped obeys its new limits, or its new user's, from now
 * on. tasks_lock held.
 */
void limits_changed(struct process *process);
/* The threads of all processes whose real user that is. tasks_lock held. */
u64 user_threads(u32 uid);

/* ---- kernel/exec/exec.c ---- */

/* execve for the kernel's own first program. 0, or -errno. */
int kernel_exec(const char *path, const char *const argv[], const char *const envp[]);
