/*
 * tmpfs: files whose only place is the page cache. It is the root file system, and what mount -t
 * tmpfs makes. The tree of names is the directory: nothing lies behind it.
 *
 * A file of the initramfs (tmpfs_back()) starts with its contents in the archive, from which pages
 * are read in when somebody wants them, and which clean pages can go back to.
 */
#include "kernel/fs/tmpfs.h"
#include "kernel/fs/permission.h"
#include "kernel/fs/xattr.h"
#include "kernel/base/string.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/statfs.h"
#include "mm/overcommit.h"
#include "mm/slab.h"

#define DIRENT_SIZE 20 /* what an entry adds to a directory's size, as on Linux */

struct tmpfs_sb {
	long max_pages, max_inodes;
	atomic_long_t pages, inodes;
};

struct tmpfs_inode {
	struct inode inode;
	const u8 *data; /* in the archive */
	u64 data_size;	/* of it, what is still the file's; under inode.lock */
	SLIST_ENTRY(tmpfs_inode) backed_link;
};

static struct kmem_cache *tmpfs_inode_cache;

static const struct inode_operations dir_operations, file_operations, other_operations;
static const struct file_operations tmpfs_fops;
static const struct super_operations super_operations;
static const struct address_space_ops tmpfs_mapping_ops, backed_mapping_ops;

static struct tmpfs_inode *tmpfs_i(struct inode *inode)
{
	return container_of(inode, struct tmpfs_inode, inode);
}
static struct tmpfs_sb *tmpfs_sb(const struct super_block *sb) { return sb->private; }

/* ---- limits ---- */

/* One more of what is limited; false if that is too many. */
static bool count_up(atomic_long_t *count, long max)
{
	if (atomic_long_add_return(1, count) <= max)
		return true;
	atomic_long_dec(count);
	return false;
}

static int tmpfs_charge(struct address_space *mapping)
{
	struct tmpfs_sb *info = tmpfs_sb(((struct inode *)mapping->host)->sb);

	if (!count_up(&info->pages, READ_ONCE(info->max_pages)))
		return -ENOSPC;
	/* What can be read in again is no promise. */
	if (mapping->ops->read_folio) {
		vm_acct_memory(1);
	} else if (vm_enough_memory(current_mm(), 1)) {
		atomic_long_dec(&info->pages);
		return -ENOSPC;
	}
	atomic_long_inc(&tmpfs_total_pages);
	return 0;
}

static void tmpfs_uncharge(struct address_space *mapping)
{
	vm_unacct_memory(1);
	atomic_long_dec(&tmpfs_sb(((struct inode *)mapping->host)->sb)->pages);
	atomic_long_dec(&tmpfs_total_pages);
}

static void tmpfs_statfs(struct super_block *sb, struct statfs64 *st)
{
	const struct tmpfs_sb *info = tmpfs_sb(sb);

	st->f_blocks = (u64)info->max_pages;
	st->f_bfree = st->f_bavail = (u64)(info->max_pages - atomic_long_read(&info->pages));
	st->f_files = (u64)info->max_inodes;
	st->f_ffree = (u64)(info->max_inodes - atomic_long_read(&info->inodes));
}

/* ---- inodes ---- */

struct inode *tmpfs_inode_alloc(struct super_block *sb, u32 mode)
{
	struct tmpfs_sb *info = tmpfs_sb(sb);
	struct tmpfs_inode *ti;

	if (!count_up(&info->inodes, READ_ONCE(info->max_inodes)))
		return ERR_PTR(-ENOSPC);
	ti = kmem_cache_alloc(tmpfs_inode_cache, GFP_KERNEL);
	if (!ti) {
		atomic_long_dec(&info->inodes);
		return ERR_PTR(-ENOMEM);
	}
	*ti = (struct tmpfs_inode){ 0 };
	inode_init(&ti->inode, sb, mode);
	ti->inode.mapping.ops = &tmpfs_mapping_ops;
	ti->inode.mapping.shmem = true;
	ti->inode.op = &other_operations;
	if (is_regular(&ti->inode)) {
		ti->inode.op = &file_operations;
		ti->inode.fop = &tmpfs_fops;
		ti->inode.sealable = true;
		ti->inode.seals = F_SEAL_SEAL; /* none can be added but to a memfd */
	} else if (is_dir(&ti->inode)) {
		ti->inode.op = &dir_operations;
		ti->inode.fop = &directory_fops;
		ti->inode.nlink = 2;
		ti->inode.mapping.size = 2 * DIRENT_SIZE;
	}
	return &ti->inode;
}

