/*
 * From paths to dentries. A walk holds a path_get() on where it is; each step looks a name up in
 * the tree under dcache_lock, and asks the file system only for what is not there.
 */
#include "kernel/fs/namei.h"
#include "kernel/fs/permission.h"
#include "kernel/base/string.h"
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/slab.h"

/* ---- steps ---- */

/*
 * Goes to `to`; the references to it and to its file system, if that is another, are the caller's.
 */
static void step_to(struct walk *walk, struct dentry *to)
{
	struct dentry *from = walk->at;
	struct super_block *old = from->sb;

	walk->at = to;
	dput(from);
	if (to->sb != old)
		sb_put(old);
}

/*
 * What covers a directory, if anything does, with the references for step_to(). dcache_lock held.
 */
static struct dentry *topmost(const struct walk *walk, struct dentry *dentry)
{
	while (dentry->mounted)
		dentry = dentry->mounted->root;
	dget(dentry);
	if (dentry->sb != walk->at->sb)
		sb_get(dentry->sb);
	return dentry;
}

static int step_up(struct walk *walk)
{
	struct dentry *at = walk->at;

	if (at == walk->root)
		return walk->resolve & RESOLVE_BENEATH ? -EXDEV : 0;
	spin_lock(&dcache_lock);
	while (at == at->parent && at->sb->mountpoint)
		at = at->sb->mountpoint;
	if (walk->resolve & RESOLVE_NO_XDEV && at->sb != walk->at->sb) {
		spin_unlock(&dcache_lock);
		return -EXDEV;
	}
	at = topmost(walk, at->parent);
	spin_unlock(&dcache_lock);
	step_to(walk, at);
	return 0;
}

int walk_scope(const struct walk *walk)
{
	const struct dentry *at = walk->at;

	if (!walk->root)
		return 0;
	spin_lock(&dcache_lock);
	while (at != walk->root && (at != at->parent || at->sb->mountpoint))
		at = at == at->parent ? at->sb->mountpoint : at->parent;
	spin_unlock(&dcache_lock);
	return at == walk->root ? 0 : -EXDEV;
}

/* A step down; the child's references are the walk's, or put. */
static int step_down(struct walk *walk, struct dentry *child)
{
	struct super_block *sb = child->sb;

	if (walk->resolve & RESOLVE_NO_XDEV && sb != walk->at->sb) {
		dput(child);
		sb_put(sb);
		return -EXDEV;
	}
	step_to(walk, child);
	return 0;
}

/* The file system's own answer for a name that the tree does not have. dir's lock held. */
static struct dentry *ask(struct dentry *dir, const char *name, size_t len)
{
	struct inode *inode = dir->inode;

	return inode->op->lookup ? inode->op->lookup(inode, dir, name, len) : ERR_PTR(-ENOENT);
}

struct dentry *lookup_one_locked(struct dentry *dir, const char *name, size_t len)
{
	struct dentry *found = d_lookup(dir, name, len);

	return found ? found : ask(dir, name, len);
}

/* The entry of that name, or what is mounted there, with the references for step_to(). ERR_PTR. */
static struct dentry *lookup_step(const struct walk *walk, const char *name, size_t len)
{
	struct inode *dir = walk->at->inode;
	struct dentry *found;

