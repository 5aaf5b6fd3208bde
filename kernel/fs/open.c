/* open(): finding or making the file, and the struct file for it. */
#include "kernel/base/string.h"
#include "kernel/fs/create.h"
#include "kernel/fs/permission.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/slab.h"

/* ---- struct file ---- */

static unsigned int fmode_of(const struct inode *inode, const struct file_operations *ops,
			     unsigned int flags)
{
	unsigned int mode = 0, access = flags & O_ACCMODE;

	if (access == O_RDONLY || access == O_RDWR)
		mode |= FMODE_READ;
	if (access == O_WRONLY || access == O_RDWR)
		mode |= FMODE_WRITE;
	if (ops->llseek)
		mode |= FMODE_LSEEK | (ops->llseek == noop_llseek ? 0 : FMODE_PREAD);
	if (ops->llseek && (is_regular(inode) || is_dir(inode) || is_blockdev(inode)))
		mode |= FMODE_POS;
	return mode;
}

/* An O_PATH descriptor does nothing by itself. */
static const struct file_operations path_fops;

#define KEPT_FLAGS \
	(O_ACCMODE | O_NONBLOCK | O_APPEND | O_DIRECTORY | O_NOFOLLOW | O_DSYNC | O_DIRECT | \
	 O_NOATIME | O_PATH | O_TMPFILE)

/* Devices and FIFOs are no contents that somebody could run. */
static int become_writer(struct inode *inode, struct file *file)
{
	int ret;

	if (!file_writable(file) || is_chardev(inode) || is_blockdev(inode) || is_fifo(inode))
		return 0;
	ret = get_write_access(inode);
	if (ret)
		return ret;
	ret = sb_want_write(inode->sb);
	if (ret)
		put_write_access(inode);
	else
		file->fmode |= FMODE_WRITER;
	return ret;
}

static int call_open(struct inode *inode, struct file *file, unsigned int flags)
{
	int ret;

	if (flags & O_PATH) {
		file->ops = &path_fops;
		file->fmode = FMODE_PATH;
		return 0;
	}
	if (!inode->fop)
		return -ENXIO;
	file->ops = inode->fop;
	file->fmode = fmode_of(inode, inode->fop, flags);
	ret = become_writer(inode, file);
	if (!ret && inode->fop->open)
		ret = inode->fop->open(inode, file);
	return ret;
}

/* Makes a new struct file one of the dentry. */
static int vfs_open(struct file *file, struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = dentry->inode;
	int ret;

	path_get(dentry);
	inode_get(inode);
	file->flags = (flags & (KEPT_FLAGS | O_NOCTTY)) | (flags & O_PATH ? 0 : O_LARGEFILE);
	file->dentry = dentry;
	file->inode = inode;
	file->f_mapping = &inode->mapping;
	ret = call_open(inode, file, flags);
	file->flags &= ~(unsigned int)O_NOCTTY;	/* only the terminal's open had to know */
	atomic_set(&file->f_wb_err, errseq_sample(&file->f_mapping->wb_err));
	if (ret)
		file->ops = &path_fops; /* which has nothing to release */
	return ret;
}

struct file *dentry_open(struct dentry *dentry, unsigned int flags)
{
	struct file *file = file_alloc(&path_fops, 0);
	int ret;

	if (!file)
		return ERR_PTR(-ENOMEM);
	ret = vfs_open(file, dentry, flags);
	if (!ret)
		return file;
	file_put(file);
	return ERR_PTR(ret);
}

struct file *filp_open(const char *path, unsigned int flags)
{
	return do_filp_open(AT_FDCWD, path, flags, 0);
}

struct file *anon_file(struct inode *inode, const struct file_operations *ops, void *private,
		       unsigned int flags)
{
	struct file *file = file_alloc(ops, flags);

	if (!file)
		return ERR_PTR(-ENOMEM);
	if (!inode) {
		inode = anon_inode;
		inode_get(inode);
	}
	file->inode = inode;
	file->f_mapping = &inode->mapping;
	file->private = private;
	file->fmode = fmode_of(inode, ops, flags);
	return file;
}

