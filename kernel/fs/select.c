/* select and pselect6, by the same items as poll (select(2)). */
#include "kernel/base/string.h"
#include "kernel/fs/poll.h"
#include "kernel/syscall.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"

#define IN_EVENTS	(POLLIN | POLLRDNORM | POLLHUP | POLLERR)
#define OUT_EVENTS	(POLLOUT | POLLWRNORM | POLLERR)
#define EXCEPT_EVENTS	POLLPRI

enum { IN, OUT, EXCEPT, NR_SETS };

/* A program's three sets: bit n is descriptor n. */
struct fd_sets {
	u64 bits[NR_SETS][MAX_FILES / 64];
};

static const short set_events[NR_SETS] = { IN_EVENTS, OUT_EVENTS, EXCEPT_EVENTS };

/* ---- timeouts ---- */

/* At once is 0: such a timeout is not written back. */
static u64 deadline_of(u64 ns) { return ns ? deadline_after(ns) : 0; }

long poll_deadline(u64 *deadline, const struct __kernel_timespec *user)
{
	u64 ns;
	long ret;

	*deadline = NO_DEADLINE;
	if (!user)
		return 0;
	ret = timespec_from_user(&ns, user);
	if (!ret)
		*deadline = deadline_of(ns);
	return ret;
}

static u64 time_left(u64 deadline)
{
	u64 now = clock_ns();

	return deadline > now ? deadline - now : 0;
}

long poll_remaining(struct __kernel_timespec *user, u64 deadline, long ret)
{
	if (!user || !deadline || !timespec_to_user(user, time_left(deadline)))
		return ret;
	return ret == -ERESTARTNOHAND ? -EINTR : ret;
}

static long timeval_deadline(u64 *deadline, const struct __kernel_old_timeval *user)
{
	struct __kernel_old_timeval t;

	*deadline = NO_DEADLINE;
	if (!user)
		return 0;
	if (copy_from_user(&t, user, sizeof(t)))
		return -EFAULT;
	if (t.tv_sec < 0 || t.tv_usec < 0)
		return -EINVAL;
	if ((u64)t.tv_sec < NO_DEADLINE / NSEC_PER_SEC - 1 && (u64)t.tv_usec < NO_DEADLINE / 2000)
		*deadline = deadline_of((u64)t.tv_sec * NSEC_PER_SEC + (u64)t.tv_usec * 1000);
	return 0;
}

/* As poll_remaining(). */
static long timeval_remaining(struct __kernel_old_timeval *user, u64 deadline, long ret)
{
	struct __kernel_old_timeval left;

	if (!user || !deadline)
		return ret;
	left = ns_to_timeval(time_left(deadline));
	if (!copy_to_user(user, &left, sizeof(left)))
		return ret;
	return ret == -ERESTARTNOHAND ? -EINTR : ret;
}

/* ---- sets ---- */

static size_t set_bytes(unsigned int n) { return (n + 63) / 64 * sizeof(u64); }

static long sets_from_user(struct fd_sets *sets, u64 *const user[NR_SETS], unsigned int n)
{
	memset(sets, 0, sizeof(*sets));
	for (unsigned int i = 0; i < NR_SETS; i++) {
		if (user[i] && copy_from_user(sets->bits[i], user[i], set_bytes(n)))
			return -EFAULT;
	}
	return 0;
}

static long sets_to_user(const struct fd_sets *sets, u64 *const user[NR_SETS], unsigned int n)
{
	for (unsigned int i = 0; i < NR_SETS; i++) {
		if (user[i] && copy_to_user(user[i], sets->bits[i], set_bytes(n)))
			return -EFAULT;
	}
	return 0;
}

static bool test_bit(const u64 *bits, unsigned int n) { return bits[n / 64] >> (n % 64) & 1; }

/* What the sets want of a descriptor. */
static short events_of(const struct fd_sets *sets, unsigned int fd)
{
	short events = 0;

	for (unsigned int i = 0; i < NR_SETS; i++)
		events |= test_bit(sets->bits[i], fd) ? set_events[i] : 0;
	return events;
}

