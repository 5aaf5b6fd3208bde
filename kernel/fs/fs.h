/*
 * Files: what a file system provides, in Linux's words, and what it may use. docs/files.md
 * explains how the parts work together.
 *
 * A super_block is one file system that is mounted. An inode is a file, a directory, a device; a
 * dentry is a name that leads to one; a struct file is what open() makes of it.
 *
 * The order of locks, each taken before those below it:
 *	file->pos_lock		the position of an open file
 *	pipe->lock		held over reads and writes of files that are spliced; two by
 *				address
 *	rename_mutex		(namei) no directory moves to another one
 *	directory->lock		its entries. Two: the one nearer to the root first, otherwise by
 *				address; then a directory that is removed or replaced in them
 *	inode->lock		of what is no directory: its contents and size (i_rwsem)
 *	mm->mmap_lock		so that user memory may be copied under all of these
 *	dcache_lock		(spin) names, parents, what is mounted where
 * The last reference to a file may be put under mmap_lock: releasing a file that can be mapped
 * takes none of the locks above it.
 */
#pragma once
#include <sys/queue.h>
#include <sys/tree.h>
#include "kernel/fs/async.h"
#include "kernel/fs/epoll.h"
#include "kernel/base/atomic.h"
#include "kernel/base/rwsem.h"
#include "kernel/uapi/stat.h"
#include "mm/pagecache.h"

struct dentry;
struct dir_context;
struct file;
struct inode;
struct iov_iter;
struct pipe;
struct poll_table;
struct statfs64;
struct super_block;

#define NAME_MAX	255
#define PATH_MAX	4096
#define MAX_FILE_BYTES	((u64)(~0ul >> 1))

/* ---- file systems ---- */

struct file_system_type {
	const char *name;
	u32 flags;
	u64 magic;		/* for statfs() */
	/*
	 * Fills sb->ops and root (from d_make_root()). data: mount options, may be NULL.
	 * 0 or -errno, after which kill_sb() is called all the same. NULL: there is
	 * nothing to fill where no names lead to the files.
	 */
	int (*fill_super)(struct super_block *sb, const char *data);
	/* Frees what fill_super() made, but for dentries and inodes. May be NULL. */
	void (*kill_sb)(struct super_block *sb);
	SLIST_ENTRY(file_system_type) link;
};
#define FS_INTERNAL	BIT(0)	/* programs cannot mount it */
#define FS_REQUIRES_DEV	BIT(1)	/* lies on a block device */

struct super_operations {
	bool xattrs;	/* files can have extended attributes; free_inode calls xattrs_free() */
	/*
	 * An inode's memory (inode_init() is the caller's business); NULL: a plain struct inode.
	 */
	void (*free_inode)(struct inode *inode);
	/*
	 * The last reference is gone, the page cache is empty: frees other resources. May be NULL.
	 */
	void (*evict_inode)(struct inode *inode);
	/* Sizes and counts; type and lengths are filled in. May be NULL. */
	void (*statfs)(struct super_block *sb, struct statfs64 *st);
	/* Other options. 0 or -errno, and nothing has changed. NULL: none are known. */
	int (*remount)(struct super_block *sb, const char *data);
};

struct super_block {
	const struct file_system_type *type;
	const struct super_operations *ops;
	struct dentry *root;		/* counted */
	struct dentry *mountpoint;	/* which it covers, with a path_get(); NULL: nothing */
	u32 dev;			/* the minor number of st_dev */
	atomic_t refcount;		/* the mount, open files, current directories */
	atomic_t writers;		/* sb_want_write(); -1: it is mounted read-only */
	atomic_t nameless;		/* inodes without links that are in use still */
	bool detached;			/* it was mounted, and is in use still */
	bool expiring;			/* MNT_EXPIRE has been asked for, and nobody came since */
	struct dentry *uncovered;	/* what it covered, while it is being taken off */
	atomic_long_t last_ino;
	char source[64];		/* what mount() was told, for /proc/mounts */
	void *private;
	TAILQ_ENTRY(super_block) link;	/* all that are mounted; under dcache_lock */
};

