/*
 * From one file to another within the kernel, by a buffer of a page: sendfile, copy_file_range.
 * The buffer is filled and emptied in turns, so that no two files are locked at once.
 */
#include "kernel/fs/files.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/read_write.h"
#include "kernel/fs/splice.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/slab.h"

/*
 * One buffer's worth: bytes moved, 0 at the end, or -errno. What was read and not taken is read
 * again.
 */
static long copy_some(struct file *in, u64 *in_pos, struct file *out, u64 *out_pos, void *buf,
		      size_t n)
{
	struct iov_iter iter = iov_iter_kernel(buf, min(n, PAGE_SIZE));
	u64 start = *in_pos;
	long got = in->ops->read_iter(in, &iter, in_pos), put;

	if (got <= 0)
		return got;
	iter = iov_iter_kernel(buf, (size_t)got);
	put = out->ops->write_iter(out, &iter, out_pos);
	if (put < got)
		*in_pos = start + (u64)max(put, 0l);
	return put;
}

static long copy_bytes(struct file *in, u64 *in_pos, struct file *out, u64 *out_pos, size_t n)
{
	void *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	size_t done = 0;
	long ret = 0;

	if (!buf)
		return -ENOMEM;
	while (done < n && !fatal_signal_pending()) {
		ret = copy_some(in, in_pos, out, out_pos, buf, n - done);
		if (ret <= 0)
			break;
		done += (size_t)ret;
	}
	kfree(buf);
	return done ? (long)done : ret;
}

/* ---- positions ---- */

/*
 * The position of the one file in a copy: given by the program, or the file's own, which is
 * locked.
 */
struct place {
	u64 pos;
	u64 *at; /* &pos or the file's */
	struct file *locked;
};

static int take_place(struct place *place, struct file *file, s64 *user)
{
	*place = (struct place){ .at = &place->pos };
	if (user) {
		if (!(file->fmode & FMODE_PREAD))
			return -ESPIPE;
		if (copy_from_user(&place->pos, user, sizeof(*user)))
			return -EFAULT;
		return (s64)place->pos < 0 ? -EINVAL : 0;
	}
	if (file->fmode & FMODE_POS)
		place->at = &file->pos;
	return 0;
}

/* Both files' own positions, in the order of their addresses. */
static void lock_places(struct place *a, struct file *in, struct place *b, struct file *out)
{
	a->locked = a->at == &in->pos ? in : NULL;
	b->locked = b->at == &out->pos && out != in ? out : NULL;
	if (a->locked && b->locked && a->locked > b->locked) {
		mutex_lock(&b->locked->pos_lock);
		mutex_lock_nested(&a->locked->pos_lock);
		return;
	}
	if (a->locked)
		mutex_lock(&a->locked->pos_lock);
	if (b->locked)
		mutex_lock_nested(&b->locked->pos_lock);
}

static void unlock_places(struct place *a, struct place *b)
{
	if (a->locked)
		mutex_unlock(&a->locked->pos_lock);
	if (b->locked)
		mutex_unlock(&b->locked->pos_lock);
}

static int put_place(const struct place *place, s64 *user)
{
	return user && copy_to_user(user, &place->pos, sizeof(*user)) ? -EFAULT : 0;
}

/* ---- the calls ---- */

/* A copy is a read and a write. */
static void count_copy(long moved)
{
	use_count(USE_SYSCR, 1);
	use_count(USE_SYSCW, 1);
	if (moved > 0) {
		use_count(USE_RCHAR, (u64)moved);
		use_count(USE_WCHAR, (u64)moved);
	}
}

/* check: how much of n is to be copied, or why nothing may be (-errno). */
static long copy_between(struct file *in, s64 *user_in, struct file *out, s64 *user_out, size_t n,
			 long (*check)(struct file *in, u64 in_pos, struct file *out, u64 out_pos,
				       size_t n))
{
	struct place from, to;
	long ret = take_place(&from, in, user_in);

	if (!ret)
		ret = take_place(&to, out, user_out);
	if (ret)
		return ret;
	lock_places(&from, in, &to, out);
	ret = check(in, *from.at, out, *to.at, n);
	if (ret >= 0) {
		ret = copy_bytes(in, from.at, out, to.at, (size_t)ret);
		count_copy(ret);
	}
	unlock_places(&from, &to);
	if (ret >= 0 && (put_place(&from, user_in) || put_place(&to, user_out)))
		ret = -EFAULT;
	return ret;
}

