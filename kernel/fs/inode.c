/* Regular files, directories and devices of the tree, as open files. */
#include "kernel/fs/inode.h"
#include "kernel/base/string.h"
#include "kernel/task.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/slab.h"

/* ---- regular files ---- */

/* From one page of the file to the program; bytes copied or -errno. */
static long read_page(struct address_space *mapping, u64 pos, void *buf, size_t n)
{
	size_t offset = pos & (PAGE_SIZE - 1), left;
	struct folio *folio = filemap_get(mapping, pos >> PAGE_SHIFT);

	if (IS_ERR(folio))
		return PTR_ERR(folio);
	n = min(n, PAGE_SIZE - offset);
	left = copy_to_user(buf, (char *)folio_address(folio) + offset, n);
	folio_put(folio);
	return left == n ? -EFAULT : (long)(n - left);
}

static long regular_read(struct file *file, void *buf, size_t n, u64 *pos)
{
	struct inode *inode = file->inode;
	size_t done = 0;
	long ret = 0;

	if (*pos >= inode->size)
		return 0;
	n = min(n, inode->size - *pos);
	while (done < n) {
		ret = read_page(&inode->mapping, *pos + done, (char *)buf + done, n - done);
		if (ret < 0 || fatal_signal_pending())
			break;
		done += (size_t)ret;
		cond_resched();
	}
	*pos += done;
	return done ? (long)done : ret;
}

static void regular_release(struct file *file) { mapping_put(&file->inode->mapping); }

static const struct file_ops regular_ops = {
	.read = regular_read,
	.release = regular_release,
	.seekable = true,
};

/* ---- directories ---- */

static long directory_read(struct file *file, void *buf, size_t n, u64 *pos) { return -EISDIR; }

static const struct file_ops directory_ops = {
	.read = directory_read,
	.seekable = true,
};

/* ---- opening ---- */

static const struct file_ops *inode_ops(const struct inode *inode)
{
	switch (inode->mode & S_IFMT) {
	case S_IFREG: return &regular_ops;
	case S_IFDIR: return &directory_ops;
	case S_IFCHR: return chardev_ops(inode->rdev_major, inode->rdev_minor);
	default: return NULL;
	}
}

struct file *inode_open(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = dentry->inode;
	const struct file_ops *ops = inode_ops(inode);
	struct file *file;

	if (!ops)
		return ERR_PTR(-ENXIO);
	file = file_alloc(ops, flags & (O_ACCMODE | O_NONBLOCK | O_APPEND | O_DIRECTORY));
	if (!file)
		return ERR_PTR(-ENOMEM);
	file->inode = inode;
	file->private = dentry;
	if (is_regular(inode))
		inode_mapping_get(inode);
	return file;
}

void inode_stat(const struct inode *inode, struct __kernel_stat *st)
{
	*st = (struct __kernel_stat){
		.st_dev = 2,
		.st_ino = inode->ino,
		.st_nlink = inode->nlink,
		.st_mode = inode->mode,
		.st_uid = inode->uid,
		.st_gid = inode->gid,
		.st_rdev = (u64)inode->rdev_major << 8 | inode->rdev_minor,
		.st_size = (s64)inode->size,
		.st_blksize = PAGE_SIZE,
		.st_blocks = (s64)(ALIGN_UP(inode->size, PAGE_SIZE) / 512),
		.st_atime_sec = inode->mtime,
		.st_mtime_sec = inode->mtime,
		.st_ctime_sec = inode->mtime,
	};
}
