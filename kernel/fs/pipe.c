/*
 * Pipes: a ring of 16 pages, allocated when the first byte comes to them and freed when they are
 * empty. All is under the pipe's mutex, which is held while user memory is copied; who sleeps does
 * so without it.
 */
#include "kernel/fs/files.h"
#include "kernel/main.h"
#include "kernel/fs/poll.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "mm/slab.h"

#define PIPE_PAGES	16u
#define PIPE_SIZE	(PIPE_PAGES * PAGE_SIZE)

struct pipe {
	struct mutex lock;
	u64 head, tail;			/* bytes written and read since the beginning */
	struct page *page[PIPE_PAGES];	/* of byte n: n / PAGE_SIZE % PIPE_PAGES */
	unsigned int readers, writers;	/* open files */
	atomic_t ends;			/* those that may still touch the pipe */
	struct wait_queue read_wait, write_wait;
	u64 ino;
};

static struct kmem_cache *pipe_cache;
static atomic_long_t next_ino;

static size_t pipe_used(const struct pipe *pipe)
{
	return READ_ONCE(pipe->head) - READ_ONCE(pipe->tail);
}
static size_t pipe_room(const struct pipe *pipe) { return PIPE_SIZE - pipe_used(pipe); }
static struct page **page_at(struct pipe *pipe, u64 at)
{
	return &pipe->page[at / PAGE_SIZE % PIPE_PAGES];
}

/*
 * The page before tail has been read to its end: it goes, unless the writer has come round to it
 * again.
 */
static void free_read_page(struct pipe *pipe)
{
	struct page **slot = page_at(pipe, pipe->tail - 1);

	if (pipe->head > pipe->tail - PAGE_SIZE + PIPE_SIZE)
		return;
	free_page(*slot);
	*slot = NULL;
}

/* ---- moving bytes, under the lock ---- */

/* Up to n bytes out of the pipe; how many, or -EFAULT if none. */
static long take_bytes(struct pipe *pipe, char *buf, size_t n)
{
	size_t done = 0;

	n = min(n, pipe_used(pipe));
	while (done < n) {
		size_t offset = pipe->tail % PAGE_SIZE, chunk = min(n - done, PAGE_SIZE - offset),
		       left;

		left = copy_to_user(buf + done,
				    (char *)page_address(*page_at(pipe, pipe->tail)) + offset,
				    chunk);
		chunk -= left;
		done += chunk;
		WRITE_ONCE(pipe->tail, pipe->tail + chunk);
		if (chunk && pipe->tail % PAGE_SIZE == 0)
			free_read_page(pipe);
		if (left)
			return done ? (long)done : -EFAULT;
	}
	return (long)done;
}

/* Up to n bytes into the pipe, which has room for them; how many, or -EFAULT, -ENOMEM if none. */
static long put_bytes(struct pipe *pipe, const char *buf, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t offset = pipe->head % PAGE_SIZE, chunk = min(n - done, PAGE_SIZE - offset),
		       left;
		struct page **slot = page_at(pipe, pipe->head);

		if (!*slot)
			*slot = alloc_page(GFP_KERNEL);
		if (!*slot)
			return done ? (long)done : -ENOMEM;
		left = copy_from_user((char *)page_address(*slot) + offset, buf + done, chunk);
		chunk -= left;
		done += chunk;
		WRITE_ONCE(pipe->head, pipe->head + chunk);
		if (left)
			return done ? (long)done : -EFAULT;
	}
	return (long)done;
}

/* ---- reading ---- */

