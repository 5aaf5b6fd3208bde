/*
 * What an epoll set is made of: epoll.c, and eventpoll_nest.c on sets in sets.
 *
 * Locks, in the order in which they are taken: the nesting mutex; the mutexes of sets, that of a
 * set before those of sets in it; the queues of files; links_lock; ready_lock; the queue of those
 * who wait for the set.
 */
#pragma once
#include <sys/tree.h>
#include "kernel/base/rwsem.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/poll.h"
#include "kernel/uapi/epoll.h"

struct epoll_item {
	RB_ENTRY(epoll_item) link;		/* the set's, by file and number */
	LIST_ENTRY(epoll_item) file_link;	/* file->epoll_items */
	struct epoll *ep;
	struct file *file;
	int fd;
	struct epoll_event event;
	struct poll_table table;
	struct poll_waiters waiters;
	bool ready;				/* on the ready list */
	TAILQ_ENTRY(epoll_item) ready_link;
};

TAILQ_HEAD(ready_list, epoll_item);
RB_HEAD(epoll_tree, epoll_item);
RB_PROTOTYPE(epoll_tree, epoll_item, link, item_cmp)

struct epoll {
	atomic_t refcount;	/* the file's, and those of whoever takes another file out */
	struct file *file;	/* the set's own: its items are of the sets that this one is in */
	struct mutex mutex;	/* the items, and while their files are asked */
	struct epoll_tree items;
	spinlock_t ready_lock;	/* interrupts off */
	struct ready_list ready;
	struct wait_queue wait;
	u64 walk;		/* the last walk that came here; under the nesting mutex */
	unsigned int depth;	/* what it found below */
};

/* All files' lists of items. Interrupts off: taken by what a queue calls. */
extern spinlock_t links_lock;

/* The set that the file is; NULL: it is something else. */
struct epoll *epoll_of(const struct file *file);

/* Is it in another set? Without a lock: what it was a moment ago. */
static inline bool epoll_is_nested(const struct epoll *ep)
{
	return !LIST_EMPTY(&ep->file->epoll_items);
}

/* ---- eventpoll_nest.c ---- */

void epoll_nest_init(void);
/*
 * Nobody else nests sets from here to the unlock. May ep get the other as an item (NULL: a file
 * that is no set)? -ELOOP, without the lock: it would be in itself, or they would be too many in a
 * row. May sleep; no set's mutex held.
 */
long epoll_nesting_lock(struct epoll *ep, struct epoll *nested);
void epoll_nesting_unlock(void);
/*
 * Are there not too many ways from a file to sets, now that there is this item? What a file wakes
 * is bounded by that. The nesting lock and the mutex of the item's set are held.
 */
bool epoll_paths_fit(struct epoll_item *item);
