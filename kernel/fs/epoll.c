/*
 * epoll(7): a set of files that is waited for as a whole.
 *
 * An item of the set queues with its file, as poll() does, but its waiters call on_event() in place
 * of waking a task: the item goes to the ready list, and who sleeps in epoll_wait() is woken. They
 * stay queued as long as the item lives; what holds of the file is asked when events are collected.
 * An item for another set has no waiter there: it is one of that set's watchers, and becomes ready
 * with it, so that no set's queue is ever locked inside another's.
 *
 * epoll_mutex holds together sets, items and files: an item does not keep its file open, so the
 * last close takes it out of the set. Ready lists and watchers are under ready_lock, which wakers
 * take.
 */
#include <sys/tree.h>
#include "kernel/fs/epoll.h"
#include "kernel/fs/files.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/poll.h"
#include "kernel/signal/signal.h"
#include "kernel/syscall.h"
#include "kernel/time/time.h"
#include "kernel/uapi/epoll.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "mm/slab.h"

#define MAX_EVENTS	((int)(0x7fffffff / sizeof(struct epoll_event)))
#define ALWAYS		((u32)(POLLERR | POLLHUP))
/* Bits that say how to report, not what. */
#define HOW		(EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE)
#define EXCLUSIVE_OK	(POLLIN | POLLOUT | ALWAYS | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)
#define MAX_DEPTH	5u	/* sets in sets */

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
	LIST_ENTRY(epoll_item) watcher_link;	/* the file is a set: its watchers */
};

TAILQ_HEAD(ready_list, epoll_item);
RB_HEAD(epoll_tree, epoll_item);

struct epoll {
	struct epoll_tree items;
	struct ready_list ready;
	struct epoll_item_list watchers;
	struct wait_queue wait;
};

static const struct file_operations epoll_fops;
static spinlock_t ready_lock = SPINLOCK_INIT(LOCK_EPOLL_READY);	/* interrupts off */
static struct mutex epoll_mutex;
static struct kmem_cache *epoll_cache, *item_cache;

static int item_cmp(const struct epoll_item *a, const struct epoll_item *b)
{
	if (a->file != b->file)
		return (unsigned long)a->file < (unsigned long)b->file ? -1 : 1;
	return a->fd < b->fd ? -1 : a->fd > b->fd;
}

RB_GENERATE_STATIC(epoll_tree, epoll_item, link, item_cmp)

/* ---- events ---- */

static struct epoll *set_of(const struct file *file)
{
	return file->ops == &epoll_fops ? file->private : NULL;
}

/*
 * Also for the sets that watch this one: as deep as sets may be in sets. A watcher that is ready
 * already has been told, and nobody has looked since. ready_lock held.
 */
static void make_ready_locked(struct epoll_item *item)
{
	struct epoll_item *watcher;

	if (!item->ready) {
		item->ready = true;
		TAILQ_INSERT_TAIL(&item->ep->ready, item, ready_link);
	}
	wake_up_events(&item->ep->wait, POLLIN);
	LIST_FOREACH(watcher, &item->ep->watchers, watcher_link)
		make_ready_locked(watcher);
}

static void make_ready(struct epoll_item *item)
{
	unsigned long flags = spin_lock_irqsave(&ready_lock);

	make_ready_locked(item);
	spin_unlock_irqrestore(&ready_lock, flags);
}

/* A queue of the file has been woken; its lock is held. */
static void on_event(struct epoll_item *item, unsigned int events)
{
	u32 wanted = READ_ONCE(item->event.events);

	if (wanted & ~HOW && (!events || events & (wanted | ALWAYS)))
		make_ready(item);
}

static void on_first(struct waiter *waiter, unsigned int events)
{
	on_event(container_of(waiter, struct epoll_item, waiters.waiter[0]), events);
}

static void on_second(struct waiter *waiter, unsigned int events)
{
	on_event(container_of(waiter, struct epoll_item, waiters.waiter[1]), events);
}

static void queue_item(struct poll_table *table, struct wait_queue *wq)
{
	struct epoll_item *item = container_of(table, struct epoll_item, table);

	if (!set_of(item->file))
		poll_waiters_add(&item->waiters, wq);
}

static u32 epoll_events(struct epoll *ep);

/* What holds of what the item wants. epoll_mutex held. */
static u32 ask(struct epoll_item *item)
{
	struct file *file = item->file;
	u32 wanted = item->event.events & ~HOW, events;

	if (!wanted)
		return 0;		/* a one-shot that has been used */
	events = set_of(file) ? epoll_events(set_of(file)) :
			       (u16)file->ops->poll(file, &item->table);
	return events & (wanted | ALWAYS);
}

