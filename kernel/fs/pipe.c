/*
 * Pipes: reading and writing, polling, sizes. A ring of 16 parts of pages, unless a program wants
 * another number. What is written goes into pages of the pipe's own; other pages come by splice()
 * and its like (splice.c, vmsplice.c).
 */
#include "kernel/base/string.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/poll.h"
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "mm/slab.h"

#define PIPE_PARTS	16u	/* to begin with */
#define PIPE_MAX_PARTS	256u	/* 1 MiB, Linux's pipe-max-size */

static struct kmem_cache *pipe_cache;

/* ---- parts, under the lock ---- */

/* A page for bytes to come; NULL: no memory. */
static struct page *get_own_page(struct pipe *pipe)
{
	struct page *page;

	for (unsigned int i = 0; i < PIPE_SPARES; i++) {
		page = pipe->spare[i];
		if (page) {
			pipe->spare[i] = NULL;
			return page;
		}
	}
	return alloc_page(GFP_KERNEL);
}

static bool keep_spare(struct pipe *pipe, struct page *page)
{
	for (unsigned int i = 0; i < PIPE_SPARES; i++) {
		if (!pipe->spare[i]) {
			pipe->spare[i] = page;
			return true;
		}
	}
	return false;
}

/* Only parts in pipes lead to a page of a pipe's own: whose is the last, has it for itself. */
static void release_part(struct pipe *pipe, const struct pipe_buffer *buf)
{
	if (buf->flags & PIPE_BUF_FLAG_OWN && folio_ref_count(page_folio(buf->page)) == 1 &&
	    keep_spare(pipe, buf->page))
		return;
	put_page(buf->page);
}

void pipe_push(struct pipe *pipe, struct pipe_buffer buf)
{
	pipe->news |= pipe_empty(pipe);
	*pipe_buf(pipe, pipe->head) = buf;
	WRITE_ONCE(pipe->head, pipe->head + 1);
}

void pipe_consume(struct pipe *pipe, size_t n)
{
	struct pipe_buffer *buf = pipe_buf(pipe, pipe->tail);

	buf->offset += (u16)n;
	buf->len -= (u16)n;
	if (buf->len)
		return;
	release_part(pipe, buf);
	WRITE_ONCE(pipe->tail, pipe->tail + 1);
}

/* ---- waiting ---- */

void pipe_wake_writers(struct pipe *pipe)
{
	wake_up_events(&pipe->write_wait, POLLOUT | POLLWRNORM);
	kill_async(&pipe->async_writers, POLL_OUT);
}

void pipe_unlock_added(struct pipe *pipe, bool event)
{
	bool added = pipe->news || event;
	bool wake = pipe->news || (event && READ_ONCE(pipe->polled));

	pipe->news = false;
	mutex_unlock(&pipe->lock);
	if (wake)
		wake_up_sync(&pipe->read_wait, POLLIN | POLLRDNORM);
	if (added)
		kill_async(&pipe->async_readers, POLL_IN);
}

int pipe_wait_readable(struct pipe *pipe, bool nonblock)
{
	int ret = 0;

	while (pipe_empty(pipe) && pipe->writers && !ret) {
		if (nonblock)
			return -EAGAIN;
		mutex_unlock(&pipe->lock);
		ret = wait_event_interruptible(&pipe->read_wait, !pipe_empty(pipe) ||
								      !READ_ONCE(pipe->writers));
		mutex_lock(&pipe->lock);
	}
	return ret;
}

int pipe_broken(void)
{
	spin_lock(&tasks_lock);
	signal_task(current_task(), SIGPIPE);
	spin_unlock(&tasks_lock);
	return -EPIPE;
}

int pipe_wait_writable(struct pipe *pipe, bool nonblock)
{
	int ret = 0;

	while (pipe_full(pipe) && pipe->readers && !ret) {
		if (nonblock)
			return -EAGAIN;
		pipe_unlock_added(pipe, false);
		ret = wait_event_interruptible(&pipe->write_wait, !pipe_full(pipe) ||
								       !READ_ONCE(pipe->readers));
		mutex_lock(&pipe->lock);
	}
	if (ret)
		return ret;
	return likely(pipe->readers) ? 0 : pipe_broken();
}

/* ---- reading ---- */

/*
 * As much as there is, into the program's buffers; how much, or -EFAULT if nothing. A part that a
 * bad buffer cuts short stays, as on Linux.
 */
