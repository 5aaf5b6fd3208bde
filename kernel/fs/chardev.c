/* Character devices: their numbers, and the memory devices /dev/null, zero, full, random. */
#include "kernel/dev/random.h"
#include "kernel/fs/internal.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"

static s64 null_llseek(struct file *file, s64 offset, int whence)
{
	if (whence < SEEK_SET || whence > SEEK_END)
		return -EINVAL;
	return file->pos = 0;
}

static long null_read(struct file *file, void *buf, size_t n, u64 *pos) { return 0; }
static long full_write(struct file *file, const void *buf, size_t n, u64 *pos) { return -ENOSPC; }
static long null_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	size_t n = from->left;

	from->left = 0;
	return (long)n;
}

static long zero_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	size_t done = 0;

	while (to->left && !fatal_signal_pending()) {
		size_t chunk = min(to->left, 16 * PAGE_SIZE), moved = zero_iter(chunk, to);

		done += moved;
		if (moved < chunk)
			return done ? (long)done : -EFAULT;
		cond_resched();
	}
	return (long)done;
}

/* Anonymous memory, shared or private as it is asked for. */
static int zero_mmap(struct file *file, struct mmap_source *source)
{
	source->mapping = NULL;
	return 0;
}

static long random_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	return random_to_iter(to);
}

#define NEVER_WAITS	(FMODE_READ | FMODE_WRITE)

const struct file_operations null_fops = {
	.read = null_read, .write_iter = null_write, .nowait = NEVER_WAITS,
	.llseek = null_llseek,
};
const struct file_operations zero_fops = {
	.read_iter = zero_read, .write_iter = null_write, .nowait = NEVER_WAITS,
	.llseek = null_llseek, .mmap = zero_mmap,
};
const struct file_operations full_fops = {
	.read_iter = zero_read, .write = full_write, .llseek = null_llseek,
};
const struct file_operations random_fops = {
	.read_iter = random_read, .write_iter = null_write, .nowait = NEVER_WAITS,
	.llseek = null_llseek,
};

/* ---- numbers ---- */

#define MAX_CHRDEVS	32

static struct {
	u32 major, minor;
	const struct file_operations *fop;
} devices[MAX_CHRDEVS];
static unsigned int nr_devices;

void register_chrdev(u32 major, u32 minor, const struct file_operations *fop)
{
	BUG_MSG(nr_devices == MAX_CHRDEVS, "more than %d character devices", MAX_CHRDEVS);
	devices[nr_devices].major = major;
	devices[nr_devices].minor = minor;
	devices[nr_devices++].fop = fop;
}

const struct file_operations *chrdev_fops(u32 major, u32 minor)
{
	for (unsigned int i = 0; i < nr_devices; i++) {
		if (devices[i].major == major && devices[i].minor == minor)
			return devices[i].fop;
	}
	return NULL;
}

/* The numbers of Linux. */
void chrdev_init(void)
{
	register_chrdev(1, 3, &null_fops);
	register_chrdev(1, 5, &zero_fops);
	register_chrdev(1, 7, &full_fops);
	register_chrdev(1, 8, &random_fops);
	register_chrdev(1, 9, &random_fops);
}
