/*
 * Whose a process is: its users and groups. Root (an effective user of 0; for files,
 * kernel/fs/permission.h, an fsuid of 0) has every privilege, nobody else has any. One set for a
 * process, where Linux has one for each thread and leaves it to C libraries to keep them equal.
 */
#pragma once
#include "kernel/base/types.h"

struct process;

#define NGROUPS		32	/* supplementary groups that a process can have */

struct ids {
	u32 real, effective, saved;
	u32 fs;				/* for files: the effective one, but after setfsuid() */
};

/* Under tasks_lock; the running process reads its own without it. */
struct cred {
	struct ids uid, gid;
	unsigned int ngroups;
	u32 groups[NGROUPS];
};

/* Has the running process root's privileges? */
bool capable(void);
/* May the running process send signals to that one? tasks_lock held. */
bool may_signal(const struct process *process, int signo);
/* ... change how its threads are scheduled? tasks_lock held. */
bool may_schedule(const struct process *process);
/* ... ask for its limits, and change them? tasks_lock held. */
bool may_limit(const struct process *process);
/* ... look at its memory? Not if that may hold secrets of others. tasks_lock held. */
bool may_access_process(const struct process *process);
/*
 * May it exec? Not if it became a user with more threads than RLIMIT_NPROC, as
 * long as these are there.
 */
bool cred_may_exec(struct process *process);
/*
 * exec: these are the users now, and the effective ones become the saved ones. secret: nobody but
 * root may look at the program. tasks_lock held.
 */
void cred_exec(struct process *process, const struct ids *uid, const struct ids *gid, bool secret);
