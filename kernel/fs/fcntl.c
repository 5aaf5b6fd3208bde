/* fcntl(): one call for a dozen matters. */
#include "kernel/fs/async.h"
#include "kernel/fs/files.h"
#include "kernel/fs/locks.h"
#include "kernel/fs/permission.h"
#include "kernel/fs/pipe.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"

#define SETTABLE_FLAGS (O_NONBLOCK | O_APPEND | O_DIRECT | O_NOATIME)

static long set_flags(struct file *file, int fd, unsigned long arg)
{
	long ret = 0;

	if (arg & O_NOATIME && !(file->flags & O_NOATIME) && !inode_owner_or_capable(file->inode))
		return -EPERM;
	if ((file->flags ^ arg) & O_ASYNC && file->ops->async_lists)
		ret = file_set_async(file, fd, arg & O_ASYNC);
	if (ret)
		return ret;
	WRITE_ONCE(file->flags,
		   (file->flags & ~SETTABLE_FLAGS) | ((unsigned int)arg & SETTABLE_FLAGS));
	return 0;
}

static long do_fcntl(struct file *file, int fd, int cmd, unsigned long arg)
{
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return arg >= max_files() ?
			       -EINVAL :
			       dup_from(fd, (unsigned int)arg, cmd == F_DUPFD_CLOEXEC);
	case F_GETFD: return fd_cloexec(fd, false, false);
	case F_SETFD: return fd_cloexec(fd, true, arg & FD_CLOEXEC);
	case F_GETFL: return READ_ONCE(file->flags);
	}
	if (file->fmode & FMODE_PATH)
		return -EBADF;
	switch (cmd) {
	case F_SETFL: return set_flags(file, fd, arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW: return fcntl_lock(file, fd, cmd, (struct flock64 *)arg);
	case F_SETOWN:
	case F_GETOWN:
	case F_SETSIG:
	case F_GETSIG:
	case F_SETOWN_EX:
	case F_GETOWN_EX: return fcntl_owner(file, cmd, arg);
	case F_SETPIPE_SZ:
	case F_GETPIPE_SZ: return fcntl_pipe(file, cmd, arg);
	case F_ADD_SEALS:
	case F_GET_SEALS: return fcntl_seals(file, cmd, arg);
	default: return -EINVAL;
	}
}

SYSCALL_DEFINE3(fcntl, int, fd, int, cmd, unsigned long, arg)
{
	struct fd f = fd_get(fd);
	long ret = f.file ? do_fcntl(f.file, fd, cmd, arg) : -EBADF;

	fd_put(f);
	return ret;
}