/* ---- what open() may do ---- */

static int may_open(const struct inode *inode, unsigned int flags)
{
	bool write = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;
	int ret;

	if (flags & O_DIRECTORY && !is_dir(inode))
		return -ENOTDIR;
	if (flags & O_PATH)
		return 0;
	if (is_link(inode))
		return -ELOOP; /* O_NOFOLLOW */
	if (is_dir(inode) && (write || flags & O_CREAT))
		return -EISDIR;
	ret = inode_permission(inode, (write ? MAY_WRITE : 0) |
					      ((flags & O_ACCMODE) != O_WRONLY ? MAY_READ : 0));
	return !ret && flags & O_NOATIME && !inode_owner_or_capable(inode) ? -EPERM : ret;
}

static int truncate_opened(struct inode *inode)
{
	const struct iattr attr = { .valid = ATTR_SIZE };

	/* As a writer: it may be open for reading only. */
	return is_regular(inode) ? notify_change_as_writer(inode, &attr) : 0;
}

/*
 * One open(). The struct file is there before anything is looked up, so that a file that has been
 * made can be opened.
 */
struct opening {
	struct walk walk;
	struct file *file;
	unsigned int flags;
	u32 mode; /* of a new file */
};

static int open_dentry(const struct opening *o, struct dentry *dentry)
{
	int ret = walk_scope(&o->walk);

	if (!ret)
		ret = may_open(dentry->inode, o->flags);

	if (!ret)
		ret = vfs_open(o->file, dentry, o->flags);
	if (!ret && o->flags & O_TRUNC)
		ret = truncate_opened(dentry->inode);
	return ret;
}

/* ---- O_CREAT ---- */

/*
 * The entry, made if it is not there; *created says so, and that the caller has to
 * sb_drop_write(). With a dget().
 */
static struct dentry *find_or_create(const struct opening *o, const struct last_name *last,
				     bool *created)
{
	const struct new_file new = { .mode = S_IFREG | o->mode };
	struct dentry *at = o->walk.at, *dentry;
	struct inode *dir = at->inode;
	int writable = sb_want_write(at->sb);

	down_write(&dir->lock);
	dentry = lookup_one_locked(at, last->name, last->len);
	*created = dentry == ERR_PTR(-ENOENT);
	if (*created)
		dentry = writable ? ERR_PTR(writable) : create_locked(at, last, &new);
	up_write(&dir->lock);
	if (!writable && (IS_ERR(dentry) || !*created))
		sb_drop_write(at->sb);
	if (!*created && !IS_ERR(dentry) && o->flags & O_EXCL) {
		dput(dentry);
		return ERR_PTR(-EEXIST);
	}
	return dentry;
}

static int open_create(struct opening *o, const char *path, size_t len);

/* A link in the last place: its target is what is opened, or made. */
static int open_through(struct opening *o, struct dentry *link)
{
	char *text;
	long len;
	int ret;

	if (link->inode->op->get_link) {
		ret = follow_link(&o->walk, link);
		return ret ? ret : open_dentry(o, o->walk.at);
	}
	if (++o->walk.links > MAX_LINKS || o->walk.resolve & RESOLVE_NO_SYMLINKS)
		return -ELOOP;
	text = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	len = link_text(link, text, PATH_MAX);
	ret = len < 0 ? (int)len : open_create(o, text, (size_t)len);
	kfree(text);
	return ret;
}

