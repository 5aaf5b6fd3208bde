/*
 * Tables of file descriptors. A struct files is a process's table, which threads share; the open
 * files that it leads to are those of kernel/fs/fs.h.
 */
#pragma once
#include "kernel/base/atomic.h"
#include "kernel/fs/fs.h"

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
 * A table of the caller's own, if it shares one; exec: and without the descriptors marked
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
/* The same for calls that O_PATH descriptors are not good for: those count as none. */
struct fd fd_get_io(int fd);
static inline void fd_put(struct fd fd)
{
	if (fd.counted)
		file_put(fd.file);
}

/* Is it still the file of that number? */
bool fd_leads_to(int fd, const struct file *file);

/*
 * For others than its owner, by task->files: the file of a number, with a reference, or NULL; and
 * the first number in use from `from` on, or -1. Under tasks_lock, which keeps the table there: a
 * reference would look to an exec as if the table were shared.
 */
struct file *files_lookup(struct files *files, int fd);
int files_next(struct files *files, int from);

/* Reserves the lowest free number from `from` on. -EMFILE, -ENOMEM. */
int fd_reserve(unsigned int from, bool cloexec);
/* Gives the file (and its reference) to a reserved number; or gives the number back. */
void fd_install(int fd, struct file *file);
void fd_cancel(int fd);
/* Reserves and installs; puts the file if that fails. */
int fd_new(struct file *file, bool cloexec);
/*
 * The same for two files, whose numbers the program gets in an array. If it cannot take them (or
 * there are none) both files are put, and nothing happened. 0, -EFAULT, -EMFILE, -ENOMEM.
 */
long fd_new_pair(struct file *ends[2], int *user_fds, bool cloexec);
long fd_close(int fd);
/* For fcntl(): a second number from `from` on; the close-on-exec mark; how many there may be. */
long dup_from(int fd, unsigned int from, bool cloexec);
long fd_cloexec(int fd, bool set, bool value);
unsigned int max_files(void);