static void tmpfs_free_inode(struct inode *inode)
{
	struct tmpfs_inode *ti = tmpfs_i(inode);

	if (ti->data && is_regular(inode))
		tmpfs_unback(inode);
	atomic_long_dec(&tmpfs_sb(inode->sb)->inodes);
	kfree(inode->link);
	xattrs_free(inode);
	kmem_cache_free(tmpfs_inode_cache, ti);
}

/* ---- directories ---- */

/* dir has one entry more, or less; its lock is held for writing. */
static void dir_changed(struct inode *dir, int entries)
{
	WRITE_ONCE(dir->mapping.size, dir->mapping.size + (u64)(entries * DIRENT_SIZE));
	inode_touch(dir);
}

/* A new inode for the dentry. */
static int tmpfs_new(struct inode *dir, struct dentry *dentry, u32 mode)
{
	struct inode *inode = tmpfs_inode_alloc(dir->sb, mode);

	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	inode_init_owner(inode, dir);
	d_instantiate(dentry, inode);
	dir_changed(dir, 1);
	return 0;
}

static int tmpfs_mkdir(struct inode *dir, struct dentry *dentry, u32 mode)
{
	int ret = tmpfs_new(dir, dentry, mode);

	if (!ret)
		inode_add_links(dir, 1);
	return ret;
}

static int tmpfs_mknod(struct inode *dir, struct dentry *dentry, u32 mode, u32 major, u32 minor)
{
	int ret = tmpfs_new(dir, dentry, mode);

	if (!ret)
		init_special_inode(dentry->inode, mode, major, minor);
	return ret;
}

static int tmpfs_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	size_t len = strlen(target);
	char *copy = kmalloc(len + 1, GFP_KERNEL);
	int ret;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, target, len + 1);
	ret = tmpfs_new(dir, dentry, S_IFLNK | 0777);
	if (ret) {
		kfree(copy);
		return ret;
	}
	dentry->inode->link = copy;
	dentry->inode->mapping.size = len;
	return 0;
}

/* The inode's own lock, too: its other names lie in other directories. */
static int tmpfs_link(struct inode *inode, struct inode *dir, struct dentry *dentry)
{
	down_write_nested(&inode->lock);
	if (!inode->nlink && !inode->linkable) {
		up_write(&inode->lock);
		return -ENOENT;
	}
	inode_add_links(inode, 1);
	up_write(&inode->lock);
	inode_get(inode);
	d_instantiate(dentry, inode);
	dir_changed(dir, 1);
	inode->ctime = dir->ctime;
	return 0;
}

static int tmpfs_tmpfile(struct inode *dir, struct dentry *dentry, u32 mode)
{
	struct inode *inode = tmpfs_inode_alloc(dir->sb, mode);

	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	inode_init_owner(inode, dir);
	inode_add_links(inode, -1);
	d_instantiate(dentry, inode);
	return 0;
}

/* The victim's lock is held for writing. */
static int tmpfs_unlink(struct inode *dir, struct dentry *dentry)
{
	dir_changed(dir, -1);
	dentry->inode->ctime = dir->ctime;
	dentry->inode->linkable = false;
	inode_add_links(dentry->inode, -1);
	return 0;
}

static int tmpfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	inode_add_links(dentry->inode, -1);
	inode_add_links(dir, -1);
	return tmpfs_unlink(dir, dentry);
}

static int tmpfs_exchange(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
			  struct dentry *target)
{
	int moved = is_dir(target->inode) - is_dir(old->inode);

	inode_add_links(old_dir, moved);
	inode_add_links(new_dir, -moved);
	inode_touch(old_dir);
	inode_touch(new_dir);
	old->inode->ctime = target->inode->ctime = new_dir->ctime;
	return 0;
}