static long check_sendfile(struct file *in, u64 in_pos, struct file *out, u64 out_pos, size_t n)
{
	if (!in->ops->read_iter || !out->ops->write_iter || out->flags & O_APPEND)
		return -EINVAL;
	if (!is_regular(in->inode) && !is_blockdev(in->inode) && !get_pipe_info(out))
		return -EINVAL;
	n = min(n, MAX_RW);
	return (s64)(in_pos + n) < 0 ? -EINVAL : (long)n;
}

/* Into a pipe go the pages themselves. */
static long sendfile_to_pipe(struct file *in, s64 *user_in, struct file *out, size_t n)
{
	bool nonblock = READ_ONCE(out->flags) & O_NONBLOCK;
	struct place from;
	long ret = take_place(&from, in, user_in);

	if (ret)
		return ret;
	if (get_pipe_info(in))	/* splice() moves from pipe to pipe, this does not */
		return n ? -EINVAL : 0;
	from.pos = user_in ? from.pos : READ_ONCE(in->pos);
	ret = check_sendfile(in, from.pos, out, 0, n);
	if (ret < 0)
		return ret;
	ret = splice_file_to_pipe(in, &from.pos, get_pipe_info(out), n, nonblock);
	count_copy(ret);
	if (ret > 0 && !user_in)
		WRITE_ONCE(in->pos, from.pos);
	return ret >= 0 && put_place(&from, user_in) ? -EFAULT : ret;
}

static long do_sendfile(struct file *in, s64 *offset, struct file *out, size_t n)
{
	if (!file_readable(in) || !file_writable(out))
		return -EBADF;
	if ((s64)n < 0)
		return -EINVAL;
	return get_pipe_info(out) ? sendfile_to_pipe(in, offset, out, n)
				  : copy_between(in, offset, out, NULL, n, check_sendfile);
}

SYSCALL_DEFINE4(sendfile, int, out_fd, int, in_fd, s64 *, offset, size_t, n)
{
	struct fd in = fd_get_io(in_fd), out = fd_get_io(out_fd);
	long ret = -EBADF;

	if (in.file && out.file)
		ret = do_sendfile(in.file, offset, out.file, n);
	fd_put(out);
	fd_put(in);
	return ret;
}

/*
 * No more than there is now, though a file that is copied behind itself grows. Of /proc, whose
 * files have a size of 0 and no pages, that is nothing.
 */
static long check_copy(struct file *in, u64 in_pos, struct file *out, u64 out_pos, size_t n)
{
	u64 size = READ_ONCE(in->f_mapping->size);

	if (in->inode->sb != out->inode->sb)
		return -EXDEV;
	if (in_pos + n < in_pos || out_pos + n < out_pos)
		return -EOVERFLOW;
	n = min(n, MAX_RW);
	n = in_pos < size ? min(n, size - in_pos) : 0;
	if (in->inode == out->inode && in_pos < out_pos + n && out_pos < in_pos + n)
		return -EINVAL;
	return (long)n;
}

static long copy_files(struct file *in, s64 *in_off, struct file *out, s64 *out_off, size_t n)
{
	if (!file_readable(in) || !file_writable(out) || out->flags & O_APPEND)
		return -EBADF;
	if (is_dir(in->inode) || is_dir(out->inode))
		return -EISDIR;
	if (!is_regular(in->inode) || !is_regular(out->inode))
		return -EINVAL;
	return copy_between(in, in_off, out, out_off, n, check_copy);
}

SYSCALL_DEFINE6(copy_file_range, int, in_fd, s64 *, in_off, int, out_fd, s64 *, out_off, size_t, n,
		unsigned int, flags)
{
	struct fd in = fd_get_io(in_fd), out = fd_get_io(out_fd);
	long ret = -EBADF;

	if (in.file && out.file)
		ret = flags ? -EINVAL : copy_files(in.file, in_off, out.file, out_off, n);
	fd_put(out);
	fd_put(in);
	return ret;
}
