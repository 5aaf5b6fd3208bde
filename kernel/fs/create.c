/* Making and removing names: mkdir, mknod, symlink, link, unlink, rmdir. */
#include "kernel/base/string.h"
#include "kernel/fs/create.h"
#include "kernel/fs/permission.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/slab.h"

/* ---- new names ---- */

static int make_inode(struct inode *dir, struct dentry *dentry, const struct new_file *new)
{
	const struct inode_operations *op = dir->op;

	if (new->old)
		return op->link ? op->link(new->old, dir, dentry) : -EPERM;
	switch (new->mode & S_IFMT) {
	case S_IFREG: return op->create ? op->create(dir, dentry, new->mode) : -EPERM;
	case S_IFDIR: return op->mkdir ? op->mkdir(dir, dentry, new->mode) : -EPERM;
	case S_IFLNK: return op->symlink ? op->symlink(dir, dentry, new->target) : -EPERM;
	default:
		return op->mknod ? op->mknod(dir, dentry, new->mode, new->major, new->minor)
				 : -EPERM;
	}
}

/* Devices are made by root, but for what RENAME_WHITEOUT leaves: character device 0, 0. */
static int may_make(const struct inode *dir, const struct new_file *new)
{
	u32 type = new->mode & S_IFMT;
	bool device = type == S_IFBLK || (type == S_IFCHR && (new->major || new->minor));
	int ret = may_create(dir);

	return ret || new->old || !device || fs_capable() ? ret : -EPERM;
}

struct dentry *create_locked(struct dentry *dir, const struct last_name *last,
			     const struct new_file *new)
{
	struct dentry *dentry;
	int ret;

	if (dir->inode->dead)
		return ERR_PTR(-ENOENT);
	ret = may_make(dir->inode, new);
	if (ret)
		return ERR_PTR(ret);
	dentry = d_alloc(dir, last->name, last->len);
	if (!dentry)
		return ERR_PTR(-ENOMEM);
	ret = make_inode(dir->inode, dentry, new);
	if (!ret) {
		d_add(dentry);
		return dentry;
	}
	dput(dentry);
	return ERR_PTR(ret);
}

/* Makes the last name of a path. The error for one that is there comes before all others. */
static int create_at(const struct last_name *last, const struct new_file *new)
{
	struct inode *dir = last->dir->inode;
	struct dentry *dentry;
	int ret = -EEXIST, writable;

	if (last->special)
		return -EEXIST;
	writable = sb_want_write(dir->sb);
	down_write(&dir->lock);
	dentry = lookup_one_locked(last->dir, last->name, last->len);
	if (dentry == ERR_PTR(-ENOENT)) {
		if (last->slash && (new->mode & S_IFMT) != S_IFDIR)
			dentry = ERR_PTR(-ENOENT);
		else
			dentry =
				writable ? ERR_PTR(writable) : create_locked(last->dir, last, new);
		ret = 0;
	}
	up_write(&dir->lock);
	if (!writable)
		sb_drop_write(dir->sb);
	if (IS_ERR(dentry))
		return (int)PTR_ERR(dentry);
	dput(dentry);
	return ret;
}

static long create_path(int dirfd, const char *user_path, const struct new_file *new)
{
	struct last_name last;
	int ret = user_path_parent(dirfd, user_path, &last);

	if (ret)
		return ret;
	ret = create_at(&last, new);
	last_name_put(&last);
	return ret;
}

static long do_mkdir(int dirfd, const char *path, u32 mode)
{
	const struct new_file new = { .mode = S_IFDIR | (mode & 01777 & ~current_umask()) };

	return create_path(dirfd, path, &new);
}

SYSCALL_DEFINE2(mkdir, const char *, path, u32, mode) { return do_mkdir(AT_FDCWD, path, mode); }
SYSCALL_DEFINE3(mkdirat, int, dirfd, const char *, path, u32, mode)
{
	return do_mkdir(dirfd, path, mode);
}

static long do_mknod(int dirfd, const char *path, u32 mode, u32 dev)
{
	struct new_file new = { .mode = (mode & ~S_IFMT & 07777 & ~current_umask()) |
					(mode & S_IFMT ? mode & S_IFMT : S_IFREG) };

	switch (mode & S_IFMT) {
	case S_IFCHR:
	case S_IFBLK:
		new.major = dev_major(dev);
		new.minor = dev_minor(dev);
		break;
	case 0:
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK: break;
	case S_IFDIR: return -EPERM;
	default: return -EINVAL;
	}
	return create_path(dirfd, path, &new);
}

SYSCALL_DEFINE3(mknod, const char *, path, u32, mode, u32, dev)
{
	return do_mknod(AT_FDCWD, path, mode, dev);
}
SYSCALL_DEFINE4(mknodat, int, dirfd, const char *, path, u32, mode, u32, dev)
{
	return do_mknod(dirfd, path, mode, dev);
}

static long do_symlink(const char *user_target, int dirfd, const char *path)
{
	struct new_file new = { .mode = S_IFLNK | 0777 };
	char *target = path_from_user(user_target);
	long ret;

	if (IS_ERR(target))
		return PTR_ERR(target);
	new.target = target;
	ret = *target ? create_path(dirfd, path, &new) : -ENOENT;
	kfree(target);
	return ret;
}

SYSCALL_DEFINE2(symlink, const char *, target, const char *, path)
{
	return do_symlink(target, AT_FDCWD, path);
}
SYSCALL_DEFINE3(symlinkat, const char *, target, int, dirfd, const char *, path)
{
	return do_symlink(target, dirfd, path);
}