void register_filesystem(struct file_system_type *type);	/* at boot */
/* Calls fn for each, for /proc/filesystems. */
void filesystem_for_each(void (*fn)(const struct file_system_type *type, void *arg), void *arg);
/* Calls fn for each mount with the path of its root, for /proc/mounts. */
void mount_for_each(void (*fn)(const struct super_block *sb, const char *path, void *arg),
		    void *arg);
/*
 * A file system that is mounted nowhere, for the kernel's own files. Panics without memory: boot.
 */
struct super_block *kern_mount(struct file_system_type *type);
/*
 * Mounts it on the directory at path. flags: MS_... of mount(2), MS_REMOUNT too. 0
 * or -errno. May sleep.
 */
int do_mount(const char *source, const char *path, const char *type, unsigned long flags,
	     const char *data);
static inline void sb_get(struct super_block *sb) { atomic_inc(&sb->refcount); }
/* The last reference frees the file system. May sleep. */
void sb_put(struct super_block *sb);
/*
 * For who changes something in the file system: it does not become read-only until
 * sb_drop_write(). -EROFS: it is. Neither sleeps.
 */
int sb_want_write(struct super_block *sb);
void sb_drop_write(struct super_block *sb);

static inline bool sb_readonly(const struct super_block *sb)
{
	return atomic_read(&sb->writers) < 0;
}

/* 0, or -EBUSY: files are open for writing, or without a name. May sleep. */
int sb_set_readonly(struct super_block *sb, bool readonly);

/* ---- inodes ---- */

/* What to change about an inode; all under inode->lock held for writing. */
struct iattr {
	unsigned int valid;		/* ATTR_... */
	u32 mode, uid, gid;
	u64 size;
	u64 atime, mtime;
};
#define ATTR_MODE	BIT(0)
#define ATTR_UID	BIT(1)
#define ATTR_GID	BIT(2)
#define ATTR_SIZE	BIT(3)
#define ATTR_ATIME	BIT(4)
#define ATTR_MTIME	BIT(5)
#define ATTR_TOUCH	BIT(6)	/* both times, to now */
#define ATTR_OWNER	BIT(7)	/* from chown(), also if neither is changed */

/*
 * Directories' operations are called with the directory's lock held for writing (lookup: for
 * reading), and the names are checked: what must exist does, what must not does not. They return 0
 * or -errno, and after an error nothing has changed. NULL means -EPERM, or for lookup that there
 * are no entries but those in the tree of names.
 */
struct inode_operations {
	/*
	 * An entry that is not in the tree of names: a new dentry with one reference, in the tree
	 * (d_add()) or not; ERR_PTR(-ENOENT). For file systems that make their entries up.
	 */
	struct dentry *(*lookup)(struct inode *dir, struct dentry *parent, const char *name,
				 size_t len);
	/* Give the dentry an inode by d_instantiate(); the caller adds it to the tree. */
	int (*create)(struct inode *dir, struct dentry *dentry, u32 mode);
	int (*mkdir)(struct inode *dir, struct dentry *dentry, u32 mode);
	int (*mknod)(struct inode *dir, struct dentry *dentry, u32 mode, u32 major, u32 minor);
	int (*symlink)(struct inode *dir, struct dentry *dentry, const char *target);
	int (*link)(struct inode *inode, struct inode *dir, struct dentry *dentry);
	/* A regular file without a name. */
	int (*tmpfile)(struct inode *dir, struct dentry *dentry, u32 mode);
	/* The caller takes the dentry out of the tree. */
	int (*unlink)(struct inode *dir, struct dentry *dentry);
	int (*rmdir)(struct inode *dir, struct dentry *dentry);
	/*
	 * The caller moves the dentries. target is what the new name leads to now, or NULL. flags:
	 * RENAME_EXCHANGE.
	 */
	int (*rename)(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
		      struct dentry *target, unsigned int flags);
	/* A symbolic link's target if inode->link is not it: its length, or -errno. */
	long (*readlink)(struct dentry *dentry, char *buf, size_t size);
	/* A link that leads to an object and not along a path: with a path_get(); ERR_PTR. */
	struct dentry *(*get_link)(struct dentry *dentry);
	/* A directory: may the caller do anything in it, though its mode says no? NULL: never. */
	bool (*also_allowed)(const struct inode *inode);
	/* NULL: what the inode says is all there is to it. Inode unlocked. */
	void (*getattr)(struct inode *inode, struct __kernel_stat *st);
	/* NULL: setattr_copy(), and -EINVAL for a size. */
	int (*setattr)(struct inode *inode, const struct iattr *attr);
	/* fallocate(): range and mode are checked; inode->lock held for writing. */
	int (*fallocate)(struct inode *inode, int mode, u64 start, u64 end);
	/* SEEK_DATA, SEEK_HOLE; as filemap_seek(), which it is if this is NULL. lock held. */
	s64 (*seek)(struct inode *inode, u64 pos, bool data);
};

