/* read, write, their vector and positioned forms, lseek, ioctl, fsync. */
#include "kernel/fs/blkdev.h"
#include "kernel/fs/files.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/read_write.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/fs.h"
#include "kernel/uapi/termios.h"

/* Lengths that no buffer has, and ends that no position can be. */
static int check_span(size_t n, const u64 *pos)
{
	if ((s64)n < 0)
		return -EFAULT;
	return pos && (s64)(*pos + n) < 0 ? -EINVAL : 0;
}

/* May that be done to the file at all? */
static int check_access(const struct file *file, bool write)
{
	if (!(file->fmode & (write ? FMODE_WRITE : FMODE_READ)))
		return -EBADF;
	if (write)
		return file->ops->write || file->ops->write_iter ? 0 : -EINVAL;
	return file->ops->read || file->ops->read_iter ? 0 : -EINVAL;
}

static long move_iter(struct file *file, bool write, struct iov_iter *iter, u64 *pos)
{
	return write ? file->ops->write_iter(file, iter, pos)
		     : file->ops->read_iter(file, iter, pos);
}

static bool has_iter(const struct file *file, bool write)
{
	return write ? file->ops->write_iter : file->ops->read_iter;
}

bool io_nonblock(const struct file *file, const struct iov_iter *iter)
{
	return READ_ONCE(file->flags) & O_NONBLOCK || iter->rwf & RWF_NOWAIT;
}

static int check_rw(const struct file *file, bool write, const void *buf, size_t n, const u64 *pos)
{
	int err = check_access(file, write);

	return err ? err : access_ok(buf, n) ? check_span(n, pos) : -EFAULT;
}

static long move(struct file *file, bool write, void *buf, size_t n, u64 *pos)
{
	struct iov_iter iter;

	n = min(n, MAX_RW);
	if (has_iter(file, write)) {
		iter = iov_iter_buf(buf, n);
		return move_iter(file, write, &iter, pos);
	}
	return write ? file->ops->write(file, buf, n, pos) : file->ops->read(file, buf, n, pos);
}

long file_rw(struct file *file, bool write, void *buf, size_t n, u64 *pos)
{
	int err = check_rw(file, write, buf, n, pos);

	return err ? err : move(file, write, buf, n, pos);
}

/* A call has moved that much, or failed. */
static long counted(bool write, long ret)
{
	use_count(write ? USE_SYSCW : USE_SYSCR, 1);
	if (ret > 0)
		use_count(write ? USE_WCHAR : USE_RCHAR, (u64)ret);
	return ret;
}

/* Of a call on one buffer; one that cannot be is none. */
static long counted_rw(struct file *file, bool write, void *buf, size_t n, u64 *pos)
{
	int err = check_rw(file, write, buf, n, pos);

	return err ? err : counted(write, move(file, write, buf, n, pos));
}

/* The file's own position, which moves on; locked where reads and writes take turns at it. */
static u64 *lock_position(struct file *file)
{
	if (!(file->fmode & FMODE_LSEEK))
		return NULL;
	if (file->fmode & FMODE_POS)
		mutex_lock(&file->pos_lock);
	return &file->pos;
}

static void unlock_position(struct file *file)
{
	if (file->fmode & FMODE_POS)
		mutex_unlock(&file->pos_lock);
}

static long at_position(int fd, bool write, void *buf, size_t n)
{
	struct fd f = fd_get(fd);
	long ret;

	if (!f.file)
		return -EBADF;
	ret = counted_rw(f.file, write, buf, n, lock_position(f.file));
	unlock_position(f.file);
	fd_put(f);
	return ret;
}

SYSCALL_DEFINE3(read, int, fd, void *, buf, size_t, n) { return at_position(fd, false, buf, n); }
SYSCALL_DEFINE3(write, int, fd, void *, buf, size_t, n) { return at_position(fd, true, buf, n); }

/* At a position of the call's own. */
static long at_offset(int fd, bool write, void *buf, size_t n, s64 offset)
{
	u64 pos = (u64)offset;
	struct fd f;
	long ret;

	if (offset < 0)
		return -EINVAL;
	f = fd_get_io(fd);
	if (!f.file)
		return -EBADF;
	ret = f.file->fmode & FMODE_PREAD ? counted_rw(f.file, write, buf, n, &pos) : -ESPIPE;
	fd_put(f);
	return ret;
}

SYSCALL_DEFINE4(pread64, int, fd, void *, buf, size_t, n, s64, offset)
{
	return at_offset(fd, false, buf, n, offset);
}

SYSCALL_DEFINE4(pwrite64, int, fd, void *, buf, size_t, n, s64, offset)
{
	return at_offset(fd, true, buf, n, offset);
}

/* ---- vectors ---- */