static long take_parts(struct pipe *pipe, struct iov_iter *to)
{
	long done = 0;

	while (to->left && !pipe_empty(pipe)) {
		struct pipe_buffer *buf = pipe_buf(pipe, pipe->tail);
		size_t n = min(to->left, (size_t)buf->len);

		if (copy_to_iter(pipe_buf_address(buf), n, to) < n)
			return done ? done : -EFAULT;
		done += (long)n;
		if (unlikely(buf->flags & PIPE_BUF_FLAG_PACKET)) {
			pipe_consume(pipe, buf->len);
			break;
		}
		pipe_consume(pipe, n);
	}
	return done;
}

long pipe_take(struct pipe *pipe, struct iov_iter *to, bool nonblock)
{
	bool was_full;
	long ret;

	mutex_lock(&pipe->lock);
	ret = pipe_wait_readable(pipe, nonblock);
	was_full = pipe_full(pipe);
	if (!ret)
		ret = take_parts(pipe, to);
	mutex_unlock(&pipe->lock);
	if (was_full && ret > 0)
		pipe_wake_writers(pipe);
	else if (ret > 0)
		kill_async(&pipe->async_writers, POLL_OUT);
	return ret;
}

static long pipe_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	return to->left ? pipe_take(file->private, to, io_nonblock(file, to)) : 0;
}

/* ---- writing ---- */

/*
 * What of a write is no whole page goes behind the newest part, if it fits there: bytes moved, 0
 * if it does not, or -EFAULT.
 */
static long merge_bytes(struct pipe *pipe, struct iov_iter *from)
{
	size_t n = from->left % PAGE_SIZE;
	struct pipe_buffer *buf;

	if (!n || pipe_empty(pipe))
		return 0;
	buf = pipe_buf(pipe, pipe->head - 1);
	if (!(buf->flags & PIPE_BUF_FLAG_CAN_MERGE) || buf->offset + buf->len + n > PAGE_SIZE)
		return 0;
	if (copy_from_iter((char *)pipe_buf_address(buf) + buf->len, n, from) < n)
		return -EFAULT;
	buf->len += (u16)n;
	return (long)n;
}

/* One part more: bytes moved, all or none of what fits into a page; -EFAULT, -ENOMEM. */
static long add_part(struct pipe *pipe, struct iov_iter *from, u32 flags)
{
	size_t n = min(from->left, PAGE_SIZE);
	struct page *page = get_own_page(pipe);

	if (!page)
		return -ENOMEM;
	if (copy_from_iter(page_address(page), n, from) < n) {
		if (!keep_spare(pipe, page))
			put_page(page);
		return -EFAULT;
	}
	pipe_push(pipe, (struct pipe_buffer){ page, 0, (u16)n, flags });
	return (long)n;
}

/*
 * The rest of a write, part by part, which waits where there is no room; of at most PIPE_BUF bytes
 * there is but one, so they go in at once or not at all. Bytes moved or -errno.
 */
static long add_parts(struct pipe *pipe, struct file *file, struct iov_iter *from)
{
	bool packets = READ_ONCE(file->flags) & O_DIRECT;
	u32 kind = PIPE_BUF_FLAG_OWN | (packets ? PIPE_BUF_FLAG_PACKET : PIPE_BUF_FLAG_CAN_MERGE);
	long done = 0, ret = 0;

	while (from->left) {
		ret = pipe_wait_writable(pipe, io_nonblock(file, from));
		if (!ret)
			ret = add_part(pipe, from, kind);
		if (ret < 0)
			break;
		done += ret;
	}
	return done ? done : ret;
}

static long pipe_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	struct pipe *pipe = file->private;
	long merged, ret = 0;

	if (!from->left)
		return 0;
	mutex_lock(&pipe->lock);
	merged = pipe->readers ? merge_bytes(pipe, from) : 0;
	if (merged >= 0 && from->left)
		ret = add_parts(pipe, file, from);
	ret = merged && ret < 0 ? merged : merged + ret;
	pipe_unlock_added(pipe, ret > 0);
	return ret;
}

/* ---- the other operations ---- */

static short pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = file->private;
	short events = 0;

	if (!READ_ONCE(pipe->polled))
		WRITE_ONCE(pipe->polled, true);
	if (file_readable(file)) {
		poll_add(table, &pipe->read_wait);
		events |= pipe_empty(pipe) ? 0 : POLLIN | POLLRDNORM;
		events |= READ_ONCE(pipe->writers) ? 0 : POLLHUP;
	}
	if (file_writable(file)) {
		poll_add(table, &pipe->write_wait);
		events |= pipe_full(pipe) ? 0 : POLLOUT | POLLWRNORM;
		events |= READ_ONCE(pipe->readers) ? 0 : POLLERR;
	}
	return events;
}