struct inode {
	const struct inode_operations *op;	/* never NULL */
	const struct file_operations *fop;	/* NULL: cannot be opened (-ENXIO) */
	struct super_block *sb;
	atomic_t refcount;
	u32 mode;			/* S_IFMT and permissions */
	u64 ino;
	u32 nlink, uid, gid;
	u32 rdev_major, rdev_minor;
	u64 atime, mtime, ctime, btime;	/* ns since 1970 */
	struct rwsem lock;		/* i_rwsem */
	bool dead;			/* a directory that has been removed; under lock */
	bool linkable;			/* O_TMPFILE: link() may give it its first name */
	bool fleeting;			/* it may end by itself: no mount point */
	const char *link;		/* a symbolic link's target; as long as the inode lives */
	struct address_space mapping;	/* contents and size: mapping.size changes under lock */
	struct pipe *pipe;		/* of a FIFO that is open; under lock */
	bool sealable;			/* a regular file of tmpfs */
	unsigned int seals;		/* F_SEAL_...: added under lock */
	atomic_t writers;		/* who has it open for writing; below 0: who runs it */
	struct file_locks *locks;	/* flock() and fcntl() locks; under locks_lock */
	struct xattr *xattrs;		/* kernel/fs/xattr.h; under lock */
	void *private;			/* of the file system */
};

static inline u32 file_type(const struct inode *inode) { return inode->mode & S_IFMT; }
static inline bool is_dir(const struct inode *inode) { return file_type(inode) == S_IFDIR; }
static inline bool is_regular(const struct inode *inode) { return file_type(inode) == S_IFREG; }
/* Without the group's x, the bit means mandatory locks (which there are none of). */
static inline bool is_setgid(u32 mode) { return mode & S_ISGID && mode & S_IXGRP; }
static inline bool is_link(const struct inode *inode) { return file_type(inode) == S_IFLNK; }
static inline bool is_blockdev(const struct inode *inode) { return file_type(inode) == S_IFBLK; }
static inline bool is_chardev(const struct inode *inode) { return file_type(inode) == S_IFCHR; }
static inline bool is_fifo(const struct inode *inode) { return file_type(inode) == S_IFIFO; }

/* What files share that are only operations: eventfd and its like. */
extern struct inode *anon_inode;
/* One reference, a number of its own, times of now, operations that can do nothing. */
void inode_init(struct inode *inode, struct super_block *sb, u32 mode);
/* A plain inode (for file systems without free_inode); NULL: no memory. */
struct inode *inode_alloc(struct super_block *sb, u32 mode);
static inline void inode_get(struct inode *inode) { atomic_inc(&inode->refcount); }
/* The last one frees it, and its pages. May sleep; takes no lock that is listed above. */
void inode_put(struct inode *inode);
/* n links more. inode->lock held for writing, or nobody else knows the inode. */
void inode_add_links(struct inode *inode, int n);
/* A device's numbers in one, as programs see them. */
static inline u64 encode_dev(u32 major, u32 minor)
{
	return (minor & 0xff) | major << 8 | (u64)(minor & 0xfff00) << 12;
}
static inline u32 dev_major(u64 dev) { return dev >> 8 & 0xfff; }
static inline u32 dev_minor(u64 dev) { return (dev & 0xff) | (dev >> 12 & 0xfff00); }
/* fop (and mode) of a device or FIFO inode, by its type and numbers. */
void init_special_inode(struct inode *inode, u32 mode, u32 major, u32 minor);
void inode_stat(struct inode *inode, struct __kernel_stat *st);
/* The default setattr, but for the size. */
int setattr_copy(struct inode *inode, const struct iattr *attr);
/*
 * Changes attributes by the inode's own setattr, for a program that may or may not do so: -EROFS,
 * -EPERM, -EACCES. Takes its lock.
 */
