/*
 * What a program will do with part of a file, and when that part shall be with the device. Only a
 * disk has a use for it: what lies in memory is near already.
 */
#include "kernel/fs/files.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fadvise.h"
#include "mm/writeback.h"

#define AHEAD_MAX	512ul	/* pages that one call begins to read */
#define OFFSET_MAX	((s64)(~0ul >> 1))
#define SYNC_WAIT	(SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER)
#define SYNC_FLAGS	(SYNC_WAIT | SYNC_FILE_RANGE_WRITE)

/* The last byte of a range; a length of 0, or too large a one, leads to the end of all files. */
static u64 last_byte(u64 start, u64 len)
{
	return !len || len > (u64)OFFSET_MAX - start ? (u64)OFFSET_MAX : start + len - 1;
}

/* Begins to read what is absent of [start, last]. */
static void read_ahead(struct address_space *mapping, u64 start, u64 last)
{
	u64 size = READ_ONCE(mapping->size);
	unsigned long index = start >> PAGE_SHIFT, end;

	if (!mapping_tracks_dirty(mapping) || start >= size)
		return;
	last = min(last, size - 1);
	end = min((unsigned long)(last >> PAGE_SHIFT), index + AHEAD_MAX - 1);
	for (; index <= end; index++)
		filemap_ask_for(mapping, index);
}

/* As far as nobody uses it; parts of pages stay, but for the end of the file. */
static void let_go(struct address_space *mapping, u64 start, u64 last)
{
	unsigned long first = (start + PAGE_SIZE - 1) >> PAGE_SHIFT;
	unsigned long behind = (last + 1) >> PAGE_SHIFT;

	if (!mapping_tracks_dirty(mapping))
		return;
	if (last >= READ_ONCE(mapping->size) - 1)
		behind = (last >> PAGE_SHIFT) + 1;
	if (first >= behind)
		return;
	filemap_write_and_wait_range(mapping, first, behind - 1);
	filemap_drop_clean_range(mapping, first, behind - 1);
}

/* The other advice would change the size of a window for reading ahead, which there is not. */
static long file_advise(const struct file *file, s64 start, s64 len, int advice)
{
	if (is_fifo(file->inode))
		return -ESPIPE;
	if (len < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
		return -EINVAL;
	if (advice == POSIX_FADV_WILLNEED && start >= 0)
		read_ahead(file->f_mapping, (u64)start, last_byte((u64)start, (u64)len));
	if (advice == POSIX_FADV_DONTNEED && start >= 0)
		let_go(file->f_mapping, (u64)start, last_byte((u64)start, (u64)len));
	return 0;
}

SYSCALL_DEFINE4(fadvise64, int, fd, s64, start, s64, len, int, advice)
{
	struct fd f = fd_get_io(fd);
	long ret;

	if (!f.file)
		return -EBADF;
	ret = file_advise(f.file, start, len, advice);
	fd_put(f);
	return ret;
}

SYSCALL_DEFINE3(readahead, int, fd, s64, start, size_t, count)
{
	struct fd f = fd_get_io(fd);
	long ret;

	if (!f.file)
		return -EBADF;
	if (!file_readable(f.file))
		ret = -EBADF;
	else if (!is_regular(f.file->inode) && !is_blockdev(f.file->inode))
		ret = -EINVAL;
	else
		ret = file_advise(f.file, start, (s64)count, POSIX_FADV_WILLNEED);
	fd_put(f);
	return ret;
}

/*
 * Nothing is written that is not waited for: each of the flags asks for the same. But
 * only who says that he waits is told what was lost, now or before, and others of his
 * file are not any more.
 */
static long sync_range(struct file *file, u64 start, u64 last, unsigned int flags)
{
	const struct inode *inode = file->inode;

	if (!is_regular(inode) && !is_blockdev(inode) && !is_dir(inode))
		return -ESPIPE;
	if (flags && mapping_tracks_dirty(file->f_mapping))
		filemap_write_and_wait_range(file->f_mapping, start >> PAGE_SHIFT,
					     last >> PAGE_SHIFT);
	return flags & SYNC_WAIT ? file_report_error(file, 0) : 0;
}

SYSCALL_DEFINE4(sync_file_range, int, fd, s64, start, s64, len, unsigned int, flags)
{
	struct fd f = fd_get_io(fd);
	long ret = -EINVAL;

	if (!f.file)
		return -EBADF;
	if (!(flags & ~SYNC_FLAGS) && start >= 0 && len >= 0 && len <= OFFSET_MAX - start)
		ret = sync_range(f.file, (u64)start, last_byte((u64)start, (u64)len), flags);
	fd_put(f);
	return ret;
}