static long pipe_read(struct file *file, void *buf, size_t n, u64 *pos)
{
	struct pipe *pipe = file->private;
	bool was_full;
	long ret;

	if (!n)
		return 0;
	for (;;) {
		mutex_lock(&pipe->lock);
		was_full = pipe_room(pipe) < PIPE_BUF;
		if (pipe_used(pipe) || !pipe->writers)
			break;
		mutex_unlock(&pipe->lock);
		if (READ_ONCE(file->flags) & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_killable(&pipe->read_wait,
					  pipe_used(pipe) || !READ_ONCE(pipe->writers));
		if (ret)
			return ret;
	}
	ret = take_bytes(pipe, buf, n);
	mutex_unlock(&pipe->lock);
	if (was_full && ret > 0)
		wake_up_all(&pipe->write_wait);
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
static long write_some(struct file *file, const char *buf, size_t n)
{
	struct pipe *pipe = file->private;
	bool was_empty;
	long ret;

	for (;;) {
		mutex_lock(&pipe->lock);
		if (may_write(pipe, room_wanted(n)))
			break;
		mutex_unlock(&pipe->lock);
		if (READ_ONCE(file->flags) & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_killable(&pipe->write_wait, may_write(pipe, room_wanted(n)));
		if (ret)
			return ret;
	}
	was_empty = !pipe_used(pipe);
	ret = pipe->readers ? put_bytes(pipe, buf, min(n, pipe_room(pipe))) : -EPIPE;
	mutex_unlock(&pipe->lock);
	if (ret == -EPIPE)
		return broken_pipe();
	if (was_empty && ret > 0)
		wake_up_sync(&pipe->read_wait, 0);
	return ret;
}

static long pipe_write(struct file *file, const void *buf, size_t n, u64 *pos)
{
	size_t done = 0;

	while (done < n) {
		long ret = write_some(file, (const char *)buf + done, n - done);

		if (ret < 0)
			return done ? (long)done : ret;
		done += (size_t)ret;
	}
	return (long)done;
}

/* ---- the ends ---- */

static short pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = file->private;
	short events = 0;

	poll_add(table, file_readable(file) ? &pipe->read_wait : &pipe->write_wait);
	if (file_readable(file)) {
		events |= pipe_used(pipe) ? POLLIN : 0;
		events |= READ_ONCE(pipe->writers) ? 0 : POLLHUP;
	} else {
		events |= pipe_room(pipe) >= PIPE_BUF ? POLLOUT : 0;
		events |= READ_ONCE(pipe->readers) ? 0 : POLLERR;
	}
	return events;
}

static void pipe_stat(struct file *file, struct __kernel_stat *st)
{
	const struct pipe *pipe = file->private;

	st->st_dev = 3;
	st->st_ino = pipe->ino;
	st->st_nlink = 1;
	st->st_mode = S_IFIFO | 0600;
	st->st_blksize = PAGE_SIZE;
}

static void pipe_free(struct pipe *pipe)
{
	for (unsigned int i = 0; i < PIPE_PAGES; i++) {
		if (pipe->page[i])
			free_page(pipe->page[i]);
	}
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

static void pipe_release(struct file *file)
{
	struct pipe *pipe = file->private;

	mutex_lock(&pipe->lock);
	if (file_readable(file))
		WRITE_ONCE(pipe->readers, pipe->readers - 1);
	else
		WRITE_ONCE(pipe->writers, pipe->writers - 1);
	wake_up_all(&pipe->read_wait);
	wake_up_all(&pipe->write_wait);
	mutex_unlock(&pipe->lock);
	if (atomic_dec_and_test(&pipe->ends))
		pipe_free(pipe);
}

static const struct file_ops pipe_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.release = pipe_release,
	.stat = pipe_stat,
};

static struct pipe *pipe_alloc(void)
{
	struct pipe *pipe = kmem_cache_alloc(pipe_cache, GFP_KERNEL | GFP_ZERO);

	if (!pipe)
		return NULL;
	mutex_init(&pipe->lock, LOCK_INODE);
	wait_queue_init(&pipe->read_wait);
	wait_queue_init(&pipe->write_wait);
	atomic_long_inc(&next_ino);
	pipe->ino = (u64)atomic_long_read(&next_ino);
	return pipe;
}

/* Both ends of a new pipe; -ENOMEM leaves nothing behind. */
static int pipe_open(struct file *ends[2], unsigned int flags)
{
	struct pipe *pipe = pipe_alloc();

	if (!pipe)
		return -ENOMEM;
	ends[0] = file_alloc(&pipe_ops, O_RDONLY | flags);
	if (!ends[0]) {
		pipe_free(pipe);
		return -ENOMEM;
	}
	ends[0]->private = pipe;
	pipe->readers = 1;
	atomic_set(&pipe->ends, 1);
	ends[1] = file_alloc(&pipe_ops, O_WRONLY | flags);
	if (!ends[1]) {
		file_put(ends[0]);
		return -ENOMEM;
	}
	ends[1]->private = pipe;
	pipe->writers = 1;
	atomic_set(&pipe->ends, 2);
	return 0;
}

/*
 * The numbers are with the program before the ends can be used: if it cannot take them, nothing
 * happened.
 */
static long install_ends(struct file *ends[2], int *user_fds, bool cloexec)
{
	int fds[2] = { fd_reserve(0, cloexec), -1 };

	if (fds[0] < 0)
		return fds[0];
	fds[1] = fd_reserve(0, cloexec);
	if (fds[1] < 0) {
		fd_cancel(fds[0]);
		return fds[1];
	}
	if (copy_to_user(user_fds, fds, sizeof(fds))) {
		fd_cancel(fds[0]);
		fd_cancel(fds[1]);
		return -EFAULT;
	}
	fd_install(fds[0], ends[0]);
	fd_install(fds[1], ends[1]);
	return 0;
}

static long do_pipe(int *user_fds, int flags)
{
	struct file *ends[2];
	long ret;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	ret = pipe_open(ends, flags & O_NONBLOCK);
	if (ret)
		return ret;
	ret = install_ends(ends, user_fds, flags & O_CLOEXEC);
	if (ret) {
		file_put(ends[1]);
		file_put(ends[0]);
	}
	return ret;
}

SYSCALL_DEFINE1(pipe, int *, fds) { return do_pipe(fds, 0); }
SYSCALL_DEFINE2(pipe2, int *, fds, int, flags) { return do_pipe(fds, flags); }

void pipe_init(void) { pipe_cache = kmem_cache_create("pipe", sizeof(struct pipe), 0); }
