/* File systems: their types, mounting them on directories, and taking them off again. */
#include "kernel/base/string.h"
#include "kernel/fs/internal.h"
#include "kernel/fs/namei.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/mount.h"
#include "mm/slab.h"

static SLIST_HEAD(, file_system_type) types = SLIST_HEAD_INITIALIZER(types);
static TAILQ_HEAD(super_blocks,
		  super_block) mounts = TAILQ_HEAD_INITIALIZER(mounts); /* dcache_lock */
static atomic_t last_dev;

void register_filesystem(struct file_system_type *type) { SLIST_INSERT_HEAD(&types, type, link); }

static struct file_system_type *find_type(const char *name)
{
	struct file_system_type *type;

	SLIST_FOREACH(type, &types, link) {
		if (!strcmp(type->name, name))
			break;
	}
	return type;
}

void filesystem_for_each(void (*fn)(const struct file_system_type *type, void *arg), void *arg)
{
	struct file_system_type *type;

	SLIST_FOREACH(type, &types, link)
		fn(type, arg);
}

/* ---- super blocks ---- */

static void sb_free(struct super_block *sb)
{
	if (sb->root) {
		d_shrink_tree(sb->root);
		dput(sb->root);
	}
	if (sb->type->kill_sb)
		sb->type->kill_sb(sb);
	kfree(sb);
}

void sb_put(struct super_block *sb)
{
	if (atomic_dec_and_test(&sb->refcount))
		sb_free(sb);
}

static struct super_block *sb_create(struct file_system_type *type, const char *source,
				     const char *data)
{
	struct super_block *sb = kzalloc(sizeof(*sb), GFP_KERNEL);
	int ret;

	if (!sb)
		return ERR_PTR(-ENOMEM);
	sb->type = type;
	sb->dev = (u32)atomic_add_return(1, &last_dev);
	atomic_set(&sb->refcount, 1);
	scnprintf(sb->source, sizeof(sb->source), "%s", source ? source : "none");
	ret = type->fill_super(sb, data);
	if (!ret)
		return sb;
	sb_free(sb);
	return ERR_PTR(ret);
}

struct super_block *kern_mount(struct file_system_type *type)
{
	struct super_block *sb = sb_create(type, type->name, NULL);

	if (IS_ERR(sb))
		boot_stop("There is not enough memory for the file system %s.", type->name);
	return sb;
}

void mount_root(struct file_system_type *type)
{
	struct super_block *sb = kern_mount(type);

	root_dentry = sb->root;
	TAILQ_INSERT_TAIL(&mounts, sb, link);
}

/* ---- mount ---- */

/* Puts the file system over a directory that it is not yet covered by another. */
static int attach(struct super_block *sb, struct dentry *dir)
{
	int ret = -EBUSY;

	spin_lock(&dcache_lock);
	if (d_unlinked(dir) || dir->inode->fleeting) {
		ret = -ENOENT;
	} else if (!dir->mounted) {
		path_get(dir);
		sb->mountpoint = dir;
		dir->mounted = sb;
		TAILQ_INSERT_TAIL(&mounts, sb, link);
		ret = 0;
	}
	spin_unlock(&dcache_lock);
	return ret;
}

static int mount_on(const char *source, struct dentry *dir, const char *type_name, const char *data)
{
	struct file_system_type *type = find_type(type_name);
	struct super_block *sb;
	int ret;

	if (!type || type->flags & FS_INTERNAL)
		return -ENODEV;
	sb = sb_create(type, source, data);
	if (IS_ERR(sb))
		return (int)PTR_ERR(sb);
	/* Against rmdir() and rename() of the mount point. */
	down_write(&dir->inode->lock);
	ret = attach(sb, dir);
	up_write(&dir->inode->lock);
	if (ret)
		sb_put(sb);
	return ret;
}

int do_mount(const char *source, const char *path, const char *type, const char *data)
{
	struct dentry *dir = path_lookup(AT_FDCWD, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY);
	int ret;

	if (IS_ERR(dir))
		return (int)PTR_ERR(dir);
	ret = mount_on(source, dir, type, data);
	path_put(dir);
	return ret;
}

/* A string of at most a page from a program; NULL stays NULL. To be kfree'd. ERR_PTR. */
static char *string_from_user(const char *user) { return user ? path_from_user(user) : NULL; }

/* The flags that only say how a new mount behaves, and change nothing in memory. */
#define KNOWN_FLAGS \
	(MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME | \
	 MS_STRICTATIME | MS_SILENT)

