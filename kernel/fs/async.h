/*
 * Files that tell of events by a signal: whom, by which (F_SETOWN, F_SETSIG), and whether
 * (O_ASYNC); fcntl(2), "Managing signals". All is under tasks_lock, as signals are.
 */
#pragma once
#include <sys/queue.h>
#include "kernel/base/types.h"

struct async_entry;
struct file;

/* Beside a wait queue: files that want a signal for what happens there. All 0: none. */
struct async_list {
	LIST_HEAD(, async_entry) files;
	const int *group;	/* who is told for a file without an owner; NULL: nobody */
};

/* Sends it: POLL_IN, POLL_OUT, POLL_HUP. Sleeping locks may be held, tasks_lock not. */
void kill_async(struct async_list *list, int code);

/* F_SETOWN, F_SETOWN_EX, F_SETSIG, and those that ask. */
long fcntl_owner(struct file *file, int cmd, unsigned long arg);
/*
 * O_ASYNC, for a file whose operations know lists. fd is what signals will say. 0 or -ENOMEM. May
 * sleep.
 */
long file_set_async(struct file *file, int fd, bool on);
/* The last reference goes. */
void file_drop_async(struct file *file);
