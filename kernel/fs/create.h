/* What open(), mkdir() and their like share. */
#pragma once
#include "kernel/fs/namei.h"

/* What a new name is to lead to. */
struct new_file {
	u32 mode; /* with its type; the umask is taken off */
	u32 major, minor;
	const char *target; /* of a symbolic link */
	struct inode *old;  /* link(): the inode that gets another name */
};

/*
 * A new entry of dir, whose lock is held for writing and which has none of that name. With a
 * dget(); ERR_PTR(-errno).
 */
struct dentry *create_locked(struct dentry *dir, const struct last_name *last,
			     const struct new_file *new);
/*
 * May the entry of dir be removed as a directory, or as something else? 0, -EACCES, -EPERM,
 * -ENOTDIR, -EISDIR, -EBUSY.
 */
int may_remove(const struct inode *dir, const struct dentry *dentry, bool directory);
