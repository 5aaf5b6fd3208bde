/* The system calls of extended attributes: three ways to each file, four things to do. */
#include "kernel/base/string.h"
#include "kernel/fs/namei.h"
#include "kernel/fs/xattr.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/xattr.h"
#include "mm/slab.h"

/* One call, what it takes from the program already in the kernel. */
struct request {
	long (*fn)(struct inode *inode, struct request *request);
	char name[XATTR_NAME_MAX + 1];
	void *buf;		/* the value or the list: XATTR_SPACE bytes */
	void *user;
	size_t size;		/* of what the program gives, or has room for */
	int flags;
};

/* ---- from and to the program ---- */

static int name_from_user(struct request *request, const char *user_name)
{
	long len = strncpy_from_user(request->name, user_name, sizeof(request->name));

	if (len < 0)
		return len == -ENAMETOOLONG ? -ERANGE : (int)len;
	return len ? 0 : -ERANGE;
}

static int value_from_user(struct request *request)
{
	if (request->size > XATTR_SIZE_MAX)
		return -E2BIG;
	if (request->size > XATTR_SPACE)
		return 0; /* vfs_setxattr() refuses it before it looks */
	return copy_from_user(request->buf, request->user, request->size) ? -EFAULT : 0;
}

static long result_to_user(const struct request *request, long n)
{
	return n > 0 && request->size && copy_to_user(request->user, request->buf, (size_t)n) ?
		       -EFAULT : n;
}

/* ---- what is done to the inode ---- */

static long do_set(struct inode *inode, struct request *r)
{
	return vfs_setxattr(inode, r->name, r->buf, r->size, r->flags);
}

static long do_get(struct inode *inode, struct request *r)
{
	return result_to_user(r, vfs_getxattr(inode, r->name, r->buf, min(r->size, XATTR_SPACE)));
}

static long do_list(struct inode *inode, struct request *r)
{
	return result_to_user(r, vfs_listxattr(inode, r->buf, min(r->size, XATTR_SPACE)));
}

static long do_remove(struct inode *inode, struct request *r)
{
	return vfs_removexattr(inode, r->name);
}

/* ---- the file ---- */

struct target {
	const char *path;
	unsigned int lookup;
	bool by_fd;	/* instead */
	int fd;
};

static long on_target(const struct target *target, struct request *request)
{
	struct dentry *dentry;
	struct fd f;
	long ret;

	if (target->by_fd) {
		f = fd_get_io(target->fd);
		ret = f.file ? request->fn(f.file->inode, request) : -EBADF;
		if (f.file)
			fd_put(f);
		return ret;
	}
	dentry = user_path_lookup(AT_FDCWD, target->path, target->lookup);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	ret = request->fn(dentry->inode, request);
	path_put(dentry);
	return ret;
}

/* named: the call takes a name. */
static long run(const struct target *target, struct request *request, const char *name, bool named)
{
	long ret = 0;

	request->buf = kmalloc(XATTR_SPACE, GFP_KERNEL);
	if (!request->buf)
		return -ENOMEM;
	if (request->fn == do_set && request->flags & ~(XATTR_CREATE | XATTR_REPLACE))
		ret = -EINVAL; /* before the name is looked at */
	if (!ret && named)
		ret = name_from_user(request, name);
	if (!ret && request->fn == do_set)
		ret = value_from_user(request);
	if (!ret)
		ret = on_target(target, request);
	kfree(request->buf);
	return ret;
}

static long set(struct target target, const char *name, const void *value, size_t size, int flags)
{
	struct request request = {
		.fn = do_set, .user = (void *)value, .size = size, .flags = flags
	};

	return run(&target, &request, name, true);
}

static long get(struct target target, const char *name, void *value, size_t size)
{
	struct request request = { .fn = do_get, .user = value, .size = size };

	return run(&target, &request, name, true);
}

static long list(struct target target, char *to, size_t size)
{
	struct request request = { .fn = do_list, .user = to, .size = size };

	return run(&target, &request, NULL, false);
}

static long remove(struct target target, const char *name)
{
	struct request request = { .fn = do_remove };

	return run(&target, &request, name, true);
}

#define PATH(p)	((struct target){ .path = (p), .lookup = LOOKUP_FOLLOW })
#define LINK(p)	((struct target){ .path = (p) })
#define FD(n)	((struct target){ .by_fd = true, .fd = (n) })

SYSCALL_DEFINE5(setxattr, const char *, path, const char *, name, const void *, value,
		size_t, size, int, flags)
{
	return set(PATH(path), name, value, size, flags);
}
SYSCALL_DEFINE4(getxattr, const char *, path, const char *, name, void *, value, size_t, size)
{
	return get(PATH(path), name, value, size);
}
SYSCALL_DEFINE3(listxattr, const char *, path, char *, to, size_t, size)
{
	return list(PATH(path), to, size);
}
SYSCALL_DEFINE2(removexattr, const char *, path, const char *, name)
{
	return remove(PATH(path), name);
}

SYSCALL_DEFINE5(lsetxattr, const char *, path, const char *, name, const void *, value,
		size_t, size, int, flags)
{
	return set(LINK(path), name, value, size, flags);
}
SYSCALL_DEFINE4(lgetxattr, const char *, path, const char *, name, void *, value, size_t, size)
{
	return get(LINK(path), name, value, size);
}
SYSCALL_DEFINE3(llistxattr, const char *, path, char *, to, size_t, size)
{
	return list(LINK(path), to, size);
}
SYSCALL_DEFINE2(lremovexattr, const char *, path, const char *, name)
{
	return remove(LINK(path), name);
}

SYSCALL_DEFINE5(fsetxattr, int, fd, const char *, name, const void *, value, size_t, size,
		int, flags)
{
	return set(FD(fd), name, value, size, flags);
}
SYSCALL_DEFINE4(fgetxattr, int, fd, const char *, name, void *, value, size_t, size)
{
	return get(FD(fd), name, value, size);
}
SYSCALL_DEFINE3(flistxattr, int, fd, char *, to, size_t, size)
{
	return list(FD(fd), to, size);
}
SYSCALL_DEFINE2(fremovexattr, int, fd, const char *, name)
{
	return remove(FD(fd), name);
}
