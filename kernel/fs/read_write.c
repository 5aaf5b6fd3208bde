/* read, write, their vector and positioned forms, lseek, ioctl. */
#include "kernel/fs/files.h"
#include "kernel/fs/inode.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/uio.h"

/* The most bytes that one call moves, as on Linux: a result fits an int, in whole pages. */
#define MAX_RW	0x7ffff000ul

typedef long (*transfer_fn)(struct file *file, void *buf, size_t n, u64 *pos);

/* Lengths that no buffer has, and ends that no position can be. */
static int check_span(size_t n, const u64 *pos)
{
	if ((s64)n < 0)
		return -EFAULT;
	return pos && (s64)(*pos + n) < 0 ? -EINVAL : 0;
}

/* At *pos; MAX_RW at most. */
static long file_read(struct file *file, void *buf, size_t n, u64 *pos)
{
	int err = check_span(n, pos);

	if (!file_readable(file))
		return -EBADF;
	if (!file->ops->read)
		return -EINVAL;
	if (err)
		return err;
	return file->ops->read(file, buf, min(n, MAX_RW), pos);
}

static long file_write(struct file *file, void *buf, size_t n, u64 *pos)
{
	int err = check_span(n, pos);

	if (!file_writable(file))
		return -EBADF;
	if (!file->ops->write)
		return -EINVAL;
	if (err)
		return err;
	return file->ops->write(file, buf, min(n, MAX_RW), pos);
}

/* At the file's own position, which moves on. */
static long at_position(int fd, void *buf, size_t n, transfer_fn transfer)
{
	struct fd f = fd_get(fd);
	struct file *file = f.file;
	long ret;

	if (!file)
		return -EBADF;
	if (file->ops->seekable) {
		mutex_lock(&file->pos_lock);
		ret = transfer(file, buf, n, &file->pos);
		mutex_unlock(&file->pos_lock);
	} else {
		ret = transfer(file, buf, n, NULL);
	}
	fd_put(f);
	return ret;
}

SYSCALL_DEFINE3(read, int, fd, void *, buf, size_t, n)
{
	return at_position(fd, buf, n, file_read);
}
SYSCALL_DEFINE3(write, int, fd, void *, buf, size_t, n)
{
	return at_position(fd, buf, n, file_write);
}

/* At a position of the call's own. */
static long at_offset(int fd, void *buf, size_t n, s64 offset, transfer_fn transfer)
{
	struct fd f;
	u64 pos = (u64)offset;
	long ret;

	if (offset < 0)
		return -EINVAL;
	f = fd_get(fd);
	if (!f.file)
		return -EBADF;
	ret = f.file->inode ? transfer(f.file, buf, n, &pos) : -ESPIPE;
	fd_put(f);
	return ret;
}

SYSCALL_DEFINE4(pread64, int, fd, void *, buf, size_t, n, s64, offset)
{
	return at_offset(fd, buf, n, offset, file_read);
}

SYSCALL_DEFINE4(pwrite64, int, fd, void *, buf, size_t, n, s64, offset)
{
	return at_offset(fd, buf, n, offset, file_write);
}

/* ---- vectors ---- */

/* All segments are looked at before the first byte moves. Total length or -errno. */
static long check_vector(const struct iovec *user, unsigned long count)
{
	struct iovec seg;
	u64 total = 0;

	if (count > UIO_MAXIOV)
		return -EINVAL;
	for (unsigned long i = 0; i < count; i++) {
		if (copy_from_user(&seg, user + i, sizeof(seg)))
			return -EFAULT;
		if ((s64)seg.iov_len < 0 || total + seg.iov_len < total)
			return -EINVAL;
		total += seg.iov_len;
	}
	return (long)min(total, MAX_RW);
}