int notify_change(struct inode *inode, const struct iattr *attr);
/*
 * The same for a new size, by one who has not opened the file for writing: -ETXTBSY
 * while it runs as a program.
 */
int notify_change_as_writer(struct inode *inode, const struct iattr *attr);
/*
 * Counts who writes to the file, or who runs it and denies that. -ETXTBSY: the others are
 * there. Neither sleeps.
 */
int get_write_access(struct inode *inode);
void put_write_access(struct inode *inode);
int deny_write_access(struct inode *inode);
void allow_write_access(struct inode *inode);
/* ctime and mtime are now. */
void inode_touch(struct inode *inode);

/* ---- names ---- */

RB_HEAD(dentry_tree, dentry);
TAILQ_HEAD(dentry_list, dentry);

#define SHORT_NAME	24

/*
 * A dentry of the tree of names has a reference for that. All but refcount and what never changes
 * is under dcache_lock.
 */
struct dentry {
	atomic_t refcount;
	bool linked;			/* in its parent's tree of names */
	bool removed;			/* it was, and has been taken out */
	bool pseudo;			/* a pipe's or its like: in no tree, its
					 * name is all of its path */
	bool from_archive;		/* of the initramfs: stays when the
					 * machine's memory is accounted for */
	u8 name_len;
	const char *name;		/* short_name, or allocated */
	char short_name[SHORT_NAME];
	struct dentry *parent;		/* counted; a root's is itself */
	struct inode *inode;		/* counted; never changes once it is there */
	struct super_block *sb;
	struct super_block *mounted;	/* covers this directory; its mountpoint counts for us */
	RB_ENTRY(dentry) link;
	TAILQ_ENTRY(dentry) order;
	u64 offset;			/* getdents' cookie: rises with the order */
	struct dentry_tree names;	/* a directory's entries */
	struct dentry_list children;	/* the same in the order of their creation */
	u64 last_offset;
};

extern spinlock_t dcache_lock;
extern struct dentry *root_dentry;	/* of the root file system */

/* A dentry without an inode, not in the tree; NULL: no memory. Takes a reference on parent. */
struct dentry *d_alloc(struct dentry *parent, const char *name, size_t len);
/* The root of a file system; takes the inode's reference over, even if it fails with NULL. */
struct dentry *d_make_root(struct inode *inode);
/* For what has no name, such as a pipe: `name` is how it is shown. NULL: no memory. */
struct dentry *d_alloc_pseudo(struct inode *inode, const char *name, size_t len);
/* Takes the inode's reference over. */
void d_instantiate(struct dentry *dentry, struct inode *inode);
/*
 * Into the tree, which takes a reference; out of it. The parent's lock held for writing, or boot.
 */
void d_add(struct dentry *dentry);
void d_drop(struct dentry *dentry);
static inline void dget(struct dentry *dentry) { atomic_inc(&dentry->refcount); }
/* May sleep; takes no lock that is listed above. */
void dput(struct dentry *dentry);
/* The entry of that name in the tree. dcache_lock held. name need not end with a NUL. */
struct dentry *d_find(const struct dentry *dir, const char *name, size_t len);
/* The same with a reference; NULL. Takes the lock. */
struct dentry *d_lookup(const struct dentry *dir, const char *name, size_t len);
bool d_empty(const struct dentry *dir);
/* Has its name been removed? Those of made-up entries, which are in no tree, have not. */
static inline bool d_unlinked(const struct dentry *dentry)
{
	return dentry->removed;
}
/*
 * dentry gets the name and the place of `to`, which is replaced if it is in the tree. d_exchange()
 * swaps two. Both parents' locks held for writing, and rename_mutex if they differ.
 */