static int tmpfs_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
			struct dentry *target, unsigned int flags)
{
	if (flags & RENAME_EXCHANGE)
		return tmpfs_exchange(old_dir, old, new_dir, target);
	if (target && is_dir(target->inode))
		tmpfs_rmdir(new_dir, target);
	else if (target)
		tmpfs_unlink(new_dir, target);
	if (is_dir(old->inode)) {
		inode_add_links(old_dir, -1);
		inode_add_links(new_dir, 1);
	}
	dir_changed(old_dir, -1);
	dir_changed(new_dir, 1);
	old->inode->ctime = new_dir->ctime;
	return 0;
}

static const struct inode_operations dir_operations = {
	.create = tmpfs_new,
	.mkdir = tmpfs_mkdir,
	.mknod = tmpfs_mknod,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.tmpfile = tmpfs_tmpfile,
	.unlink = tmpfs_unlink,
	.rmdir = tmpfs_rmdir,
	.rename = tmpfs_rename,
};

/* ---- contents in the archive ---- */

static SLIST_HEAD(, tmpfs_inode) backed = SLIST_HEAD_INITIALIZER(backed);
static spinlock_t backed_lock = SPINLOCK_INIT(LOCK_TMPFS);

/* Pages in the page cache, of all tmpfs. */
atomic_long_t tmpfs_total_pages;

static int backed_read_folio(struct address_space *mapping, struct folio *folio)
{
	const struct tmpfs_inode *ti = tmpfs_i(mapping->host);
	u64 pos = (u64)folio->page.index << PAGE_SHIFT, size = READ_ONCE(ti->data_size);

	if (pos < size)
		memcpy(folio_address(folio), ti->data + pos, min(size - pos, PAGE_SIZE));
	return 0;
}

void tmpfs_back(struct inode *inode, const u8 *data, u64 size)
{
	struct tmpfs_inode *ti = tmpfs_i(inode);

	if (ti->data)
		tmpfs_unback(inode);
	ti->data = data;
	ti->data_size = inode->mapping.size = size;
	inode->mapping.ops = &backed_mapping_ops;
	spin_lock(&backed_lock);
	SLIST_INSERT_HEAD(&backed, ti, backed_link);
	spin_unlock(&backed_lock);
}

/* From here on what is not in the page cache is a hole. */
void tmpfs_unback(struct inode *inode)
{
	struct tmpfs_inode *ti = tmpfs_i(inode);

	WRITE_ONCE(ti->data_size, 0);
	WRITE_ONCE(inode->mapping.ops, &tmpfs_mapping_ops);
	spin_lock(&backed_lock);
	SLIST_REMOVE(&backed, ti, tmpfs_inode, backed_link);
	spin_unlock(&backed_lock);
	ti->data = NULL;
}

/* Reads all in, so that holes can be punched. inode->lock held for writing. */
static int read_archive(struct inode *inode)
{
	struct tmpfs_inode *ti = tmpfs_i(inode);
	struct folio *folio;

	if (!ti->data)
		return 0;
	for (u64 pos = 0; pos < ti->data_size; pos += PAGE_SIZE) {
		folio = filemap_grab(&inode->mapping, pos >> PAGE_SHIFT);
		if (IS_ERR(folio))
			return (int)PTR_ERR(folio);
		/* The quiescing must not take it away again. */
		folio_mark_dirty(folio);
		folio_put(folio);
	}
	tmpfs_unback(inode);
	return 0;
}

/* Clean pages of the archive's files, which could be read in again, are let go. */
void tmpfs_drop_clean(void)
{
	struct tmpfs_inode *ti;

	spin_lock(&backed_lock);
	SLIST_FOREACH(ti, &backed, backed_link)
		filemap_drop_clean(&ti->inode.mapping);
	spin_unlock(&backed_lock);
}

void tmpfs_discard_pages(void)
{
	struct tmpfs_inode *ti;

	spin_lock(&backed_lock);
	SLIST_FOREACH(ti, &backed, backed_link)
		filemap_drop_all(&ti->inode.mapping);
	spin_unlock(&backed_lock);
}

/* ---- regular files ---- */

static int tmpfs_setsize(struct inode *inode, u64 size)
{
	struct tmpfs_inode *ti = tmpfs_i(inode);
	u64 old = inode->mapping.size;

	if ((size < old && inode->seals & F_SEAL_SHRINK) ||
	    (size > old && inode->seals & F_SEAL_GROW))
		return -EPERM;
	if (size < ti->data_size)
		WRITE_ONCE(ti->data_size, size);
	truncate_setsize(&inode->mapping, size);
	inode_touch(inode);
	return 0;
}

