/*
 * Pipes and FIFOs: a ring of pages, 16 unless a program wants another number, allocated when the
 * first byte comes to them and freed when they are empty. All is under the pipe's mutex, which is
 * held while user memory is copied; who sleeps does so without it.
 *
 * A pipe lives as long as its open files: inode->pipe leads to it, under inode->lock.
 */
#include "kernel/base/string.h"
#include "kernel/fs/files.h"
#include "kernel/fs/internal.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/poll.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "kernel/uapi/statfs.h"
#include "mm/slab.h"

#define PIPE_PAGES	16u	/* to begin with */
#define PIPE_MAX_PAGES	256u	/* 1 MiB, Linux's pipe-max-size */

struct pipe {
	struct mutex lock;
	u64 head, tail;			/* bytes written and read since the beginning */
	unsigned int nr_pages;		/* in the ring; a power of two */
	struct page **page;		/* of byte n: n / PAGE_SIZE % nr_pages */
	unsigned int readers, writers;	/* open files */
	unsigned int reader_opens, writer_opens;	/* ever: a FIFO's other end waits for a change */
	unsigned int files;		/* that hold the pipe; under the inode's lock */
	bool polled;			/* ever: each write is an event then, not only the first */
	struct wait_queue read_wait, write_wait;
};

static struct kmem_cache *pipe_cache;
static struct super_block *pipe_sb;

static size_t pipe_used(const struct pipe *pipe)
{
	return READ_ONCE(pipe->head) - READ_ONCE(pipe->tail);
}
static size_t pipe_room(const struct pipe *pipe)
{
	size_t used = pipe_used(pipe), size = READ_ONCE(pipe->nr_pages) * PAGE_SIZE;

	return used < size ? size - used : 0;
}
static struct page **page_at(struct pipe *pipe, u64 at)
{
	return &pipe->page[at / PAGE_SIZE % pipe->nr_pages];
}

/*
 * The page before tail has been read to its end: it goes, unless the writer has come round to it
 * again.
 */
static void free_read_page(struct pipe *pipe)
{
	struct page **slot = page_at(pipe, pipe->tail - 1);

	if (pipe->head > pipe->tail - PAGE_SIZE + pipe->nr_pages * PAGE_SIZE)
		return;
	free_page(*slot);
	*slot = NULL;
}

/* ---- moving bytes, under the lock ---- */

/* As much as there is, into the program's buffers; how much, or -EFAULT if nothing. */
static long take_bytes(struct pipe *pipe, struct iov_iter *to)
{
	size_t done = 0, n = min(to->left, pipe_used(pipe));

	while (done < n) {
		size_t offset = pipe->tail % PAGE_SIZE, chunk = min(n - done, PAGE_SIZE - offset), moved;

		moved = copy_to_iter((char *)page_address(*page_at(pipe, pipe->tail)) + offset, chunk, to);
		done += moved;
		WRITE_ONCE(pipe->tail, pipe->tail + moved);
		if (moved && pipe->tail % PAGE_SIZE == 0)
			free_read_page(pipe);
		if (moved < chunk)
			return done ? (long)done : -EFAULT;
	}
	return (long)done;
}

/*
 * n bytes into the pipe, which has room for them; how many, or -EFAULT, -ENOMEM if none. A page's
 * share arrives whole or, as on Linux, not at all: what a bad buffer cuts short is not there.
 */
static long put_bytes(struct pipe *pipe, struct iov_iter *from, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t offset = pipe->head % PAGE_SIZE, chunk = min(n - done, PAGE_SIZE - offset);
		struct page **slot = page_at(pipe, pipe->head);

		if (!*slot)
			*slot = alloc_page(GFP_KERNEL);
		if (!*slot)
			return done ? (long)done : -ENOMEM;
		if (copy_from_iter((char *)page_address(*slot) + offset, chunk, from) < chunk)
			return done ? (long)done : -EFAULT;
		done += chunk;
		WRITE_ONCE(pipe->head, pipe->head + chunk);
	}
	return (long)done;
}

/* ---- reading ---- */

