/*
 * The tree of files: directories, files, symbolic links and devices from the initramfs. It is
 * built at boot and does not change, so looking things up needs no lock.
 */
#pragma once
#include <sys/tree.h>
#include "kernel/fs/files.h"
#include "mm/pagecache.h"

struct inode {
	u64 ino;
	u32 mode;			/* S_IFMT and permissions */
	u32 nlink, uid, gid;
	u32 rdev_major, rdev_minor;
	u64 size;
	u64 mtime;
	const u8 *data;			/* in the archive: contents, or a link's target (no NUL) */
	struct address_space mapping;	/* of a regular file */
};

struct dentry {
	RB_ENTRY(dentry) link;		/* in the parent's names */
	RB_HEAD(dentry_tree, dentry) names;	/* a directory's entries */
	struct dentry *parent;		/* the root's is itself */
	struct inode *inode;
	u8 name_len;
	char name[];
};

#define NAME_MAX	255
#define PATH_MAX	4096

extern struct dentry *root_dentry;

static inline u32 file_type(const struct inode *inode) { return inode->mode & S_IFMT; }
static inline bool is_dir(const struct inode *inode) { return file_type(inode) == S_IFDIR; }
static inline bool is_regular(const struct inode *inode) { return file_type(inode) == S_IFREG; }
static inline bool is_link(const struct inode *inode) { return file_type(inode) == S_IFLNK; }
static inline bool is_chardev(const struct inode *inode) { return file_type(inode) == S_IFCHR; }

/* The entry of that name, or NULL. name need not end with a NUL. */
struct dentry *dentry_child(const struct dentry *dir, const char *name, size_t len);
struct dentry *dentry_first(const struct dentry *dir);
struct dentry *dentry_next(struct dentry *dentry);
/* Boot: adds an entry, or gives an existing one another inode. Panics if there is no memory. */
struct dentry *dentry_add(struct dentry *dir, const char *name, size_t len, struct inode *inode);
struct inode *inode_create(u32 mode);

/*
 * Follows a path, from `start` if it is relative. With follow, a symbolic link at its end is
 * followed too. ERR_PTR(-ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG).
 */
struct dentry *path_lookup(struct dentry *start, const char *path, bool follow);
/* Where paths relative to an *at call's descriptor start. */
struct dentry *path_start(int dirfd, const char *path);
/* A copy of a path from user space, to be kfree'd; ERR_PTR. */
char *path_from_user(const char *user_path);
/*
 * All of it for a system call: a path relative to dirfd. flags: AT_SYMLINK_NOFOLLOW,
 * AT_EMPTY_PATH.
 */
struct inode *path_inode(int dirfd, const char *user_path, int flags);

/* Opens what is there already. ERR_PTR(-errno). */
struct file *inode_open(struct dentry *dentry, unsigned int flags);
/*
 * A regular file's contents, with a reference for mapping_put(): while it is held, the pages stay.
 */
struct address_space *inode_mapping_get(struct inode *inode);
void inode_stat(const struct inode *inode, struct __kernel_stat *st);

/* Devices: the operations of a character device, NULL if there is none. */
const struct file_ops *chardev_ops(u32 major, u32 minor);
extern const struct file_ops null_ops, zero_ops, full_ops, random_ops, console_ops;

/* Builds the tree from the archives in memory; stops with one sentence if they are damaged. */
void initramfs_init(const u8 *data, size_t size);
/* Registers with the leak check: pages of files that nobody has open or mapped are let go. */
void initramfs_quiesce_init(void);
/* Pages of files that the page cache holds. */
unsigned long initramfs_cached_pages(void);
