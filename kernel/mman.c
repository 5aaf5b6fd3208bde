/* The system calls on address spaces: from descriptors and registers to mm/. */
#include "kernel/fs/files.h"
#include "kernel/process/cred.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/mman.h"

/* What sharing the file's pages takes: 0, -EACCES, -EPERM; source->read_only. */
static int check_shared(const struct file *file, int prot, struct mmap_source *source)
{
	bool sealed = READ_ONCE(file->inode->seals) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);

	source->read_only = sealed || !file_writable(file);
	if (!(prot & PROT_WRITE))
		return 0;
	return !file_writable(file) ? -EACCES : sealed ? -EPERM : 0;
}

/* Of a file, which must be readable, whatever the mapping is for. */
static long map_file(struct file *file, unsigned long addr, unsigned long len, int prot, int flags,
		     unsigned long offset)
{
	struct mmap_source source = { .file = file };
	int type = flags & MAP_TYPE;
	int ret;

	if (flags & MAP_HUGETLB)
		return -EINVAL;
	if (!file_readable(file))
		return -EACCES;
	if (!file->ops->mmap)
		return -ENODEV;
	ret = type == MAP_SHARED || type == MAP_SHARED_VALIDATE ? check_shared(file, prot, &source)
								: 0;
	if (!ret)
		ret = file->ops->mmap(file, &source);
	if (ret)
		return ret;
	return mm_mmap(current_mm(), addr, len, prot, flags, &source, offset >> PAGE_SHIFT);
}

static long map_fd(int fd, unsigned long addr, unsigned long len, int prot, int flags,
		   unsigned long offset)
{
	struct fd f = fd_get_io(fd);
	long ret;

	if (!f.file)
		return -EBADF;
	ret = map_file(f.file, addr, len, prot, flags, offset);
	fd_put(f);
	return ret;
}

SYSCALL_DEFINE6(mmap, unsigned long, addr, unsigned long, len, int, prot, int, flags, int, fd,
		unsigned long, offset)
{
	if (offset & ~PAGE_MASK)
		return -EINVAL;
	if (flags & MAP_ANONYMOUS)
		return mm_mmap(current_mm(), addr, len, prot, flags, NULL, offset >> PAGE_SHIFT);
	return map_fd(fd, addr, len, prot, flags, offset);
}

/*
 * Files are nowhere but in the page cache, which all that map them share: what is left is checks.
 */
SYSCALL_DEFINE3(msync, unsigned long, addr, unsigned long, len, int, flags)
{
	return mm_msync(current_mm(), addr, len, flags);
}

SYSCALL_DEFINE2(munmap, unsigned long, addr, unsigned long, len)
{
	return mm_munmap(current_mm(), addr, len);
}

SYSCALL_DEFINE3(mprotect, unsigned long, addr, unsigned long, len, unsigned long, prot)
{
	return mm_mprotect(current_mm(), addr, len, prot);
}

SYSCALL_DEFINE1(brk, unsigned long, brk) { return mm_brk(current_mm(), brk); }

SYSCALL_DEFINE3(madvise, unsigned long, addr, unsigned long, len, int, advice)
{
	long ret;

	if ((advice == MADV_HWPOISON || advice == MADV_SOFT_OFFLINE) && !capable()) {
		ret = mm_madvise(current_mm(), addr, len, MADV_NORMAL);
		return ret == -EINVAL || !len ? ret : -EPERM;	/* in Linux's order */
	}
	return mm_madvise(current_mm(), addr, len, advice);
}

SYSCALL_DEFINE2(mlock, unsigned long, addr, unsigned long, len)
{
	return mm_mlock(current_mm(), addr, len, 0);
}

SYSCALL_DEFINE3(mlock2, unsigned long, addr, unsigned long, len, int, flags)
{
	return mm_mlock(current_mm(), addr, len, flags);
}

SYSCALL_DEFINE2(munlock, unsigned long, addr, unsigned long, len)
{
	return mm_munlock(current_mm(), addr, len);
}

SYSCALL_DEFINE1(mlockall, int, flags)
{
	if (!flags || flags == MCL_ONFAULT || flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		return -EINVAL;
	if (!READ_ONCE(current_mm()->limits.memlock))
		return -EPERM;
	return mm_mlockall(current_mm(), flags);
}

SYSCALL_DEFINE0(munlockall) { return mm_mlockall(current_mm(), 0); }