static long pipe_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	struct pipe *pipe = file->private;
	bool was_full;
	long ret;

	if (!to->left)
		return 0;
	for (;;) {
		mutex_lock(&pipe->lock);
		was_full = pipe_room(pipe) < PIPE_BUF;
		if (pipe_used(pipe) || !pipe->writers)
			break;
		mutex_unlock(&pipe->lock);
		if (READ_ONCE(file->flags) & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(&pipe->read_wait, pipe_used(pipe) ||
							      !READ_ONCE(pipe->writers));
		if (ret)
			return ret;
	}
	ret = take_bytes(pipe, to);
	mutex_unlock(&pipe->lock);
	if (was_full && ret > 0)
		wake_up_events(&pipe->write_wait, POLLOUT | POLLWRNORM);
	return ret;
}

/* ---- writing ---- */

static bool may_write(const struct pipe *pipe, size_t want)
{
	return pipe_room(pipe) >= want || !READ_ONCE(pipe->readers);
}

/* At most PIPE_BUF bytes go in at once or not at all; of more, as much as there is room for. */
static size_t room_wanted(size_t n) { return n <= PIPE_BUF ? n : 1; }

static long broken_pipe(void)
{
	spin_lock(&tasks_lock);
	signal_task(current_task(), SIGPIPE);
	spin_unlock(&tasks_lock);
	return -EPIPE;
}

/* Once there is room: puts in what fits. Bytes moved, or -errno. */
static long write_some(struct file *file, struct iov_iter *from)
{
	struct pipe *pipe = file->private;
	size_t n = from->left;
	bool was_empty;
	long ret;

	for (;;) {
		mutex_lock(&pipe->lock);
		if (may_write(pipe, room_wanted(n)))
			break;
		mutex_unlock(&pipe->lock);
		if (READ_ONCE(file->flags) & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(&pipe->write_wait,
					       may_write(pipe, room_wanted(n)));
		if (ret)
			return ret;
	}
	was_empty = !pipe_used(pipe);
	ret = pipe->readers ? put_bytes(pipe, from, min(n, pipe_room(pipe))) : -EPIPE;
	mutex_unlock(&pipe->lock);
	if (ret == -EPIPE)
		return broken_pipe();
	if ((was_empty || READ_ONCE(pipe->polled)) && ret > 0)
		wake_up_sync(&pipe->read_wait, POLLIN | POLLRDNORM);
	return ret;
}

static long pipe_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	size_t all = from->left;

	while (from->left) {
		size_t before = from->left;
		long ret = write_some(file, from);

		if (ret < 0)
			return before < all ? (long)(all - before) : ret;
		if (before - from->left != (size_t)ret)
			return (long)(all - before + (size_t)ret);	/* a buffer ended early */
	}
	return (long)all;
}

/* ---- the ends ---- */

static short pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = file->private;
	short events = 0;

	if (!READ_ONCE(pipe->polled))
		WRITE_ONCE(pipe->polled, true);
	if (file_readable(file)) {
		poll_add(table, &pipe->read_wait);
		events |= pipe_used(pipe) ? POLLIN | POLLRDNORM : 0;
		events |= READ_ONCE(pipe->writers) ? 0 : POLLHUP;
	}
	if (file_writable(file)) {
		poll_add(table, &pipe->write_wait);
		events |= pipe_room(pipe) >= PIPE_BUF ? POLLOUT | POLLWRNORM : 0;
		events |= READ_ONCE(pipe->readers) ? 0 : POLLERR;
	}
	return events;
}

static void pipe_free(struct pipe *pipe)
{
	for (unsigned int i = 0; i < pipe->nr_pages; i++) {
		if (pipe->page[i])
			free_page(pipe->page[i]);
	}
	kfree(pipe->page);
	kmem_cache_free(pipe_cache, pipe);
}

#define FIONREAD	0x541b

static long pipe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	int used = (int)pipe_used(file->private);

	if (cmd != FIONREAD)
		return -ENOTTY;
	return copy_to_user((void *)arg, &used, sizeof(used)) ? -EFAULT : 0;
}

