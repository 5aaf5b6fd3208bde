/* Changing what an inode says: chmod, chown, times, sizes. */
#include "kernel/fs/namei.h"
#include "kernel/fs/permission.h"
#include "kernel/syscall.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/time.h"

/* ---- one way to each inode ---- */

static long change_path(int dirfd, const char *path, unsigned int lookup, const struct iattr *attr)
{
	struct dentry *dentry = user_path_lookup(dirfd, path, lookup);
	long ret;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	ret = notify_change(dentry->inode, attr);
	path_put(dentry);
	return ret;
}

static long change_fd(int fd, const struct iattr *attr)
{
	struct fd f = fd_get(fd);
	long ret = -EBADF;

	if (f.file && !(f.file->fmode & FMODE_PATH))
		ret = notify_change(f.file->inode, attr);
	fd_put(f);
	return ret;
}

/* ---- modes ---- */

static struct iattr mode_attr(u32 mode)
{
	return (struct iattr){ .valid = ATTR_MODE, .mode = mode };
}

static long do_chmod(int dirfd, const char *path, u32 mode, unsigned int lookup)
{
	const struct iattr attr = mode_attr(mode);
	struct dentry *dentry = user_path_lookup(dirfd, path, lookup);
	long ret = -EOPNOTSUPP;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	if (!is_link(dentry->inode))
		ret = notify_change(dentry->inode, &attr);
	path_put(dentry);
	return ret;
}

SYSCALL_DEFINE2(chmod, const char *, path, u32, mode)
{
	return do_chmod(AT_FDCWD, path, mode, LOOKUP_FOLLOW);
}
SYSCALL_DEFINE2(fchmod, int, fd, u32, mode)
{
	const struct iattr attr = mode_attr(mode);

	return change_fd(fd, &attr);
}
SYSCALL_DEFINE3(fchmodat, int, dirfd, const char *, path, u32, mode)
{
	return do_chmod(dirfd, path, mode, LOOKUP_FOLLOW);
}

/* ---- owners ---- */

/* -1 leaves the one or the other as it is. */
static struct iattr owner_attr(u32 uid, u32 gid)
{
	return (struct iattr){
		.valid = ATTR_OWNER | (uid != ~0u ? ATTR_UID : 0) | (gid != ~0u ? ATTR_GID : 0),
		.uid = uid,
		.gid = gid,
	};
}

static long do_chown(int dirfd, const char *path, u32 uid, u32 gid, unsigned int lookup)
{
	const struct iattr attr = owner_attr(uid, gid);

	return change_path(dirfd, path, lookup, &attr);
}

SYSCALL_DEFINE3(chown, const char *, path, u32, uid, u32, gid)
{
	return do_chown(AT_FDCWD, path, uid, gid, LOOKUP_FOLLOW);
}
SYSCALL_DEFINE3(lchown, const char *, path, u32, uid, u32, gid)
{
	return do_chown(AT_FDCWD, path, uid, gid, 0);
}
SYSCALL_DEFINE3(fchown, int, fd, u32, uid, u32, gid)
{
	const struct iattr attr = owner_attr(uid, gid);

	return change_fd(fd, &attr);
}
SYSCALL_DEFINE5(fchownat, int, dirfd, const char *, path, u32, uid, u32, gid, int, flags)
{
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return do_chown(dirfd, path, uid, gid,
			(flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
				(flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0));
}

/* ---- times ---- */

/* One time of the two: -EINVAL for a wrong one. UTIME_NOW and UTIME_OMIT have no seconds. */
static int one_time(const struct __kernel_timespec *ts, unsigned int bit, struct iattr *attr,
		    u64 *to)
{
	if (ts->tv_nsec == UTIME_OMIT)
		return 0;
	attr->valid |= bit;
	if (ts->tv_nsec == UTIME_NOW) {
		*to = realtime_ns();
		return 0;
	}
	if (ts->tv_nsec < 0 || ts->tv_nsec >= (s64)NSEC_PER_SEC)
		return -EINVAL;
	*to = (u64)ts->tv_sec * NSEC_PER_SEC + (u64)ts->tv_nsec;
	return 0;
}

static int times_attr(const struct __kernel_timespec ts[2], struct iattr *attr)
{
	int ret = one_time(&ts[0], ATTR_ATIME, attr, &attr->atime);

	return ret ? ret : one_time(&ts[1], ATTR_MTIME, attr, &attr->mtime);
}

/* path NULL: the descriptor itself. */
static long do_utimes(int dirfd, const char *path, const struct __kernel_timespec ts[2], int flags)
{
	struct iattr attr = { 0 };
	int ret;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	ret = times_attr(ts, &attr);
	if (ret || !attr.valid)
		return ret;
	if (ts[0].tv_nsec == UTIME_NOW && ts[1].tv_nsec == UTIME_NOW)
		attr.valid |= ATTR_TOUCH;
	if (!path && dirfd != AT_FDCWD)
		return flags ? -EINVAL : change_fd(dirfd, &attr);
	return change_path(dirfd, path,
			   (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
				   (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0),
			   &attr);
}

static const struct __kernel_timespec both_now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };

SYSCALL_DEFINE4(utimensat, int, dirfd, const char *, path, const struct __kernel_timespec *, user,
		int, flags)
{
	struct __kernel_timespec ts[2];

	if (!user)
		return do_utimes(dirfd, path, both_now, flags);
	if (copy_from_user(ts, user, sizeof(ts)))
		return -EFAULT;
	return do_utimes(dirfd, path, ts, flags);
}

static long do_utimeval(int dirfd, const char *path, const struct __kernel_old_timeval *user)
{
	struct __kernel_old_timeval tv[2];
	struct __kernel_timespec ts[2];

	if (!user)
		return do_utimes(dirfd, path, both_now, 0);
	if (copy_from_user(tv, user, sizeof(tv)))
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		if (tv[i].tv_usec < 0 || tv[i].tv_usec >= 1000000)
			return -EINVAL;
		ts[i] = (struct __kernel_timespec){ tv[i].tv_sec, tv[i].tv_usec * 1000 };
	}
	return do_utimes(dirfd, path, ts, 0);
}

