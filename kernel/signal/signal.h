/*
 * Signals. One that is sent waits in a set of its thread or of its process, with what is said of
 * it in a queue beside the set; a thread that does not block it gets WORK_SIGNAL and takes it on
 * its way to user mode (deliver.c). All is under tasks_lock, so signals are not sent from
 * interrupts.
 */
#pragma once
#include <sys/queue.h>
#include "kernel/base/atomic.h"
#include "kernel/base/types.h"
#include "kernel/uapi/signal.h"
#include "kernel/uapi/time.h"

struct process;
struct pt_regs;
struct task;

#define SIGMASK(signo)	(1ull << ((signo) - 1))

/* What a signal does that has no handler; the others end the process. */
#define DEFAULT_IGNORES	(SIGMASK(SIGCHLD) | SIGMASK(SIGURG) | SIGMASK(SIGWINCH) | SIGMASK(SIGCONT))
#define DEFAULT_STOPS	(SIGMASK(SIGSTOP) | SIGMASK(SIGTSTP) | SIGMASK(SIGTTIN) | SIGMASK(SIGTTOU))
#define UNBLOCKABLE	(SIGMASK(SIGKILL) | SIGMASK(SIGSTOP))
/* What an instruction raises: these come before all others. */
#define SYNCHRONOUS \
	(SIGMASK(SIGSEGV) | SIGMASK(SIGBUS) | SIGMASK(SIGILL) | SIGMASK(SIGTRAP) | \
	 SIGMASK(SIGFPE) | SIGMASK(SIGSYS))

static inline bool valid_signal(int signo) { return signo >= 1 && signo <= _NSIG; }

/*
 * What an interrupted system call answers. A program never sees these: on the way to user mode
 * they become a call made again, or -EINTR. Only with signal_pending() set.
 */
#define ERESTARTSYS		512	/* again, if no handler runs or it has SA_RESTART */
#define ERESTARTNOINTR		513	/* always again */
#define ERESTARTNOHAND		514	/* again, if no handler runs */
#define ERESTART_RESTARTBLOCK	516	/* the same, by restart_syscall and task->restart */

/* How restart_syscall(2) goes on with a call whose end is a point of time. */
struct restart_block {
	long (*fn)(struct restart_block *restart);
	u64 deadline;			/* clock_ns() */
	union {
		struct {
			struct __kernel_timespec *remaining;
		} sleep;
		struct {
			u32 *addr;
			u32 value, bitset;
			bool private;
		} futex;
		struct {
			void *fds;
			unsigned int n;
		} poll;
	};
};

/* struct __kernel_siginfo without its tail, which is always 0. */
struct ksiginfo {
	s32 signo, error, code, pad;
	union {
		struct {
			s32 pid;
			u32 uid;
			s32 status, pad2;
			s64 utime, stime;
		} child;
		struct {
			u64 addr;
			s16 addr_lsb;
		} fault;
		u64 words[4];
	};
};

struct sigqueue {
	TAILQ_ENTRY(sigqueue) link;
	struct ksiginfo info;
	struct process *charged; /* the receiver; NULL: a timer's, which is charged itself */
};

struct sigpending {
	__kernel_sigset_t set;
	TAILQ_HEAD(sigqueue_list, sigqueue) queue;	/* a signal in the set
							 * may be missing here */
};

/* Handlers, shared by the threads of a process (and by clone(CLONE_SIGHAND)). */
struct sighand {
	atomic_t refcount;
	struct __kernel_sigaction action[_NSIG];	/* under tasks_lock */
};

/* A signal that was taken, and how it is handled. */
struct ksignal {
	struct ksiginfo info;
	struct __kernel_sigaction action;
};

/* ---- action.c ---- */

void signal_init(void);
/* Default actions for all signals; or those of `from`. NULL: no memory. Takes tasks_lock. */
struct sighand *sighand_create(const struct sighand *from);
void sighand_put(struct sighand *sighand);
/* exec: handlers are code of the old program; what is ignored stays so. tasks_lock held. */
void sighand_reset(struct sighand *sighand);
/* Is the stack pointer on the running thread's alternate stack? */
bool on_sigaltstack(unsigned long sp);
/* sigaltstack(2) on kernel memory; NULL: leaves it. 0, -EINVAL, -EPERM, -ENOMEM. */
int set_sigaltstack(const struct __kernel_sigaltstack *new_stack, struct __kernel_sigaltstack *old,
		    unsigned long sp);

/* ---- queue.c: tasks_lock held ---- */

void sigqueue_init(void);
void sigpending_init(struct sigpending *pending);
/* Signals that wait for the processes of a user, and timers that may send some. */
u64 signals_queued(u32 uid);
/* Does RLIMIT_SIGPENDING of the process have room for one more signal or timer? */
bool sigqueue_fits(const struct process *process);
/* So many more, or fewer. */
void sigqueue_charge(struct process *process, int n);
/*
 * One more waits, for the process or one of its threads; timer: a timer has sent it, which is
 * charged for it. Without room for it: only its number, or -EAGAIN if it must not be lost.
 */