	if (len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	spin_lock(&dcache_lock);
	found = d_find(walk->at, name, len);
	if (found)
		found = topmost(walk, found);
	spin_unlock(&dcache_lock);
	if (found || !dir->op->lookup)
		return found ? found : ERR_PTR(-ENOENT);
	down_read(&dir->lock);
	found = ask(walk->at, name, len);
	up_read(&dir->lock);
	return found;
}

/* ---- symbolic links ---- */

long link_text(struct dentry *link, char *buf, size_t size)
{
	const struct inode *inode = link->inode;
	size_t len;

	if (!inode->link)
		return inode->op->readlink ? inode->op->readlink(link, buf, size) : -EINVAL;
	len = min(strlen(inode->link), size);
	memcpy(buf, inode->link, len);
	return (long)len;
}

/* A target that the file system makes up. */
static int follow_made_up(struct walk *walk, struct dentry *link)
{
	char *buf = kmalloc(PATH_MAX, GFP_KERNEL);
	long len;

	if (!buf)
		return -ENOMEM;
	len = link_text(link, buf, PATH_MAX);
	if (len >= 0)
		len = walk_path(walk, buf, (size_t)len, true);
	kfree(buf);
	return (int)len;
}

/* To the object that a link of /proc leads to, wherever that is. */
static int jump(struct walk *walk, struct dentry *link)
{
	struct dentry *to;

	if (walk->resolve & RESOLVE_NO_MAGICLINKS)
		return -ELOOP;
	to = link->inode->op->get_link(link);
	if (IS_ERR(to))
		return (int)PTR_ERR(to);
	if (walk->root || (walk->resolve & RESOLVE_NO_XDEV && to->sb != walk->at->sb)) {
		path_put(to);
		return -EXDEV;
	}
	path_put(walk->at);
	walk->at = to;
	return 0;
}

/* The walk is in the link's directory. The caller holds the link. */
int follow_link(struct walk *walk, struct dentry *link)
{
	const struct inode *inode = link->inode;

	if (++walk->links > MAX_LINKS || walk->resolve & RESOLVE_NO_SYMLINKS)
		return -ELOOP;
	if (inode->op->get_link)
		return jump(walk, link);
	if (inode->link)
		return walk_path(walk, inode->link, strlen(inode->link), true);
	return follow_made_up(walk, link);
}

/* ---- walking ---- */

static bool is_dot(const char *name, size_t len) { return len == 1 && name[0] == '.'; }
static bool is_dotdot(const char *name, size_t len) { return len == 2 && !memcmp(name, "..", 2); }

static int walk_name(struct walk *walk, const char *name, size_t len, bool follow)
{
	struct dentry *child;
	int ret;

	if (!is_dir(walk->at->inode))
		return -ENOTDIR;
	ret = inode_permission(walk->at->inode, MAY_EXEC);
	if (ret || is_dot(name, len))
		return ret;
	if (is_dotdot(name, len))
		return step_up(walk);
	child = lookup_step(walk, name, len);
	if (IS_ERR(child))
		return (int)PTR_ERR(child);
	if (!follow || !is_link(child->inode))
		return step_down(walk, child);
	ret = follow_link(walk, child);
	dput(child);
	return ret;
}

/* An absolute path; of a scoped walk the root is where it started. */
static int walk_to_root(struct walk *walk)
{
	struct dentry *root = walk->root;

	if (walk->resolve & RESOLVE_BENEATH)
		return -EXDEV;
	if (root) {
		path_get(root);
		path_put(walk->at);
		walk->at = root;
		return 0;
	}
	spin_lock(&dcache_lock);
	root = topmost(walk, root_dentry);
	spin_unlock(&dcache_lock);
	return step_down(walk, root);
}

/* Links lead to paths that have links: at most MAX_LINKS deep, since each is counted. */
int walk_path(struct walk *walk, const char *path, size_t len, bool follow)
{
	const char *end = path + len;
	int ret = 0;

	if (!len)
		return -ENOENT;
	if (*path == '/')
		ret = walk_to_root(walk);
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
			ret = -ENOTDIR; /* a slash behind a file's name */
	}
	return ret;
}

/* ---- where walks start ---- */

static struct dentry *get_cwd(void)
{
	struct fs_struct *fs = current_task()->fs;

	if (fs)
		return get_cwd_of(fs);
	path_get(root_dentry);		/* the kernel's own threads */
	return root_dentry;
}

/* The dentry of a descriptor; ERR_PTR(-EBADF), or -ENOTDIR if it has no name. */
static struct dentry *fd_dentry(int dirfd)
{
	struct fd f = fd_get(dirfd);
	struct dentry *dentry = ERR_PTR(-EBADF);

