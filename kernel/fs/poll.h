/* What a file's poll operation uses, and waiting for several files: poll.c, select.c, epoll.c. */
#pragma once
#include "kernel/base/wait.h"
#include "kernel/fs/files.h"
#include "kernel/uapi/poll.h"
#include "kernel/uapi/time.h"

/* Who asks: queue() puts the waiter of his on the queue. NULL: he does not wait. */
struct poll_table {
	void (*queue)(struct poll_table *table, struct wait_queue *wq);
};

/* The caller of poll() will be woken with this queue. At most two for a file. */
static inline void poll_add(struct poll_table *table, struct wait_queue *wq)
{
	if (table->queue)
		table->queue(table, wq);
}

/* Waiters of one who waits for a file, on the queues that its poll operation named. */
struct poll_waiters {
	struct waiter waiter[2];
	struct wait_queue *wq[2];	/* where they are; NULL: nowhere yet */
};
/* Queues the one that belongs to wq: a second time has no effect. */
void poll_waiters_add(struct poll_waiters *waiters, struct wait_queue *wq);

/* ---- poll.c: a list of files ---- */

struct poll_item {
	struct pollfd pollfd;
	struct fd fd;
	struct poll_table table;
	struct poll_waiters waiters;
};

/* n items; the descriptors that they will have are the caller's to put. NULL: no memory. */
struct poll_item *poll_items_alloc(unsigned int n);
void poll_items_free(struct poll_item *items, unsigned int n);
/* Sets revents of all. The number of items that are ready, 0 at the deadline, -EINTR. */
int poll_wait(struct poll_item *items, unsigned int n, u64 deadline);

/* ---- select.c: timeouts of ppoll() and pselect6() ---- */

/* The end of what the program gave, 0: at once; NULL: never. 0, -EFAULT, -EINVAL. */
long poll_deadline(u64 *deadline, const struct __kernel_timespec *user);
/*
 * At the end of the call: the program gets the time that is left. ret, or -EINTR in place of a
 * restart that could not go by it.
 */
long poll_remaining(struct __kernel_timespec *user, u64 deadline, long ret);