SYSCALL_DEFINE2(utimes, const char *, path, const struct __kernel_old_timeval *, times)
{
	return do_utimeval(AT_FDCWD, path, times);
}
SYSCALL_DEFINE3(futimesat, int, dirfd, const char *, path, const struct __kernel_old_timeval *,
		times)
{
	return do_utimeval(dirfd, path, times);
}

SYSCALL_DEFINE2(utime, const char *, path, const s64 *, user)
{
	s64 seconds[2];
	struct __kernel_timespec ts[2] = { 0 };

	if (!user)
		return do_utimes(AT_FDCWD, path, both_now, 0);
	if (copy_from_user(seconds, user, sizeof(seconds)))
		return -EFAULT;
	ts[0].tv_sec = seconds[0];
	ts[1].tv_sec = seconds[1];
	return do_utimes(AT_FDCWD, path, ts, 0);
}

/* ---- sizes ---- */

/* A file may not grow beyond what its process may write. */
static int check_size(s64 size)
{
	if (size < 0)
		return -EINVAL;
	return file_size_limit((u64)size) < (u64)size ? -EFBIG : 0;
}

int notify_change_as_writer(struct inode *inode, const struct iattr *attr)
{
	int ret = get_write_access(inode);

	if (ret)
		return ret;
	ret = notify_change(inode, attr);
	put_write_access(inode);
	return ret;
}

static int truncate_inode(struct inode *inode, s64 size, bool is_open)
{
	const struct iattr attr = { .valid = ATTR_SIZE, .size = (u64)size };
	int ret;

	if (is_dir(inode))
		return -EISDIR;
	if (!is_regular(inode))
		return -EINVAL;
	ret = is_open ? 0 : inode_permission(inode, MAY_WRITE);
	if (!ret)
		ret = check_size(size);
	if (ret)
		return ret;
	/* ftruncate()'s descriptor is a writer already. */
	return is_open ? notify_change(inode, &attr) : notify_change_as_writer(inode, &attr);
}

SYSCALL_DEFINE2(truncate, const char *, path, s64, size)
{
	struct dentry *dentry;
	long ret;

	if (size < 0)
		return -EINVAL;
	dentry = user_path_lookup(AT_FDCWD, path, LOOKUP_FOLLOW);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	ret = truncate_inode(dentry->inode, size, false);
	path_put(dentry);
	return ret;
}

SYSCALL_DEFINE2(ftruncate, int, fd, s64, size)
{
	struct fd f = { 0 };
	long ret = -EINVAL;

	if (size < 0)
		return -EINVAL;
	f = fd_get(fd);
	if (!f.file || f.file->fmode & FMODE_PATH)
		ret = -EBADF;
	else if (is_regular(f.file->inode) && file_writable(f.file))
		ret = truncate_inode(f.file->inode, size, true);
	fd_put(f);
	return ret;
}

/* ---- fallocate ---- */

static long file_fallocate(struct file *file, int mode, u64 start, u64 len)
{
	struct inode *inode = file->inode;
	int ret;

	if (!file_writable(file))
		return -EBADF;
	if (is_fifo(inode))
		return -ESPIPE;
	if (is_dir(inode))
		return -EISDIR;
	if (!is_regular(inode))
		return -ENODEV;
	if (start + len > MAX_FILE_BYTES ||
	    (!(mode & FALLOC_FL_KEEP_SIZE) && check_size((s64)(start + len))))
		return -EFBIG;
	if (!inode->op->fallocate)
		return -EOPNOTSUPP;
	down_write(&inode->lock);
	ret = inode->op->fallocate(inode, mode, start, start + len);
	up_write(&inode->lock);
	return ret;
}

SYSCALL_DEFINE4(fallocate, int, fd, int, mode, s64, start, s64, len)
{
	struct fd f = fd_get(fd);
	long ret;

	if (!f.file || f.file->fmode & FMODE_PATH)
		ret = -EBADF;
	else if (start < 0 || len <= 0)
		ret = -EINVAL;
	else if (mode & ~FALLOC_FL_SUPPORTED ||
		 (mode & FALLOC_FL_PUNCH_HOLE && !(mode & FALLOC_FL_KEEP_SIZE)))
		ret = -EOPNOTSUPP;
	else
		ret = file_fallocate(f.file, mode, (u64)start, (u64)len);
	fd_put(f);
	return ret;
}