	if (f.file)
		dentry = f.file->dentry ? f.file->dentry : ERR_PTR(-ENOTDIR);
	if (!IS_ERR(dentry))
		path_get(dentry);
	fd_put(f);
	return dentry;
}

struct dentry *path_start(int dirfd, const char *path)
{
	struct dentry *start;

	if (*path == '/') {
		path_get(root_dentry);
		return root_dentry;
	}
	start = dirfd == AT_FDCWD ? get_cwd() : fd_dentry(dirfd);
	if (!IS_ERR(start) && *path && !is_dir(start->inode)) {
		path_put(start);
		start = ERR_PTR(-ENOTDIR);
	}
	return start;
}

struct dentry *path_lookup(int dirfd, const char *path, unsigned int flags)
{
	struct walk walk;
	int ret = 0;

	if (!*path && !(flags & LOOKUP_EMPTY))
		return ERR_PTR(-ENOENT);	/* whatever dirfd is */
	walk = (struct walk){ .at = path_start(dirfd, path) };
	if (IS_ERR(walk.at))
		return walk.at;
	if (*path)
		ret = walk_path(&walk, path, strlen(path), flags & LOOKUP_FOLLOW);
	if (!ret && flags & LOOKUP_DIRECTORY && !is_dir(walk.at->inode))
		ret = -ENOTDIR;
	if (!ret)
		return walk.at;
	path_put(walk.at);
	return ERR_PTR(ret);
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

struct dentry *user_path_lookup(int dirfd, const char *user_path, unsigned int flags)
{
	char *path = path_from_user(user_path);
	struct dentry *dentry;

	if (IS_ERR(path))
		return (struct dentry *)path;
	dentry = path_lookup(dirfd, path, flags);
	kfree(path);
	return dentry;
}

/* ---- the directory of the last name ---- */

/* Cuts the last name off. Returns the length of the rest, which is what leads to its directory. */
static size_t split_last(const char *path, size_t len, struct last_name *last)
{
	const char *end = path + len, *name;

	last->slash = false;
	while (end > path && end[-1] == '/') {
		end--;
		last->slash = true;
	}
	name = end;
	while (name > path && name[-1] != '/')
		name--;
	last->name = name;
	last->len = (size_t)(end - name);
	last->special = !last->len || is_dot(name, last->len) || is_dotdot(name, last->len);
	return (size_t)(name - path);
}

int walk_parent(struct walk *walk, const char *path, size_t len, struct last_name *last)
{
	size_t rest = split_last(path, len, last);
	int ret = 0;

	if (!len)
		return -ENOENT;
	if (rest)
		ret = walk_path(walk, path, rest, true);
	if (!ret && !is_dir(walk->at->inode))
		ret = -ENOTDIR;
	if (!ret && last->len)
		ret = inode_permission(walk->at->inode, MAY_EXEC);
	if (!ret && last->len > NAME_MAX)
		ret = -ENAMETOOLONG;
	return ret;
}

static int path_parent(int dirfd, const char *path, struct last_name *last)
{
	struct walk walk = { .at = *path ? path_start(dirfd, path) : ERR_PTR(-ENOENT) };
	int ret;

	if (IS_ERR(walk.at))
		return (int)PTR_ERR(walk.at);
	ret = walk_parent(&walk, path, strlen(path), last);
	if (ret)
		path_put(walk.at);
	else
		last->dir = walk.at;
	return ret;
}

int user_path_parent(int dirfd, const char *user_path, struct last_name *last)
{
	int ret;

	last->path = path_from_user(user_path);
	if (IS_ERR(last->path))
		return (int)PTR_ERR(last->path);
	ret = path_parent(dirfd, last->path, last);
	if (ret)
		kfree(last->path);
	return ret;
}

void last_name_put(struct last_name *last)
{
	path_put(last->dir);
	kfree(last->path);
}
