/*
 * The disk as a file. All device nodes with its numbers lead to one inode without a name, whose
 * page cache is the disk's contents, under its lock. Pages are read when somebody wants them, and
 * written by fsync() and its like, by sync(), and when the last one closes the disk or unmaps it.
 */
#include "kernel/fs/blkdev.h"
#include "kernel/base/string.h"
#include "kernel/dev/block.h"
#include "kernel/fs/direct.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/process/cred.h"
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/fs.h"
#include "kernel/uapi/statfs.h"
#include "mm/leak.h"
#include "mm/slab.h"
#include "mm/writeback.h"

#define LAST_PAGE (~0ul)

static struct inode *disk_inode;
static atomic_t openers;

/* ---- pages ---- */

/* The last page of a disk need not be whole: behind the end it stays zero. */
static struct block_request folio_request(enum block_op op, struct address_space *mapping,
					  struct folio *folio)
{
	u64 pos = (u64)folio->page.index << PAGE_SHIFT;

	return (struct block_request){
		.op = op,
		.sector = pos >> SECTOR_SHIFT,
		.data = (phys_addr_t)folio_pfn(folio) << PAGE_SHIFT,
		.bytes = (u32)min(mapping->size - pos, PAGE_SIZE),
	};
}

/*
 * Reading is begun by a task and ended by an interrupt, which can free nothing: it leaves the
 * request to the next task. SPARES of them stay, so that pages can be read where memory is short:
 * what was written to a part of a page waits for the rest of it. Writing takes its requests from
 * the stack.
 */
#define SPARES	64u	/* as many as the device works on at once */

static struct {
	spinlock_t lock;
	TAILQ_HEAD(, block_request) list;
	unsigned int n;
} spare = { .lock = SPINLOCK_INIT(LOCK_WAIT_QUEUE), .list = TAILQ_HEAD_INITIALIZER(spare.list) };

static struct kmem_cache *request_cache;

/* A spare one, unless there are but `keep`: NULL. */
static struct block_request *take_spare(unsigned int keep)
{
	unsigned long flags = spin_lock_irqsave(&spare.lock);
	struct block_request *rq = spare.n > keep ? TAILQ_FIRST(&spare.list) : NULL;

	if (rq) {
		TAILQ_REMOVE(&spare.list, rq, link);
		WRITE_ONCE(spare.n, spare.n - 1);
	}
	spin_unlock_irqrestore(&spare.lock, flags);
	return rq;
}

static void free_spares(unsigned int keep)
{
	struct block_request *rq;

	while (READ_ONCE(spare.n) > keep && (rq = take_spare(keep)))
		kmem_cache_free(request_cache, rq);
}

static void disk_end_read(struct block_request *rq)
{
	struct folio *folio = rq->private;
	bool read = !rq->error;
	unsigned long flags = spin_lock_irqsave(&spare.lock);

	TAILQ_INSERT_HEAD(&spare.list, rq, link);
	WRITE_ONCE(spare.n, spare.n + 1);
	spin_unlock_irqrestore(&spare.lock, flags);
	folio_end_read(folio, read);
}

static int disk_start_read(struct address_space *mapping, struct folio *folio)
{
	struct block_request *rq = take_spare(0);

	free_spares(SPARES);
	if (!rq)
		rq = kmem_cache_alloc(request_cache, GFP_KERNEL);
	if (!rq)
		return -ENOMEM;
	*rq = folio_request(BLOCK_READ, mapping, folio);
	rq->done = disk_end_read;
	rq->private = folio;
	use_count(USE_READ_BYTES, rq->bytes);
	folio_start_read(folio);
	disk_submit(rq);
	return 0;
}

static int disk_write_folios(struct address_space *mapping, struct folio *const *folios,
			     unsigned int n)
{
	struct block_request rqs[8];

	for (unsigned int i = 0; i < n; i++)
		rqs[i] = folio_request(BLOCK_WRITE, mapping, folios[i]);
	return disk_wait(rqs, n);
}

static int disk_flush_mapping(struct address_space *mapping) { return disk_flush(); }

static const struct address_space_ops disk_mapping_ops = {
	.start_read = disk_start_read,
	.write_folios = disk_write_folios,
	.flush = disk_flush_mapping,
};

static int sync_range(u64 start, u64 end)
{
	return filemap_fsync_range(&disk_inode->mapping, start >> PAGE_SHIFT, end >> PAGE_SHIFT);
}

unsigned long blkdev_pages(void)
{
	return disk_sectors() ? READ_ONCE(disk_inode->mapping.nr_pages) : 0;
}

