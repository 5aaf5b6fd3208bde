/* rename(), renameat2(). */
#include "kernel/fs/create.h"
#include "kernel/fs/internal.h"
#include "kernel/fs/permission.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/slab.h"

/* Held while a name moves from one directory to another: nobody else changes who is above whom. */
static struct mutex rename_mutex;

void rename_init(void) { mutex_init(&rename_mutex, LOCK_RENAME); }

/* One rename: both directories are locked. */
struct renaming {
	struct last_name old, new;
	unsigned int flags;
	struct dentry *from, *to; /* with a dget(); to: NULL if there is none */
	struct dentry *trap;	  /* what leads from one directory down to the other */
};

/* The entry of `above` through which `below` is reached; NULL: it is not below. */
static struct dentry *way_down(const struct dentry *above, struct dentry *below)
{
	struct dentry *at = below;

	while (at->parent != above && at->parent != at)
		at = at->parent;
	return at->parent == above && at != above ? at : NULL;
}

/* Ancestors first, otherwise by address. Returns the entry that must not move or be replaced. */
static struct dentry *lock_directories(struct dentry *a, struct dentry *b)
{
	struct dentry *first = a < b ? a : b, *second = a < b ? b : a, *trap;

	if (a == b) {
		down_write(&a->inode->lock);
		return NULL;
	}
	mutex_lock(&rename_mutex);
	trap = way_down(a, b);
	if (trap) {
		first = a;
		second = b;
	} else {
		trap = way_down(b, a);
		if (trap) {
			first = b;
			second = a;
		}
	}
	down_write(&first->inode->lock);
	down_write_nested(&second->inode->lock);
	return trap;
}

static void unlock_directories(struct dentry *a, struct dentry *b)
{
	up_write(&a->inode->lock);
	if (a == b)
		return;
	up_write(&b->inode->lock);
	mutex_unlock(&rename_mutex);
}

/* Looks both names up. */
static int find_entries(struct renaming *r)
{
	r->from = lookup_one_locked(r->old.dir, r->old.name, r->old.len);
	if (IS_ERR(r->from))
		return (int)PTR_ERR(r->from);
	r->to = lookup_one_locked(r->new.dir, r->new.name, r->new.len);
	if (r->to == ERR_PTR(-ENOENT))
		r->to = NULL;
	if (IS_ERR(r->to))
		return (int)PTR_ERR(r->to);
	if (r->to && r->flags & RENAME_NOREPLACE)
		return -EEXIST;
	return !r->to && r->flags & RENAME_EXCHANGE ? -ENOENT : 0;
}

/* What slashes behind a name, and the tree, do not allow. */
static int check_places(const struct renaming *r)
{
	bool exchange = r->flags & RENAME_EXCHANGE;

	if (exchange && r->new.slash && !is_dir(r->to->inode))
		return -ENOTDIR;
	if (!is_dir(r->from->inode) && (r->old.slash || (!exchange && r->new.slash)))
		return -ENOTDIR;
	if (r->from == r->trap)
		return -EINVAL;
	if (r->to && r->to == r->trap)
		return exchange ? -EINVAL : -ENOTEMPTY;
	return r->new.dir->inode->dead ? -ENOENT : 0;
}

/* A directory that moves to another one gets another "..": that is written to. */
static int may_move(const struct dentry *dentry)
{
	return is_dir(dentry->inode) ? inode_permission(dentry->inode, MAY_WRITE) : 0;
}

static int check_permission(const struct renaming *r)
{
	const struct inode *from = r->old.dir->inode, *to = r->new.dir->inode;
	int ret = may_delete(from, r->from->inode);

	if (!ret)
		ret = r->to ? may_delete(to, r->to->inode) : may_create(to);
	if (ret || from == to)
		return ret;
	ret = may_move(r->from);
	return ret || !(r->flags & RENAME_EXCHANGE) ? ret : may_move(r->to);
}

static int check_kinds(const struct renaming *r)
{
	if (READ_ONCE(r->from->mounted) || (r->to && READ_ONCE(r->to->mounted)))
		return -EBUSY;
	if (!r->to || r->flags & RENAME_EXCHANGE)
		return 0;
	return may_remove(r->new.dir->inode, r->to, is_dir(r->from->inode));
}

static int call_rename(const struct renaming *r)
{
	struct inode *dir = r->old.dir->inode;

	if (!dir->op->rename)
		return -EPERM;
	return dir->op->rename(dir, r->from, r->new.dir->inode, r->to, r->flags);
}

