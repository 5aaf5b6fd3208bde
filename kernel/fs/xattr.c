/* Extended attributes on the list of an inode: who may have which, finding, setting, listing. */
#include "kernel/fs/xattr.h"
#include "kernel/base/string.h"
#include "kernel/process/cred.h"
#include "kernel/fs/permission.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/xattr.h"
#include "mm/slab.h"

/* Under the inode's lock; what is here never changes but by its being replaced. */
struct xattr {
	struct xattr *next;
	u32 name_size, size;	/* the name with its NUL; the value, which follows it */
	char name[];
};

static void *value_of(struct xattr *xattr) { return xattr->name + xattr->name_size; }
static size_t bytes_of(const struct xattr *xattr) { return xattr->name_size + xattr->size; }

static bool begins(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

/* ---- what a name means ---- */

static int check_user(const struct inode *inode, bool write)
{
	if (is_regular(inode) || is_dir(inode))
		return inode_permission(inode, write ? MAY_WRITE : MAY_READ);
	return write ? -EPERM : -ENODATA;
}

/*
 * May the running process see, or change, attributes of that class? -EOPNOTSUPP:
 * there is no such class.
 */
static int class_permission(const struct inode *inode, const char *name, bool write)
{
	if (begins(name, "user."))
		return check_user(inode, write);
	if (begins(name, "trusted."))
		return capable() ? 0 : write ? -EPERM : -ENODATA;
	if (begins(name, "security."))
		return capable() || !write ? 0 : -EPERM;
	return -EOPNOTSUPP;
}

/* The same, and can the file have any? */
static int xattr_permission(const struct inode *inode, const char *name, bool write)
{
	int ret = class_permission(inode, name, write);

	if (ret)
		return ret;
	if (!inode->sb->ops || !inode->sb->ops->xattrs)
		return -EOPNOTSUPP;
	return strchr(name, '.')[1] ? 0 : -EINVAL;
}

/* ---- the list ---- */

/* Where the name is on the list, or would be: as on Linux, the greatest comes first. */
static struct xattr **find_place(struct inode *inode, const char *name)
{
	struct xattr **at = &inode->xattrs;

	while (*at && strcmp((*at)->name, name) > 0)
		at = &(*at)->next;
	return at;
}

static struct xattr *xattr_at(struct xattr **place, const char *name)
{
	return *place && !strcmp((*place)->name, name) ? *place : NULL;
}

static struct xattr *xattr_alloc(const char *name, const void *value, size_t size)
{
	size_t name_size = strlen(name) + 1;
	struct xattr *xattr = kmalloc(sizeof(*xattr) + name_size + size, GFP_KERNEL);

	if (!xattr)
		return NULL;
	xattr->name_size = (u32)name_size;
	xattr->size = (u32)size;
	memcpy(xattr->name, name, name_size);
	memcpy(value_of(xattr), value, size);
	return xattr;
}

static size_t space_used(const struct inode *inode)
{
	size_t used = 0;

	for (const struct xattr *x = inode->xattrs; x; x = x->next)
		used += sizeof(*x) + bytes_of(x);
	return used;
}

/* *new takes the place of what has its name; *new is that afterwards, to be freed. Lock held. */
static int replace(struct inode *inode, struct xattr **new, int flags)
{
	struct xattr **place = find_place(inode, (*new)->name);
	struct xattr *old = xattr_at(place, (*new)->name);
	size_t used = space_used(inode) - (old ? sizeof(*old) + bytes_of(old) : 0);

	if (old ? flags & XATTR_CREATE : flags & XATTR_REPLACE)
		return old ? -EEXIST : -ENODATA;
	if (used + sizeof(**new) + bytes_of(*new) > XATTR_SPACE)
		return -ENOSPC;
	(*new)->next = old ? old->next : *place;
	*place = *new;
	*new = old;
	return 0;
}

/* ---- the four of them ---- */

int vfs_setxattr(struct inode *inode, const char *name, const void *value, size_t size, int flags)
{
	int ret = xattr_permission(inode, name, true);
	struct xattr *xattr;

	if (ret)
		return ret;
	if (sizeof(*xattr) + strlen(name) + 1 + size > XATTR_SPACE)
		return -ENOSPC;
	xattr = xattr_alloc(name, value, size);
	if (!xattr)
		return -ENOMEM;
	ret = sb_want_write(inode->sb);
	if (!ret) {
		down_write(&inode->lock);
		ret = replace(inode, &xattr, flags);
		up_write(&inode->lock);
		sb_drop_write(inode->sb);
	}
	kfree(xattr);
	return ret;
}

int vfs_removexattr(struct inode *inode, const char *name)
{
	int ret = xattr_permission(inode, name, true);
	struct xattr **place, *xattr;

	ret = ret ? ret : sb_want_write(inode->sb);
	if (ret)
		return ret;
	down_write(&inode->lock);
	place = find_place(inode, name);
	xattr = xattr_at(place, name);
	if (xattr)
		*place = xattr->next;
	up_write(&inode->lock);
	sb_drop_write(inode->sb);
	ret = xattr ? 0 : -ENODATA;
	kfree(xattr);
	return ret;
}

long vfs_getxattr(struct inode *inode, const char *name, void *value, size_t max)
{
	long ret = xattr_permission(inode, name, false);
	struct xattr *xattr;

	if (ret)
		return ret;
	down_read(&inode->lock);
	xattr = xattr_at(find_place(inode, name), name);
	if (!xattr)
		ret = -ENODATA;
	else if (max && xattr->size > max)
		ret = -ERANGE;
	else
		ret = xattr->size;
	if (ret > 0 && max)
		memcpy(value, value_of(xattr), (size_t)ret);
	up_read(&inode->lock);
	return ret;
}

/* What trusted programs keep is not shown to others. */
static bool listed(const struct xattr *xattr)
{
	return capable() || !begins(xattr->name, "trusted.");
}

long vfs_listxattr(struct inode *inode, char *list, size_t max)
{
	size_t used = 0;

	down_read(&inode->lock);
	for (const struct xattr *x = inode->xattrs; x; x = x->next) {
		if (!listed(x))
			continue;
		if (max && used + x->name_size <= max)
			memcpy(list + used, x->name, x->name_size);
		used += x->name_size;
	}
	up_read(&inode->lock);
	return max && used > max ? -ERANGE : (long)used;
}

void xattrs_free(struct inode *inode)
{
	struct xattr *next;

	for (struct xattr *x = inode->xattrs; x; x = next) {
		next = x->next;
		kfree(x);
	}
}
