/* poll and ppoll: waiting for any of several files (poll(2)). */
#include "kernel/fs/poll.h"
#include "kernel/base/string.h"
#include "kernel/syscall.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/poll.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"

void poll_waiters_add(struct poll_waiters *waiters, struct wait_queue *wq)
{
	unsigned int i = waiters->wq[0] && waiters->wq[0] != wq;

	waiters->wq[i] = wq;
	add_waiter(wq, &waiters->waiter[i]);
}

static void queue_item(struct poll_table *table, struct wait_queue *wq)
{
	poll_waiters_add(&container_of(table, struct poll_item, table)->waiters, wq);
}

struct poll_item *poll_items_alloc(unsigned int n)
{
	struct poll_item *items = kvmalloc(max(n, 1u) * sizeof(*items));

	if (!items)
		return NULL;
	memset(items, 0, n * sizeof(*items));
	for (unsigned int i = 0; i < n; i++) {
		items[i].table.queue = queue_item;
		items[i].waiters.waiter[0].task = current_task();
		items[i].waiters.waiter[1].task = current_task();
	}
	return items;
}

void poll_items_free(struct poll_item *items, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		fd_put(items[i].fd);
	kvfree(items);
}

static short poll_item(struct poll_item *item)
{
	short wanted = item->pollfd.events | POLLERR | POLLHUP;
	struct file *file = item->fd.file;

	if (item->pollfd.fd < 0)
		return 0;
	if (!file)
		return POLLNVAL;
	if (!file->ops->poll)
		return wanted & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
	return file->ops->poll(file, &item->table) & wanted;
}

/* Asks all files, and queues with each; the number that are ready. */
static int poll_once(struct poll_item *items, unsigned int n)
{
	int ready = 0;

	for (unsigned int i = 0; i < n; i++) {
		items[i].pollfd.revents = poll_item(&items[i]);
		ready += items[i].pollfd.revents != 0;
	}
	return ready;
}

static void leave_queues(struct poll_waiters *waiters)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(waiters->wq) && waiters->wq[i]; i++)
		finish_wait(waiters->wq[i], &waiters->waiter[i]);
}

int poll_wait(struct poll_item *items, unsigned int n, u64 deadline)
{
	struct wait_queue nobody;
	struct waiter self = { .task = current_task() };
	int ret;

	wait_queue_init(&nobody);
	for (;;) {
		/*
		 * Marks us sleeping before the first look, once: a wake-up by any file from here
		 * on counts.
		 */
		prepare_to_wait_interruptible(&nobody, &self);
		ret = poll_once(items, n);
		if (ret || clock_ns() >= deadline)
			break;
		if (signal_pending()) {
			ret = -EINTR;
			break;
		}
		schedule_until(deadline);
	}
	for (unsigned int i = 0; i < n; i++)
		leave_queues(&items[i].waiters);
	finish_wait(&nobody, &self);
	return ret;
}

static int read_items(struct poll_item *items, const struct pollfd *user, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (copy_from_user(&items[i].pollfd, user + i, sizeof(*user)))
			return -EFAULT;
		items[i].fd = fd_get(items[i].pollfd.fd);
	}
	return 0;
}

static int write_results(const struct poll_item *items, struct pollfd *user, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (copy_to_user(&user[i].revents, &items[i].pollfd.revents, sizeof(short)))
			return -EFAULT;
	}
	return 0;
}

static long do_poll(struct pollfd *user, unsigned int n, u64 deadline)
{
	struct poll_item *items;
	long ret;

	if (n > READ_ONCE(current_process()->rlimits[RLIMIT_NOFILE].rlim_cur))
		return -EINVAL;
	items = poll_items_alloc(n);
	if (!items)
		return -ENOMEM;
	ret = read_items(items, user, n);
	if (!ret)
		ret = poll_wait(items, n, deadline);
	if (ret >= 0 && write_results(items, user, n))
		ret = -EFAULT;
	poll_items_free(items, n);
	return ret;
}

/* After a signal without a handler poll goes on until the end that it had. */
static long poll_restart(struct restart_block *restart)
{
	long ret = do_poll(restart->poll.fds, restart->poll.n, restart->deadline);

	if (ret != -EINTR)
		return ret;
	restart->fn = poll_restart;
	return -ERESTART_RESTARTBLOCK;
}

SYSCALL_DEFINE3(poll, struct pollfd *, fds, unsigned int, n, int, timeout_ms)
{
	struct restart_block *restart = &current_task()->restart;

	restart->deadline =
		timeout_ms < 0 ? NO_DEADLINE : deadline_after((u64)timeout_ms * 1000000);
	restart->poll.fds = fds;
	restart->poll.n = n;
	return poll_restart(restart);
}

SYSCALL_DEFINE5(ppoll, struct pollfd *, fds, unsigned int, n, struct __kernel_timespec *, timeout,
		const void *, sigmask, size_t, size)
{
	u64 deadline = NO_DEADLINE;
	long ret = poll_deadline(&deadline, timeout);

	if (!ret)
		ret = signal_mask_for_wait(sigmask, size);
	if (ret)
		return ret;
	ret = do_poll(fds, n, deadline);
	if (ret == -EINTR)
		ret = -ERESTARTNOHAND;
	signal_mask_restore(ret);
	return poll_remaining(timeout, deadline, ret);
}
