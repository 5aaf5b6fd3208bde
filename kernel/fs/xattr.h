/*
 * Extended attributes: names with values beside a file's contents. They are on a list of the
 * inode, in file systems that say so (super_operations.xattrs).
 */
#pragma once
#include "kernel/fs/fs.h"

#define XATTR_SPACE	8192ul	/* bytes that names and values of one file may take */

/*
 * The value of name: its size; as much is copied as max holds, -ERANGE if that is not
 * all (max 0: nothing).
 */
long vfs_getxattr(struct inode *inode, const char *name, void *value, size_t max);
/* flags: XATTR_CREATE, XATTR_REPLACE. 0 or -errno. Both take the inode's lock. */
int vfs_setxattr(struct inode *inode, const char *name, const void *value, size_t size, int flags);
int vfs_removexattr(struct inode *inode, const char *name);
/* The names, each with its NUL: as vfs_getxattr(). */
long vfs_listxattr(struct inode *inode, char *list, size_t max);
/* The inode ends. */
void xattrs_free(struct inode *inode);
