/*
 * Open files and tables of file descriptors.
 *
 * A struct file is what open() makes: operations, a position, flags. Descriptors of several
 * processes may refer to it. A struct files is a process's table of descriptors, which threads
 * share.
 */
#pragma once
#include "kernel/base/atomic.h"
#include "kernel/base/rwsem.h"
#include "kernel/uapi/stat.h"

struct file;
struct inode;
struct poll_table;

/* Buffers are user addresses, not yet checked. Results are a number of bytes or -errno. */
struct file_ops {
	long (*read)(struct file *file, void *buf, size_t n, u64 *pos);
	long (*write)(struct file *file, const void *buf, size_t n, u64 *pos);
	/*
	 * POLLIN and so on that hold now; registers the caller with poll_add() for when more will.
	 * NULL: always ready.
	 */
	short (*poll)(struct file *file, struct poll_table *table);
	long (*ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	void (*release)(struct file *file);
	/* For files without an inode. */
	void (*stat)(struct file *file, struct __kernel_stat *st);
	bool seekable;		/* has a position; read and write run under pos_lock */
};

struct file {
	const struct file_ops *ops;
	atomic_t refcount;
	unsigned int flags;		/* O_ACCMODE, O_NONBLOCK, O_APPEND */
	u64 pos;
	struct mutex pos_lock;
	struct inode *inode;		/* NULL: a pipe */
	void *private;			/* of the operations */
};

/* A new file with one reference; NULL: no memory. */
struct file *file_alloc(const struct file_ops *ops, unsigned int flags);
static inline void file_get(struct file *file) { atomic_inc(&file->refcount); }
/* The last one releases it. May sleep. */
void file_put(struct file *file);
static inline bool file_readable(const struct file *file) { return (file->flags & 3) != 1; }
static inline bool file_writable(const struct file *file) { return (file->flags & 3) != 0; }

#define MAX_FILES	1024	/* descriptors of a process; RLIMIT_NOFILE may ask for less */
#define FIRST_FILES	64	/* room in the table itself */
#define FILE_WORDS	(MAX_FILES / 64)

struct files {
	atomic_t refcount;		/* tasks that use it */
	spinlock_t lock;
	unsigned int capacity;
	struct file **file;		/* first[], or a larger array of its own */
	u64 open[FILE_WORDS];		/* numbers in use, or reserved for a file to come */
	u64 cloexec[FILE_WORDS];
	struct file *first[FIRST_FILES];
};

void files_init(void);
struct files *files_alloc(void);
struct files *files_copy(struct files *from);
static inline struct files *files_get(struct files *files)
{
	atomic_inc(&files->refcount);
	return files;
}
void files_put(struct files *files);
/*
 * exec: a table of the caller's own, if it shares one; and without the descriptors marked
 * close-on-exec.
 */
struct files *files_unshare(struct files *files);
void files_close_on_exec(struct files *files);

/*
 * The file of a descriptor, valid until fd_put(). A task that does not share its table need not
 * count a reference: only itself could close it.
 */
struct fd {
	struct file *file;	/* NULL: no such descriptor */
	bool counted;
};
struct fd fd_get(int fd);
static inline void fd_put(struct fd fd)
{
	if (fd.counted)
		file_put(fd.file);
}

/* Reserves the lowest free number from `from` on. -EMFILE, -ENOMEM. */
int fd_reserve(unsigned int from, bool cloexec);
/* Gives the file (and its reference) to a reserved number; or gives the number back. */
void fd_install(int fd, struct file *file);
void fd_cancel(int fd);
/* Reserves and installs; puts the file if that fails. */
int fd_new(struct file *file, bool cloexec);
long fd_close(int fd);