/* ---- the set; epoll_mutex held ---- */

static void leave_queues(struct poll_waiters *waiters)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(waiters->wq) && waiters->wq[i]; i++)
		remove_waiter(waiters->wq[i], &waiters->waiter[i]);
}

static void remove_item(struct epoll_item *item)
{
	struct epoll *ep = item->ep;
	unsigned long flags;

	leave_queues(&item->waiters);
	flags = spin_lock_irqsave(&ready_lock);
	if (set_of(item->file))
		LIST_REMOVE(item, watcher_link);
	if (item->ready)
		TAILQ_REMOVE(&ep->ready, item, ready_link);
	spin_unlock_irqrestore(&ready_lock, flags);
	RB_REMOVE(epoll_tree, &ep->items, item);
	LIST_REMOVE(item, file_link);
	kmem_cache_free(item_cache, item);
}

static struct epoll_item *find_item(struct epoll *ep, struct file *file, int fd)
{
	struct epoll_item key = { .file = file, .fd = fd };

	return RB_FIND(epoll_tree, &ep->items, &key);
}

static void watch_set(struct epoll_item *item, struct epoll *watched)
{
	unsigned long flags = spin_lock_irqsave(&ready_lock);

	LIST_INSERT_HEAD(&watched->watchers, item, watcher_link);
	spin_unlock_irqrestore(&ready_lock, flags);
}

/* The file is asked after the waiters are queued and the events are set: none is lost. */
static void start_item(struct epoll_item *item)
{
	smp_mb();	/* pairs with the lock of the file's queue, which a waker takes after the change */
	if (ask(item))
		make_ready(item);
}

/* Sets below this one; more than MAX_DEPTH for a circle that leads to `above`. */
static unsigned int depth_below(struct epoll *ep, const struct epoll *above, unsigned int level)
{
	struct epoll_item *item;
	unsigned int depth = level;

	if (ep == above || level > MAX_DEPTH)
		return MAX_DEPTH + 1;
	RB_FOREACH(item, epoll_tree, &ep->items) {
		if (set_of(item->file))
			depth = max(depth, depth_below(set_of(item->file), above, level + 1));
	}
	return depth;
}

static unsigned int depth_above(const struct epoll *ep, unsigned int level)
{
	struct epoll_item *watcher;
	unsigned int depth = level;

	if (level > MAX_DEPTH)
		return level;
	LIST_FOREACH(watcher, &ep->watchers, watcher_link)
		depth = max(depth, depth_above(watcher->ep, level + 1));
	return depth;
}

/* May the set get another one as an item? -ELOOP. */
static long check_nesting(struct epoll *ep, struct epoll *nested)
{
	return depth_above(ep, 0) + depth_below(nested, ep, 1) > MAX_DEPTH ? -ELOOP : 0;
}

static long add_item(struct epoll *ep, struct file *file, int fd, const struct epoll_event *event)
{
	struct epoll_item *item = kmem_cache_alloc(item_cache, GFP_KERNEL | GFP_ZERO);

	if (!item)
		return -ENOMEM;
	item->ep = ep;
	item->file = file;
	item->fd = fd;
	item->event = *event;
	item->table.queue = queue_item;
	item->waiters.waiter[0].func = on_first;
	item->waiters.waiter[1].func = on_second;
	RB_INSERT(epoll_tree, &ep->items, item);
	LIST_INSERT_HEAD(&file->epoll_items, item, file_link);
	if (set_of(file))
		watch_set(item, set_of(file));
	start_item(item);
	return 0;
}

static long modify_item(struct epoll_item *item, const struct epoll_event *event)
{
	if (item->event.events & EPOLLEXCLUSIVE || event->events & EPOLLEXCLUSIVE)
		return -EINVAL;
	item->event.data = event->data;
	WRITE_ONCE(item->event.events, event->events);
	start_item(item);
	return 0;
}

static long control(struct epoll *ep, int op, struct file *file, int fd,
		    const struct epoll_event *event)
{
	struct epoll_item *item = find_item(ep, file, fd);
	long ret = 0;

	if (op == EPOLL_CTL_ADD) {
		if (set_of(file))
			ret = check_nesting(ep, set_of(file));
		if (ret)
			return ret;
		return item ? -EEXIST : add_item(ep, file, fd, event);
	}
	if (!item)
		return -ENOENT;
	if (op == EPOLL_CTL_MOD)
		return modify_item(item, event);
	remove_item(item);
	return 0;
}