/* own: the buffers are the caller's, not those of another program. */
static long look_at_vector(const struct iovec *user, unsigned long count, bool own)
{
	bool bad = false;
	struct iovec seg;
	u64 total = 0;

	if (count > UIO_MAXIOV)
		return -EINVAL;
	for (unsigned long i = 0; i < count; i++) {
		if (copy_from_user(&seg, user + i, sizeof(seg)))
			return -EFAULT;
		if ((s64)seg.iov_len < 0 || total + seg.iov_len < total)
			return -EINVAL;
		bad |= own && !access_ok(seg.iov_base, seg.iov_len);
		total += seg.iov_len;
	}
	return bad ? -EFAULT : (long)min(total, MAX_RW);
}

long check_vector(const struct iovec *user, unsigned long count)
{
	return look_at_vector(user, count, true);
}

/* One segment is read once: there is nothing to look at before. */
static long import_single(const struct iovec *user, struct iov_iter *iter, bool own)
{
	struct iovec seg;

	if (copy_from_user(&seg, user, sizeof(seg)))
		return -EFAULT;
	if ((s64)seg.iov_len < 0)
		return -EINVAL;
	if (own && !access_ok(seg.iov_base, seg.iov_len))
		return -EFAULT;
	*iter = iov_iter_buf(seg.iov_base, min(seg.iov_len, MAX_RW));
	return (long)iter->left;
}

long import_vector(const struct iovec *user, unsigned long count, struct iov_iter *iter, bool own)
{
	long total;

	if (likely(count == 1))
		return import_single(user, iter, own);
	total = look_at_vector(user, count, own);
	if (total > 0)
		*iter = iov_iter_vec(user, (size_t)total);
	return total;
}

/* Segment after segment, until one is not moved whole. */
static long move_segments(struct file *file, bool write, const struct iovec *user, long left,
			  u64 *pos)
{
	long done = 0, ret;
	struct iovec seg;

	for (; left; user++) {
		size_t n;

		if (copy_from_user(&seg, user, sizeof(seg)))
			return done ? done : -EFAULT;
		n = min(seg.iov_len, (u64)left);
		if (!n)
			continue;
		ret = file_rw(file, write, seg.iov_base, n, pos);
		if (ret < 0)
			return done ? done : ret;
		done += ret;
		left -= ret;
		if ((size_t)ret < n)
			break;
	}
	return done;
}

#define RWF_KNOWN	(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND)

/*
 * HIPRI has nothing to say where devices interrupt; the SYNC flags are kept when all is written.
 */
static int check_flags(const struct file *file, bool write, int flags)
{
	bool nowait = file->ops->nowait & (write ? FMODE_WRITE : FMODE_READ);

	return flags & ~RWF_KNOWN || (flags & RWF_NOWAIT && !nowait) ? -EOPNOTSUPP : 0;
}

static long move_vector(struct file *file, bool write, const struct iovec *user,
			unsigned long count, u64 *pos, int flags)
{
	long total = check_vector(user, count);
	struct iov_iter iter;
	int err;

	/* Access and the kind of file are wrong even if there is nothing to move. */
	if (total == 0)
		return file_rw(file, write, NULL, 0, pos);
	if (total < 0)
		return total;
	err = check_access(file, write);
	if (!err)
		err = check_span((size_t)total, pos);
	if (!err)
		err = check_flags(file, write, flags);
	if (err)
		return err;
	if (!has_iter(file, write))
		return move_segments(file, write, user, total, pos);
	iter = iov_iter_vec(user, (size_t)total);
	iter.rwf = (u8)flags;
	return move_iter(file, write, &iter, pos);
}

static long vector_at_position(int fd, bool write, const struct iovec *vec, unsigned long count,
			       int flags)
{
	struct fd f = fd_get_io(fd);
	long ret;

	if (!f.file)
		return counted(write, -EBADF);
	ret = move_vector(f.file, write, vec, count, lock_position(f.file), flags);
	unlock_position(f.file);
	fd_put(f);
	return counted(write, ret);
}

SYSCALL_DEFINE3(readv, int, fd, const struct iovec *, vec, unsigned long, count)
{
	return vector_at_position(fd, false, vec, count, 0);
}

SYSCALL_DEFINE3(writev, int, fd, const struct iovec *, vec, unsigned long, count)
{
	return vector_at_position(fd, true, vec, count, 0);
}

static long vector_at_offset(int fd, bool write, const struct iovec *vec, unsigned long count,
			     s64 offset, int flags)
{
	u64 pos = (u64)offset;
	struct fd f;
	long ret;

	if (offset < 0)
		return -EINVAL;
	f = fd_get_io(fd);
	if (!f.file)
		return counted(write, -EBADF);
	ret = -ESPIPE;
	if (f.file->fmode & FMODE_PREAD)
		ret = move_vector(f.file, write, vec, count, &pos, flags);
	fd_put(f);
	return counted(write, ret);
}

SYSCALL_DEFINE4(preadv, int, fd, const struct iovec *, vec, unsigned long, count, s64, offset)
{
	return vector_at_offset(fd, false, vec, count, offset, 0);
}

SYSCALL_DEFINE4(pwritev, int, fd, const struct iovec *, vec, unsigned long, count, s64, offset)
{
	return vector_at_offset(fd, true, vec, count, offset, 0);
}

