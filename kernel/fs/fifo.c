/* The ends of pipes and FIFOs: opening them, closing them, waiting for the other one; pipe(). */
#include "kernel/base/string.h"
#include "kernel/fs/files.h"
#include "kernel/fs/internal.h"
#include "kernel/fs/pipe.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/statfs.h"

static struct super_block *pipe_sb;

/* ---- the ends ---- */

/*
 * One file more, or less, at the ends that it is open for. Wakes whoever waits for that. How often
 * the other end had been opened by then.
 */
static unsigned int count_ends(struct pipe *pipe, const struct file *file, int n)
{
	unsigned int partner_opens;

	mutex_lock(&pipe->lock);
	partner_opens = file_readable(file) ? pipe->writer_opens : pipe->reader_opens;
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
	if (n < 0 && !pipe->readers != !pipe->writers) {
		kill_async(&pipe->async_readers, POLL_IN);
		kill_async(&pipe->async_writers, POLL_OUT);
	}
	mutex_unlock(&pipe->lock);
	return partner_opens;
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

void pipe_release(struct file *file)
{
	struct pipe *pipe = file->private;

	count_ends(pipe, file, -1);
	put_pipe(file->inode, pipe);
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
	ends[0] = open_end(inode, O_RDONLY | (flags & O_NONBLOCK));
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
	inode->fop = &fifo_fops; /* for /proc/PID/fd */
	ret = open_ends(inode, ends, flags);
	inode_put(inode);
	return ret;
}

/* ---- FIFOs ---- */

/*
 * Waits until the other end is opened, if it is not open. `before` is how often it had been
 * when the file was counted: who has opened it since has met the file, and may have written,
 * closed and gone by now.
 */
static int wait_for_partner(const struct file *file, struct pipe *pipe, unsigned int before)
{
	bool reader = file_readable(file);
	unsigned int *count = reader ? &pipe->writers : &pipe->readers;
	unsigned int *opens = reader ? &pipe->writer_opens : &pipe->reader_opens;

	if (READ_ONCE(*count))
		return 0;
	return wait_event_interruptible(reader ? &pipe->read_wait : &pipe->write_wait,
					READ_ONCE(*opens) != before);
}

/* A pipe() that is opened through /proc/PID/fd waits for nobody. */
static int fifo_open(struct inode *inode, struct file *file)
{
	struct pipe *pipe = get_pipe(inode);
	bool nonblock = file->flags & O_NONBLOCK, waits = inode->sb != pipe_sb;
	unsigned int before;
	int ret = 0;

	if (IS_ERR(pipe))
		return (int)PTR_ERR(pipe);
	file->private = pipe;
	file->ops = &pipe_fops;
	if (waits && !file_readable(file) && nonblock && !READ_ONCE(pipe->readers)) {
		put_pipe(inode, pipe);
		return -ENXIO;
	}
	before = count_ends(pipe, file, 1);
	if (waits && !nonblock && !(file_readable(file) && file_writable(file)))
		ret = wait_for_partner(file, pipe, before);
	if (ret)
		pipe_release(file);
	return ret;
}

const struct file_operations fifo_fops = { .open = fifo_open };

/* ---- pipe() ---- */

static long do_pipe(int *user_fds, int flags)
{
	struct file *ends[2] = { NULL, NULL };
	long ret;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	ret = pipe_open(ends, flags & (O_NONBLOCK | O_DIRECT));
	return ret ? ret : fd_new_pair(ends, user_fds, flags & O_CLOEXEC);
}

SYSCALL_DEFINE1(pipe, int *, fds) { return do_pipe(fds, 0); }
SYSCALL_DEFINE2(pipe2, int *, fds, int, flags) { return do_pipe(fds, flags); }

static struct file_system_type pipefs_type = {
	.name = "pipefs", .flags = FS_INTERNAL, .magic = PIPEFS_MAGIC,
};

void pipe_init(void)
{
	pipe_cache_init();
	register_filesystem(&pipefs_type);
	pipe_sb = kern_mount(&pipefs_type);
}