static int tmpfs_setattr(struct inode *inode, const struct iattr *attr)
{
	int ret;

	if (inode->seals & F_SEAL_EXEC && attr->valid & ATTR_MODE &&
	    (attr->mode ^ inode->mode) & 0111)
		return -EPERM;
	ret = attr->valid & ATTR_SIZE ? tmpfs_setsize(inode, attr->size) : 0;
	if (!ret && attr->valid & ~ATTR_SIZE)
		ret = setattr_copy(inode, attr);
	return ret;
}

static int punch_hole(struct inode *inode, u64 start, u64 end)
{
	int ret = read_archive(inode);

	if (!ret)
		truncate_pagecache_range(&inode->mapping, start, end);
	return ret;
}

/* The pages of [start, end), as far as there is room; those that are new go again if it ends. */
static int fill_pages(struct inode *inode, u64 start, u64 end)
{
	unsigned long first = start >> PAGE_SHIFT, last = (end - 1) >> PAGE_SHIFT, index;
	struct folio *folio = NULL;

	if (last - first >= (unsigned long)tmpfs_sb(inode->sb)->max_pages)
		return -ENOSPC;
	for (index = first; index <= last; index++) {
		folio = fatal_signal_pending() ? ERR_PTR(-EINTR)
					       : filemap_grab(&inode->mapping, index);
		if (IS_ERR(folio))
			break;
		folio_put(folio);
		cond_resched();
	}
	/* Those behind the size must not stay; those inside it do no harm. */
	if (IS_ERR(folio))
		truncate_setsize(&inode->mapping, inode->mapping.size);
	return IS_ERR(folio) ? (int)PTR_ERR(folio) : 0;
}

static int tmpfs_fallocate(struct inode *inode, int mode, u64 start, u64 end)
{
	int ret;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (mode & FALLOC_FL_PUNCH_HOLE) {
		if (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			return -EPERM;
		ret = punch_hole(inode, start, end);
	} else {
		if (inode->seals & F_SEAL_GROW && end > inode->mapping.size)
			return -EPERM;
		ret = fill_pages(inode, start, end);
		if (!ret && !(mode & FALLOC_FL_KEEP_SIZE) && end > inode->mapping.size)
			WRITE_ONCE(inode->mapping.size, end);
	}
	if (!ret) {
		inode_remove_privs(inode);
		inode_touch(inode);
	}
	return ret;
}

/* What lies in the archive is data, wherever it has been read in. */
static s64 tmpfs_seek(struct inode *inode, u64 pos, bool data)
{
	u64 size = inode->mapping.size,
	    there = min(ALIGN_UP(tmpfs_i(inode)->data_size, PAGE_SIZE), size);

	if (pos >= there)
		return filemap_seek(&inode->mapping, pos, data);
	if (data)
		return (s64)pos;
	return there < size ? filemap_seek(&inode->mapping, there, false) : (s64)size;
}

static const struct inode_operations file_operations = {
	.setattr = tmpfs_setattr,
	.seek = tmpfs_seek,
	.fallocate = tmpfs_fallocate,
};
static const struct inode_operations other_operations = { 0 };

static const struct file_operations tmpfs_fops = {
	.read_iter = generic_file_read_iter,
	.splice_read = filemap_splice_read,
	.write_iter = generic_file_write_iter,
	.llseek = generic_file_llseek,
	.mmap = generic_file_mmap,
};

static const struct address_space_ops tmpfs_mapping_ops = {
	.charge = tmpfs_charge,
	.uncharge = tmpfs_uncharge,
};
static const struct address_space_ops backed_mapping_ops = {
	.read_folio = backed_read_folio,
	.charge = tmpfs_charge,
	.uncharge = tmpfs_uncharge,
};

/* ---- options ---- */

/* A number with an optional k, m, g, or % of all memory. Where it ended; NULL: no number. */
static const char *parse_size(const char *text, u64 *value)
{
	const char *at = text;
	u64 n = 0;

	for (; *at >= '0' && *at <= '9'; at++)
		n = n * 10 + (u64)(*at - '0');
	if (at == text)
		return NULL;
	switch (*at | 0x20) {
	case 'g': n <<= 10; /* fall through */
	case 'm': n <<= 10; /* fall through */
	case 'k':
		n <<= 10;
		at++;
		break;
	case '%' | 0x20:
		n = n * frames_total() / 100 << PAGE_SHIFT;
		at++;
		break;
	}
	*value = n;
	return at;
}

static const char *parse_mode(const char *text, u32 *mode)
{
	u32 n = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '7'; at++)
		n = n * 8 + (u32)(*at - '0');
	*mode = S_IFDIR | (n & 07777);
	return at == text ? NULL : at;
}