int sigpending_add(struct process *process, struct sigpending *pending,
		   const struct ksiginfo *info, bool timer);
/*
 * Takes the next signal that is not in `blocked`; its number, 0 if there is none. *timer becomes
 * true if a timer has sent it, and otherwise stays or becomes false.
 */
int sigpending_take(struct sigpending *pending, __kernel_sigset_t blocked, struct ksiginfo *info,
		    bool *timer);
/* The same of all that waits for a thread: its own, then its process's. tasks_lock held. */
int signal_take(struct task *task, __kernel_sigset_t blocked, struct ksiginfo *info);
/* Does the signal of that timer wait? And: forgets it. */
bool sigpending_timer(const struct sigpending *pending, int signo, int timer);
void sigpending_drop_timer(struct sigpending *pending, int signo, int timer);
/* Forgets the signals of the set. */
void sigpending_flush(struct sigpending *pending, __kernel_sigset_t set);

/* ---- send.c: tasks_lock held ---- */

/* From the kernel itself. */
#define KERNEL_SIGNAL(n)	(&(struct ksiginfo){ .signo = (n), .code = SI_KERNEL })
/* From the running process, as kill(2) sends it. */
void siginfo_user(struct ksiginfo *info, int signo, int code);
/*
 * Sends a signal to a process (task NULL) or to one of its threads. 0, or -EAGAIN: it had to be
 * queued, and RLIMIT_SIGPENDING or memory did not allow it.
 */
int signal_send(struct process *process, struct task *task, const struct ksiginfo *info);
/* The same for a timer, which knows by sigpending_timer() whether the signal waits. */
void signal_send_timer(struct process *process, struct task *task, const struct ksiginfo *info);
/* From the running process, without further words. */
void signal_process(struct process *process, int signo);
void signal_task(struct task *task, int signo);
/* To all processes of a group, from the kernel; true if there are any. */
bool signal_group(int pgid, int signo);
/* Is the signal ignored, by choice or by default? */
bool signal_ignored(const struct process *process, int signo);
/* The thread gets no more signals of the process: others shall take those that it would have. */
void signal_retarget(struct process *process, const struct task *except, __kernel_sigset_t set);

/* ---- force.c ---- */

/*
 * To the running thread, which cannot refuse: if it blocks or ignores the signal, or has no
 * handler, its process ends, and the answer is true. tasks_lock not held.
 */
bool signal_force(const struct ksiginfo *info);
/* The running process ends by the signal, on its way to user mode. tasks_lock not held. */
void signal_end(int signo);
/* A handler's frame could not be written, or not be read. */
void signal_force_segv(int signo);

/* ---- deliver.c ---- */

/* On the way to user mode, because of WORK_SIGNAL: runs handlers, stops, ends; restarts calls. */
void signal_deliver(struct pt_regs *regs);
/* Sets WORK_SIGNAL again, or clears it, by what is pending. tasks_lock held. */
void signal_recalc(void);
/* Changes the running thread's mask. tasks_lock not held. */
void signal_set_blocked(__kernel_sigset_t set);

/* ---- suspend.c ---- */

/*
 * For calls that wait with another mask (ppoll, pselect): sets it until the thread is back in user
 * mode, or the call has ended otherwise. user NULL: nothing. 0, -EINVAL, -EFAULT.
 */
int signal_mask_for_wait(const void *user, size_t size);
/* The end of that: ret -ERESTARTNOHAND or -EINTR leaves it to the signal's delivery. */
void signal_mask_restore(long ret);

/* ---- stop.c: tasks_lock held ---- */

/* All threads of the process shall stop. */
void stop_begin(struct process *process, int signo);
/* Stops the running thread until the process goes on. Drops the lock meanwhile. */
void stop_here(void);
/* A thread has stopped or ended: are now all stopped? Tells the parent. */
void stop_check(struct process *process);
/* SIGCONT: goes on, if it is stopped or about to be. */
void stop_end(struct process *process);
/* Has nobody in the session, outside of it, a child in the group? Except: this one. */
bool group_orphaned(int pgid, const struct process *except);
/*
 * The process has lost its parent; or ends itself, and is the exception. A group that has stopped
 * members and is orphaned by that gets SIGHUP and SIGCONT.
 */
void orphan_group(const struct process *process, const struct process *parent,
		  const struct process *except);
/* What SIGCHLD says of the child; status as wait4 reports it. */
void siginfo_child(struct ksiginfo *info, const struct process *child, int status);

/* Writes a whole struct __kernel_siginfo. 0 or -EFAULT. */
int siginfo_to_user(void *user, const struct ksiginfo *info);
