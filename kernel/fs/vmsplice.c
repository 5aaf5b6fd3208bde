/*
 * vmsplice: a program's pages into a pipe, by reference, and out of a pipe into a program's memory
 * by copy. A page in a pipe is still the program's: what it stores there later is what the reader
 * sees. After a fork, or once it has unmapped the page, nobody's stores reach it: a page that is
 * shared is copied by whoever writes to it, and the pipe's reference counts as one who shares it.
 */
#include "kernel/fs/files.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/read_write.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/gup.h"

#define BATCH 16ul /* pages at once */

/* As much of one buffer as there is room for: bytes, or -EFAULT if not a page of it is there. */
static long push_range(struct pipe *pipe, unsigned long addr, size_t len, u32 flags)
{
	unsigned long offset = addr & ~PAGE_MASK, room = pipe->ring_size - pipe_used(pipe);
	unsigned long nr = min((offset + len + PAGE_SIZE - 1) >> PAGE_SHIFT, BATCH);
	struct page *pages[BATCH];
	size_t done = 0;
	long got = get_user_pages_fast(addr, min(nr, room), 0, pages);

	for (long i = 0; i < got; i++, offset = 0) {
		u16 n = (u16)min(len - done, PAGE_SIZE - offset);

		pipe_push(pipe, (struct pipe_buffer){ pages[i], (u16)offset, n, flags });
		done += n;
	}
	return got > 0 ? (long)done : got;
}

/* Buffer by buffer until the pipe is full or one is bad. Bytes, or -errno if none. */
static long push_vector(struct pipe *pipe, const struct iovec *vec, size_t left, u32 flags)
{
	size_t total = left;
	long ret = 0;

	for (; left && ret >= 0 && !pipe_full(pipe); vec++) {
		struct iovec seg;

		if (copy_from_user(&seg, vec, sizeof(seg)))
			ret = -EFAULT;
		seg.iov_len = ret ? 0 : min((size_t)seg.iov_len, left);
		while (seg.iov_len && ret >= 0 && !pipe_full(pipe)) {
			ret = push_range(pipe, (unsigned long)seg.iov_base, seg.iov_len, flags);
			if (ret < 0)
				break;
			seg.iov_base = (char *)seg.iov_base + ret;
			seg.iov_len -= (size_t)ret;
			left -= (size_t)ret;
		}
		ret = min(ret, 0l);
	}
	return total > left ? (long)(total - left) : ret;
}

static long vmsplice_to_pipe(struct pipe *pipe, const struct iovec *vec, size_t n,
			     unsigned int flags)
{
	long ret;

	mutex_lock(&pipe->lock);
	ret = pipe_wait_writable(pipe, flags & SPLICE_F_NONBLOCK);
	if (!ret)
		ret = push_vector(pipe, vec, n, flags & SPLICE_F_GIFT ? PIPE_BUF_FLAG_GIFT : 0);
	pipe_unlock_added(pipe, ret > 0);
	return ret;
}

static long do_vmsplice(struct file *file, const struct iovec *vec, unsigned long count,
			unsigned int flags)
{
	struct pipe *pipe = get_pipe_info(file);
	struct iov_iter to;
	long n;

	if (!file_readable(file) && !file_writable(file))
		return -EBADF;
	n = check_vector(vec, count);
	if (n <= 0)
		return n;
	if (!pipe)
		return -EBADF;
	if (file_writable(file))
		return vmsplice_to_pipe(pipe, vec, (size_t)n, flags);
	to = iov_iter_vec(vec, (size_t)n);
	return pipe_take(pipe, &to, flags & SPLICE_F_NONBLOCK);
}

SYSCALL_DEFINE4(vmsplice, int, fd, const struct iovec *, vec, unsigned long, count,
		unsigned int, flags)
{
	struct fd f;
	long ret = -EBADF;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	f = fd_get_io(fd);
	if (f.file)
		ret = do_vmsplice(f.file, vec, count, flags);
	fd_put(f);
	return ret;
}
