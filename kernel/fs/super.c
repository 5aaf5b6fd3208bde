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

/* Not by somebody who used it: MNT_EXPIRE asks for that. */
static void sb_put_unused(struct super_block *sb)
{
	if (atomic_dec_and_test(&sb->refcount))
		sb_free(sb);
}

void sb_put(struct super_block *sb)
{
	if (unlikely(READ_ONCE(sb->expiring)))
		WRITE_ONCE(sb->expiring, false); /* somebody has used it */
	sb_put_unused(sb);
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
	ret = type->fill_super ? type->fill_super(sb, data) : 0;
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
	if (d_unlinked(dir) || dir->inode->fleeting || dir->sb->detached) {
		ret = -ENOENT; /* nobody could take it off again */
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

static int mount_on(const char *source, struct dentry *dir, const char *type_name,
		    unsigned long flags, const char *data)
{
	struct file_system_type *type = find_type(type_name);
	struct super_block *sb;
	int ret;

	if (!type || type->flags & FS_INTERNAL)
		return -ENODEV;
	sb = sb_create(type, source, data);
	if (IS_ERR(sb))
		return (int)PTR_ERR(sb);
	if (flags & MS_RDONLY)
		sb_set_readonly(sb, true); /* nobody knows it yet: this cannot fail */
	/* Against rmdir() and rename() of the mount point. */
	down_write(&dir->inode->lock);
	ret = attach(sb, dir);
	up_write(&dir->inode->lock);
	if (ret)
		sb_put(sb);
	return ret;
}

/*
 * What is mounted is the caller's dir; flags with MS_BIND are for the mount alone,
 * which has no options.
 */
static int remount(struct dentry *dir, unsigned long flags, const char *data)
{
	const struct super_operations *ops = dir->sb->ops;
	int ret;

	if (dir != dir->sb->root || READ_ONCE(dir->sb->detached))
		return -EINVAL;
	ret = sb_set_readonly(dir->sb, flags & MS_RDONLY);
	if (!ret && data && *data && !(flags & MS_BIND))
		ret = ops && ops->remount ? ops->remount(dir->sb, data) : -EINVAL;
	return ret;
}

int do_mount(const char *source, const char *path, const char *type, unsigned long flags,
	     const char *data)
{
	struct dentry *dir = path_lookup(AT_FDCWD, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY);
	int ret;

	if (IS_ERR(dir))
		return (int)PTR_ERR(dir);
	ret = flags & MS_REMOUNT ? remount(dir, flags, data) :
				   mount_on(source, dir, type, flags, data);
	path_put(dir);
	return ret;
}

/* A string of at most a page from a program; NULL stays NULL. To be kfree'd. ERR_PTR. */
static char *string_from_user(const char *user) { return user ? path_from_user(user) : NULL; }

/*
 * MS_RDONLY; MS_REMOUNT of what is mounted, perhaps with MS_BIND; and those that
 * change nothing here.
 */
#define KNOWN_FLAGS \
	(MS_RDONLY | MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | \
	 MS_RELATIME | MS_STRICTATIME | MS_SILENT)

static long mount_strings(const char *source, const char *path, const char *type,
			  unsigned long flags, const char *data)
{
	if (IS_ERR(source) || IS_ERR(path) || IS_ERR(type) || IS_ERR(data))
		return IS_ERR(type)	? PTR_ERR(type)
		       : IS_ERR(path)	? PTR_ERR(path)
		       : IS_ERR(source) ? PTR_ERR(source)
					: PTR_ERR(data);
	if (!capable())
		return -EPERM;
	if (!type && !(flags & MS_REMOUNT))
		return -EINVAL;
	return do_mount(source, path, type, flags, data);
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
	if (!(flags & ~(unsigned long)KNOWN_FLAGS & ~(flags & MS_REMOUNT ? MS_BIND : 0ul)))
		ret = mount_strings(source, path, type, flags, data);
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

/* May it be taken off? The caller has a reference by its look-up. dcache_lock held. */
static int may_detach(struct super_block *sb, int flags)
{
	if (!sb->mountpoint)
		return -EINVAL; /* the root, or another umount() was faster */
	if (!(flags & MNT_DETACH) && (has_mounts_below(sb) || atomic_read(&sb->refcount) > 2))
		return -EBUSY;
	if (flags & MNT_EXPIRE && !sb->expiring) {
		WRITE_ONCE(sb->expiring, true);
		return -EAGAIN;
	}
	return 0;
}

/* From the list of mounts to that one; put_detached() does the rest. dcache_lock held. */
static void detach_one(struct super_block *sb, struct super_blocks *gone)
{
	sb->uncovered = sb->mountpoint;
	sb->uncovered->mounted = NULL;
	sb->mountpoint = NULL;
	WRITE_ONCE(sb->detached, true);
	TAILQ_REMOVE(&mounts, sb, link);
	TAILQ_INSERT_TAIL(gone, sb, link);
}

/*
 * It, and what is mounted in it, and in that: each goes by itself when nobody uses
 * it. dcache_lock held.
 */
static void detach_tree(struct super_block *top, struct super_blocks *gone)
{
	struct super_block *sb, *other, *next;

	detach_one(top, gone);
	TAILQ_FOREACH(sb, gone, link) {
		for (other = TAILQ_FIRST(&mounts); other; other = next) {
			next = TAILQ_NEXT(other, link);
			if (other->mountpoint && other->mountpoint->sb == sb)
				detach_one(other, gone);
		}
	}
}

static void put_detached(struct super_blocks *gone)
{
	struct super_block *sb;

	while ((sb = TAILQ_FIRST(gone))) {
		TAILQ_REMOVE(gone, sb, link);
		path_put(sb->uncovered);
		sb_put(sb);
	}
}

/*
 * If nobody uses it but the mount, and the caller by its own look-up; with MNT_DETACH in any case.
 */
static int detach(struct super_block *sb, int flags)
{
	struct super_blocks gone = TAILQ_HEAD_INITIALIZER(gone);
	int ret;

	spin_lock(&dcache_lock);
	ret = may_detach(sb, flags);
	if (!ret)
		detach_tree(sb, &gone);
	spin_unlock(&dcache_lock);
	put_detached(&gone);
	return ret;
}

static long umount_dentry(struct dentry *dentry, int flags)
{
	struct super_block *sb = dentry->sb;

	if (!capable())
		return -EPERM;
	if (dentry != sb->root)
		return -EINVAL;
	if (sb == root_dentry->sb)
		return -EBUSY;
	return detach(sb, flags);
}

SYSCALL_DEFINE2(umount2, const char *, user_path, int, flags)
{
	struct super_block *sb;
	struct dentry *dentry;
	long ret;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW) ||
	    (flags & MNT_EXPIRE && flags & (MNT_FORCE | MNT_DETACH)))
		return -EINVAL;
	dentry =
		user_path_lookup(AT_FDCWD, user_path, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	sb = dentry->sb;
	ret = umount_dentry(dentry, flags);
	dput(dentry);
	sb_put_unused(sb);
	return ret;
}

void umount_all(void)
{
	struct super_block *sb, *before;

	/* The last one first: what is mounted in others goes before them. */
	for (sb = TAILQ_LAST(&mounts, super_blocks); sb; sb = before) {
		before = TAILQ_PREV(sb, super_blocks, link);
		detach(sb, MNT_DETACH);
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