/* ---- link ---- */

/* Why there can be no link; that the name is there already comes first. */
static int refuse_link(const struct last_name *last, int error)
{
	struct inode *dir = last->dir->inode;
	struct dentry *there;

	down_write(&dir->lock);
	there = lookup_one_locked(last->dir, last->name, last->len);
	up_write(&dir->lock);
	if (IS_ERR(there))
		return sb_readonly(dir->sb) ? -EROFS : error;
	dput(there);
	return -EEXIST;
}

static int link_at(struct dentry *old, const struct last_name *last)
{
	struct inode *inode = old->inode;
	const struct new_file new = { .mode = inode->mode, .old = inode };
	int ret;

	if (last->special)
		return -EEXIST;
	if (old->sb != last->dir->sb)
		return refuse_link(last, -EXDEV);
	if (may_link(inode))
		return refuse_link(last, -EPERM);
	if (is_dir(inode))
		return refuse_link(last, may_create(last->dir->inode) ? -EACCES : -EPERM);
	down_read(&inode->lock);
	ret = inode->nlink || inode->linkable ? 0 : -ENOENT;
	up_read(&inode->lock);
	return ret ? ret : create_at(last, &new);
}

static long do_link(int old_fd, const char *old_path, int new_fd, const char *new_path, int flags)
{
	unsigned int lookup = (flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0) |
			      (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	struct dentry *old;
	struct last_name last;
	int ret;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	old = user_path_lookup(old_fd, old_path, lookup);
	if (IS_ERR(old))
		return PTR_ERR(old);
	ret = user_path_parent(new_fd, new_path, &last);
	if (!ret) {
		ret = link_at(old, &last);
		last_name_put(&last);
	}
	path_put(old);
	return ret;
}

SYSCALL_DEFINE2(link, const char *, old, const char *, new)
{
	return do_link(AT_FDCWD, old, AT_FDCWD, new, 0);
}
SYSCALL_DEFINE5(linkat, int, old_fd, const char *, old, int, new_fd, const char *, new, int, flags)
{
	return do_link(old_fd, old, new_fd, new, flags);
}

/* ---- unlink and rmdir ---- */

int may_remove(const struct inode *dir, const struct dentry *dentry, bool directory)
{
	int ret = may_delete(dir, dentry->inode);

	if (ret)
		return ret;
	if (directory && !is_dir(dentry->inode))
		return -ENOTDIR;
	if (!directory && is_dir(dentry->inode))
		return -EISDIR;
	return READ_ONCE(dentry->mounted) ? -EBUSY : 0;
}

/* dir's lock and that of the victim are held for writing. */
static int remove_locked(struct inode *dir, struct dentry *victim)
{
	struct inode *inode = victim->inode;
	bool directory = is_dir(inode);
	int (*op)(struct inode *, struct dentry *) = directory ? dir->op->rmdir : dir->op->unlink;
	int ret = may_remove(dir, victim, directory);

	if (!ret && directory && !d_empty(victim))
		ret = -ENOTEMPTY;
	if (!ret)
		ret = op ? op(dir, victim) : -EPERM;
	if (ret)
		return ret;
	inode->dead = directory;
	d_drop(victim);
	return 0;
}

static int remove_at(const struct last_name *last, bool directory)
{
	struct inode *dir = last->dir->inode;
	struct dentry *victim;
	int ret;

	down_write(&dir->lock);
	victim = lookup_one_locked(last->dir, last->name, last->len);
	ret = IS_ERR(victim) ? (int)PTR_ERR(victim) : 0;
	if (!ret && last->slash && !directory)
		ret = is_dir(victim->inode) ? -EISDIR : -ENOTDIR;
	if (!ret)
		ret = may_remove(dir, victim, directory);
	if (!ret) {
		down_write_nested(&victim->inode->lock);
		ret = remove_locked(dir, victim);
		up_write(&victim->inode->lock);
	}
	up_write(&dir->lock);
	if (!IS_ERR(victim))
		dput(victim); /* the file goes here, if this was all that held it */
	return ret;
}

/* The names that nothing can be removed by. */
static int special_error(const struct last_name *last, bool directory)
{
	if (!directory)
		return -EISDIR;
	return !last->len ? -EBUSY : last->len == 1 ? -EINVAL : -ENOTEMPTY;
}

/* In a file system that is read-only there is nothing to be looked for. */
static int remove_last(const struct last_name *last, bool directory)
{
	int ret;

	if (last->special)
		return special_error(last, directory);
	ret = sb_want_write(last->dir->sb);
	if (ret)
		return ret;
	ret = remove_at(last, directory);
	sb_drop_write(last->dir->sb);
	return ret;
}

static long do_remove(int dirfd, const char *user_path, bool directory)
{
	struct last_name last;
	int ret = user_path_parent(dirfd, user_path, &last);

	if (ret)
		return ret;
	ret = remove_last(&last, directory);
	last_name_put(&last);
	return ret;
}

SYSCALL_DEFINE1(unlink, const char *, path) { return do_remove(AT_FDCWD, path, false); }
SYSCALL_DEFINE1(rmdir, const char *, path) { return do_remove(AT_FDCWD, path, true); }
SYSCALL_DEFINE3(unlinkat, int, dirfd, const char *, path, int, flags)
{
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	return do_remove(dirfd, path, flags & AT_REMOVEDIR);
}
