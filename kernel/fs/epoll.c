/*
 * epoll(7): a set of files that is waited for as a whole.
 *
 * An item of the set queues with its file, as poll() does, but its waiters call on_event() in
 * place of waking a task: the item goes to the ready list, and who sleeps in epoll_wait() is
 * woken. They stay queued as long as the item lives; what holds of the file is asked when events
 * are collected. An item for another set has no waiter there: it becomes ready with that set,
 * which finds it by its file, so that no set's queue is ever locked inside another's.
 *
 * Sets have nothing in common but links_lock, for moments: each has a mutex for its items and a
 * spin lock for its ready list. An item does not keep its file open: the last close takes it out.
 */
#include "kernel/fs/epoll.h"
#include "kernel/fs/eventpoll.h"
#include "kernel/fs/files.h"
#include "kernel/fs/poll.h"
#include "kernel/signal/signal.h"
#include "kernel/syscall.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "mm/slab.h"

#define MAX_EVENTS	((int)(0x7fffffff / sizeof(struct epoll_event)))
#define ALWAYS		((u32)(POLLERR | POLLHUP))
/* Bits that say how to report, not what. */
#define HOW		(EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE)
#define EXCLUSIVE_OK	(POLLIN | POLLOUT | ALWAYS | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

static const struct file_operations epoll_fops;
static struct kmem_cache *epoll_cache, *item_cache;

static int item_cmp(const struct epoll_item *a, const struct epoll_item *b)
{
	if (a->file != b->file)
		return (unsigned long)a->file < (unsigned long)b->file ? -1 : 1;
	return a->fd < b->fd ? -1 : a->fd > b->fd;
}

RB_GENERATE(epoll_tree, epoll_item, link, item_cmp)

static void epoll_put(struct epoll *ep)
{
	if (atomic_dec_and_test(&ep->refcount))
		kmem_cache_free(epoll_cache, ep);
}

/* ---- events ---- */

struct epoll *epoll_of(const struct file *file)
{
	return file->ops == &epoll_fops ? file->private : NULL;
}

/* On the list, if it is not there yet. */
static void put_on_ready(struct epoll_item *item, struct ready_list *list)
{
	unsigned long flags = spin_lock_irqsave(&item->ep->ready_lock);

	if (!item->ready) {
		item->ready = true;
		TAILQ_INSERT_TAIL(list, item, ready_link);
	}
	spin_unlock_irqrestore(&item->ep->ready_lock, flags);
}

static void make_ready_here(struct epoll_item *item)
{
	put_on_ready(item, &item->ep->ready);
	wake_up_events(&item->ep->wait, POLLIN);
}

/*
 * Also for the sets that the set is in: as deep as sets may be in sets, on as many ways as there
 * may be (eventpoll_nest.c). links_lock held.
 */
static void tell_watchers(struct epoll *ep)
{
	struct epoll_item *watcher;

	LIST_FOREACH(watcher, &ep->file->epoll_items, file_link) {
		make_ready_here(watcher);
		tell_watchers(watcher->ep);
	}
}

/*
 * The lock of the ready list orders the look for watchers: who becomes one asks the set
 * afterwards, under that lock, and finds the item there, or is found here. The set stays: its
 * mutex is held, or a queue that the item is in.
 */
static void make_ready(struct epoll_item *item)
{
	struct epoll *ep = item->ep;
	unsigned long flags;

	make_ready_here(item);
	if (likely(!epoll_is_nested(ep)))
		return;
	flags = spin_lock_irqsave(&links_lock);
	tell_watchers(ep);
	spin_unlock_irqrestore(&links_lock, flags);
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

	if (!epoll_of(item->file))
		poll_waiters_add(&item->waiters, wq);
}

/* What holds of what the item wants. The set's mutex is held. */
static u32 ask(struct epoll_item *item)
{
	struct file *file = item->file;
	u32 wanted = item->event.events & ~HOW;

	if (!wanted)
		return 0;		/* a one-shot that has been used */
	return (u16)file->ops->poll(file, &item->table) & (wanted | ALWAYS);
}

/* ---- the set; its mutex held ---- */

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
	flags = spin_lock_irqsave(&links_lock);
	LIST_REMOVE(item, file_link);
	spin_unlock_irqrestore(&links_lock, flags);
	/* Nobody makes it ready any more. */
	if (item->ready) {
		flags = spin_lock_irqsave(&ep->ready_lock);
		TAILQ_REMOVE(&ep->ready, item, ready_link);
		spin_unlock_irqrestore(&ep->ready_lock, flags);
	}
	RB_REMOVE(epoll_tree, &ep->items, item);
	kmem_cache_free(item_cache, item);
}

