/* open(): finding or making the file, and the struct file for it. */
#include "kernel/base/string.h"
#include "kernel/fs/create.h"
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
		mode |= FMODE_LSEEK | FMODE_PREAD;
	if (ops->llseek && (is_regular(inode) || is_dir(inode)))
		mode |= FMODE_POS;
	return mode;
}

/* An O_PATH descriptor does nothing by itself. */
static const struct file_operations path_fops;

#define KEPT_FLAGS	(O_ACCMODE | O_NONBLOCK | O_APPEND | O_DIRECTORY | O_NOFOLLOW | O_DSYNC | \
			 O_DIRECT | O_NOATIME | O_PATH | O_TMPFILE)

static int call_open(struct inode *inode, struct file *file, unsigned int flags)
{
	if (flags & O_PATH) {
		file->ops = &path_fops;
		file->fmode = FMODE_PATH;
		return 0;
	}
	if (!inode->fop)
		return -ENXIO;
	file->ops = inode->fop;
	file->fmode = fmode_of(inode, inode->fop, flags);
	return inode->fop->open ? inode->fop->open(inode, file) : 0;
}

struct file *dentry_open(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = dentry->inode;
	struct file *file = file_alloc(NULL, flags & KEPT_FLAGS);
	int ret;

	if (!file)
		return ERR_PTR(-ENOMEM);
	path_get(dentry);
	inode_get(inode);
	file->dentry = dentry;
	file->inode = inode;
	file->f_mapping = &inode->mapping;
	ret = call_open(inode, file, flags);
	if (!ret)
		return file;
	file->ops = &path_fops;		/* which has nothing to release */
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
	bool write = (flags & O_ACCMODE) != O_RDONLY;

	if (flags & O_DIRECTORY && !is_dir(inode))
		return -ENOTDIR;
	if (flags & O_PATH)
		return 0;
	if (is_link(inode))
		return -ELOOP;		/* O_NOFOLLOW */
	if (is_dir(inode) && (write || flags & O_CREAT))
		return -EISDIR;
	return 0;
}

static int truncate_opened(struct inode *inode)
{
	const struct iattr attr = { .valid = ATTR_SIZE };

	return is_regular(inode) ? notify_change(inode, &attr) : 0;
}

static struct file *open_dentry(struct dentry *dentry, unsigned int flags)
{
	struct file *file;
	int ret = may_open(dentry->inode, flags);

	if (ret)
		return ERR_PTR(ret);
	file = dentry_open(dentry, flags);
	if (IS_ERR(file) || !(flags & O_TRUNC))
		return file;
	ret = truncate_opened(dentry->inode);
	if (!ret)
		return file;
	file_put(file);
	return ERR_PTR(ret);
}

/* ---- O_CREAT ---- */

/* The entry, made if it is not there; *created says so. With a dget(). */
static struct dentry *find_or_create(struct walk *walk, const struct last_name *last,
				     unsigned int flags, u32 mode, bool *created)
{
	const struct new_file new = { .mode = S_IFREG | mode };
	struct inode *dir = walk->at->inode;
	struct dentry *dentry;

	down_write(&dir->lock);
	dentry = lookup_one_locked(walk->at, last->name, last->len);
	*created = dentry == ERR_PTR(-ENOENT);
	if (*created)
		dentry = create_locked(walk->at, last, &new);
	up_write(&dir->lock);
	if (!*created && !IS_ERR(dentry) && flags & O_EXCL) {
		dput(dentry);
		return ERR_PTR(-EEXIST);
	}
	return dentry;
}

static struct file *open_create(struct walk *walk, const char *path, size_t len,
				unsigned int flags, u32 mode);

/* A link in the last place: its target is what is opened, or made. */
static struct file *open_through(struct walk *walk, struct dentry *link, unsigned int flags, u32 mode)
{
	struct file *file;
	char *text;
	long len;
	int ret;

	if (link->inode->op->get_link) {
		ret = follow_link(walk, link);
		return ret ? ERR_PTR(ret) : open_dentry(walk->at, flags & ~O_CREAT);
	}
	if (++walk->links > MAX_LINKS)
		return ERR_PTR(-ELOOP);
	text = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!text)
		return ERR_PTR(-ENOMEM);
	len = link_text(link, text, PATH_MAX);
	file = len < 0 ? ERR_PTR(len) : open_create(walk, text, (size_t)len, flags, mode);
	kfree(text);
	return file;
}

/* At most MAX_LINKS deep, as the links are. */
static struct file *open_create(struct walk *walk, const char *path, size_t len,
				unsigned int flags, u32 mode)
{
	struct last_name last;
	struct dentry *dentry;
	struct file *file;
	bool created;
	int ret = walk_parent(walk, path, len, &last);

	if (ret)
		return ERR_PTR(ret);
	if (last.special || last.slash)
		return ERR_PTR(-EISDIR);
	dentry = find_or_create(walk, &last, flags, mode, &created);
	if (IS_ERR(dentry))
		return (struct file *)dentry;
	if (created)
		file = dentry_open(dentry, flags);
	else if (is_link(dentry->inode) && !(flags & O_NOFOLLOW))
		file = open_through(walk, dentry, flags, mode);
	else
		file = open_dentry(dentry, flags);
	dput(dentry);
	return file;
}

/* ---- O_TMPFILE ---- */

static struct file *open_tmpfile(struct walk *walk, unsigned int flags, u32 mode)
{
	struct inode *dir = walk->at->inode;
	struct dentry *dentry;
	struct file *file;
	int ret;

	if (!is_dir(dir))
		return ERR_PTR(-ENOTDIR);
	if (!dir->op->tmpfile)
		return ERR_PTR(-EOPNOTSUPP);
	dentry = d_alloc(walk->at, "", 0);
	if (!dentry)
		return ERR_PTR(-ENOMEM);
	dentry->removed = true;
	ret = dir->op->tmpfile(dir, dentry, S_IFREG | mode);
	if (!ret)
		dentry->inode->linkable = !(flags & O_EXCL);
	file = ret ? ERR_PTR(ret) : dentry_open(dentry, flags & ~(O_CREAT | O_DIRECTORY));
	dput(dentry);
	return file;
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

struct file *do_filp_open(int dirfd, const char *path, unsigned int flags, u32 mode)
{
	struct walk walk = { 0 };
	size_t len = strlen(path);
	struct file *file;
	int ret = check_flags(&flags);

	if (ret)
		return ERR_PTR(ret);
	walk.at = path_start(dirfd, path);
	if (IS_ERR(walk.at))
		return (struct file *)walk.at;
	if (flags & O_CREAT) {
		flags |= flags & O_EXCL ? O_NOFOLLOW : 0;
		file = open_create(&walk, path, len, flags, mode);
	} else {
		ret = walk_path(&walk, path, len, !(flags & O_NOFOLLOW));
		if (ret)
			file = ERR_PTR(ret);
		else if (flags & O_TMPFILE & ~O_DIRECTORY)
			file = open_tmpfile(&walk, flags, mode);
		else
			file = open_dentry(walk.at, flags);
	}
	path_put(walk.at);
	return file;
}

static long do_open(int dirfd, const char *user_path, unsigned int flags, u32 mode)
{
	char *path = path_from_user(user_path);
	struct file *file;

	if (IS_ERR(path))
		return PTR_ERR(path);
	file = do_filp_open(dirfd, path, flags, mode & 07777 & ~current_umask());
	kfree(path);
	return IS_ERR(file) ? PTR_ERR(file) : fd_new(file, flags & O_CLOEXEC);
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
