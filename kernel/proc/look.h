/* One look at a process, or at one of its threads, for the files of /proc/PID that tell of it. */
#pragma once
#include "kernel/proc/proc.h"

/* What a thread is doing, as Linux's letters say it. */
enum look_state { RUNNING = 'R', SLEEPING = 'S', WAITING = 'D', STOPPED = 'T', ZOMBIE = 'Z' };

struct look {
	int pid, tid, ppid, pgid, sid;
	bool may_access; /* who looks may see where things lie in its memory, too */
	bool has_execed, randomized, no_new_privs;
	struct thread_traits thread; /* name, CPU, ... of the thread, be it there or gone */
	enum look_state state;
	unsigned int threads, fds; /* fds: the size of its table of descriptors */
	int umask;		   /* -1: it has none any more */
	struct cpu_time time, children_time;
	struct uses uses, children_uses;
	u64 start_ns;
	u64 pending, shared_pending, ignored, caught;
	u64 queued; /* signals that wait for processes of its user */
	struct rlimit64 rlimits[RLIM_NLIMITS];
	struct cred cred;
	int exit_signal, exit_code;
	int tty_pgrp; /* of its terminal; 0: it has none */
};

/* Pages of the program's own text. */
static inline unsigned long text_pages(const struct mm_struct *mm)
{
	return (ALIGN_UP(mm->end_code, PAGE_SIZE) - ALIGN_DOWN(mm->start_code, PAGE_SIZE)) >>
	       PAGE_SHIFT;
}

/*
 * Of all of the process, or of a thread alone if the target is one. 0, -ESRCH: it is gone. Takes
 * tasks_lock.
 */
int look_at(struct look *look, const struct proc_target *target);