static struct epoll_item *find_item(struct epoll *ep, struct file *file, int fd)
{
	struct epoll_item key = { .file = file, .fd = fd };

	return RB_FIND(epoll_tree, &ep->items, &key);
}

/* The file is asked after the waiters are queued and the events are set: none is lost. */
static void start_item(struct epoll_item *item)
{
	/* Pairs with the lock of the file's queue, which a waker takes after the change. */
	smp_mb();
	if (ask(item))
		make_ready(item);
}

/* nests: the set is in sets, or the file is one, and epoll_nesting_lock() was taken. */
static long add_item(struct epoll *ep, struct file *file, int fd, const struct epoll_event *event,
		     bool nests)
{
	struct epoll_item *item = kmem_cache_alloc(item_cache, GFP_KERNEL | GFP_ZERO);
	unsigned long flags;

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
	flags = spin_lock_irqsave(&links_lock);
	LIST_INSERT_HEAD(&file->epoll_items, item, file_link);
	spin_unlock_irqrestore(&links_lock, flags);
	if (nests && !epoll_paths_fit(item)) {
		remove_item(item);
		return -EINVAL;
	}
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
		    const struct epoll_event *event, bool nests)
{
	struct epoll_item *item = find_item(ep, file, fd);

	if (op == EPOLL_CTL_ADD)
		return item ? -EEXIST : add_item(ep, file, fd, event, nests);
	if (!item)
		return -ENOENT;
	if (op == EPOLL_CTL_MOD)
		return modify_item(item, event);
	remove_item(item);
	return 0;
}

/* One of the sets that the file is in, counted. */
static struct epoll *set_with(const struct file *file)
{
	unsigned long flags = spin_lock_irqsave(&links_lock);
	const struct epoll_item *item = LIST_FIRST(&file->epoll_items);
	struct epoll *ep = item ? item->ep : NULL;

	if (ep)
		atomic_inc(&ep->refcount);
	spin_unlock_irqrestore(&links_lock, flags);
	return ep;
}

static struct epoll_item *item_in_set(const struct file *file, const struct epoll *ep)
{
	unsigned long flags = spin_lock_irqsave(&links_lock);
	struct epoll_item *item;

	LIST_FOREACH(item, &file->epoll_items, file_link) {
		if (item->ep == ep)
			break;
	}
	spin_unlock_irqrestore(&links_lock, flags);
	return item;
}

/* Nobody has the file open: it comes into no other set. Those that it is in may be going, too. */
void epoll_forget_file(struct file *file)
{
	struct epoll_item *item;
	struct epoll *ep;

	while ((ep = set_with(file))) {
		mutex_lock(&ep->mutex);
		while ((item = item_in_set(file, ep)))
			remove_item(item);
		mutex_unlock(&ep->mutex);
		epoll_put(ep);
	}
}

/* ---- collecting ---- */

static struct epoll_item *next_ready(struct epoll *ep)
{
	unsigned long flags = spin_lock_irqsave(&ep->ready_lock);
	struct epoll_item *item = TAILQ_FIRST(&ep->ready);

	if (item) {
		TAILQ_REMOVE(&ep->ready, item, ready_link);
		item->ready = false;
	}
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	return item;
}

/*
 * Reports up to max events. Level-triggered items go to the end of the list again: the next call
 * asks them anew. An item is taken off first, so that an event that comes while we look is not
 * lost; who wanted to sleep meanwhile has not seen those of ours.
 */
static int collect(struct epoll *ep, struct epoll_event *user, int max)
{
	struct ready_list again = TAILQ_HEAD_INITIALIZER(again);
	struct epoll_item *item;
	unsigned long flags;
	int n = 0;

	while (n < max && (item = next_ready(ep))) {
		struct epoll_event event = { .events = ask(item), .data = item->event.data };

		if (!event.events)
			continue;
		if (user && copy_to_user(user + n, &event, sizeof(event))) {
			put_on_ready(item, &again);
			n = n ? n : -EFAULT;
			break;
		}
		n++;
		if (!user || !(item->event.events & (EPOLLET | EPOLLONESHOT)))
			put_on_ready(item, &again);
		else if (item->event.events & EPOLLONESHOT)
			WRITE_ONCE(item->event.events, item->event.events & HOW);
	}
	if (TAILQ_EMPTY(&again))
		return n;
	flags = spin_lock_irqsave(&ep->ready_lock);
	TAILQ_CONCAT(&ep->ready, &again, ready_link);
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	wake_up(&ep->wait);
	return n;
}