/* The second forms: -1 is the file's own position. */
static long do_fsync(int fd, bool datasync);

static long vector_2(int fd, bool write, const struct iovec *vec, unsigned long count, s64 offset,
		     int flags)
{
	long ret, err = 0;

	ret = offset == -1 ? vector_at_position(fd, write, vec, count, flags)
			   : vector_at_offset(fd, write, vec, count, offset, flags);
	if (ret > 0 && write && flags & (RWF_DSYNC | RWF_SYNC))
		err = do_fsync(fd, !(flags & RWF_SYNC));
	/* EINVAL: nothing that could be kept, a pipe or terminal. */
	return err && err != -EINVAL ? err : ret;
}

/* The fifth argument is the upper half of the offset where a register does not hold all of it. */
SYSCALL_DEFINE6(preadv2, int, fd, const struct iovec *, vec, unsigned long, count, s64, offset,
		unsigned long, high, int, flags)
{
	return vector_2(fd, false, vec, count, offset, flags);
}

SYSCALL_DEFINE6(pwritev2, int, fd, const struct iovec *, vec, unsigned long, count, s64, offset,
		unsigned long, high, int, flags)
{
	return vector_2(fd, true, vec, count, offset, flags);
}

/* ---- position, ioctl ---- */

SYSCALL_DEFINE3(lseek, int, fd, s64, offset, int, whence)
{
	struct fd f = fd_get_io(fd);
	struct file *file = f.file;
	long ret = -ESPIPE;

	if (!file)
		return -EBADF;
	if (whence < SEEK_SET || whence > SEEK_HOLE) {
		ret = -EINVAL;
	} else if (file->fmode & FMODE_LSEEK) {
		mutex_lock(&file->pos_lock);
		ret = file->ops->llseek(file, offset, whence);
		mutex_unlock(&file->pos_lock);
	}
	fd_put(f);
	return ret;
}

static long set_nonblock(struct file *file, const int *user)
{
	unsigned int flags = READ_ONCE(file->flags);
	int on;

	if (copy_from_user(&on, user, sizeof(on)))
		return -EFAULT;
	WRITE_ONCE(file->flags, on ? flags | O_NONBLOCK : flags & ~(unsigned int)O_NONBLOCK);
	return 0;
}

static long set_async(int fd, struct file *file, const int *user)
{
	int on;

	if (copy_from_user(&on, user, sizeof(on)))
		return -EFAULT;
	if (!on == !(READ_ONCE(file->flags) & O_ASYNC))
		return 0;
	return file->ops->async_lists ? file_set_async(file, fd, on) : -ENOTTY;
}

static long bytes_left(const struct file *file, int *user)
{
	int left = (int)(READ_ONCE(file->inode->mapping.size) - file->pos);

	return copy_to_user(user, &left, sizeof(left)) ? -EFAULT : 0;
}

/* Of every file system. */
static long block_size(int *user)
{
	const int size = PAGE_SIZE;

	return copy_to_user(user, &size, sizeof(size)) ? -EFAULT : 0;
}

/* What is asked of every file alike; then what only this kind knows. */
static long file_ioctl(int fd, struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case FIOCLEX: return fd_cloexec(fd, true, true);
	case FIONCLEX: return fd_cloexec(fd, true, false);
	case FIONBIO: return set_nonblock(file, (const int *)arg);
	case FIOASYNC: return set_async(fd, file, (const int *)arg);
	case FIGETBSZ: return block_size((int *)arg);
	case FIONREAD:
		if (is_regular(file->inode))
			return bytes_left(file, (int *)arg);
	}
	return file->ops->ioctl ? file->ops->ioctl(file, cmd, arg) : -ENOTTY;
}

SYSCALL_DEFINE3(ioctl, int, fd, unsigned int, cmd, unsigned long, arg)
{
	struct fd f = fd_get_io(fd);
	long ret;

	if (!f.file)
		return -EBADF;
	ret = file_ioctl(fd, f.file, cmd, arg);
	fd_put(f);
	return ret;
}

/* ---- fsync ---- */

static long do_fsync(int fd, bool datasync)
{
	struct fd f = fd_get_io(fd);
	long ret = -EINVAL;

	if (!f.file)
		return -EBADF;
	if (f.file->ops->fsync)
		ret = f.file->ops->fsync(f.file, 0, MAX_FILE_BYTES, datasync);
	else if (is_regular(f.file->inode) || is_dir(f.file->inode))
		ret = 0; /* it is nowhere but in memory */
	fd_put(f);
	return ret;
}

SYSCALL_DEFINE1(fsync, int, fd) { return do_fsync(fd, false); }
SYSCALL_DEFINE1(fdatasync, int, fd) { return do_fsync(fd, true); }
SYSCALL_DEFINE0(sync)
{
	blkdev_sync(); /* an error is for those who have the disk open */
	return 0;
}

SYSCALL_DEFINE1(syncfs, int, fd)
{
	struct fd f = fd_get_io(fd);
	long ret = f.file ? 0 : -EBADF;

	fd_put(f);
	return ret;
}
