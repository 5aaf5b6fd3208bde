/* eventfd: a counter that can be waited for (eventfd(2)). */
#include "kernel/fs/internal.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/poll.h"
#include "kernel/syscall.h"
#include "kernel/uapi/epoll.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "mm/slab.h"

#define COUNT_MAX	(~0ull - 1)

struct eventfd {
	spinlock_t lock;
	u64 count;
	bool semaphore;
	struct wait_queue wait;		/* for more, or for room */
};

static struct kmem_cache *eventfd_cache;

/* What a read gets: all of it, or 1. False: there is nothing. */
static bool take(struct eventfd *e, u64 *value)
{
	bool any;

	spin_lock(&e->lock);
	any = e->count;
	*value = e->semaphore ? any : e->count;
	WRITE_ONCE(e->count, e->count - *value);
	spin_unlock(&e->lock);
	return any;
}

static bool fits(const struct eventfd *e, u64 value)
{
	return value <= COUNT_MAX - READ_ONCE(e->count);
}

static bool add(struct eventfd *e, u64 value)
{
	bool room;

	spin_lock(&e->lock);
	room = fits(e, value);
	if (room)
		WRITE_ONCE(e->count, e->count + value);
	spin_unlock(&e->lock);
	return room;
}

static long eventfd_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	struct eventfd *e = file->private;
	u64 value;

	if (to->left < sizeof(value))
		return -EINVAL;
	while (!take(e, &value)) {
		int ret = io_nonblock(file, to) ? -EAGAIN :
			  wait_event_interruptible(&e->wait, READ_ONCE(e->count));

		if (ret)
			return ret;
	}
	wake_up_events(&e->wait, POLLOUT);
	return copy_to_iter(&value, sizeof(value), to) < sizeof(value) ? -EFAULT :
									 (long)sizeof(value);
}

static long eventfd_write(struct file *file, const void *buf, size_t n, u64 *pos)
{
	struct eventfd *e = file->private;
	u64 value;

	if (n < sizeof(value))
		return -EINVAL;
	if (copy_from_user(&value, buf, sizeof(value)))
		return -EFAULT;
	if (value > COUNT_MAX)
		return -EINVAL;
	while (!add(e, value)) {
		int ret = READ_ONCE(file->flags) & O_NONBLOCK ? -EAGAIN :
			  wait_event_interruptible(&e->wait, fits(e, value));

		if (ret)
			return ret;
	}
	wake_up_events(&e->wait, POLLIN);
	return sizeof(value);
}

static short eventfd_poll(struct file *file, struct poll_table *table)
{
	struct eventfd *e = file->private;
	u64 count;

	poll_add(table, &e->wait);
	count = READ_ONCE(e->count);
	return (count ? POLLIN : 0) | (count < COUNT_MAX ? POLLOUT : 0);
}

static void eventfd_release(struct file *file) { kmem_cache_free(eventfd_cache, file->private); }

static const char *eventfd_name(const struct file *file, char *buf, size_t size)
{
	return "anon_inode:[eventfd]";
}

static const struct file_operations eventfd_fops = {
	.read_iter = eventfd_read,
	.nowait = FMODE_READ,
	.write = eventfd_write,
	.llseek = noop_llseek,
	.poll = eventfd_poll,
	.release = eventfd_release,
	.name = eventfd_name,
};

static long do_eventfd(unsigned int count, int flags)
{
	struct eventfd *e;
	struct file *file;

	if (flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return -EINVAL;
	e = kmem_cache_alloc(eventfd_cache, GFP_KERNEL | GFP_ZERO);
	if (!e)
		return -ENOMEM;
	spin_lock_init(&e->lock, LOCK_TASKS);
	wait_queue_init(&e->wait);
	e->count = count;
	e->semaphore = flags & EFD_SEMAPHORE;
	file = anon_file(NULL, &eventfd_fops, e, O_RDWR | (unsigned int)(flags & O_NONBLOCK));
	if (!IS_ERR(file))
		return fd_new(file, flags & O_CLOEXEC);
	kmem_cache_free(eventfd_cache, e);
	return PTR_ERR(file);
}

SYSCALL_DEFINE1(eventfd, unsigned int, count) { return do_eventfd(count, 0); }
SYSCALL_DEFINE2(eventfd2, unsigned int, count, int, flags) { return do_eventfd(count, flags); }

void eventfd_init(void)
{
	eventfd_cache = kmem_cache_create("eventfd", sizeof(struct eventfd), 0);
}
