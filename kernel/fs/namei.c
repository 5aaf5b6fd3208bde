/* From paths to files. */
#include "kernel/base/string.h"
#include "kernel/fs/inode.h"
#include "kernel/task.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/slab.h"

#define MAX_LINKS	40	/* symbolic links followed in one look-up */

struct dentry *root_dentry;


static int name_cmp(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, min(a_len, b_len));

	return order ? order : a_len < b_len ? -1 : a_len > b_len;
}

static int dentry_cmp(const struct dentry *a, const struct dentry *b)
{
	return name_cmp(a->name, a->name_len, b->name, b->name_len);
}

RB_GENERATE_STATIC(dentry_tree, dentry, link, dentry_cmp)

struct dentry *dentry_child(const struct dentry *dir, const char *name, size_t len)
{
	struct dentry *at = RB_ROOT(&dir->names);

	while (at) {
		int order = name_cmp(name, len, at->name, at->name_len);

		if (!order)
			break;
		at = order < 0 ? RB_LEFT(at, link) : RB_RIGHT(at, link);
	}
	return at;
}

struct dentry *dentry_first(const struct dentry *dir)
{
	return RB_MIN(dentry_tree, (struct dentry_tree *)&dir->names);
}

struct dentry *dentry_next(struct dentry *dentry) { return RB_NEXT(dentry_tree, NULL, dentry); }

struct dentry *dentry_add(struct dentry *dir, const char *name, size_t len, struct inode *inode)
{
	struct dentry *dentry = dentry_child(dir, name, len);

	if (dentry) {
		dentry->inode = inode;
		return dentry;
	}
	dentry = kzalloc(sizeof(*dentry) + len + 1, GFP_KERNEL);
	if (!dentry)
		boot_stop("There is not enough memory for the names in the initramfs.");
	dentry->name_len = (u8)len;
	memcpy(dentry->name, name, len);
	RB_INIT(&dentry->names);
	dentry->inode = inode;
	dentry->parent = dir;
	RB_INSERT(dentry_tree, &dir->names, dentry);
	return dentry;
}

/* ---- walking ---- */

/* One step of a walk; links counts those followed so far. */
struct walk {
	struct dentry *at;
	int links;
};

static int walk_path(struct walk *walk, const char *path, size_t len, bool follow);

static int follow_link(struct walk *walk, struct dentry *link)
{
	const struct inode *inode = link->inode;

	if (++walk->links > MAX_LINKS)
		return -ELOOP;
	return walk_path(walk, (const char *)inode->data, inode->size, true);
}

static int walk_name(struct walk *walk, const char *name, size_t len, bool follow)
{
	struct dentry *child;

	if (!is_dir(walk->at->inode))
		return -ENOTDIR;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	if (len == 1 && name[0] == '.')
		return 0;
	if (len == 2 && name[0] == '.' && name[1] == '.') {
		walk->at = walk->at->parent;
		return 0;
	}
	child = dentry_child(walk->at, name, len);
	if (!child)
		return -ENOENT;
	if (follow && is_link(child->inode))
		return follow_link(walk, child);
	walk->at = child;
	return 0;
}

/* Links lead to paths that have links: at most MAX_LINKS deep, since each is counted. */
static int walk_path(struct walk *walk, const char *path, size_t len, bool follow)
{
	const char *end = path + len;
	int ret = 0;

	if (!len)
		return -ENOENT;
	if (*path == '/')
		walk->at = root_dentry;
	while (!ret && path < end) {
		const char *name;
		bool last;

		while (path < end && *path == '/')
			path++;
		name = path;
		while (path < end && *path != '/')
			path++;
		last = path == end;
		if (path > name)
			ret = walk_name(walk, name, (size_t)(path - name), follow || !last);
		else if (len > 1 && !is_dir(walk->at->inode))
			ret = -ENOTDIR;	/* a slash behind a file's name */
	}
	return ret;
}

struct dentry *path_lookup(struct dentry *start, const char *path, bool follow)
{
	struct walk walk = { .at = start };
	int ret = walk_path(&walk, path, strlen(path), follow);

	return ret ? ERR_PTR(ret) : walk.at;
}

struct dentry *path_start(int dirfd, const char *path)
{
	struct dentry *start;
	struct fd fd;

	if (*path == '/' || dirfd == AT_FDCWD)
		return root_dentry;	/* which is every program's current directory */
	fd = fd_get(dirfd);
	if (!fd.file)
		return ERR_PTR(-EBADF);
	/* Entries are for ever: the descriptor may be closed meanwhile. */
	start = fd.file->inode ? fd.file->private : NULL;
	fd_put(fd);
	return start && is_dir(start->inode) ? start : ERR_PTR(-ENOTDIR);
}

char *path_from_user(const char *user_path)
{
	char *path = kmalloc(PATH_MAX, GFP_KERNEL);
	long len;

	if (!path)
		return ERR_PTR(-ENOMEM);
	len = strncpy_from_user(path, user_path, PATH_MAX);
	if (len >= 0)
		return path;
	kfree(path);
	return ERR_PTR(len);
}

/* The inode that a descriptor itself refers to, for an empty path. */
static struct inode *fd_inode(int fd)
{
	struct inode *inode;
	struct fd f;

	if (fd == AT_FDCWD)
		return root_dentry->inode;
	f = fd_get(fd);
	if (!f.file)
		return ERR_PTR(-EBADF);
	inode = f.file->inode ? f.file->inode : ERR_PTR(-EINVAL);
	fd_put(f);
	return inode;
}

struct inode *path_inode(int dirfd, const char *user_path, int flags)
{
	char *path = path_from_user(user_path);
	struct dentry *dentry;

	if (IS_ERR(path))
		return (struct inode *)path;
	if (!*path && flags & AT_EMPTY_PATH) {
		kfree(path);
		return fd_inode(dirfd);
	}
	dentry = path_start(dirfd, path);
	if (!IS_ERR(dentry))
		dentry = path_lookup(dentry, path, !(flags & AT_SYMLINK_NOFOLLOW));
	kfree(path);
	return IS_ERR(dentry) ? (struct inode *)dentry : dentry->inode;
}