/* One file more, or less, at the ends that it is open for. Wakes whoever waits for that. */
static void count_ends(struct pipe *pipe, const struct file *file, int n)
{
	mutex_lock(&pipe->lock);
	if (file_readable(file)) {
		WRITE_ONCE(pipe->readers, pipe->readers + (unsigned int)n);
		WRITE_ONCE(pipe->reader_opens, pipe->reader_opens + (n > 0));
	}
	if (file_writable(file)) {
		WRITE_ONCE(pipe->writers, pipe->writers + (unsigned int)n);
		WRITE_ONCE(pipe->writer_opens, pipe->writer_opens + (n > 0));
	}
	wake_up_all(&pipe->read_wait);
	wake_up_all(&pipe->write_wait);
	mutex_unlock(&pipe->lock);
}

/* A file lets go of the inode's pipe. */
static void put_pipe(struct inode *inode, struct pipe *pipe)
{
	bool last;

	down_write(&inode->lock);
	last = !--pipe->files;
	if (last)
		inode->pipe = NULL;
	up_write(&inode->lock);
	if (last)
		pipe_free(pipe);
}

static void pipe_release(struct file *file)
{
	struct pipe *pipe = file->private;

	count_ends(pipe, file, -1);
	put_pipe(file->inode, pipe);
}

static const char *pipe_name(const struct file *file, char *buf, size_t size)
{
	scnprintf(buf, size, "pipe:[%lu]", (unsigned long)file->inode->ino);
	return buf;
}

static const struct file_operations pipe_fops = {
	.read_iter = pipe_read,
	.write_iter = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.release = pipe_release,
	.name = pipe_name,
};

static struct pipe *pipe_alloc(void)
{
	struct pipe *pipe = kmem_cache_alloc(pipe_cache, GFP_KERNEL | GFP_ZERO);

	if (!pipe)
		return NULL;
	pipe->page = kzalloc(PIPE_PAGES * sizeof(*pipe->page), GFP_KERNEL);
	if (!pipe->page) {
		kmem_cache_free(pipe_cache, pipe);
		return NULL;
	}
	pipe->nr_pages = PIPE_PAGES;
	mutex_init(&pipe->lock, LOCK_INODE);
	wait_queue_init(&pipe->read_wait);
	wait_queue_init(&pipe->write_wait);
	return pipe;
}

/* The inode's pipe, made if nobody has it open, for one file more. ERR_PTR(-ENOMEM). */
static struct pipe *get_pipe(struct inode *inode)
{
	struct pipe *pipe;

	down_write(&inode->lock);
	if (!inode->pipe)
		inode->pipe = pipe_alloc();
	pipe = inode->pipe;
	if (pipe)
		pipe->files++;
	up_write(&inode->lock);
	return pipe ? pipe : ERR_PTR(-ENOMEM);
}

static struct file *open_end(struct inode *inode, unsigned int flags)
{
	struct pipe *pipe = get_pipe(inode);
	struct file *file;

	if (IS_ERR(pipe))
		return (struct file *)pipe;
	inode_get(inode);
	file = anon_file(inode, &pipe_fops, pipe, flags);
	if (IS_ERR(file)) {
		inode_put(inode);
		put_pipe(inode, pipe);
		return file;
	}
	count_ends(pipe, file, 1);
	return file;
}

static int open_ends(struct inode *inode, struct file *ends[2], unsigned int flags)
{
	ends[0] = open_end(inode, O_RDONLY | flags);
	if (IS_ERR(ends[0]))
		return (int)PTR_ERR(ends[0]);
	ends[1] = open_end(inode, O_WRONLY | flags);
	if (!IS_ERR(ends[1]))
		return 0;
	file_put(ends[0]);
	return (int)PTR_ERR(ends[1]);
}

/* Both ends of a new pipe; -ENOMEM leaves nothing behind. */
static int pipe_open(struct file *ends[2], unsigned int flags)
{
	struct inode *inode = inode_alloc(pipe_sb, S_IFIFO | 0600);
	int ret;

	if (!inode)
		return -ENOMEM;
	ret = open_ends(inode, ends, flags);
	inode_put(inode);
	return ret;
}

/* ---- FIFOs ---- */

/* Waits until the other end is opened, if it is not open. */
static int wait_for_partner(struct file *file, struct pipe *pipe)
{
	bool reader = file_readable(file);
	unsigned int *count = reader ? &pipe->writers : &pipe->readers;
	unsigned int *opens = reader ? &pipe->writer_opens : &pipe->reader_opens;
	unsigned int before = READ_ONCE(*opens);

	if (READ_ONCE(*count))
		return 0;
	return wait_event_interruptible(reader ? &pipe->read_wait : &pipe->write_wait,
					READ_ONCE(*opens) != before);
}

