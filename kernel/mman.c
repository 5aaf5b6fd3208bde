/* The system calls on address spaces: from descriptors and registers to mm/. */
#include "kernel/fs/inode.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/mman.h"

/* Of a file, which must be readable, whatever the mapping is for. */
static long map_file(int fd, unsigned long addr, unsigned long len, int prot, int flags,
		     unsigned long offset)
{
	struct fd f = fd_get(fd);
	long ret;

	if (!f.file)
		return -EBADF;
	if (flags & MAP_HUGETLB)
		ret = -EINVAL;
	else if (!f.file->inode || !is_regular(f.file->inode))
		ret = -ENODEV;
	else if (!file_readable(f.file))
		ret = -EACCES;
	else
		ret = mm_mmap(current_mm(), addr, len, prot, flags, &f.file->inode->mapping,
			      offset >> PAGE_SHIFT);
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
	return map_file(fd, addr, len, prot, flags, offset);
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
	return mm_madvise(current_mm(), addr, len, advice);
}
