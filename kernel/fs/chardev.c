/* The memory devices: /dev/null, zero, full, random. */
#include "kernel/fs/inode.h"
#include "kernel/random.h"
#include "kernel/task.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"

static long null_read(struct file *file, void *buf, size_t n, u64 *pos) { return 0; }
static long null_write(struct file *file, const void *buf, size_t n, u64 *pos) { return (long)n; }
static long full_write(struct file *file, const void *buf, size_t n, u64 *pos) { return -ENOSPC; }

static long zero_read(struct file *file, void *buf, size_t n, u64 *pos)
{
	size_t done = 0;

	while (done < n && !fatal_signal_pending()) {
		size_t chunk = min(n - done, 16 * PAGE_SIZE),
		       left = clear_user((char *)buf + done, chunk);

		done += chunk - left;
		if (left)
			return done ? (long)done : -EFAULT;
		cond_resched();
	}
	return (long)done;
}

static long random_read(struct file *file, void *buf, size_t n, u64 *pos)
{
	return random_to_user(buf, n);
}

const struct file_ops null_ops = { .read = null_read, .write = null_write };
const struct file_ops zero_ops = { .read = zero_read, .write = null_write };
const struct file_ops full_ops = { .read = zero_read, .write = full_write };
const struct file_ops random_ops = { .read = random_read, .write = null_write };

/* The numbers of Linux. */
const struct file_ops *chardev_ops(u32 major, u32 minor)
{
	static const struct file_ops *const memory[] = {
		[3] = &null_ops,   [5] = &zero_ops,   [7] = &full_ops,
		[8] = &random_ops, [9] = &random_ops,
	};

	if (major == 1 && minor < ARRAY_SIZE(memory))
		return memory[minor];
	if (major == 5 && minor <= 1)
		return &console_ops;
	return NULL;
}
