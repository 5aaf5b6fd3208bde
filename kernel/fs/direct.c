/*
 * O_DIRECT on the disk: from and to the program's own pages, which are pinned for as long as the
 * device has them. The page cache is kept true: what is dirty in it goes to the device first, and
 * what a write has overtaken leaves it.
 */
#include "kernel/fs/direct.h"
#include "kernel/base/uses.h"
#include "kernel/dev/block.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/uapi/errno.h"
#include "mm/gup.h"
#include "mm/writeback.h"

#define BATCH		16ul	/* pages pinned, and requests under way, at once */
#define SECTOR_REST	(SECTOR_SIZE - 1ul)

/* Addresses and lengths of all segments, and the position, must be those of whole sectors. */
static int check_alignment(struct iov_iter iter, u64 pos)
{
	size_t n;

	if (pos & SECTOR_REST)
		return -EINVAL;
	for (; iter.left; iov_iter_advance(&iter, n)) {
		n = iov_iter_part(&iter, iter.left);
		if (!n)
			return -EFAULT;
		if (((unsigned long)iter.first.iov_base | n) & SECTOR_REST)
			return -EINVAL;
	}
	return 0;
}

/* Requests for n bytes of pages that are pinned, the first from offset on; how many. */
static unsigned int make_requests(struct block_request *rqs, struct page *const *pages, bool write,
				  u64 pos, unsigned long offset, size_t n)
{
	unsigned int i;

	for (i = 0; n; i++, offset = 0) {
		u32 bytes = (u32)min(n, PAGE_SIZE - offset);

		rqs[i] = (struct block_request){
			.op = write ? BLOCK_WRITE : BLOCK_READ,
			.sector = pos >> SECTOR_SHIFT,
			.data = ((phys_addr_t)page_to_pfn(pages[i]) << PAGE_SHIFT) + offset,
			.bytes = bytes,
		};
		pos += bytes;
		n -= bytes;
	}
	return i;
}

/*
 * As much of n bytes at addr as is pinned at once: bytes, -EFAULT, -EIO. -EINVAL: another thread
 * has changed the list of segments since it was checked.
 */
static long move_pinned(bool write, unsigned long addr, size_t n, u64 pos)
{
	unsigned long offset = addr & ~PAGE_MASK;
	unsigned long nr = min((offset + n + PAGE_SIZE - 1) >> PAGE_SHIFT, BATCH);
	struct block_request rqs[BATCH];
	struct page *pages[BATCH];
	long got;
	int err;

	if ((addr | n) & SECTOR_REST)
		return -EINVAL;
	got = pin_user_pages_fast(addr, nr, write ? 0 : FOLL_WRITE, pages);
	if (got <= 0)
		return got;
	n = min(n, ((size_t)got << PAGE_SHIFT) - offset);
	use_count(write ? USE_WRITE_BYTES : USE_READ_BYTES, n);
	err = disk_wait(rqs, make_requests(rqs, pages, write, pos, offset, n));
	unpin_user_pages_dirty_lock(pages, (unsigned long)got, !write);
	return err ? err : (long)n;
}

static long move_all(bool write, struct iov_iter *iter, size_t n, u64 pos)
{
	size_t done = 0;
	long ret = 0;

	while (done < n && !fatal_signal_pending()) {
		size_t part = iov_iter_part(iter, n - done);

		ret = part ? move_pinned(write, (unsigned long)iter->first.iov_base, part,
					 pos + done) :
			     -EFAULT;
		if (ret < 0)
			break;
		iov_iter_advance(iter, (size_t)ret);
		done += (size_t)ret;
	}
	return done ? (long)done : ret;
}

long direct_io(struct address_space *mapping, bool write, struct iov_iter *iter, u64 pos)
{
	unsigned long first = pos >> PAGE_SHIFT, last;
	size_t n = min(iter->left, mapping->size - pos);
	long ret = check_alignment(*iter, pos);

	if (ret)
		return ret;
	last = (pos + n - 1) >> PAGE_SHIFT;
	ret = filemap_write_and_wait_range(mapping, first, last);
	if (ret)
		return ret;
	ret = move_all(write, iter, n, pos);
	if (write)
		filemap_invalidate_range(mapping, first, last);
	return ret;
}