#define FIONREAD	0x541b

static long pipe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pipe *pipe = file->private;
	int bytes = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	mutex_lock(&pipe->lock);
	for (unsigned int n = pipe->tail; n != pipe->head; n++)
		bytes += pipe_buf(pipe, n)->len;
	mutex_unlock(&pipe->lock);
	return copy_to_user((void *)arg, &bytes, sizeof(bytes)) ? -EFAULT : 0;
}

static void pipe_async_lists(struct file *file, struct async_list *lists[2])
{
	struct pipe *pipe = file->private;

	if (file_readable(file))
		lists[0] = &pipe->async_readers;
	if (file_writable(file))
		lists[1] = &pipe->async_writers;
}

static const char *pipe_name(const struct file *file, char *buf, size_t size)
{
	scnprintf(buf, size, "pipe:[%lu]", (unsigned long)file->inode->ino);
	return buf;
}

const struct file_operations pipe_fops = {
	.read_iter = pipe_read,
	.write_iter = pipe_write,
	.nowait = FMODE_READ | FMODE_WRITE,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.async_lists = pipe_async_lists,
	.release = pipe_release,
	.name = pipe_name,
};

/* ---- coming and going ---- */

struct pipe *pipe_alloc(void)
{
	struct pipe *pipe = kmem_cache_alloc(pipe_cache, GFP_KERNEL | GFP_ZERO);

	if (!pipe)
		return NULL;
	pipe->ring = kmalloc(PIPE_PARTS * sizeof(*pipe->ring), GFP_KERNEL);
	if (!pipe->ring) {
		kmem_cache_free(pipe_cache, pipe);
		return NULL;
	}
	pipe->ring_size = PIPE_PARTS;
	mutex_init(&pipe->lock, LOCK_PIPE);
	wait_queue_init(&pipe->read_wait);
	wait_queue_init(&pipe->write_wait);
	return pipe;
}

void pipe_free(struct pipe *pipe)
{
	for (; pipe->tail != pipe->head; pipe->tail++)
		put_page(pipe_buf(pipe, pipe->tail)->page);
	for (unsigned int i = 0; i < PIPE_SPARES; i++) {
		if (pipe->spare[i])
			put_page(pipe->spare[i]);
	}
	kfree(pipe->ring);
	kmem_cache_free(pipe_cache, pipe);
}

void pipe_cache_init(void)
{
	pipe_cache = kmem_cache_create("pipe", sizeof(struct pipe), 0);
}

/* ---- sizes ---- */

/* The parts move to their places in the new ring. pipe->lock held. */
static int resize_locked(struct pipe *pipe, struct pipe_buffer *ring, unsigned int size)
{
	if (pipe_used(pipe) > size)
		return -EBUSY;
	for (unsigned int n = pipe->tail; n != pipe->head; n++)
		ring[n & (size - 1)] = *pipe_buf(pipe, n);
	kfree(pipe->ring);
	pipe->ring = ring;
	WRITE_ONCE(pipe->ring_size, size);
	return 0;
}

static long set_size(struct pipe *pipe, unsigned long size)
{
	struct pipe_buffer *ring;
	unsigned int parts = 1;
	int ret;

	if (size > 1ul << 31)
		return -EINVAL;
	while (parts * PAGE_SIZE < size)
		parts *= 2;
	if (parts > PIPE_MAX_PARTS)
		return -EPERM;
	ring = kmalloc(parts * sizeof(*ring), GFP_KERNEL);
	if (!ring)
		return -ENOMEM;
	mutex_lock(&pipe->lock);
	ret = resize_locked(pipe, ring, parts);
	mutex_unlock(&pipe->lock);
	if (ret) {
		kfree(ring);
		return ret;
	}
	wake_up_all(&pipe->write_wait);
	return (long)(parts * PAGE_SIZE);
}

long fcntl_pipe(struct file *file, int cmd, unsigned long arg)
{
	struct pipe *pipe = get_pipe_info(file);

	if (!pipe)
		return -EBADF;
	return cmd == F_GETPIPE_SZ ? (long)(READ_ONCE(pipe->ring_size) * PAGE_SIZE) :
				     set_size(pipe, arg);
}