/* The new name is taken: its file, locked, goes. */
static int rename_over(const struct renaming *r)
{
	struct inode *victim = r->to->inode;
	int ret = 0;

	down_write_nested(&victim->lock);
	if (is_dir(victim) && !d_empty(r->to))
		ret = -ENOTEMPTY;
	if (!ret)
		ret = call_rename(r);
	if (!ret) {
		victim->dead = is_dir(victim);
		d_move(r->from, r->to);
	}
	up_write(&victim->lock);
	return ret;
}

static int rename_to_new(const struct renaming *r)
{
	struct dentry *place = d_alloc(r->new.dir, r->new.name, r->new.len);
	int ret;

	if (!place)
		return -ENOMEM;
	ret = call_rename(r);
	if (!ret)
		d_move(r->from, place);
	dput(place);
	return ret;
}

static int rename_found(const struct renaming *r)
{
	int ret;

	if (!(r->flags & RENAME_EXCHANGE))
		return r->to ? rename_over(r) : rename_to_new(r);
	ret = call_rename(r);
	if (!ret)
		d_exchange(r->from, r->to);
	return ret;
}

/*
 * What stays at the old place: character device 0, 0, by which overlays say that nothing is there.
 */
static struct dentry *make_whiteout(const struct renaming *r)
{
	struct inode *dir = r->old.dir->inode;
	struct dentry *dentry;
	int ret;

	if (!dir->op->mknod)
		return ERR_PTR(-EINVAL);
	dentry = d_alloc(r->old.dir, r->old.name, r->old.len);
	if (!dentry)
		return ERR_PTR(-ENOMEM);
	ret = dir->op->mknod(dir, dentry, S_IFCHR, 0, 0);
	if (!ret)
		return dentry;
	dput(dentry);
	return ERR_PTR(ret);
}

/* Made before, so that nothing can fail behind the rename. */
static int rename_with_whiteout(const struct renaming *r)
{
	struct dentry *whiteout = make_whiteout(r);
	int ret;

	if (IS_ERR(whiteout))
		return (int)PTR_ERR(whiteout);
	ret = rename_found(r);
	if (!ret)
		d_add(whiteout);
	else
		r->old.dir->inode->op->unlink(r->old.dir->inode, whiteout);
	dput(whiteout);
	return ret;
}

static int rename_locked(struct renaming *r)
{
	int ret = find_entries(r);

	if (!ret)
		ret = check_places(r);
	/* Two names of one file: nothing happens, and both stay. */
	if (ret || (r->to && r->to->inode == r->from->inode))
		return ret;
	ret = check_permission(r);
	if (!ret)
		ret = check_kinds(r);
	if (ret)
		return ret;
	return r->flags & RENAME_WHITEOUT ? rename_with_whiteout(r) : rename_found(r);
}

static int rename_parents(struct renaming *r)
{
	int ret;

	if (r->old.dir->sb != r->new.dir->sb)
		return -EXDEV;
	if (r->old.special)
		return -EBUSY;
	if (r->new.special)
		return r->flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	ret = sb_want_write(r->old.dir->sb);
	if (ret)
		return ret;
	r->trap = lock_directories(r->old.dir, r->new.dir);
	ret = rename_locked(r);
	unlock_directories(r->old.dir, r->new.dir);
	sb_drop_write(r->old.dir->sb);
	if (r->from && !IS_ERR(r->from))
		dput(r->from);
	if (r->to && !IS_ERR(r->to))
		dput(r->to);
	return ret;
}

static long do_rename(int old_fd, const char *old, int new_fd, const char *new,
		      unsigned int flags)
{
	struct renaming r = { .flags = flags };
	int ret;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT) ||
	    (flags & RENAME_EXCHANGE && flags != RENAME_EXCHANGE))
		return -EINVAL;
	ret = user_path_parent(old_fd, old, &r.old);
	if (ret)
		return ret;
	ret = user_path_parent(new_fd, new, &r.new);
	if (!ret) {
		ret = rename_parents(&r);
		last_name_put(&r.new);
	}
	last_name_put(&r.old);
	return ret;
}

SYSCALL_DEFINE2(rename, const char *, old, const char *, new)
{
	return do_rename(AT_FDCWD, old, AT_FDCWD, new, 0);
}
SYSCALL_DEFINE4(renameat, int, old_fd, const char *, old, int, new_fd, const char *, new)
{
	return do_rename(old_fd, old, new_fd, new, 0);
}
SYSCALL_DEFINE5(renameat2, int, old_fd, const char *, old, int, new_fd, const char *, new,
		unsigned int, flags)
{
	return do_rename(old_fd, old, new_fd, new, flags);
}
