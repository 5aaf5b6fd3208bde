/* Files that live in the page cache: read, write, lseek, mmap. */
#include "kernel/fs/fs.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/permission.h"
#include "kernel/process/task.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"

/* ---- reading ---- */

/* As Linux's relatime: once after each change, and once a day. */
void file_accessed(struct file *file)
{
	struct inode *inode = file->inode;
	u64 now;

	if (READ_ONCE(file->flags) & O_NOATIME || sb_readonly(inode->sb))
		return;
	now = realtime_ns();
	if (inode->atime <= inode->mtime || inode->atime <= inode->ctime ||
	    now - inode->atime >= 24ull * 3600 * NSEC_PER_SEC)
		inode->atime = now;
}

/* From one page of the file; bytes moved or -errno. */
static long read_page(struct address_space *mapping, u64 pos, size_t n, struct iov_iter *to)
{
	size_t offset = pos & (PAGE_SIZE - 1), moved;
	unsigned long index = pos >> PAGE_SHIFT;
	enum folio_wait until = to->rwf & RWF_NOWAIT ? WAIT_NOT : WAIT_TO_THE_END;
	struct folio *folio = filemap_find(mapping, index);

	n = min(n, PAGE_SIZE - offset);
	if (!folio && !mapping_reads(mapping)) { /* a hole stays one */
		moved = zero_iter(n, to);
		return moved ? (long)moved : -EFAULT;
	}
	if (folio)
		folio_put(folio);
	folio = filemap_grab_until(mapping, index, until);
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	moved = copy_to_iter((char *)folio_address(folio) + offset, n, to);
	folio_put(folio);
	return moved ? (long)moved : -EFAULT;
}

long generic_file_read_iter(struct file *file, struct iov_iter *to, u64 *pos)
{
	struct address_space *mapping = file->f_mapping;
	long ret = 0, done = 0;

	while (to->left) {
		u64 size = READ_ONCE(mapping->size);

		if (*pos >= size)
			break;
		ret = read_page(mapping, *pos, min(to->left, size - *pos), to);
		if (ret < 0)
			break;
		*pos += (u64)ret;
		done += ret;
		if (fatal_signal_pending())
			break;
		cond_resched();
	}
	if (done || to->left)
		file_accessed(file);
	return done ? done : min(ret, 0l);
}

/* ---- writing ---- */

u64 file_size_limit(u64 wanted)
{
	u64 limit = READ_ONCE(current_process()->rlimits[RLIMIT_FSIZE].rlim_cur);

	limit = min(limit, MAX_FILE_BYTES);
	return min(limit, wanted);
}

/*
 * How much of n bytes at pos may be written; -EFBIG (and a signal, if the process has set the
 * limit).
 */
static long write_limit(u64 pos, size_t n)
{
	u64 limit = file_size_limit(~0ull);

	if (pos < limit)
		return (long)min(n, limit - pos);
	if (limit < MAX_FILE_BYTES) {
		spin_lock(&tasks_lock);
		signal_task(current_task(), SIGXFSZ);
		spin_unlock(&tasks_lock);
	}
	return -EFBIG;
}

