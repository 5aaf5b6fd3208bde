/* From paths to dentries (path_resolution(7)). All of it may sleep. */
#pragma once
#include "kernel/fs/fs.h"
#include "kernel/fs/files.h"
#include "kernel/uapi/fcntl.h"

/* What the working directory and the umask of a process are; threads share it. */
struct fs_struct {
	atomic_t refcount;
	spinlock_t lock;
	struct dentry *cwd; /* with a path_get() */
	u32 umask;
};

/* At the root. NULL: no memory. */
struct fs_struct *fs_alloc(void);
struct fs_struct *fs_copy(struct fs_struct *from);
static inline struct fs_struct *fs_get(struct fs_struct *fs)
{
	atomic_inc(&fs->refcount);
	return fs;
}
void fs_put(struct fs_struct *fs);
/* The working directory, with a path_get(). */
struct dentry *get_cwd_of(struct fs_struct *fs);
u32 current_umask(void);

#define LOOKUP_FOLLOW	 BIT(0) /* a symbolic link at the end too */
#define LOOKUP_DIRECTORY BIT(1) /* -ENOTDIR for anything else */
#define LOOKUP_EMPTY	 BIT(2) /* an empty path is dirfd itself */

/*
 * Where a path leads: with a path_get(), to be given to path_put(). dirfd: AT_FDCWD or a
 * descriptor, for relative paths. ERR_PTR(-ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG, -EBADF, ...).
 */
struct dentry *path_lookup(int dirfd, const char *path, unsigned int flags);
/* The same for a path from a program; also -EFAULT, -ENOMEM. */
struct dentry *user_path_lookup(int dirfd, const char *user_path, unsigned int flags);
/* A copy of a path from user space, to be kfree'd; ERR_PTR. */
char *path_from_user(const char *user_path);

/* The directory in which a path's last name lies, and that name. */
struct last_name {
	struct dentry *dir; /* with a path_get() */
	const char *name;   /* in the path given */
	size_t len;
	bool slash;   /* slashes follow: only a directory will do */
	bool special; /* ".", ".." or the root: no name that can be made or removed */
	char *path;   /* of user_path_parent() */
};
/*
 * Of a path from a program, of which a copy is kept: last_name_put() is for both. 0 or -errno, as
 * user_path_lookup(); nothing is kept then.
 */
int user_path_parent(int dirfd, const char *user_path, struct last_name *last);
void last_name_put(struct last_name *last);

/* open() and the rest of it. ERR_PTR(-errno). */
struct file *do_filp_open(int dirfd, const char *path, unsigned int flags, u32 mode);

/* ---- the steps of a walk, for open() ---- */

#define MAX_LINKS 40 /* symbolic links followed in one look-up */

struct walk {
	struct dentry *at; /* with a path_get() */
	int links;	   /* symbolic links followed so far */
	unsigned int resolve; /* RESOLVE_... of openat2(): where it may not go */
	struct dentry *root;  /* RESOLVE_BENEATH, _IN_ROOT: where it
			       * started; the caller's reference */
};
#define RESOLVE_SCOPED	(RESOLVE_BENEATH | RESOLVE_IN_ROOT)

/* The end of a scoped walk: -EXDEV if renames have led it out of its root. */
int walk_scope(const struct walk *walk);

/* Where a walk along path starts, with a path_get(). ERR_PTR(-EBADF, -ENOTDIR). */
struct dentry *path_start(int dirfd, const char *path);
/* Both move the walk; on an error it is somewhere, and its reference still there. 0 or -errno. */
int walk_path(struct walk *walk, const char *path, size_t len, bool follow);
/* As far as the directory of the last name; last->dir is not used. */
int walk_parent(struct walk *walk, const char *path, size_t len, struct last_name *last);
/* Goes where the link leads, from its directory. The caller holds the link. */
int follow_link(struct walk *walk, struct dentry *link);
/* The entry of a directory whose lock is held, with a dget(). ERR_PTR. */
struct dentry *lookup_one_locked(struct dentry *dir, const char *name, size_t len);
/* A link's target, at most size bytes of it and no NUL. Its length or -errno. */
long link_text(struct dentry *link, char *buf, size_t size);