static unsigned int count_wanted(const struct fd_sets *sets, unsigned int n)
{
	unsigned int wanted = 0;

	for (unsigned int fd = 0; fd < n; fd++)
		wanted += events_of(sets, fd) != 0;
	return wanted;
}

/* -EBADF if one is not open. */
static long fill_items(struct poll_item *item, const struct fd_sets *sets, unsigned int n)
{
	for (unsigned int fd = 0; fd < n; fd++) {
		short events = events_of(sets, fd);

		if (!events)
			continue;
		item->pollfd = (struct pollfd){ .fd = (int)fd, .events = events };
		item->fd = fd_get_io((int)fd);
		if (!item->fd.file)
			return -EBADF;
		item++;
	}
	return 0;
}

/* Leaves in the sets what is ready; a descriptor counts in each set. */
static long keep_ready(struct fd_sets *sets, const struct poll_item *items, unsigned int nr_items)
{
	struct fd_sets wanted = *sets;
	long ready = 0;

	memset(sets, 0, sizeof(*sets));
	for (const struct poll_item *item = items; item < items + nr_items; item++) {
		unsigned int fd = (unsigned int)item->pollfd.fd;

		for (unsigned int i = 0; i < NR_SETS; i++) {
			if (!test_bit(wanted.bits[i], fd) ||
			    !(item->pollfd.revents & set_events[i]))
				continue;
			sets->bits[i][fd / 64] |= 1ull << (fd % 64);
			ready++;
		}
	}
	return ready;
}

static long select_sets(struct fd_sets *sets, unsigned int n, u64 deadline)
{
	unsigned int nr_items = count_wanted(sets, n);
	struct poll_item *items = poll_items_alloc(nr_items);
	long ret;

	if (!items)
		return -ENOMEM;
	ret = fill_items(items, sets, n);
	if (!ret)
		ret = poll_wait(items, nr_items, deadline);
	if (ret >= 0)
		ret = keep_ready(sets, items, nr_items);
	poll_items_free(items, nr_items);
	return ret == -EINTR ? -ERESTARTNOHAND : ret;
}

/* Numbers beyond the table of descriptors are not looked at, as on Linux. */
static long do_select(int n, u64 *const user[NR_SETS], u64 deadline)
{
	unsigned int nr = min((unsigned int)n, READ_ONCE(current_task()->files->capacity));
	struct fd_sets sets;
	long ret;

	if (n < 0)
		return -EINVAL;
	ret = sets_from_user(&sets, user, nr);
	if (!ret)
		ret = select_sets(&sets, nr, deadline);
	if (ret >= 0 && sets_to_user(&sets, user, nr))
		ret = -EFAULT;
	return ret;
}

/* ---- the calls ---- */

SYSCALL_DEFINE5(select, int, n, u64 *, in, u64 *, out, u64 *, except,
		struct __kernel_old_timeval *, timeout)
{
	u64 *const user[NR_SETS] = { in, out, except };
	u64 deadline;
	long ret = timeval_deadline(&deadline, timeout);

	if (ret)
		return ret;
	return timeval_remaining(timeout, deadline, do_select(n, user, deadline));
}

/* The sixth argument of pselect6(). */
struct mask_argument {
	const void *mask;
	size_t size;
};

SYSCALL_DEFINE6(pselect6, int, n, u64 *, in, u64 *, out, u64 *, except,
		struct __kernel_timespec *, timeout, const struct mask_argument *, user_mask)
{
	u64 *const user[NR_SETS] = { in, out, except };
	struct mask_argument mask = { NULL, 0 };
	u64 deadline;
	long ret;

	if (user_mask && copy_from_user(&mask, user_mask, sizeof(mask)))
		return -EFAULT;
	ret = poll_deadline(&deadline, timeout);
	if (!ret)
		ret = signal_mask_for_wait(mask.mask, mask.size);
	if (ret)
		return ret;
	ret = do_select(n, user, deadline);
	signal_mask_restore(ret);
	return poll_remaining(timeout, deadline, ret);
}