/* One option; where it ended, or NULL if it is wrong. Owners are taken note of by nobody. */
static const char *parse_option(struct tmpfs_sb *info, const char *at, u32 *mode)
{
	u64 value = 0;

	if (!strncmp(at, "size=", 5)) {
		at = parse_size(at + 5, &value);
		info->max_pages = value ? (long)(ALIGN_UP(value, PAGE_SIZE) >> PAGE_SHIFT)
					: (long)frames_total();
	} else if (!strncmp(at, "nr_inodes=", 10)) {
		at = parse_size(at + 10, &value);
		info->max_inodes = value ? (long)value : (long)frames_total();
	} else if (!strncmp(at, "mode=", 5)) {
		at = parse_mode(at + 5, mode);
	} else if (!strncmp(at, "uid=", 4) || !strncmp(at, "gid=", 4)) {
		at = parse_size(at + 4, &value);
	} else {
		return NULL;
	}
	return at && (!*at || *at == ',') ? at : NULL;
}

static int parse_options(struct tmpfs_sb *info, const char *data, u32 *mode)
{
	const char *at = data ? data : "";

	while (*at) {
		at = parse_option(info, at, mode);
		if (!at)
			return -EINVAL;
		if (*at == ',')
			at++;
	}
	return 0;
}

/* ---- the file system ---- */

/* The limits may change, but not below what is in use; what the root was made with stays. */
static int tmpfs_remount(struct super_block *sb, const char *data)
{
	struct tmpfs_sb *info = tmpfs_sb(sb);
	struct tmpfs_sb new = { .max_pages = info->max_pages, .max_inodes = info->max_inodes };
	u32 mode;
	int ret = parse_options(&new, data, &mode);

	if (ret)
		return ret;
	if (new.max_pages < atomic_long_read(&info->pages) ||
	    new.max_inodes < atomic_long_read(&info->inodes))
		return -EINVAL;
	WRITE_ONCE(info->max_pages, new.max_pages);
	WRITE_ONCE(info->max_inodes, new.max_inodes);
	return 0;
}

static const struct super_operations super_operations = {
	.xattrs = true,
	.free_inode = tmpfs_free_inode,
	.statfs = tmpfs_statfs,
	.remount = tmpfs_remount,
};

static int tmpfs_fill_super(struct super_block *sb, const char *data)
{
	struct tmpfs_sb *info = kzalloc(sizeof(*info), GFP_KERNEL);
	u32 mode = S_IFDIR | 01777;
	struct inode *root;
	int ret;

	if (!info)
		return -ENOMEM;
	info->max_pages = info->max_inodes = (long)frames_total() / 2;
	sb->private = info;
	sb->ops = &super_operations;
	ret = parse_options(info, data, &mode);
	if (ret)
		return ret;
	root = tmpfs_inode_alloc(sb, mode);
	if (IS_ERR(root))
		return (int)PTR_ERR(root);
	sb->root = d_make_root(root);
	return sb->root ? 0 : -ENOMEM;
}

static void tmpfs_kill_sb(struct super_block *sb) { kfree(sb->private); }

struct file_system_type tmpfs_type = {
	.name = "tmpfs",
	.magic = TMPFS_MAGIC,
	.fill_super = tmpfs_fill_super,
	.kill_sb = tmpfs_kill_sb,
};

void tmpfs_init(void)
{
	tmpfs_inode_cache = kmem_cache_create("tmpfs_inode", sizeof(struct tmpfs_inode), 0);
	register_filesystem(&tmpfs_type);
}
