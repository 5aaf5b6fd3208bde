/* What programs may ask about files: stat and its family, access, readlink, statfs. */
#include "kernel/base/string.h"
#include "kernel/fs/namei.h"
#include "kernel/fs/permission.h"
#include "kernel/syscall.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/statfs.h"
#include "kernel/uapi/statx.h"
#include "mm/slab.h"

/* ---- stat ---- */

static unsigned int lookup_flags(int flags)
{
	return (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
	       (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
}

/* Of a descriptor or a path. flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. */
static int vfs_fstatat(int dirfd, const char *path, int flags, struct __kernel_stat *st)
{
	struct dentry *dentry = user_path_lookup(dirfd, path, lookup_flags(flags));

	if (IS_ERR(dentry))
		return (int)PTR_ERR(dentry);
	inode_stat(dentry->inode, st);
	path_put(dentry);
	return 0;
}

static int vfs_fstat(int fd, struct __kernel_stat *st)
{
	struct fd f = fd_get(fd);

	if (!f.file)
		return -EBADF;
	inode_stat(f.file->inode, st);
	fd_put(f);
	return 0;
}

/* fstat() of the C libraries, for files without a path too. */
static bool is_empty_path(const char *path, int flags)
{
	char first;

	return flags & AT_EMPTY_PATH && (!path || (!copy_from_user(&first, path, 1) && !first));
}

static int stat_at(int dirfd, const char *path, int flags, struct __kernel_stat *st)
{
	if (dirfd != AT_FDCWD && is_empty_path(path, flags))
		return vfs_fstat(dirfd, st);
	return vfs_fstatat(dirfd, path, flags, st);
}

static long do_stat(int dirfd, const char *path, struct __kernel_stat *user, int flags)
{
	struct __kernel_stat st;
	int ret = stat_at(dirfd, path, flags, &st);

	return ret ? ret : copy_to_user(user, &st, sizeof(st)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(stat, const char *, path, struct __kernel_stat *, st)
{
	return do_stat(AT_FDCWD, path, st, 0);
}
SYSCALL_DEFINE2(lstat, const char *, path, struct __kernel_stat *, st)
{
	return do_stat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

SYSCALL_DEFINE2(fstat, int, fd, struct __kernel_stat *, user)
{
	struct __kernel_stat st;
	int ret = vfs_fstat(fd, &st);

	return ret ? ret : copy_to_user(user, &st, sizeof(st)) ? -EFAULT : 0;
}

SYSCALL_DEFINE4(newfstatat, int, dirfd, const char *, path, struct __kernel_stat *, st, int, flags)
{
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -EINVAL;
	return do_stat(dirfd, path, st, flags);
}

/* ---- statx ---- */

static void to_statx(const struct __kernel_stat *st, struct statx *x)
{
	*x = (struct statx){
		.stx_mask = STATX_BASIC_STATS,
		.stx_blksize = (u32)st->st_blksize,
		.stx_nlink = (u32)st->st_nlink,
		.stx_uid = st->st_uid,
		.stx_gid = st->st_gid,
		.stx_mode = (u16)st->st_mode,
		.stx_ino = st->st_ino,
		.stx_size = (u64)st->st_size,
		.stx_blocks = (u64)st->st_blocks,
		.stx_atime = { (s64)st->st_atime_sec, (u32)st->st_atime_nsec, 0 },
		.stx_mtime = { (s64)st->st_mtime_sec, (u32)st->st_mtime_nsec, 0 },
		.stx_ctime = { (s64)st->st_ctime_sec, (u32)st->st_ctime_nsec, 0 },
		.stx_rdev_major = dev_major(st->st_rdev),
		.stx_rdev_minor = dev_minor(st->st_rdev),
		.stx_dev_major = dev_major(st->st_dev),
		.stx_dev_minor = dev_minor(st->st_dev),
	};
}

SYSCALL_DEFINE5(statx, int, dirfd, const char *, path, unsigned int, flags, unsigned int, mask,
		struct statx *, user)
{
	struct __kernel_stat st;
	struct statx x;
	int ret;

	if (flags & ~(unsigned int)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT |
				    AT_STATX_SYNC_TYPE) ||
	    (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE || mask & STATX__RESERVED)
		return -EINVAL;
	ret = stat_at(dirfd, path, (int)flags, &st);
	if (ret)
		return ret;
	to_statx(&st, &x);
	return copy_to_user(user, &x, sizeof(x)) ? -EFAULT : 0;
}

/* ---- access ---- */

/* By the real user, unless the flag says otherwise. The bits of mode are those of permission.h. */
static int access_inode(const struct inode *inode, int mode, int flags)
{
	return flags & AT_EACCESS ? inode_permission(inode, mode) :
				    inode_permission_real(inode, mode);
}

static int access_fd(int fd, int mode, int flags)
{
	struct fd f = fd_get(fd);
	int ret = f.file ? access_inode(f.file->inode, mode, flags) : -EBADF;

	fd_put(f);
	return ret;
}

static long do_access(int dirfd, const char *path, int mode, int flags)
{
	struct dentry *dentry;
	int ret;

	if (mode & ~7 || flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_EACCESS))
		return -EINVAL;
	if (dirfd != AT_FDCWD && is_empty_path(path, flags))
		return access_fd(dirfd, mode, flags);
	dentry = user_path_lookup(dirfd, path, lookup_flags(flags));
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	ret = access_inode(dentry->inode, mode, flags);
	path_put(dentry);
	return ret;
}

SYSCALL_DEFINE2(access, const char *, path, int, mode)
{
	return do_access(AT_FDCWD, path, mode, 0);
}
SYSCALL_DEFINE3(faccessat, int, dirfd, const char *, path, int, mode)
{
	return do_access(dirfd, path, mode, 0);
}
SYSCALL_DEFINE4(faccessat2, int, dirfd, const char *, path, int, mode, int, flags)
{
	return do_access(dirfd, path, mode, flags);
}

/* ---- readlink ---- */

static long read_link(struct dentry *dentry, char *user, size_t size)
{
	char *buf;
	long len;

	if (!is_link(dentry->inode))
		return -EINVAL;
	buf = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	len = link_text(dentry, buf, min(size, (size_t)PATH_MAX));
	if (len > 0 && copy_to_user(user, buf, (size_t)len))
		len = -EFAULT;
	kfree(buf);
	return len;
}

static long do_readlink(int dirfd, const char *path, char *user, int size)
{
	struct dentry *dentry;
	long ret;

	if (size <= 0)
		return -EINVAL;
	dentry = user_path_lookup(dirfd, path, LOOKUP_EMPTY);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	ret = read_link(dentry, user, (size_t)size);
	/* An empty path names a link that dirfd itself is, by O_PATH; and nothing else. */
	if (ret == -EINVAL && is_empty_path(path, AT_EMPTY_PATH))
		ret = -ENOENT;
	path_put(dentry);
	return ret;
}

SYSCALL_DEFINE3(readlink, const char *, path, char *, buf, int, size)
{
	return do_readlink(AT_FDCWD, path, buf, size);
}
SYSCALL_DEFINE4(readlinkat, int, dirfd, const char *, path, char *, buf, int, size)
{
	return do_readlink(dirfd, path, buf, size);
}

/* ---- statfs ---- */

static long statfs_to_user(struct super_block *sb, struct statfs64 *user)
{
	struct statfs64 st = {
		.f_type = (s64)sb->type->magic,
		.f_bsize = PAGE_SIZE,
		.f_frsize = PAGE_SIZE,
		.f_namelen = NAME_MAX,
		.f_fsid.val[0] = (int)sb->dev,
		.f_flags = ST_VALID | (sb_readonly(sb) ? ST_RDONLY : 0),
	};

	if (sb->ops && sb->ops->statfs)
		sb->ops->statfs(sb, &st);
	return copy_to_user(user, &st, sizeof(st)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(statfs, const char *, path, struct statfs64 *, user)
{
	struct dentry *dentry = user_path_lookup(AT_FDCWD, path, LOOKUP_FOLLOW);
	long ret;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	ret = statfs_to_user(dentry->sb, user);
	path_put(dentry);
	return ret;
}

SYSCALL_DEFINE2(fstatfs, int, fd, struct statfs64 *, user)
{
	struct fd f = fd_get(fd);
	long ret;

	if (!f.file)
		return -EBADF;
	ret = statfs_to_user(f.file->inode->sb, user);
	fd_put(f);
	return ret;
}
