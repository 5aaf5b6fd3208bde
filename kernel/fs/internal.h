/*
 * Set-up, and what the end of the machine's life needs: between the files of kernel/fs/ and
 * kernel/main.c.
 */
#pragma once
#include "kernel/fs/fs.h"

/* All of kernel/fs/: before the initramfs, after the allocators. */
void vfs_init(void);
void dcache_init(void);
void inode_cache_init(void);
void files_init(void);
void rename_init(void);
void locks_init(void);
void chrdev_init(void);
void pipe_init(void);
void memfd_init(void);
void eventfd_init(void);
/* The root file system: root_dentry. */
void mount_root(struct file_system_type *type);

/*
 * For the account at the very end, when no program is left: files that programs have left behind
 * are no leak, and go. Only what the initramfs brought stays.
 */
void initramfs_discard_rest(void);
/* Remembers which names there are; takes the others away. Nobody else uses the tree. */
void d_mark_tree(struct dentry *root);
void d_discard_unmarked(struct dentry *root);
/* Takes all file systems off but the root, as far as they are not in use. */
void umount_all(void);