static int fifo_open(struct inode *inode, struct file *file)
{
	struct pipe *pipe = get_pipe(inode);
	bool nonblock = file->flags & O_NONBLOCK;
	int ret = 0;

	if (IS_ERR(pipe))
		return (int)PTR_ERR(pipe);
	file->private = pipe;
	file->ops = &pipe_fops;
	if (!file_readable(file) && nonblock && !READ_ONCE(pipe->readers)) {
		put_pipe(inode, pipe);
		return -ENXIO;
	}
	count_ends(pipe, file, 1);
	if (!(file_readable(file) && file_writable(file)) && !nonblock)
		ret = wait_for_partner(file, pipe);
	if (ret)
		pipe_release(file);
	return ret;
}

const struct file_operations fifo_fops = { .open = fifo_open };

/* ---- sizes ---- */

/* The pages move to their places in the new ring. pipe->lock held. */
static int resize_locked(struct pipe *pipe, struct page **ring, unsigned int nr)
{
	u64 at = ALIGN_DOWN(pipe->tail, PAGE_SIZE);
	u64 end = pipe->head % PAGE_SIZE ? ALIGN_UP(pipe->head, PAGE_SIZE) : pipe->head;

	if (end - at > nr * PAGE_SIZE)
		return -EBUSY;
	for (; at < end; at += PAGE_SIZE) {
		ring[at / PAGE_SIZE % nr] = *page_at(pipe, at);
		*page_at(pipe, at) = NULL;
	}
	/* A page that is allocated but empty is not worth to move. */
	for (unsigned int i = 0; i < pipe->nr_pages; i++) {
		if (pipe->page[i])
			free_page(pipe->page[i]);
	}
	kfree(pipe->page);
	pipe->page = ring;
	WRITE_ONCE(pipe->nr_pages, nr);
	return 0;
}

static long set_size(struct pipe *pipe, unsigned long size)
{
	unsigned int nr = 1;
	struct page **ring;
	int ret;

	if (size > 1ul << 31)
		return -EINVAL;
	while (nr * PAGE_SIZE < size)
		nr *= 2;
	if (nr > PIPE_MAX_PAGES)
		return -EPERM;
	ring = kzalloc(nr * sizeof(*ring), GFP_KERNEL);
	if (!ring)
		return -ENOMEM;
	mutex_lock(&pipe->lock);
	ret = resize_locked(pipe, ring, nr);
	mutex_unlock(&pipe->lock);
	if (ret) {
		kfree(ring);
		return ret;
	}
	wake_up_all(&pipe->write_wait);
	return (long)(nr * PAGE_SIZE);
}

long fcntl_pipe(struct file *file, int cmd, unsigned long arg)
{
	struct pipe *pipe = file->private;

	if (file->ops != &pipe_fops)
		return -EBADF;
	return cmd == F_GETPIPE_SZ ? (long)(READ_ONCE(pipe->nr_pages) * PAGE_SIZE) : set_size(pipe, arg);
}

/* ---- pipe() ---- */

static long do_pipe(int *user_fds, int flags)
{
	struct file *ends[2] = { NULL, NULL };
	long ret;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	ret = pipe_open(ends, flags & O_NONBLOCK);
	return ret ? ret : fd_new_pair(ends, user_fds, flags & O_CLOEXEC);
}

SYSCALL_DEFINE1(pipe, int *, fds) { return do_pipe(fds, 0); }
SYSCALL_DEFINE2(pipe2, int *, fds, int, flags) { return do_pipe(fds, flags); }

static int pipefs_fill_super(struct super_block *sb, const char *data)
{
	sb->magic = PIPEFS_MAGIC;
	return 0;
}

static struct file_system_type pipefs_type = {
	.name = "pipefs", .flags = FS_INTERNAL, .fill_super = pipefs_fill_super,
};

void pipe_init(void)
{
	pipe_cache = kmem_cache_create("pipe", sizeof(struct pipe), 0);
	register_filesystem(&pipefs_type);
	pipe_sb = kern_mount(&pipefs_type);
}
