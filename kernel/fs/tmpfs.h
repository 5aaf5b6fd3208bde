/* tmpfs, as the initramfs, memfd_create() and the leak check use it. */
#pragma once
#include "kernel/fs/fs.h"

extern struct file_system_type tmpfs_type;
extern atomic_long_t tmpfs_total_pages; /* in the page cache, of all tmpfs */

/* A new inode of type and permissions `mode`. ERR_PTR(-ENOSPC, -ENOMEM). */
struct inode *tmpfs_inode_alloc(struct super_block *sb, u32 mode);
/* Boot: the contents of a regular file lie at data, which stays. */
void tmpfs_back(struct inode *inode, const u8 *data, u64 size);
/* What has not been read in is no longer part of the file. inode->lock held for writing. */
void tmpfs_unback(struct inode *inode);
/* For the leak check: pages that could be read in again are let go, if nobody uses them. */
void tmpfs_drop_clean(void);
/* The very end: those that were written to as well. */
void tmpfs_discard_pages(void);
void tmpfs_init(void);