static int collect_locked(struct epoll *ep, struct epoll_event *user, int max)
{
	int n;

	mutex_lock(&ep->mutex);
	n = collect(ep, user, max);
	mutex_unlock(&ep->mutex);
	return n;
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

/* Nothing is used up. Perhaps the mutex of a set that this one is in is held. */
static short epoll_poll(struct file *file, struct poll_table *table)
{
	struct epoll *ep = file->private;
	int n;

	poll_add(table, &ep->wait);
	mutex_lock_nested(&ep->mutex);
	n = collect(ep, NULL, 1);
	mutex_unlock(&ep->mutex);
	return n > 0 ? POLLIN | POLLRDNORM : 0;
}

static void epoll_release(struct file *file)
{
	struct epoll *ep = file->private;
	struct epoll_item *item;

	mutex_lock(&ep->mutex);
	while ((item = RB_ROOT(&ep->items)))
		remove_item(item);
	mutex_unlock(&ep->mutex);
	epoll_put(ep);
}

static const char *epoll_name(const struct file *file, char *buf, size_t size)
{
	return "anon_inode:[eventpoll]";
}

static const struct file_operations epoll_fops = {
	.llseek = noop_llseek,
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
	atomic_set(&ep->refcount, 1);
	mutex_init(&ep->mutex, LOCK_EPOLL);
	RB_INIT(&ep->items);
	spin_lock_init(&ep->ready_lock, LOCK_EPOLL_READY);
	TAILQ_INIT(&ep->ready);
	wait_queue_init(&ep->wait);
	spin_lock_init(&ep->wait.lock, LOCK_EPOLL_WAIT);
	file = anon_file(NULL, &epoll_fops, ep, O_RDWR);
	if (IS_ERR(file)) {
		kmem_cache_free(epoll_cache, ep);
		return PTR_ERR(file);
	}
	ep->file = file;
	return fd_new(file, flags & EPOLL_CLOEXEC);
}

SYSCALL_DEFINE1(epoll_create, int, size) { return size > 0 ? do_epoll_create(0) : -EINVAL; }
SYSCALL_DEFINE1(epoll_create1, int, flags) { return do_epoll_create(flags); }

static long check_control(const struct file *set, int op, const struct file *file, u32 events)
{
	if (!file->ops->poll)
		return -EPERM;
	if (file == set || !epoll_of(set))
		return -EINVAL;
	/* What wakes only some of the sets is said when the item is made, and not of sets. */
	if (op != EPOLL_CTL_DEL && events & EPOLLEXCLUSIVE &&
	    (op == EPOLL_CTL_MOD || epoll_of(file) || events & ~EXCLUSIVE_OK))
		return -EINVAL;
	return op < EPOLL_CTL_ADD || op > EPOLL_CTL_MOD ? -EINVAL : 0;
}

/*
 * Locks the set, and the nesting where that may change: *nests. Who nests this set meanwhile links
 * it first and looks at what is in it then, so that an item is seen by him, or he is seen here.
 */
static long lock_set(struct epoll *ep, int op, const struct file *file, bool *nests)
{
	long ret;

	mutex_lock(&ep->mutex);
	*nests = op == EPOLL_CTL_ADD && (epoll_of(file) || epoll_is_nested(ep));
	if (likely(!*nests))
		return 0;
	mutex_unlock(&ep->mutex);
	ret = epoll_nesting_lock(ep, epoll_of(file));
	if (!ret)
		mutex_lock(&ep->mutex);
	return ret;
}

static long control_files(struct file *set, int op, struct file *file, int fd,
			  const struct epoll_event *event)
{
	struct epoll *ep;
	bool nests;
	long ret;

	if (!set || !file)
		return -EBADF;
	ret = check_control(set, op, file, event->events);
	if (ret)
		return ret;
	ep = set->private;
	ret = lock_set(ep, op, file, &nests);
	if (ret)
		return ret;
	ret = control(ep, op, file, fd, event, nests);
	mutex_unlock(&ep->mutex);
	if (nests)
		epoll_nesting_unlock();
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
	if (epoll_of(set.file))
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
	epoll_nest_init();
	epoll_cache = kmem_cache_create("epoll", sizeof(struct epoll), 0);
	item_cache = kmem_cache_create("epoll_item", sizeof(struct epoll_item), 0);
}