void epoll_forget_file(struct file *file)
{
	mutex_lock(&epoll_mutex);
	while (!LIST_EMPTY(&file->epoll_items))
		remove_item(LIST_FIRST(&file->epoll_items));
	mutex_unlock(&epoll_mutex);
}

/* ---- collecting ---- */

static struct epoll_item *next_ready(struct ready_list *list)
{
	unsigned long flags = spin_lock_irqsave(&ready_lock);
	struct epoll_item *item = TAILQ_FIRST(list);

	if (item) {
		TAILQ_REMOVE(list, item, ready_link);
		item->ready = false;
	}
	spin_unlock_irqrestore(&ready_lock, flags);
	return item;
}

static void keep_ready(struct ready_list *list, struct epoll_item *item)
{
	unsigned long flags = spin_lock_irqsave(&ready_lock);

	if (!item->ready) {
		item->ready = true;
		TAILQ_INSERT_TAIL(list, item, ready_link);
	}
	spin_unlock_irqrestore(&ready_lock, flags);
}

/*
 * Reports up to max events. Level-triggered items go to the end of the list again: the next call asks
 * them anew. An item is taken off first, so that an event that comes while we look is not lost.
 */
static int collect(struct epoll *ep, struct epoll_event *user, int max)
{
	struct ready_list again = TAILQ_HEAD_INITIALIZER(again);
	struct epoll_item *item;
	unsigned long flags;
	int n = 0;

	while (n < max && (item = next_ready(&ep->ready))) {
		struct epoll_event event = { .events = ask(item), .data = item->event.data };

		if (!event.events)
			continue;
		if (user && copy_to_user(user + n, &event, sizeof(event))) {
			keep_ready(&again, item);
			n = n ? n : -EFAULT;
			break;
		}
		n++;
		if (!user || !(item->event.events & (EPOLLET | EPOLLONESHOT)))
			keep_ready(&again, item);
		else if (item->event.events & EPOLLONESHOT)
			WRITE_ONCE(item->event.events, item->event.events & HOW);
	}
	flags = spin_lock_irqsave(&ready_lock);
	TAILQ_CONCAT(&ep->ready, &again, ready_link);
	spin_unlock_irqrestore(&ready_lock, flags);
	return n;
}

static int collect_locked(struct epoll *ep, struct epoll_event *user, int max)
{
	int n;

	mutex_lock(&epoll_mutex);
	n = collect(ep, user, max);
	mutex_unlock(&epoll_mutex);
	return n;
}

/* What poll() says of a set; nothing is used up. epoll_mutex held. */
static u32 epoll_events(struct epoll *ep)
{
	return collect(ep, NULL, 1) > 0 ? POLLIN | POLLRDNORM : 0;
}

static int wait_until_ready(struct epoll *ep, u64 deadline)
{
	struct waiter self = { .task = current_task() };
	int ret = 0;

	prepare_to_wait_interruptible(&ep->wait, &self);
	if (TAILQ_EMPTY(&ep->ready)) {
		if (signal_pending())
			ret = -EINTR;
		else
			schedule_until(deadline);
	}
	finish_wait(&ep->wait, &self);
	return ret;
}

static int epoll_wait_for(struct epoll *ep, struct epoll_event *user, int max, u64 deadline)
{
	for (;;) {
		int ret = collect_locked(ep, user, max);

		if (ret || clock_ns() >= deadline)
			return ret;
		ret = wait_until_ready(ep, deadline);
		if (ret)
			return ret;
	}
}

/* ---- the set as a file ---- */

static short epoll_poll(struct file *file, struct poll_table *table)
{
	struct epoll *ep = file->private;
	u32 events;

	poll_add(table, &ep->wait);
	mutex_lock(&epoll_mutex);
	events = epoll_events(ep);
	mutex_unlock(&epoll_mutex);
	return (short)events;
}

static void epoll_release(struct file *file)
{
	struct epoll *ep = file->private;
	struct epoll_item *item;

	mutex_lock(&epoll_mutex);
	while ((item = RB_ROOT(&ep->items)))
		remove_item(item);
	mutex_unlock(&epoll_mutex);
	kmem_cache_free(epoll_cache, ep);
}

static const char *epoll_name(const struct file *file, char *buf, size_t size)
{
	return "anon_inode:[eventpoll]";
}

static const struct file_operations epoll_fops = {
	.poll = epoll_poll,
	.release = epoll_release,
	.name = epoll_name,
};

/* ---- the calls ---- */

