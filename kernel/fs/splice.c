/*
 * splice and tee: pages move between files and pipes by reference. From a file that lives in
 * the page cache the pipe gets the page itself, so that what is written to the file later is
 * what the pipe's reader sees; other files are read into new pages. Into a file all is
 * written, which copies it.
 *
 * The pipe stays locked while the file is read or written, as on Linux: the bytes that a short
 * write leaves must not be taken by anybody else meanwhile.
 */
#include "kernel/fs/splice.h"
#include "kernel/base/string.h"
#include "kernel/fs/files.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/read_write.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"

/* ---- from a file ---- */

/*
 * The page of the file at that index with a reference. A hole stays one: the pipe gets a page
 * of zeros. ERR_PTR(-errno).
 */
static struct page *page_to_splice(struct address_space *mapping, unsigned long index)
{
	struct folio *folio = filemap_find(mapping, index);
	struct page *zeros;

	if (!folio && !mapping_reads(mapping)) {
		zeros = alloc_page(GFP_KERNEL | GFP_ZERO);
		return zeros ? zeros : ERR_PTR(-ENOMEM);
	}
	if (folio)
		folio_put(folio);
	folio = filemap_grab(mapping, index);
	return IS_ERR(folio) ? ERR_PTR(PTR_ERR(folio)) : &folio->page;
}

long filemap_splice_read(struct file *in, u64 *pos, struct pipe *pipe, size_t len)
{
	struct address_space *mapping = in->f_mapping;
	size_t done = 0;

	while (done < len && !pipe_full(pipe) && !fatal_signal_pending()) {
		size_t offset = *pos & (PAGE_SIZE - 1), n = min(len - done, PAGE_SIZE - offset);
		u64 size = READ_ONCE(mapping->size);
		struct page *page;

		if (*pos >= size)
			break;
		n = min(n, size - *pos);
		page = page_to_splice(mapping, *pos >> PAGE_SHIFT);
		if (IS_ERR(page))
			return done ? (long)done : PTR_ERR(page);
		pipe_push(pipe, (struct pipe_buffer){ page, (u16)offset, (u16)n, 0 });
		*pos += n;
		done += n;
	}
	file_accessed(in);
	return (long)done;
}

/* One page's worth of any other file. */
static long copy_one_page(struct file *in, u64 *pos, struct pipe *pipe, size_t len)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct iov_iter iter;
	long ret;

	if (!page)
		return -ENOMEM;
	iter = iov_iter_kernel(page_address(page), min(len, PAGE_SIZE));
	ret = in->ops->read_iter(in, &iter, pos);
	if (ret > 0)
		pipe_push(pipe, (struct pipe_buffer){ page, 0, (u16)ret, PIPE_BUF_FLAG_OWN });
	else
		put_page(page);
	return ret;
}

/* No more than a page of files that might wait for more: they have given what they had. */
static long copy_splice_read(struct file *in, u64 *pos, struct pipe *pipe, size_t len)
{
	size_t done = 0;
	long ret;

	do {
		ret = copy_one_page(in, pos, pipe, len - done);
		if (ret > 0)
			done += (size_t)ret;
	} while (ret > 0 && done < len && !pipe_full(pipe) && in->fmode & FMODE_PREAD);
	return done ? (long)done : ret;
}

/* A position and a length that no file has: -EINVAL. */
static int check_area(u64 pos, size_t len)
{
	return (s64)len < 0 || (s64)pos < 0 || (s64)(pos + len) < 0 ? -EINVAL : 0;
}

long splice_file_to_pipe(struct file *in, u64 *pos, struct pipe *pipe, size_t len, bool nonblock)
{
	long ret;

	mutex_lock(&pipe->lock);
	ret = pipe_wait_writable(pipe, nonblock);
	if (!ret && !in->ops->read_iter)
		ret = -EINVAL;
	if (!ret)
		ret = in->ops->splice_read ? in->ops->splice_read(in, pos, pipe, min(len, MAX_RW))
					   : copy_splice_read(in, pos, pipe, len);
	pipe_unlock_added(pipe, ret > 0);
	return ret;
}

/* ---- to a file ---- */

