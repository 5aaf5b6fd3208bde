/* Buffers of a program, one behind the other, or one of the kernel's: a stream of bytes. */
#pragma once
#include "kernel/base/types.h"
#include "kernel/uapi/uio.h"

struct iov_iter {
	const struct iovec *vec; /* the program's; NULL: first is all there is */
	struct iovec first;	 /* the segment that is under way */
	size_t left;		 /* bytes of all segments that are still to move */
	bool kernel;		 /* first is the kernel's own */
	u8 rwf;			 /* RWF_...: what this call alone wants */
};

/* One buffer. */
static inline struct iov_iter iov_iter_buf(const void *buf, size_t n)
{
	return (struct iov_iter){ .first = { (void *)buf, n }, .left = n };
}
static inline struct iov_iter iov_iter_kernel(const void *buf, size_t n)
{
	return (struct iov_iter){ .first = { (void *)buf, n }, .left = n, .kernel = true };
}
/* Several, n bytes together at most. */
static inline struct iov_iter iov_iter_vec(const struct iovec *vec, size_t n)
{
	return (struct iov_iter){ .vec = vec, .left = n };
}
/*
 * The next bytes into the kernel, or out of it: how many arrived, n (<= left) unless a buffer is
 * bad.
 */
size_t copy_from_iter(void *dst, size_t n, struct iov_iter *iter);
size_t copy_to_iter(const void *src, size_t n, struct iov_iter *iter);
/*
 * For who moves bytes himself: how many of the next n (<= left, not 0) lie in one segment, which
 * is iter->first then; 0: the list of segments is bad. And that n of them have been moved.
 */
size_t iov_iter_part(struct iov_iter *iter, size_t n);
void iov_iter_advance(struct iov_iter *iter, size_t n);
/* The next n bytes become zero. */
size_t zero_iter(size_t n, struct iov_iter *iter);