/* Segment after segment, until one is not moved whole. pos NULL: the file's own position. */
static long move_vector(struct file *file, const struct iovec *user, unsigned long count, u64 *pos,
			transfer_fn transfer)
{
	long done = 0, ret = check_vector(user, count), left = ret;
	struct iovec seg;

	/* Access and the kind of file are wrong even if there is nothing to move. */
	if (ret == 0)
		return transfer(file, NULL, 0, pos);
	if (ret < 0)
		return ret;
	for (unsigned long i = 0; i < count && left; i++) {
		size_t n;

		if (copy_from_user(&seg, user + i, sizeof(seg)))
			return done ? done : -EFAULT;
		n = min(seg.iov_len, (u64)left);
		if (!n)
			continue;
		ret = transfer(file, seg.iov_base, n, pos);
		if (ret < 0)
			return done ? done : ret;
		done += ret;
		left -= ret;
		if ((size_t)ret < n)
			break;
	}
	return done;
}

static long vector_at_position(int fd, const struct iovec *vec, unsigned long count,
			       transfer_fn transfer)
{
	struct fd f = fd_get(fd);
	struct file *file = f.file;
	long ret;

	if (!file)
		return -EBADF;
	if (file->ops->seekable) {
		mutex_lock(&file->pos_lock);
		ret = move_vector(file, vec, count, &file->pos, transfer);
		mutex_unlock(&file->pos_lock);
	} else {
		ret = move_vector(file, vec, count, NULL, transfer);
	}
	fd_put(f);
	return ret;
}

SYSCALL_DEFINE3(readv, int, fd, const struct iovec *, vec, unsigned long, count)
{
	return vector_at_position(fd, vec, count, file_read);
}

SYSCALL_DEFINE3(writev, int, fd, const struct iovec *, vec, unsigned long, count)
{
	return vector_at_position(fd, vec, count, file_write);
}

static long vector_at_offset(int fd, const struct iovec *vec, unsigned long count, s64 offset,
			     transfer_fn transfer)
{
	struct fd f;
	u64 pos = (u64)offset;
	long ret;

	if (offset < 0)
		return -EINVAL;
	f = fd_get(fd);
	if (!f.file)
		return -EBADF;
	ret = f.file->inode ? move_vector(f.file, vec, count, &pos, transfer) : -ESPIPE;
	fd_put(f);
	return ret;
}

SYSCALL_DEFINE4(preadv, int, fd, const struct iovec *, vec, unsigned long, count, s64, offset)
{
	return vector_at_offset(fd, vec, count, offset, file_read);
}

SYSCALL_DEFINE4(pwritev, int, fd, const struct iovec *, vec, unsigned long, count, s64, offset)
{
	return vector_at_offset(fd, vec, count, offset, file_write);
}

/* ---- position ---- */

static long do_lseek(struct file *file, s64 offset, int whence)
{
	s64 base;

	switch (whence) {
	case SEEK_SET: base = 0; break;
	case SEEK_CUR: base = (s64)file->pos; break;
	case SEEK_END: base = (s64)file->inode->size; break;
	default: return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &base) || base < 0)
		return -EINVAL;
	file->pos = (u64)base;
	return base;
}

SYSCALL_DEFINE3(lseek, int, fd, s64, offset, int, whence)
{
	struct fd f = fd_get(fd);
	struct file *file = f.file;
	long ret = -ESPIPE;

	if (!file)
		return -EBADF;
	if (file->ops->seekable) {
		mutex_lock(&file->pos_lock);
		ret = do_lseek(file, offset, whence);
		mutex_unlock(&file->pos_lock);
	} else if (file->inode && file->inode->rdev_major == 1) {
		/* /dev/null and its like */
		ret = whence < SEEK_SET || whence > SEEK_END ? -EINVAL : 0;
	}
	fd_put(f);
	return ret;
}

SYSCALL_DEFINE3(ioctl, int, fd, unsigned int, cmd, unsigned long, arg)
{
	struct fd f = fd_get(fd);
	long ret = -ENOTTY;

	if (!f.file)
		return -EBADF;
	if (f.file->ops->ioctl)
		ret = f.file->ops->ioctl(f.file, cmd, arg);
	fd_put(f);
	return ret;
}