static long do_epoll_create(int flags)
{
	struct epoll *ep;
	struct file *file;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	ep = kmem_cache_alloc(epoll_cache, GFP_KERNEL | GFP_ZERO);
	if (!ep)
		return -ENOMEM;
	RB_INIT(&ep->items);
	TAILQ_INIT(&ep->ready);
	LIST_INIT(&ep->watchers);
	wait_queue_init(&ep->wait);
	spin_lock_init(&ep->wait.lock, LOCK_EPOLL_WAIT);
	file = anon_file(NULL, &epoll_fops, ep, O_RDWR);
	if (!IS_ERR(file))
		return fd_new(file, flags & EPOLL_CLOEXEC);
	kmem_cache_free(epoll_cache, ep);
	return PTR_ERR(file);
}

SYSCALL_DEFINE1(epoll_create, int, size) { return size > 0 ? do_epoll_create(0) : -EINVAL; }
SYSCALL_DEFINE1(epoll_create1, int, flags) { return do_epoll_create(flags); }

static long check_control(const struct file *set, int op, const struct file *file, u32 events)
{
	if (!file->ops->poll)
		return -EPERM;
	if (file == set || !set_of(set))
		return -EINVAL;
	/* What wakes only some of the sets is said when the item is made, and not of sets. */
	if (op != EPOLL_CTL_DEL && events & EPOLLEXCLUSIVE &&
	    (op == EPOLL_CTL_MOD || set_of(file) || events & ~EXCLUSIVE_OK))
		return -EINVAL;
	return op < EPOLL_CTL_ADD || op > EPOLL_CTL_MOD ? -EINVAL : 0;
}

static long control_files(struct file *set, int op, struct file *file, int fd,
			  const struct epoll_event *event)
{
	long ret;

	if (!set || !file)
		return -EBADF;
	ret = check_control(set, op, file, event->events);
	if (ret)
		return ret;
	mutex_lock(&epoll_mutex);
	ret = control(set->private, op, file, fd, event);
	mutex_unlock(&epoll_mutex);
	return ret;
}

SYSCALL_DEFINE4(epoll_ctl, int, epfd, int, op, int, fd, const struct epoll_event *, user)
{
	struct epoll_event event = { 0 };
	struct fd set, f;
	long ret;

	if (op != EPOLL_CTL_DEL && copy_from_user(&event, user, sizeof(event)))
		return -EFAULT;
	set = fd_get_io(epfd);
	f = fd_get_io(fd);
	ret = control_files(set.file, op, f.file, fd, &event);
	fd_put(f);
	fd_put(set);
	return ret;
}

static long do_epoll_wait(int epfd, struct epoll_event *user, int max, u64 deadline)
{
	struct fd set;
	long ret = -EINVAL;

	if (max <= 0 || max > MAX_EVENTS)
		return -EINVAL;
	set = fd_get_io(epfd);
	if (!set.file)
		return -EBADF;
	if (set_of(set.file))
		ret = epoll_wait_for(set.file->private, user, max, deadline);
	fd_put(set);
	return ret;
}

static u64 deadline_of_ms(int ms)
{
	return ms < 0 ? NO_DEADLINE : ms ? deadline_after((u64)ms * 1000000) : 0;
}

SYSCALL_DEFINE4(epoll_wait, int, epfd, struct epoll_event *, events, int, max, int, timeout_ms)
{
	return do_epoll_wait(epfd, events, max, deadline_of_ms(timeout_ms));
}

/* With another signal mask: until the handler has run, if a signal ends it. */
static long wait_masked(int epfd, struct epoll_event *events, int max, u64 deadline,
			const void *mask, size_t size)
{
	long ret = signal_mask_for_wait(mask, size);

	if (ret)
		return ret;
	ret = do_epoll_wait(epfd, events, max, deadline);
	signal_mask_restore(ret);
	return ret;
}

SYSCALL_DEFINE6(epoll_pwait, int, epfd, struct epoll_event *, events, int, max, int, timeout_ms,
		const void *, mask, size_t, size)
{
	return wait_masked(epfd, events, max, deadline_of_ms(timeout_ms), mask, size);
}

SYSCALL_DEFINE6(epoll_pwait2, int, epfd, struct epoll_event *, events, int, max,
		const struct __kernel_timespec *, timeout, const void *, mask, size_t, size)
{
	u64 deadline;
	long ret = poll_deadline(&deadline, timeout);

	return ret ? ret : wait_masked(epfd, events, max, deadline, mask, size);
}

void epoll_init(void)
{
	mutex_init(&epoll_mutex, LOCK_EPOLL);
	epoll_cache = kmem_cache_create("epoll", sizeof(struct epoll), 0);
	item_cache = kmem_cache_create("epoll_item", sizeof(struct epoll_item), 0);
}
