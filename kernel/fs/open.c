/* System calls on paths: open, stat, access, readlink, getdents. The tree is read-only. */
#include "kernel/base/string.h"
#include "kernel/fs/inode.h"
#include "kernel/syscall.h"
#include "kernel/uapi/dirent.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/slab.h"

/* What open() with these flags may not do to that entry; 0 or -errno. */
static int may_open(const struct inode *inode, int flags)
{
	bool write = (flags & O_ACCMODE) != O_RDONLY;

	if (flags & O_CREAT && flags & O_EXCL)
		return -EEXIST;
	if (is_link(inode))
		return -ELOOP;		/* O_NOFOLLOW */
	if (is_dir(inode) && (write || flags & O_CREAT))
		return -EISDIR;
	if (!is_dir(inode) && flags & O_DIRECTORY)
		return -ENOTDIR;
	if (is_regular(inode) && (write || flags & O_TRUNC))
		return -EROFS;
	return 0;
}

static struct file *open_path(int dirfd, const char *path, int flags)
{
	struct dentry *dentry = path_start(dirfd, path);
	int ret;

	if (!IS_ERR(dentry))
		dentry = path_lookup(dentry, path,
				     !(flags & O_NOFOLLOW || (flags & O_EXCL && flags & O_CREAT)));
	if (dentry == ERR_PTR(-ENOENT) && flags & O_CREAT && *path)
		return ERR_PTR(-EROFS);
	if (IS_ERR(dentry))
		return (struct file *)dentry;
	ret = may_open(dentry->inode, flags);
	return ret ? ERR_PTR(ret) : inode_open(dentry, (unsigned int)flags);
}

static long do_open(int dirfd, const char *user_path, int flags)
{
	char *path = path_from_user(user_path);
	struct file *file;

	if (IS_ERR(path))
		return PTR_ERR(path);
	file = open_path(dirfd, path, flags);
	kfree(path);
	return IS_ERR(file) ? PTR_ERR(file) : fd_new(file, flags & O_CLOEXEC);
}

SYSCALL_DEFINE2(open, const char *, path, int, flags) { return do_open(AT_FDCWD, path, flags); }
SYSCALL_DEFINE3(openat, int, dirfd, const char *, path, int, flags)
{
	return do_open(dirfd, path, flags);
}
SYSCALL_DEFINE1(creat, const char *, path)
{
	return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC);
}

/* ---- stat ---- */

#define AT_NO_AUTOMOUNT	0x800	/* nothing is mounted automatically anyway */

static long stat_to_user(const struct inode *inode, struct __kernel_stat *user)
{
	struct __kernel_stat st;

	inode_stat(inode, &st);
	return copy_to_user(user, &st, sizeof(st)) ? -EFAULT : 0;
}

static long do_stat(int dirfd, const char *path, struct __kernel_stat *user, int flags)
{
	const struct inode *inode = path_inode(dirfd, path, flags);

	return IS_ERR(inode) ? PTR_ERR(inode) : stat_to_user(inode, user);
}

