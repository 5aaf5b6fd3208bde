#include "kernel/fs/iov_iter.h"
#include "arch/system.h"
#include "kernel/base/string.h"

size_t iov_iter_part(struct iov_iter *iter, size_t n)
{
	while (!iter->first.iov_len) {
		if (!iter->vec || copy_from_user(&iter->first, iter->vec, sizeof(iter->first)))
			return 0;
		iter->vec++;
	}
	return min(n, (size_t)iter->first.iov_len);
}

void iov_iter_advance(struct iov_iter *iter, size_t n)
{
	iter->first.iov_base = (char *)iter->first.iov_base + n;
	iter->first.iov_len -= n;
	iter->left -= n;
}

enum direction { FROM, TO, ZERO };

/* Moves n bytes within one segment; how many are left over. */
static size_t move_part(struct iov_iter *iter, enum direction direction, void *buf, size_t n)
{
	void *at = iter->first.iov_base;

	if (!iter->kernel)
		return direction == FROM ? copy_from_user(buf, at, n)
		       : direction == TO ? copy_to_user(at, buf, n)
					 : clear_user(at, n);
	if (direction == ZERO)
		memset(at, 0, n);
	else
		memcpy(direction == FROM ? buf : at, direction == FROM ? at : buf, n);
	return 0;
}

static size_t move(struct iov_iter *iter, enum direction direction, char *buf, size_t n)
{
	size_t done = 0, part, left = 0;

	while (done < n && !left && (part = iov_iter_part(iter, n - done))) {
		left = move_part(iter, direction, buf ? buf + done : NULL, part);
		iov_iter_advance(iter, part - left);
		done += part - left;
	}
	return done;
}

/* Most of what is moved lies in one buffer of the program's. */
static bool is_plain(const struct iov_iter *iter, size_t n)
{
	return likely(!iter->kernel && iter->first.iov_len >= n);
}

size_t copy_from_iter(void *dst, size_t n, struct iov_iter *iter)
{
	if (!is_plain(iter, n))
		return move(iter, FROM, dst, n);
	n -= copy_from_user(dst, iter->first.iov_base, n);
	iov_iter_advance(iter, n);
	return n;
}
size_t copy_to_iter(const void *src, size_t n, struct iov_iter *iter)
{
	if (!is_plain(iter, n))
		return move(iter, TO, (void *)src, n);
	n -= copy_to_user(iter->first.iov_base, src, n);
	iov_iter_advance(iter, n);
	return n;
}
size_t zero_iter(size_t n, struct iov_iter *iter) { return move(iter, ZERO, NULL, n); }
