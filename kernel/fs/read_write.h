/* Moving bytes between files and programs, for the system calls. */
#pragma once
#include "kernel/fs/fs.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/uapi/uio.h"

/* The most bytes that one call moves, as on Linux: a result fits an int, in whole pages. */
#define MAX_RW 0x7ffff000ul

/*
 * read() or write() of an open file at *pos (NULL: it has no position), at most MAX_RW bytes.
 * Bytes moved or -errno.
 */
long file_rw(struct file *file, bool write, void *buf, size_t n, u64 *pos);
/*
 * All segments are looked at before the first byte moves: their length, at most MAX_RW, -EINVAL or
 * -EFAULT (also for one that is no user address, whatever lies before it).
 */
long check_vector(const struct iovec *user, unsigned long count);
/*
 * The same; if it is more than 0, iter is what the vector describes. own: false if the addresses
 * are those of another program, which are not looked at here.
 */
long import_vector(const struct iovec *user, unsigned long count, struct iov_iter *iter, bool own);