/* At most MAX_LINKS deep, as the links are. */
static int open_create(struct opening *o, const char *path, size_t len)
{
	struct last_name last;
	struct dentry *dentry;
	bool created;
	int ret = walk_parent(&o->walk, path, len, &last);

	if (ret)
		return ret;
	if (last.special && o->flags & O_EXCL)
		return -EEXIST;
	if (last.special || last.slash)
		return -EISDIR;
	ret = walk_scope(&o->walk);
	if (ret)
		return ret;
	dentry = find_or_create(o, &last, &created);
	if (IS_ERR(dentry))
		return (int)PTR_ERR(dentry);
	if (created) {
		ret = vfs_open(o->file, dentry, o->flags);
		sb_drop_write(o->walk.at->sb);
	} else if (is_link(dentry->inode) && !(o->flags & O_NOFOLLOW)) {
		ret = open_through(o, dentry);
	} else {
		ret = open_dentry(o, dentry);
	}
	dput(dentry);
	return ret;
}

/* ---- O_TMPFILE ---- */

static int make_tmpfile(const struct opening *o)
{
	struct inode *dir = o->walk.at->inode;
	struct dentry *dentry;
	int ret;

	if (!dir->op->tmpfile)
		return -EOPNOTSUPP;
	ret = may_create(dir);
	if (ret)
		return ret;
	dentry = d_alloc(o->walk.at, "", 0);
	if (!dentry)
		return -ENOMEM;
	dentry->removed = true;
	ret = dir->op->tmpfile(dir, dentry, S_IFREG | o->mode);
	if (!ret) {
		dentry->inode->linkable = !(o->flags & O_EXCL);
		ret = vfs_open(o->file, dentry, o->flags & ~(O_CREAT | O_DIRECTORY));
	}
	dput(dentry);
	return ret;
}

static int open_tmpfile(const struct opening *o)
{
	struct super_block *sb = o->walk.at->sb;
	int ret;

	if (!is_dir(o->walk.at->inode))
		return -ENOTDIR;
	ret = walk_scope(&o->walk);
	if (ret)
		return ret;
	ret = sb_want_write(sb);
	if (ret)
		return ret;
	ret = make_tmpfile(o);
	sb_drop_write(sb);
	return ret;
}

/* ---- all of it ---- */

/* Flags that exclude each other, and those that O_PATH leaves. */
static int check_flags(unsigned int *flags)
{
	bool tmpfile = *flags & O_TMPFILE & ~O_DIRECTORY;

	if (tmpfile && ((*flags & O_TMPFILE) != O_TMPFILE || *flags & O_CREAT ||
			(*flags & O_ACCMODE) == O_RDONLY))
		return -EINVAL;
	if (*flags & O_PATH)
		*flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	else if (!tmpfile && (*flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY))
		return -EINVAL;
	return 0;
}

static int open_path(struct opening *o, const char *path)
{
	size_t len = strlen(path);
	int ret;

	if (o->flags & O_CREAT) {
		o->flags |= o->flags & O_EXCL ? O_NOFOLLOW : 0;
		return open_create(o, path, len);
	}
	ret = walk_path(&o->walk, path, len, !(o->flags & O_NOFOLLOW));
	if (ret)
		return ret;
	return o->flags & O_TMPFILE & ~O_DIRECTORY ? open_tmpfile(o) : open_dentry(o, o->walk.at);
}

/* Where the walk starts; if it must not leave that, it stays its root, with another reference. */
static int start_walk(struct walk *walk, int dirfd, const char *path)
{
	bool scoped = walk->resolve & RESOLVE_SCOPED;

	if (!*path)
		return -ENOENT;
	walk->at = path_start(dirfd, scoped ? "." : path);
	if (IS_ERR(walk->at))
		return (int)PTR_ERR(walk->at);
	if (scoped) {
		walk->root = walk->at;
		path_get(walk->root);
	}
	return 0;
}

static int open_from(struct opening *o, int dirfd, const char *path)
{
	int ret = start_walk(&o->walk, dirfd, path);

	if (ret)
		return ret;
	ret = open_path(o, path);
	path_put(o->walk.at);
	if (o->walk.root)
		path_put(o->walk.root);
	return ret;
}