static long mount_strings(const char *source, const char *path, const char *type, const char *data)
{
	if (IS_ERR(source) || IS_ERR(path) || IS_ERR(type) || IS_ERR(data))
		return IS_ERR(type)	? PTR_ERR(type)
		       : IS_ERR(path)	? PTR_ERR(path)
		       : IS_ERR(source) ? PTR_ERR(source)
					: PTR_ERR(data);
	if (!capable())
		return -EPERM;
	if (!type)
		return -EINVAL;
	return do_mount(source, path, type, data);
}

static void free_string(char *string)
{
	if (!IS_ERR(string))
		kfree(string);
}

SYSCALL_DEFINE5(mount, const char *, user_source, const char *, user_path, const char *, user_type,
		unsigned long, flags, const char *, user_data)
{
	char *type = string_from_user(user_type), *source = string_from_user(user_source);
	char *path = path_from_user(user_path), *data = string_from_user(user_data);
	long ret = -EINVAL;

	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~MS_MGC_MSK;
	if (!(flags & ~(unsigned long)KNOWN_FLAGS))
		ret = mount_strings(source, path, type, data);
	free_string(type);
	free_string(source);
	free_string(path);
	free_string(data);
	return ret;
}

/* ---- umount ---- */

/* Is another file system mounted somewhere in this one? dcache_lock held. */
static bool has_mounts_below(const struct super_block *sb)
{
	const struct super_block *other;

	TAILQ_FOREACH(other, &mounts, link) {
		if (other->mountpoint && other->mountpoint->sb == sb)
			return true;
	}
	return false;
}

/*
 * Takes the file system off, if nobody uses it but the mount (and the caller, by its own look-up).
 */
static int detach(struct super_block *sb, bool lazily, struct dentry **mountpoint)
{
	int ret = 0;

	spin_lock(&dcache_lock);
	if (!sb->mountpoint)
		ret = -EINVAL; /* the root, or another umount() was faster */
	else if (has_mounts_below(sb) || (!lazily && atomic_read(&sb->refcount) > 2))
		ret = -EBUSY;
	if (!ret) {
		*mountpoint = sb->mountpoint;
		(*mountpoint)->mounted = NULL;
		sb->mountpoint = NULL;
		TAILQ_REMOVE(&mounts, sb, link);
	}
	spin_unlock(&dcache_lock);
	return ret;
}

static long umount_dentry(struct dentry *dentry, int flags)
{
	struct super_block *sb = dentry->sb;
	struct dentry *mountpoint;
	int ret;

	if (!capable())
		return -EPERM;
	if (dentry != sb->root)
		return -EINVAL;
	if (sb == root_dentry->sb)
		return -EBUSY;
	ret = detach(sb, flags & MNT_DETACH, &mountpoint);
	if (ret)
		return ret;
	path_put(mountpoint);
	sb_put(sb);
	return 0;
}

SYSCALL_DEFINE2(umount2, const char *, user_path, int, flags)
{
	struct dentry *dentry;
	long ret;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	dentry = user_path_lookup(AT_FDCWD, user_path, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	ret = umount_dentry(dentry, flags);
	path_put(dentry);
	return ret;
}

void umount_all(void)
{
	struct super_block *sb, *before;
	struct dentry *mountpoint;

	/* The last one first: what is mounted in others goes before them. */
	for (sb = TAILQ_LAST(&mounts, super_blocks); sb; sb = before) {
		before = TAILQ_PREV(sb, super_blocks, link);
		if (detach(sb, true, &mountpoint))
			continue;
		path_put(mountpoint);
		sb_put(sb);
	}
}

/* ---- looking at them ---- */

void mount_for_each(void (*fn)(const struct super_block *sb, const char *path, void *arg),
		    void *arg)
{
	char *buf = kmalloc(PATH_MAX, GFP_KERNEL), *path;
	struct super_block *sb, *next;

	if (!buf)
		return;
	spin_lock(&dcache_lock);
	sb = TAILQ_FIRST(&mounts);
	if (sb)
		sb_get(sb);
	spin_unlock(&dcache_lock);
	for (; sb; sb = next) {
		path = d_path(sb->root, buf, PATH_MAX);
		if (!IS_ERR(path))
			fn(sb, path, arg);
		spin_lock(&dcache_lock);
		next = sb->mountpoint || sb->root == root_dentry ? TAILQ_NEXT(sb, link) : NULL;
		if (next)
			sb_get(next);
		spin_unlock(&dcache_lock);
		sb_put(sb);
	}
	kfree(buf);
}