int blkdev_sync(void)
{
	return disk_sectors() ? sync_range(0, MAX_FILE_BYTES) : 0;
}

void blkdev_drop_clean(void) { filemap_drop_clean(&disk_inode->mapping); }

/* What is read still comes later, and is let go of by the next. */
static void blkdev_quiesce(void)
{
	blkdev_drop_clean();
	free_spares(0);
}

void blkdev_discard_pages(void)
{
	disk_hurry();
	if (blkdev_sync())
		pr_warn("the disk does not take what was written to it: that is lost");
	filemap_drop_all(&disk_inode->mapping);
	free_spares(0);
}

/*
 * The cache may have a quarter of memory: what is more goes, as far as nobody uses it, before the
 * next page comes. What cannot be written is for fsync() to say, to those whose it may be.
 */
static void make_room(void)
{
	struct address_space *mapping = &disk_inode->mapping;

	if (READ_ONCE(mapping->nr_pages) < frames_total() / 4)
		return;
	filemap_write_and_wait_range(mapping, 0, LAST_PAGE);
	filemap_drop_clean(mapping);
}

/* ---- the file ---- */

static int blkdev_open(struct inode *inode, struct file *file)
{
	file->f_mapping = &disk_inode->mapping;
	atomic_inc(&openers);
	return 0;
}

/*
 * As on Linux the last one to leave takes the pages along; what is dirty still
 * could not be written.
 */
static void blkdev_release(struct file *file)
{
	if (!atomic_dec_and_test(&openers))
		return;
	if (blkdev_sync())
		pr_warn("the disk does not take what was written to it");
	blkdev_drop_clean();
	free_spares(SPARES);
}

/* The kernel's own buffers are copied: they are no pages of the program's. */
static bool is_direct(const struct file *file, const struct iov_iter *iter)
{
	return READ_ONCE(file->flags) & O_DIRECT && !iter->kernel && iter->left;
}

static long blkdev_read_iter(struct file *file, struct iov_iter *to, u64 *pos)
{
	long ret;

	if (is_direct(file, to) && *pos < file->f_mapping->size) {
		file_accessed(file);
		ret = direct_io(file->f_mapping, false, to, *pos);
		*pos += (u64)max(ret, 0l);
		return ret;
	}
	if (!(to->rwf & RWF_NOWAIT))
		make_room();
	return generic_file_read_iter(file, to, pos);
}

/* What O_SYNC and O_DSYNC promise. */
static long write_through(struct file *file, u64 pos, long written)
{
	int err = 0;

	if (written > 0 && READ_ONCE(file->flags) & O_DSYNC)
		err = file_report_error(file, sync_range(pos, pos + (u64)written - 1));
	return err ? err : written;
}

static long blkdev_write_iter(struct file *file, struct iov_iter *from, u64 *pos)
{
	u64 size = file->f_mapping->size, start = *pos;
	size_t n = from->left;
	long ret;

	if (disk_read_only())
		return -EPERM;
	if (!n)
		return 0;
	if (start >= size)
		return -ENOSPC;
	if (from->rwf & RWF_NOWAIT && !is_direct(file, from))
		return -EOPNOTSUPP;
	make_room();
	n = min(n, size - start);
	down_write(&disk_inode->lock);
	ret = is_direct(file, from) ? direct_io(file->f_mapping, true, from, start)
				    : generic_perform_write(file->f_mapping, start, n, from);
	up_write(&disk_inode->lock);
	if (ret > 0) {
		*pos += (u64)ret;
		inode_touch(file->inode);
	}
	return write_through(file, start, ret);
}

/* A disk has no holes. */
static s64 blkdev_llseek(struct file *file, s64 offset, int whence)
{
	s64 size = (s64)file->f_mapping->size, from = (s64)file->pos, at;

	if (whence == SEEK_DATA || whence == SEEK_HOLE) {
		if (offset < 0 || offset >= size)
			return -ENXIO;
		offset = whence == SEEK_DATA ? offset : size;
		whence = SEEK_SET;
	}
	at = fixed_size_llseek(file, offset, whence, (u64)size);
	if (at <= size)
		return at;
	file->pos = (u64)from;
	return -EINVAL;
}

static int blkdev_fsync(struct file *file, u64 start, u64 end, bool datasync)
{
	return file_report_error(file, sync_range(start, end));
}

static int blkdev_mmap(struct file *file, struct mmap_source *source)
{
	source->read_only = disk_read_only();
	return generic_file_mmap(file, source);
}

/* ---- ioctl ---- */

/* To the program, in the width that the command says. */
static long answer(unsigned long arg, u64 value, size_t width)
{
	return copy_to_user((void *)arg, &value, width) ? -EFAULT : 0;
}

