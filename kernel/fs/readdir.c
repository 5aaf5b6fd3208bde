/*
 * getdents: the entries of a directory, in the order of their creation, by cookies that stay true.
 */
#include "kernel/base/string.h"
#include "kernel/fs/namei.h"
#include "kernel/syscall.h"
#include "kernel/uapi/dirent.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"

#define HEADER_64  offsetof(struct linux_dirent64, d_name)
#define HEADER_OLD offsetof(struct linux_dirent, d_name)

/* ---- one entry ---- */

/*
 * An entry says where the next one is: known only when that comes, so it is filled in then. The
 * old form has the same first two fields, and its type in the last byte.
 */
static bool put_next(struct dir_context *ctx, u64 next)
{
	struct linux_dirent64 *last = ctx->last;

	return !last || !copy_to_user(&last->d_off, &next, sizeof(next));
}

static size_t encode(bool old_format, char *entry, const char *name, size_t len, u64 ino, u8 type)
{
	size_t header = old_format ? HEADER_OLD : HEADER_64;
	size_t reclen = ALIGN_UP(header + len + (old_format ? 2 : 1), 8);
	struct linux_dirent64 *new = (void *)entry;
	struct linux_dirent *old = (void *)entry;

	memset(entry, 0, reclen);
	new->d_ino = ino;
	memcpy(entry + header, name, len);
	if (old_format) {
		old->d_reclen = (u16)reclen;
		entry[reclen - 1] = (char)type;
	} else {
		new->d_reclen = (u16)reclen;
		new->d_type = type;
	}
	return reclen;
}

bool dir_emit(struct dir_context *ctx, const char *name, size_t len, u64 ino, u32 mode)
{
	char entry[ALIGN_UP(HEADER_64 + NAME_MAX + 2, 8)] __attribute__((aligned(8)));
	size_t reclen = encode(ctx->old_format, entry, name, len, ino, (u8)(mode >> 12));

	if (reclen > ctx->left) {
		ctx->error = ctx->last ? 0 : -EINVAL;
		return false;
	}
	if (!put_next(ctx, ctx->pos) || copy_to_user(ctx->buf, entry, reclen)) {
		ctx->error = -EFAULT;
		return false;
	}
	ctx->last = ctx->buf;
	ctx->buf += reclen;
	ctx->left -= reclen;
	return true;
}

bool dir_emit_dots(struct file *file, struct dir_context *ctx)
{
	struct dentry *dir = file->dentry;
	u64 parent;

	if (ctx->pos == 0) {
		if (!dir_emit(ctx, ".", 1, dir->inode->ino, S_IFDIR))
			return false;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		spin_lock(&dcache_lock);
		parent = dir->parent->inode->ino;
		spin_unlock(&dcache_lock);
		if (!dir_emit(ctx, "..", 2, parent, S_IFDIR))
			return false;
		ctx->pos = 2;
	}
	return true;
}

/* ---- the tree of names ---- */

/* The first entry at or behind the position, with a reference; NULL: that is all. */
static struct dentry *child_from(struct dentry *dir, u64 pos)
{
	struct dentry *child;

	spin_lock(&dcache_lock);
	TAILQ_FOREACH(child, &dir->children, order) {
		if (child->offset >= pos)
			break;
	}
	if (child)
		dget(child);
	spin_unlock(&dcache_lock);
	return child;
}

static struct dentry *next_child(struct dentry *child)
{
	struct dentry *next;

	spin_lock(&dcache_lock);
	next = TAILQ_NEXT(child, order);
	if (next)
		dget(next);
	spin_unlock(&dcache_lock);
	dput(child);
	return next;
}

/* The directory's lock keeps entries and names. */
static int iterate_names(struct file *file, struct dir_context *ctx)
{
	struct dentry *child;

	if (!dir_emit_dots(file, ctx))
		return 0;
	for (child = child_from(file->dentry, ctx->pos); child; child = next_child(child)) {
		ctx->pos = child->offset;
		if (!dir_emit(ctx, child->name, child->name_len, child->inode->ino,
			      child->inode->mode)) {
			dput(child);
			return 0;
		}
		ctx->pos = child->offset + 1;
	}
	return 0;
}

static long directory_read(struct file *file, void *buf, size_t n, u64 *pos) { return -EISDIR; }

const struct file_operations directory_fops = {
	.read = directory_read,
	.llseek = no_seek_end_llseek,
	.iterate = iterate_names,
};

/* ---- the calls ---- */

static long iterate_dir(struct file *file, struct dir_context *ctx)
{
	struct inode *inode = file->inode;
	char *start = ctx->buf;
	int ret = -ENOENT;

	mutex_lock(&file->pos_lock);
	down_read(&inode->lock);
	ctx->pos = file->pos;
	if (!inode->dead)
		ret = file->ops->iterate(file, ctx);
	up_read(&inode->lock);
	file->pos = ctx->pos;
	mutex_unlock(&file->pos_lock);
	if (!put_next(ctx, ctx->pos))
		return -EFAULT;
	if (ctx->buf != start)
		return ctx->buf - start;
	return ret ? ret : ctx->error;
}

static long do_getdents(int fd, char *buf, unsigned int n, bool old_format)
{
	struct dir_context ctx = { .buf = buf, .left = n, .old_format = old_format };
	struct fd f = fd_get(fd);
	long ret = -ENOTDIR;

	if (!f.file || f.file->fmode & FMODE_PATH)
		ret = -EBADF;
	else if (f.file->ops->iterate)
		ret = iterate_dir(f.file, &ctx);
	fd_put(f);
	return ret;
}

SYSCALL_DEFINE3(getdents, int, fd, char *, buf, unsigned int, n)
{
	return do_getdents(fd, buf, n, true);
}
SYSCALL_DEFINE3(getdents64, int, fd, char *, buf, unsigned int, n)
{
	return do_getdents(fd, buf, n, false);
}