static struct file *open_how(int dirfd, const char *path, const struct open_how *how)
{
	struct opening o = {
		.flags = (unsigned int)how->flags,
		.mode = (u32)how->mode,
		.walk.resolve = (unsigned int)how->resolve,
	};
	int ret = check_flags(&o.flags);

	if (ret)
		return ERR_PTR(ret);
	o.file = file_alloc(&path_fops, 0);
	if (!o.file)
		return ERR_PTR(-ENOMEM);
	ret = open_from(&o, dirfd, path);
	if (!ret)
		return o.file;
	file_put(o.file);
	return ERR_PTR(ret);
}

struct file *do_filp_open(int dirfd, const char *path, unsigned int flags, u32 mode)
{
	const struct open_how how = { .flags = flags, .mode = mode };

	return open_how(dirfd, path, &how);
}

/* The number comes first, too: who gets none makes no file. */
static long open_fd(int dirfd, const char *path, const struct open_how *how)
{
	int fd = fd_reserve(0, how->flags & O_CLOEXEC);
	struct open_how masked = *how;
	struct file *file;

	if (fd < 0)
		return fd;
	masked.mode &= 07777 & ~current_umask();
	file = open_how(dirfd, path, &masked);
	if (IS_ERR(file)) {
		fd_cancel(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

static long open_user_path(int dirfd, const char *user_path, const struct open_how *how)
{
	char *path = path_from_user(user_path);
	long ret;

	if (IS_ERR(path))
		return PTR_ERR(path);
	ret = open_fd(dirfd, path, how);
	kfree(path);
	return ret;
}

static long do_open(int dirfd, const char *user_path, unsigned int flags, u32 mode)
{
	const struct open_how how = { .flags = flags, .mode = mode };

	return open_user_path(dirfd, user_path, &how);
}

SYSCALL_DEFINE3(open, const char *, path, unsigned int, flags, u32, mode)
{
	return do_open(AT_FDCWD, path, flags, mode);
}
SYSCALL_DEFINE4(openat, int, dirfd, const char *, path, unsigned int, flags, u32, mode)
{
	return do_open(dirfd, path, flags, mode);
}
SYSCALL_DEFINE2(creat, const char *, path, u32, mode)
{
	return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* ---- openat2 ---- */

#define OPEN_FLAGS \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | \
	 O_DSYNC | O_ASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | \
	 O_CLOEXEC | O_PATH | O_TMPFILE)
#define RESOLVE_FLAGS \
	(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_SCOPED | \
	 RESOLVE_CACHED)
#define MAKES_FILES	(O_CREAT | (O_TMPFILE & ~O_DIRECTORY))

/* Nothing is forgiven, unlike what open() does. */
static int check_how(const struct open_how *how)
{
	bool path = how->flags & O_PATH;

	if (how->flags & ~(u64)OPEN_FLAGS || how->resolve & ~(u64)RESOLVE_FLAGS ||
	    (how->resolve & RESOLVE_SCOPED) == RESOLVE_SCOPED)
		return -EINVAL;
	if (how->mode & ~07777ull || (how->mode && !(how->flags & MAKES_FILES)))
		return -EINVAL;
	if (path && how->flags & ~(u64)(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC))
		return -EINVAL;
	/* What lies in memory is all that is looked at anyway, but for what has to be made. */
	return how->resolve & RESOLVE_CACHED && how->flags & (MAKES_FILES | O_TRUNC) ? -EAGAIN : 0;
}

static int copy_how(struct open_how *how, const void *user, size_t size)
{
	if (size < OPEN_HOW_SIZE_VER0)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(how, sizeof(*how), user, size);
}

SYSCALL_DEFINE4(openat2, int, dirfd, const char *, path, const struct open_how *, user,
		size_t, size)
{
	struct open_how how;
	int ret = copy_how(&how, user, size);

	if (!ret)
		ret = check_how(&how);
	return ret ? ret : open_user_path(dirfd, path, &how);
}
