/*
 * files.h - the system calls on files, as in linux.h, and a directory of a test's own to make
 * files in.
 */
#ifndef USER_FILES_H
#define USER_FILES_H

#include <stdbool.h>

#include "kernel/uapi/dirent.h"
#include "kernel/uapi/memfd.h"
#include "kernel/uapi/mount.h"
#include "kernel/uapi/statfs.h"
#include "kernel/uapi/statx.h"
#include "user/linux.h"

/*
 * Makes a directory that nobody else uses, on a tmpfs where there is one, and makes it the current
 * one; ends the program if that fails. The last call removes it, and everything in it.
 */
void scratch_enter(void);
void scratch_leave(void);
/*
 * A new file of that name and contents; -1 or a descriptor that is open for reading and writing.
 */
int make_file(const char *name, const char *contents);
/* A copy of the running program, with these permissions (less the umask). */
void copy_self(const char *name, int mode);
/* Does the file hold exactly that? */
bool file_holds(const char *name, const char *contents);
/* The inode number, links or size of a path, not followed; -errno. */
long ino_of(const char *path);
long links_of(const char *path);
long size_of(const char *path);

#define P(x) ((long)(x))

static inline long sys_mkdir(const char *path, int mode)
{
	return syscall2(__NR_mkdir, P(path), mode);
}
static inline long sys_rmdir(const char *path) { return syscall1(__NR_rmdir, P(path)); }
static inline long sys_unlink(const char *path) { return syscall1(__NR_unlink, P(path)); }
static inline long sys_unlinkat(int fd, const char *path, int flags)
{
	return syscall3(__NR_unlinkat, fd, P(path), flags);
}
static inline long sys_link(const char *old, const char *new)
{
	return syscall2(__NR_link, P(old), P(new));
}
static inline long sys_linkat(int ofd, const char *old, int nfd, const char *new, int flags)
{
	return syscall5(__NR_linkat, ofd, P(old), nfd, P(new), flags);
}
static inline long sys_symlink(const char *target, const char *path)
{
	return syscall2(__NR_symlink, P(target), P(path));
}
static inline long sys_readlink(const char *path, char *buf, long size)
{
	return syscall3(__NR_readlink, P(path), P(buf), size);
}
static inline long sys_rename(const char *old, const char *new)
{
	return syscall2(__NR_rename, P(old), P(new));
}
static inline long sys_renameat2(const char *old, const char *new, unsigned int flags)
{
	return syscall5(__NR_renameat2, AT_FDCWD, P(old), AT_FDCWD, P(new), flags);
}
static inline long sys_mknod(const char *path, int mode, int dev)
{
	return syscall3(__NR_mknod, P(path), mode, dev);
}
static inline long sys_chdir(const char *path) { return syscall1(__NR_chdir, P(path)); }
static inline long sys_fchdir(int fd) { return syscall1(__NR_fchdir, fd); }
static inline long sys_getcwd(char *buf, long size) { return syscall2(__NR_getcwd, P(buf), size); }
static inline long sys_umask(int mask) { return syscall1(__NR_umask, mask); }
static inline long sys_chmod(const char *path, int mode)
{
	return syscall2(__NR_chmod, P(path), mode);
}
static inline long sys_fchmod(int fd, int mode) { return syscall2(__NR_fchmod, fd, mode); }
static inline long sys_truncate(const char *path, long size)
{
	return syscall2(__NR_truncate, P(path), size);
}
static inline long sys_ftruncate(int fd, long size) { return syscall2(__NR_ftruncate, fd, size); }
static inline long sys_fallocate(int fd, int mode, long start, long len)
{
	return syscall4(__NR_fallocate, fd, mode, start, len);
}
static inline long sys_lstat(const char *path, struct __kernel_stat *st)
{
	return syscall2(__NR_lstat, P(path), P(st));
}
static inline long sys_stat(const char *path, struct __kernel_stat *st)
{
	return syscall2(__NR_stat, P(path), P(st));
}
static inline long sys_statx(int fd, const char *path, int flags, unsigned int mask,
			     struct statx *st)
{
	return syscall5(__NR_statx, fd, P(path), flags, mask, P(st));
}
static inline long sys_utimensat(int fd, const char *path, const struct __kernel_timespec *ts,
				 int flags)
{
	return syscall4(__NR_utimensat, fd, P(path), P(ts), flags);
}
static inline long sys_access(const char *path, int mode)
{
	return syscall2(__NR_access, P(path), mode);
}
static inline long sys_statfs(const char *path, struct statfs64 *st)
{
	return syscall2(__NR_statfs, P(path), P(st));
}
static inline long sys_fcntl(int fd, int cmd, long arg)
{
	return syscall3(__NR_fcntl, fd, cmd, arg);
}
static inline long sys_pread(int fd, void *buf, long n, long pos)
{
	return syscall4(__NR_pread64, fd, P(buf), n, pos);
}
static inline long sys_pwrite(int fd, const void *buf, long n, long pos)
{
	return syscall4(__NR_pwrite64, fd, P(buf), n, pos);
}
static inline long sys_sendfile(int out, int in, long *pos, long n)
{
	return syscall4(__NR_sendfile, out, in, P(pos), n);
}
static inline long sys_copy_file_range(int in, long *in_pos, int out, long *out_pos, long n,
				       int flags)
{
	return syscall6(__NR_copy_file_range, in, P(in_pos), out, P(out_pos), n, flags);
}
static inline long sys_splice(int in, long *in_pos, int out, long *out_pos, long n,
			      unsigned int flags)
{
	return syscall6(__NR_splice, in, P(in_pos), out, P(out_pos), n, flags);
}
static inline long sys_tee(int in, int out, long n, unsigned int flags)
{
	return syscall4(__NR_tee, in, out, n, flags);
}
static inline long sys_flock(int fd, int how) { return syscall2(__NR_flock, fd, how); }
static inline long sys_memfd_create(const char *name, unsigned int flags)
{
	return syscall2(__NR_memfd_create, P(name), flags);
}
static inline long sys_mount(const char *source, const char *path, const char *type,
			     unsigned long flags, const char *data)
{
	return syscall5(__NR_mount, P(source), P(path), P(type), (long)flags, P(data));
}
static inline long sys_umount2(const char *path, int flags)
{
	return syscall2(__NR_umount2, P(path), flags);
}

#endif
