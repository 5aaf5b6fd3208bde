/* O_DIRECT, for kernel/fs/blkdev.c. */
#pragma once
#include "kernel/fs/fs.h"

/*
 * Between the disk at pos, which lies before its end, and the program's memory: bytes, or -errno:
 * -EINVAL for what is no whole sector, -EFAULT, -EIO. iter->left is not 0. For a write inode->lock
 * is held, which keeps other writers out. Sleeps.
 */
long direct_io(struct address_space *mapping, bool write, struct iov_iter *iter, u64 pos);