/* What lies in the pipe, as much of it as is wanted. Bytes written, or -errno if none. */
static long write_parts(struct pipe *pipe, struct file *out, u64 *pos, size_t len)
{
	size_t done = 0;
	long ret = 0;

	while (done < len && !pipe_empty(pipe)) {
		struct pipe_buffer *buf = pipe_buf(pipe, pipe->tail);
		size_t n = min(len - done, (size_t)buf->len);
		struct iov_iter iter = iov_iter_kernel(pipe_buf_address(buf), n);

		ret = out->ops->write_iter(out, &iter, pos);
		if (ret <= 0)
			break;
		pipe_consume(pipe, (size_t)ret);
		done += (size_t)ret;
		if ((size_t)ret < n)
			break;
	}
	return done ? (long)done : ret;
}

static long splice_pipe_to_file(struct pipe *pipe, struct file *out, u64 *pos, size_t len,
				bool nonblock)
{
	bool was_full;
	long ret;

	if (!out->ops->write_iter)
		return -EINVAL;
	mutex_lock(&pipe->lock);
	ret = pipe_wait_readable(pipe, nonblock);
	was_full = pipe_full(pipe);
	if (!ret)
		ret = write_parts(pipe, out, pos, len);
	mutex_unlock(&pipe->lock);
	if (ret > 0 && was_full)
		pipe_wake_writers(pipe);
	return ret;
}

/* ---- from pipe to pipe ---- */

static void lock_pipes(struct pipe *a, struct pipe *b)
{
	mutex_lock(a < b ? &a->lock : &b->lock);
	mutex_lock_nested(a < b ? &b->lock : &a->lock);
}

/*
 * Waits, with one pipe locked at a time, until there is something in the one and
 * room in the other.
 */
static int wait_for_both(struct pipe *in, struct pipe *out, bool nonblock)
{
	int ret;

	mutex_lock(&in->lock);
	ret = pipe_wait_readable(in, nonblock);
	mutex_unlock(&in->lock);
	if (ret)
		return ret;
	mutex_lock(&out->lock);
	if (pipe_full(out))
		ret = pipe_wait_writable(out, nonblock);
	mutex_unlock(&out->lock);
	return ret;
}

/* The first len bytes of a part, for another pipe: with a reference of its own. */
static int share_part(struct pipe *out, const struct pipe_buffer *buf, size_t len)
{
	struct pipe_buffer copy = *buf;

	if (!folio_try_get(page_folio(buf->page)))
		return -EFAULT;
	copy.flags &= ~(PIPE_BUF_FLAG_GIFT | PIPE_BUF_FLAG_CAN_MERGE);
	copy.len = (u16)len;
	pipe_push(out, copy);
	return 0;
}

/* Whole parts go with their reference; of the last one perhaps a share. Both locked. */
static long move_parts(struct pipe *in, struct pipe *out, size_t len)
{
	size_t done = 0;

	while (done < len && !pipe_empty(in) && !pipe_full(out)) {
		struct pipe_buffer *buf = pipe_buf(in, in->tail);
		size_t n = min(len - done, (size_t)buf->len);

		if (n == buf->len) {
			pipe_push(out, *buf);
			WRITE_ONCE(in->tail, in->tail + 1);
		} else if (share_part(out, buf, n)) {
			return done ? (long)done : -EFAULT;
		} else {
			pipe_consume(in, n);
		}
		done += n;
	}
	return (long)done;
}

/* References to the first len bytes, which stay. Both locked. */
static long link_parts(struct pipe *in, struct pipe *out, size_t len)
{
	size_t done = 0;

	for (unsigned int n = in->tail; done < len && n != in->head && !pipe_full(out); n++) {
		struct pipe_buffer *buf = pipe_buf(in, n);
		size_t part = min(len - done, (size_t)buf->len);

		if (share_part(out, buf, part))
			return done ? (long)done : -EFAULT;
		done += part;
	}
	return (long)done;
}

/*
 * splice() and tee() between two pipes. Where others have been faster, and nothing could be moved,
 * splice() waits again; tee() does not.
 */
static long splice_pipe_to_pipe(struct pipe *in, struct pipe *out, size_t len, bool nonblock,
				bool tee)
{
	bool again, was_full;
	long ret;

	do {
		ret = wait_for_both(in, out, nonblock);
		if (ret)
			return ret;
		lock_pipes(in, out);
		was_full = pipe_full(in);
		again = !tee && (pipe_empty(in) ? in->writers : pipe_full(out));
		if (!out->readers)
			ret = pipe_broken();
		else
			ret = tee ? link_parts(in, out, len) : move_parts(in, out, len);
		mutex_unlock(&in->lock);
		pipe_unlock_added(out, ret > 0);
		if (again && !ret && nonblock)
			return -EAGAIN;
	} while (again && !ret);
	if (!tee && ret > 0 && was_full)
		pipe_wake_writers(in);
	return ret;
}