/* What seals leave of a write. inode->lock held. */
static long sealed_limit(const struct inode *inode, u64 pos, size_t n)
{
	u64 size = inode->mapping.size;

	if (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if (!(inode->seals & F_SEAL_GROW) || pos + n <= size)
		return (long)n;
	/* Linux writes page by page, and stops at the first that reaches beyond the size. */
	size &= PAGE_MASK;
	return pos < size ? (long)(size - pos) : -EPERM;
}

static long write_page(struct address_space *mapping, u64 pos, size_t n, struct iov_iter *from)
{
	size_t offset = pos & (PAGE_SIZE - 1), moved;
	struct folio *folio = filemap_grab(mapping, pos >> PAGE_SHIFT);

	if (IS_ERR(folio))
		return PTR_ERR(folio);
	/* Before the bytes: a clean page may be let go of, and read in again, at any time. */
	folio_mark_dirty(folio);
	/* Truncation needs the inode's lock, too: the folio stays where it is. */
	moved = copy_from_iter((char *)folio_address(folio) + offset, min(n, PAGE_SIZE - offset),
			       from);
	/* And behind them: writeback may have begun between. */
	folio_mark_dirty(folio);
	folio_put(folio);
	if (moved && pos + moved > mapping->size)
		WRITE_ONCE(mapping->size, pos + moved);
	return moved ? (long)moved : -EFAULT;
}

long generic_perform_write(struct address_space *mapping, u64 pos, size_t n, struct iov_iter *from)
{
	size_t done = 0;
	long ret = 0;

	while (done < n) {
		ret = write_page(mapping, pos + done, n - done, from);
		if (ret < 0)
			break;
		done += (size_t)ret;
		if (fatal_signal_pending())
			break;
		cond_resched();
	}
	/* A page that was made for nothing, behind the end. */
	if (ret < 0 && pos + done >= mapping->size)
		truncate_setsize(mapping, mapping->size);
	return done ? (long)done : ret;
}

long generic_file_write_iter(struct file *file, struct iov_iter *from, u64 *pos)
{
	struct inode *inode = file->inode;
	size_t n = from->left;
	long ret;

	down_write(&inode->lock);
	if (READ_ONCE(file->flags) & O_APPEND || from->rwf & RWF_APPEND)
		*pos = file->f_mapping->size;
	ret = n ? write_limit(*pos, n) : 0;
	if (ret > 0)
		ret = sealed_limit(inode, *pos, (size_t)ret);
	if (ret > 0) {
		inode_remove_privs(inode);
		ret = generic_perform_write(file->f_mapping, *pos, (size_t)ret, from);
	}
	if (ret > 0) {
		*pos += (u64)ret;
		inode_touch(inode);
	}
	up_write(&inode->lock);
	return ret;
}

/* ---- positions ---- */

static s64 set_position(struct file *file, s64 offset)
{
	if (offset < 0)
		return -EINVAL;
	file->pos = (u64)offset;
	return offset;
}

s64 fixed_size_llseek(struct file *file, s64 offset, int whence, u64 size)
{
	s64 base;

	switch (whence) {
	case SEEK_SET: base = 0; break;
	case SEEK_CUR: base = (s64)file->pos; break;
	case SEEK_END: base = (s64)size; break;
	default: return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &base))
		return -EINVAL;
	return set_position(file, base);
}

s64 no_seek_end_llseek(struct file *file, s64 offset, int whence)
{
	return whence == SEEK_END ? -EINVAL : fixed_size_llseek(file, offset, whence, 0);
}

s64 noop_llseek(struct file *file, s64 offset, int whence) { return (s64)file->pos; }

s64 generic_file_llseek(struct file *file, s64 offset, int whence)
{
	struct inode *inode = file->inode;
	s64 at;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return fixed_size_llseek(file, offset, whence, READ_ONCE(file->f_mapping->size));
	if (offset < 0)
		return -ENXIO;
	down_read(&inode->lock);
	at = inode->op->seek ? inode->op->seek(inode, (u64)offset, whence == SEEK_DATA)
			     : filemap_seek(file->f_mapping, (u64)offset, whence == SEEK_DATA);
	up_read(&inode->lock);
	return at < 0 ? at : set_position(file, at);
}

/* ---- mmap ---- */

int generic_file_mmap(struct file *file, struct mmap_source *source)
{
	source->mapping = file->f_mapping;
	file_accessed(file);
	return 0;
}

/* ---- texts ---- */

long simple_read(void *buf, size_t n, u64 *pos, const void *text, size_t len)
{
	size_t left;

	if (*pos >= len || !n)
		return 0;
	n = min(n, len - *pos);
	left = copy_to_user(buf, (const char *)text + *pos, n);
	*pos += n - left;
	return left == n ? -EFAULT : (long)(n - left);
}
