/*
 * Who may do what with files (path_resolution(7), inode(7)): one place for the question, asked by
 * namei.c, open.c, exec.c and their like. A process with a file-system user (fsuid) of 0 has all
 * privileges on files. Nothing here sleeps.
 */
#pragma once
#include "kernel/fs/fs.h"

#define MAY_EXEC	1	/* of a directory: look names up in it */
#define MAY_WRITE	2
#define MAY_READ	4

/*
 * What the mode allows the running process, and the file system: 0, -EACCES, -EROFS.
 * mask 0: all is allowed.
 */
int inode_permission(const struct inode *inode, int mask);
/* The same for access(): by the real user and group. */
int inode_permission_real(const struct inode *inode, int mask);
/* May the running process do what only a file's owner may? */
bool inode_owner_or_capable(const struct inode *inode);
/* Has it the privileges on files? */
bool fs_capable(void);

/*
 * A name in dir, whose lock is held: made; or taken from its file. 0, -EACCES, -EPERM
 * (a sticky directory).
 */
int may_create(const struct inode *dir);
int may_delete(const struct inode *dir, const struct inode *victim);
/*
 * Another link: not to what one could not write to, or what runs with other privileges. 0, -EPERM.
 */
int may_link(const struct inode *inode);

/*
 * A new inode is the running process's, or of dir's group if dir says so by its set-group-ID bit.
 */
void inode_init_owner(struct inode *inode, const struct inode *dir);
/*
 * May the attributes be changed so? What else that changes is put into attr: the set-ID bits of a
 * file that gets another owner or size. inode->lock held for writing. 0, -EPERM, -EACCES.
 */
int setattr_prepare(const struct inode *inode, struct iattr *attr);
/* Before a file is written to: takes the set-ID bits away. inode->lock held for writing. */
void inode_remove_privs(struct inode *inode);
