/*
 * Inodes: making and freeing them, what stat() says of them, and the changes that need no file
 * system.
 */
#include "kernel/base/string.h"
#include "kernel/fs/internal.h"
#include "kernel/fs/locks.h"
#include "kernel/fs/permission.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/statfs.h"
#include "mm/slab.h"

static struct kmem_cache *inode_cache;

struct inode *anon_inode;

static const struct inode_operations no_operations;
static const struct address_space_ops no_mapping_ops;

void inode_init(struct inode *inode, struct super_block *sb, u32 mode)
{
	*inode = (struct inode){ .op = &no_operations, .sb = sb, .mode = mode, .nlink = 1 };
	inode->ino = (u64)atomic_long_add_return(1, &sb->last_ino);
	inode->atime = inode->mtime = inode->ctime = inode->btime = realtime_ns();
	inode_init_owner(inode, NULL);
	atomic_set(&inode->refcount, 1);
	rwsem_init(&inode->lock, (mode & S_IFMT) == S_IFDIR ? LOCK_DIRECTORY : LOCK_INODE);
	mapping_init(&inode->mapping, &no_mapping_ops, inode, 0);
}

struct inode *inode_alloc(struct super_block *sb, u32 mode)
{
	struct inode *inode = kmem_cache_alloc(inode_cache, GFP_KERNEL);

	if (inode)
		inode_init(inode, sb, mode);
	return inode;
}

void inode_put(struct inode *inode)
{
	const struct super_operations *ops = inode->sb->ops;

	if (!atomic_dec_and_test(&inode->refcount))
		return;
	filemap_drop_all(&inode->mapping);
	file_locks_free(inode);
	if (!inode->nlink)
		atomic_dec(&inode->sb->nameless);
	if (ops && ops->evict_inode)
		ops->evict_inode(inode);
	if (ops && ops->free_inode)
		ops->free_inode(inode);
	else
		kmem_cache_free(inode_cache, inode);
}

void inode_add_links(struct inode *inode, int n)
{
	u32 links = inode->nlink + (u32)n;

	if (!links && n < 0)
		atomic_inc(&inode->sb->nameless);
	else if (!inode->nlink && n > 0)
		atomic_dec(&inode->sb->nameless);
	WRITE_ONCE(inode->nlink, links);
}

void init_special_inode(struct inode *inode, u32 mode, u32 major, u32 minor)
{
	inode->rdev_major = major;
	inode->rdev_minor = minor;
	if ((mode & S_IFMT) == S_IFCHR)
		inode->fop = chrdev_fops(major, minor);
	else if ((mode & S_IFMT) == S_IFBLK)
		inode->fop = blkdev_fops(major, minor);
	else if ((mode & S_IFMT) == S_IFIFO)
		inode->fop = &fifo_fops;
}

void inode_touch(struct inode *inode)
{
	WRITE_ONCE(inode->mtime, realtime_ns());
	WRITE_ONCE(inode->ctime, inode->mtime);
}

/* ---- stat ---- */

void inode_stat(struct inode *inode, struct __kernel_stat *st)
{
	*st = (struct __kernel_stat){
		.st_dev = encode_dev(0, inode->sb->dev),
		.st_ino = inode->ino,
		.st_nlink = READ_ONCE(inode->nlink),
		.st_mode = READ_ONCE(inode->mode),
		.st_uid = inode->uid,
		.st_gid = inode->gid,
		.st_rdev = encode_dev(inode->rdev_major, inode->rdev_minor),
		.st_size = (s64)READ_ONCE(inode->mapping.size),
		.st_blksize = PAGE_SIZE,
		.st_blocks = (s64)(READ_ONCE(inode->mapping.nr_pages) * (PAGE_SIZE / 512)),
		.st_atime_sec = inode->atime / NSEC_PER_SEC,
		.st_atime_nsec = inode->atime % NSEC_PER_SEC,
		.st_mtime_sec = inode->mtime / NSEC_PER_SEC,
		.st_mtime_nsec = inode->mtime % NSEC_PER_SEC,
		.st_ctime_sec = inode->ctime / NSEC_PER_SEC,
		.st_ctime_nsec = inode->ctime % NSEC_PER_SEC,
	};
	if (inode->op->getattr)
		inode->op->getattr(inode, st);
}

/* ---- changing attributes ---- */

int setattr_copy(struct inode *inode, const struct iattr *attr)
{
	if (attr->valid & ATTR_MODE)
		WRITE_ONCE(inode->mode, (inode->mode & S_IFMT) | (attr->mode & 07777));
	if (attr->valid & ATTR_UID)
		inode->uid = attr->uid;
	if (attr->valid & ATTR_GID)
		inode->gid = attr->gid;
	if (attr->valid & ATTR_ATIME)
		inode->atime = attr->atime;
	if (attr->valid & ATTR_MTIME)
		inode->mtime = attr->mtime;
	inode->ctime = realtime_ns();
	return 0;
}

static int inode_setattr(struct inode *inode, const struct iattr *attr)
{
	if (inode->op->setattr)
		return inode->op->setattr(inode, attr);
	return attr->valid & ATTR_SIZE ? -EINVAL : setattr_copy(inode, attr);
}

int notify_change(struct inode *inode, const struct iattr *attr)
{
	struct iattr change = *attr;
	int ret = sb_want_write(inode->sb);

	if (ret)
		return ret;
	down_write(&inode->lock);
	ret = setattr_prepare(inode, &change);
	if (!ret)
		ret = inode_setattr(inode, &change);
	up_write(&inode->lock);
	sb_drop_write(inode->sb);
	return ret;
}

static struct file_system_type anon_type = {
	.name = "anon_inodefs",
	.flags = FS_INTERNAL,
	.magic = ANON_INODE_FS_MAGIC,
};

void inode_cache_init(void)
{
	inode_cache = kmem_cache_create("inode", sizeof(struct inode), 0);
	anon_inode = inode_alloc(kern_mount(&anon_type), 0600);
	if (!anon_inode)
		boot_stop("There is not enough memory for the first inode.");
}