static long do_fstat(int fd, struct __kernel_stat *user)
{
	struct fd f = fd_get(fd);
	struct __kernel_stat st = { 0 };

	if (!f.file)
		return -EBADF;
	if (f.file->inode)
		inode_stat(f.file->inode, &st);
	else if (f.file->ops->stat)
		f.file->ops->stat(f.file, &st);
	fd_put(f);
	return copy_to_user(user, &st, sizeof(st)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(stat, const char *, path, struct __kernel_stat *, st)
{
	return do_stat(AT_FDCWD, path, st, 0);
}
SYSCALL_DEFINE2(fstat, int, fd, struct __kernel_stat *, st) { return do_fstat(fd, st); }

SYSCALL_DEFINE2(lstat, const char *, path, struct __kernel_stat *, st)
{
	return do_stat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

SYSCALL_DEFINE4(newfstatat, int, dirfd, const char *, path, struct __kernel_stat *, st, int, flags)
{
	char first;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -EINVAL;
	/* fstat() of the C libraries, for files without a path too. */
	if (flags & AT_EMPTY_PATH && dirfd != AT_FDCWD && !copy_from_user(&first, path, 1) &&
	    !first)
		return do_fstat(dirfd, st);
	return do_stat(dirfd, path, st, flags);
}

/* ---- access, readlink ---- */

static long do_access(int dirfd, const char *path, int mode, int flags)
{
	const struct inode *inode;

	if (mode & ~7)
		return -EINVAL;
	inode = path_inode(dirfd, path, flags);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	/*
	 * Programs run as root: what is left is that files have some x bit, and that none is
	 * written.
	 */
	if (mode & 1 && is_regular(inode) && !(inode->mode & 0111))
		return -EACCES;
	if (mode & 2 && !is_chardev(inode))
		return -EROFS;
	return 0;
}

SYSCALL_DEFINE2(access, const char *, path, int, mode)
{
	return do_access(AT_FDCWD, path, mode, 0);
}
SYSCALL_DEFINE3(faccessat, int, dirfd, const char *, path, int, mode)
{
	return do_access(dirfd, path, mode, 0);
}

static long do_readlink(int dirfd, const char *path, char *buf, int size)
{
	const struct inode *inode;
	size_t n;

	if (size <= 0)
		return -EINVAL;
	inode = path_inode(dirfd, path, AT_SYMLINK_NOFOLLOW);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	if (!is_link(inode))
		return -EINVAL;
	n = min(inode->size, (u64)size);
	return copy_to_user(buf, inode->data, n) ? -EFAULT : (long)n;
}

SYSCALL_DEFINE3(readlink, const char *, path, char *, buf, int, size)
{
	return do_readlink(AT_FDCWD, path, buf, size);
}

SYSCALL_DEFINE4(readlinkat, int, dirfd, const char *, path, char *, buf, int, size)
{
	return do_readlink(dirfd, path, buf, size);
}

/* ---- getdents64 ---- */

#define DIRENT_HEADER	offsetof(struct linux_dirent64, d_name)

/* Writes one entry at buf if it fits in n bytes; its length, 0 if it does not fit, or -EFAULT. */
static long put_dirent(char *buf, size_t n, const struct inode *inode, const char *name,
		       size_t len, u64 next)
{
	union {
		struct linux_dirent64 header;
		char bytes[ALIGN_UP(DIRENT_HEADER + NAME_MAX + 1, 8)];
	} entry;
	size_t reclen = ALIGN_UP(DIRENT_HEADER + len + 1, 8);

	if (reclen > n)
		return 0;
	memset(&entry, 0, reclen);
	entry.header.d_ino = inode->ino;
	entry.header.d_off = (s64)next;
	entry.header.d_reclen = (u16)reclen;
	entry.header.d_type = (u8)(inode->mode >> 12);
	memcpy(entry.bytes + DIRENT_HEADER, name, len);
	return copy_to_user(buf, &entry, reclen) ? -EFAULT : (long)reclen;
}

/* Entry number 0 is ".", 1 is "..", then come the names in order. */
static long list_directory(struct dentry *dir, u64 *pos, char *buf, size_t n)
{
	struct dentry *child = dentry_first(dir);
	long done = 0, ret;

	for (u64 i = 2; child && i < *pos; i++)
		child = dentry_next(child);
	for (;;) {
		if (*pos == 0) {
			ret = put_dirent(buf, n, dir->inode, ".", 1, 1);
		} else if (*pos == 1) {
			ret = put_dirent(buf + done, n, dir->parent->inode, "..", 2, 2);
		} else if (child) {
			ret = put_dirent(buf + done, n, child->inode, child->name, child->name_len,
					 *pos + 1);
			if (ret > 0)
				child = dentry_next(child);
		} else {
			return done;
		}
		if (ret <= 0)
			return done ? done : ret ? ret : -EINVAL;
		done += ret;
		n -= (size_t)ret;
		++*pos;
	}
}

SYSCALL_DEFINE3(getdents64, int, fd, char *, buf, unsigned int, n)
{
	struct fd f = fd_get(fd);
	struct file *file = f.file;
	long ret = -ENOTDIR;

	if (!file)
		return -EBADF;
	if (file->inode && is_dir(file->inode)) {
		mutex_lock(&file->pos_lock);
		ret = list_directory(file->private, &file->pos, buf, n);
		mutex_unlock(&file->pos_lock);
	}
	fd_put(f);
	return ret;
}