static long flush_buffers(void)
{
	int err;

	if (!capable())
		return -EACCES;
	err = blkdev_sync();
	blkdev_drop_clean();
	return err;
}

static const u8 zeroes[PAGE_SIZE];

/* [pos, end), within one page. */
static int write_zeroes(struct address_space *mapping, u64 pos, u64 end)
{
	struct iov_iter iter = iov_iter_kernel(zeroes, end - pos);
	long ret;

	make_room();
	down_write(&disk_inode->lock);
	ret = generic_perform_write(mapping, pos, end - pos, &iter);
	up_write(&disk_inode->lock);
	if (ret < 0)
		return (int)ret;
	return fatal_signal_pending() ? -EINTR : 0;
}

/* range: where, and how many bytes. */
static long zero_out(struct file *file, const u64 *user)
{
	u64 size = file->f_mapping->size, range[2], pos, end;
	int err = 0;

	if (!file_writable(file))
		return -EBADF;
	if (copy_from_user(range, user, sizeof(range)))
		return -EFAULT;
	pos = range[0];
	if ((pos | range[1]) % SECTOR_SIZE || !range[1] || pos >= size || range[1] > size - pos)
		return -EINVAL;
	if (disk_read_only())
		return -EPERM;
	for (end = pos + range[1]; pos < end && !err; pos = (pos & PAGE_MASK) + PAGE_SIZE)
		err = write_zeroes(file->f_mapping, pos, min(end, (pos & PAGE_MASK) + PAGE_SIZE));
	return err ? err : file_report_error(file, sync_range(range[0], end - 1));
}

static long blkdev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	u64 size = file->f_mapping->size;

	switch (cmd) {
	case BLKGETSIZE64: return answer(arg, size, sizeof(u64));
	case BLKGETSIZE: return answer(arg, size >> SECTOR_SHIFT, sizeof(unsigned long));
	case BLKBSZGET:
		return answer(arg, size % PAGE_SIZE ? SECTOR_SIZE : PAGE_SIZE, sizeof(int));
	case BLKSSZGET:
	case BLKPBSZGET:
	case BLKIOMIN: return answer(arg, SECTOR_SIZE, sizeof(int));
	case BLKIOOPT:
	case BLKALIGNOFF: return answer(arg, 0, sizeof(int));
	case BLKROGET: return answer(arg, disk_read_only(), sizeof(int));
	case BLKRAGET:	/* nothing is read ahead that nobody has asked for */
	case BLKFRAGET: return answer(arg, 0, sizeof(unsigned long));
	case BLKSECTGET: return answer(arg, PAGE_SIZE >> SECTOR_SHIFT, sizeof(u16));
	case BLKDISCARDZEROES: return answer(arg, 0, sizeof(int));
	case BLKFLSBUF: return flush_buffers();
	case BLKZEROOUT: return zero_out(file, (const u64 *)arg);
	case BLKDISCARD:
	case BLKSECDISCARD: return file_writable(file) ? -EOPNOTSUPP : -EBADF;
	case BLKRRPART: return capable() ? -EINVAL : -EACCES; /* it cannot have any */
	default: return -ENOTTY;
	}
}

static const struct file_operations disk_fops = {
	.read_iter = blkdev_read_iter,
	.splice_read = filemap_splice_read,
	.write_iter = blkdev_write_iter,
	.nowait = FMODE_READ | FMODE_WRITE,
	.llseek = blkdev_llseek,
	.ioctl = blkdev_ioctl,
	.open = blkdev_open,
	.release = blkdev_release,
	.mmap = blkdev_mmap,
	.fsync = blkdev_fsync,
};

/* ---- set-up ---- */

const struct file_operations *blkdev_fops(u32 major, u32 minor)
{
	return disk_sectors() && major == VDA_MAJOR && minor == VDA_MINOR ? &disk_fops : NULL;
}

static struct file_system_type bdev_type = {
	.name = "bdev",
	.flags = FS_INTERNAL,
	.magic = BDEVFS_MAGIC,
};

void blkdev_init(void)
{
	request_cache = kmem_cache_create("block_request", sizeof(struct block_request), 0);
	disk_inode = inode_alloc(kern_mount(&bdev_type), S_IFBLK | 0600);
	if (!disk_inode)
		boot_stop("There is not enough memory for the disk's inode.");
	disk_inode->mapping.ops = &disk_mapping_ops;
	disk_inode->mapping.size = disk_sectors() << SECTOR_SHIFT;
	quiesce_register(blkdev_quiesce);
}