void d_move(struct dentry *dentry, struct dentry *to);
void d_exchange(struct dentry *a, struct dentry *b);
/* Takes all names of a file system apart that nobody uses any more. */
void d_shrink_tree(struct dentry *root);
/* Is a the same as b, or above it in the same file system? dcache_lock held. */
bool d_is_ancestor(const struct dentry *a, const struct dentry *b);
/*
 * The path from the root, at the end of buf: a pointer into it, or ERR_PTR(-ENAMETOOLONG). What
 * has been removed ends with " (deleted)".
 */
char *d_path(const struct dentry *dentry, char *buf, size_t size);

/* A dentry outside of a walk also keeps its file system: both references at once. */
void path_get(struct dentry *dentry);
void path_put(struct dentry *dentry);

/* ---- open files ---- */

/*
 * Buffers are user addresses, not yet checked. Results are a number of bytes or -errno. pos is
 * the position to use and to advance; NULL for files without one.
 */
struct file_operations {
	long (*read)(struct file *file, void *buf, size_t n, u64 *pos);
	long (*write)(struct file *file, const void *buf, size_t n, u64 *pos);
	/*
	 * Instead of those two, for files to which a vector is one transfer, and from and to which
	 * the kernel itself can copy (sendfile): iter->left bytes (kernel/fs/iov_iter.h).
	 */
	long (*read_iter)(struct file *file, struct iov_iter *iter, u64 *pos);
	long (*write_iter)(struct file *file, struct iov_iter *iter, u64 *pos);
	/* FMODE_READ, FMODE_WRITE: what never waits, or does not if iter->rwf says RWF_NOWAIT. */
	unsigned int nowait;
	/*
	 * Up to len bytes at *pos into a pipe, which is locked and has room, by reference. NULL:
	 * they are read by read_iter.
	 */
	long (*splice_read)(struct file *in, u64 *pos, struct pipe *pipe, size_t len);
	/* NULL: -ESPIPE. pos_lock held. */
	s64 (*llseek)(struct file *file, s64 offset, int whence);
	/*
	 * Directories: emits entries from file->pos on, and advances it. pos_lock and the
	 * directory's lock for reading held. NULL: those of the tree of names. 0 or -errno.
	 */
	int (*iterate)(struct file *file, struct dir_context *ctx);
	/*
	 * POLLIN and so on that hold now; registers the caller with poll_add() for when more will.
	 * NULL: always ready.
	 */
	short (*poll)(struct file *file, struct poll_table *table);
	long (*ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	/* The lists where O_ASYNC has the file, at most two. NULL: it does not know O_ASYNC. */
	void (*async_lists)(struct file *file, struct async_list *lists[2]);
	/* What a mapping of the file shows. NULL: -ENODEV. */
	int (*mmap)(struct file *file, struct mmap_source *source);
	/* The file is new, inode and flags are set. 0 or -errno: then release is not called. */
	int (*open)(struct inode *inode, struct file *file);
	/* The last reference goes. */
	void (*release)(struct file *file);
	int (*fsync)(struct file *file, u64 start, u64 end, bool datasync);
	/* What /proc/PID/fd/N says of a file without a path, such as "anon_inode:[eventfd]". */
	const char *(*name)(const struct file *file, char *buf, size_t size);
};

/* file->fmode */
#define FMODE_READ	BIT(0)
#define FMODE_WRITE	BIT(1)
#define FMODE_LSEEK	BIT(2)	/* has an llseek */
#define FMODE_PREAD	BIT(3)	/* and reads and writes at any offset */
#define FMODE_POS	BIT(4)	/* read and write move the position, under pos_lock */
#define FMODE_PATH	BIT(5)	/* O_PATH: says where, nothing else */
#define FMODE_WRITER	BIT(6)	/* has a get_write_access() and an sb_want_write() */

struct file {
	const struct file_operations *ops;
	atomic_t refcount;
	unsigned int fmode;
	unsigned int flags;		/* O_ACCMODE, O_NONBLOCK, O_APPEND ...
					 * as F_GETFL shows them */
	u64 pos;
	struct mutex pos_lock;
	struct inode *inode;		/* counted */
	struct dentry *dentry;		/* with a path_get(); NULL: it has no name */
	struct address_space *f_mapping;	/* the inode's, unless open() says another */
	errseq_t f_wb_err;		/* in the errors of f_mapping */
	void *private;			/* of the operations */
	struct epoll_item_list epoll_items;	/* in sets: epoll.c */
	struct file_async *async;	/* who gets signals, if that was ever said: async.c */
};

/* A new file with one reference and nothing but its flags; NULL: no memory. */
struct file *file_alloc(const struct file_operations *ops, unsigned int flags);
/*
 * A file without a name for the object `private`: pipes, memfd, eventfd... inode NULL: one that
 * all such files share; otherwise its reference is taken over if there is no error.
 * ERR_PTR(-ENOMEM).
 */
struct file *anon_file(struct inode *inode, const struct file_operations *ops, void *private,
		       unsigned int flags);
/* Opens what is there already; path_get()s it. flags as for open(). ERR_PTR(-errno). */
struct file *dentry_open(struct dentry *dentry, unsigned int flags);
/* The same for a path from the kernel, relative to the root. */
struct file *filp_open(const char *path, unsigned int flags);
static inline void file_get(struct file *file) { atomic_inc(&file->refcount); }
/* The last one releases it. May sleep. */
void file_put(struct file *file);
/* Shall a read or write that moves iter fail rather than wait? */
bool io_nonblock(const struct file *file, const struct iov_iter *iter);
static inline bool file_readable(const struct file *file) { return file->fmode & FMODE_READ; }
static inline bool file_writable(const struct file *file) { return file->fmode & FMODE_WRITE; }

/* ---- for file systems ---- */

/* read, write, llseek and mmap of files that live in the page cache. */
long generic_file_read_iter(struct file *file, struct iov_iter *to, u64 *pos);
long generic_file_write_iter(struct file *file, struct iov_iter *from, u64 *pos);
/*
 * n bytes into the page cache at pos, where the caller has checked that they may go: bytes written
 * or -errno. The lock that keeps the size is held.
 */
long generic_perform_write(struct address_space *mapping, u64 pos, size_t n,
			   struct iov_iter *from);
/* splice_read of such files, and what it and they say to the times of the file (relatime). */
long filemap_splice_read(struct file *in, u64 *pos, struct pipe *pipe, size_t len);
void file_accessed(struct file *file);
s64 generic_file_llseek(struct file *file, s64 offset, int whence);
int generic_file_mmap(struct file *file, struct mmap_source *source);
/* For files where no position means anything: it stays 0, and no read or write names one. */
s64 noop_llseek(struct file *file, s64 offset, int whence);
/* For contents that have no size: SET and CUR. */
s64 no_seek_end_llseek(struct file *file, s64 offset, int whence);
/* For contents of a fixed size that are no page cache: SET, CUR, and END as size says. */
s64 fixed_size_llseek(struct file *file, s64 offset, int whence, u64 size);
/* The largest size, up to the one that is wanted, that a file may have for the running process. */
u64 file_size_limit(u64 wanted);
/* Up to n bytes at *pos of a text in the kernel. */
long simple_read(void *buf, size_t n, u64 *pos, const void *text, size_t len);

/* For iterate: false if the caller's buffer is full; this entry then comes first the next time. */
bool dir_emit(struct dir_context *ctx, const char *name, size_t len, u64 ino, u32 mode);
/* The entries "." and "..", at positions 0 and 1. */
bool dir_emit_dots(struct file *file, struct dir_context *ctx);
/* The position to store in file->pos after each entry is what ctx->pos counts. */
struct dir_context {
	char *buf;			/* the program's */
	size_t left;
	bool old_format;		/* getdents() and not getdents64() */
	u64 pos;			/* of the entry that is emitted next */
	void *last;			/* the last entry written, whose d_off is to come */
	int error;
};

/* Devices: the operations of a character device, NULL if there is none. At boot. */
void register_chrdev(u32 major, u32 minor, const struct file_operations *fop);
const struct file_operations *chrdev_fops(u32 major, u32 minor);
/* The same for block devices: there is one, the disk (kernel/fs/blkdev.c), or none. */
const struct file_operations *blkdev_fops(u32 major, u32 minor);
extern const struct file_operations null_fops, zero_fops, full_fops, random_fops;
extern const struct file_operations directory_fops, fifo_fops;

/*
 * The root file system from the archives in memory; stops with one sentence if they are damaged.
 */
void initramfs_init(const u8 *data, size_t size);