static long between_pipes(struct file *in, struct file *out, size_t len, unsigned int flags,
			  bool tee)
{
	struct pipe *from = get_pipe_info(in), *to = get_pipe_info(out);

	if (from == to)
		return -EINVAL;
	if ((READ_ONCE(in->flags) | READ_ONCE(out->flags)) & O_NONBLOCK)
		flags |= SPLICE_F_NONBLOCK;
	return splice_pipe_to_pipe(from, to, len, flags & SPLICE_F_NONBLOCK, tee);
}

/* ---- the calls ---- */

/*
 * One file and one pipe. The file's own position is read and written without its lock, as on
 * Linux: who waits for a pipe must not hold up who reads the file.
 */
static long between_file_and_pipe(struct file *in, struct file *out, u64 *offset, size_t len,
				  bool nonblock)
{
	bool to_pipe = get_pipe_info(out);
	struct file *file = to_pipe ? in : out;
	u64 pos = offset ? *offset : READ_ONCE(file->pos);
	long ret;

	if (offset && !(file->fmode & FMODE_PREAD))
		return -EINVAL;
	if (!to_pipe && READ_ONCE(out->flags) & O_APPEND)
		return -EINVAL;
	ret = check_area(pos, len);
	if (ret)
		return ret;
	nonblock |= READ_ONCE((to_pipe ? out : in)->flags) & O_NONBLOCK;
	ret = to_pipe ? splice_file_to_pipe(in, &pos, get_pipe_info(out), len, nonblock)
		      : splice_pipe_to_file(get_pipe_info(in), out, &pos, len, nonblock);
	if (offset)
		*offset = pos;
	else if (ret > 0)
		WRITE_ONCE(file->pos, pos);
	return ret;
}

static long do_splice(struct file *in, u64 *in_off, struct file *out, u64 *out_off, size_t len,
		      unsigned int flags)
{
	if (!file_readable(in) || !file_writable(out))
		return -EBADF;
	if (get_pipe_info(in) && get_pipe_info(out))
		return between_pipes(in, out, len, flags, false);
	if (!get_pipe_info(in) && !get_pipe_info(out))
		return -EINVAL;
	return between_file_and_pipe(in, out, get_pipe_info(out) ? in_off : out_off, len,
				     flags & SPLICE_F_NONBLOCK);
}

static long splice_files(struct file *in, u64 *user_in, struct file *out, u64 *user_out,
			 size_t len, unsigned int flags)
{
	u64 in_off = 0, out_off = 0;
	long ret;

	if ((user_in && get_pipe_info(in)) || (user_out && get_pipe_info(out)))
		return -ESPIPE;
	if ((user_out && copy_from_user(&out_off, user_out, sizeof(out_off))) ||
	    (user_in && copy_from_user(&in_off, user_in, sizeof(in_off))))
		return -EFAULT;
	ret = do_splice(in, user_in ? &in_off : NULL, out, user_out ? &out_off : NULL, len, flags);
	if (ret < 0)
		return ret;
	if ((user_out && copy_to_user(user_out, &out_off, sizeof(out_off))) ||
	    (user_in && copy_to_user(user_in, &in_off, sizeof(in_off))))
		return -EFAULT;
	return ret;
}

SYSCALL_DEFINE6(splice, int, in_fd, u64 *, in_off, int, out_fd, u64 *, out_off, size_t, len,
		unsigned int, flags)
{
	struct fd in, out;
	long ret = -EBADF;

	if (!len)
		return 0;
	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	in = fd_get_io(in_fd);
	out = fd_get_io(out_fd);
	if (in.file && out.file)
		ret = splice_files(in.file, in_off, out.file, out_off, len, flags);
	fd_put(out);
	fd_put(in);
	return ret;
}

static long do_tee(struct file *in, struct file *out, size_t len, unsigned int flags)
{
	if (!file_readable(in) || !file_writable(out))
		return -EBADF;
	if (!get_pipe_info(in) || !get_pipe_info(out))
		return -EINVAL;
	return between_pipes(in, out, len, flags, true);
}

SYSCALL_DEFINE4(tee, int, in_fd, int, out_fd, size_t, len, unsigned int, flags)
{
	struct fd in, out;
	long ret = -EBADF;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	if (!len)
		return 0;
	in = fd_get_io(in_fd);
	out = fd_get_io(out_fd);
	if (in.file && out.file)
		ret = do_tee(in.file, out.file, len, flags);
	fd_put(out);
	fd_put(in);
	return ret;
}
