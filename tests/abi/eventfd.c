/* eventfd.c - eventfd(2): the counter, the semaphore, blocking, its limits, errors. */
#include "user/child.h"
#include "user/events.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

static long add(int fd, uint64_t n) { return sys_write(fd, &n, sizeof(n)); }

/* What a read gets; or -errno. */
static long take(int fd)
{
	uint64_t n = 0;
	long ret = sys_read(fd, &n, sizeof(n));

	return ret == sizeof(n) ? (long)n : ret;
}

static short poll_of(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN | POLLOUT };

	sys_poll(&pollfd, 1, 0);
	return pollfd.revents;
}

static void test_counter(void)
{
	int fd = (int)sys_eventfd2(3, EFD_NONBLOCK);

	ok(fd >= 0, "eventfd2");
	is(take(fd), 3, "a-read-gives-the-initial-count");
	is(take(fd), -EAGAIN, "and-leaves-nothing");
	is(poll_of(fd), POLLOUT, "poll-nothing-to-read");
	is(add(fd, 2), 8, "a-write-adds");
	add(fd, 5);
	is(poll_of(fd), POLLIN | POLLOUT, "poll-something-to-read");
	is(take(fd), 7, "writes-add-up");
	is(add(fd, 0), 8, "zero-may-be-added");
	is(take(fd), -EAGAIN, "and-is-nothing");
	is(add(fd, ~0ull - 1), 8, "the-largest-count");
	is(poll_of(fd), POLLIN, "poll-no-room");
	is(add(fd, 1), -EAGAIN, "more-has-no-room");
	is(add(fd, ~0ull), -EINVAL, "minus-one-cannot-be-added");
	ok(take(fd) == -2, "the-largest-count-is-read");
	sys_close(fd);
}

static void test_semaphore(void)
{
	int fd = (int)sys_eventfd2(2, EFD_SEMAPHORE | EFD_NONBLOCK);

	is(take(fd), 1, "a-semaphore-gives-one");
	is(take(fd), 1, "and-one-more");
	is(take(fd), -EAGAIN, "and-no-more-than-there-were");
	sys_close(fd);
}

static int adds_later(void *arg)
{
	sleep_ms(20);
	add(*(int *)arg, 5);
	return 0;
}

static int takes_later(void *arg)
{
	sleep_ms(20);
	take(*(int *)arg);
	return 0;
}

static void test_blocking(void)
{
	int fd = (int)sys_eventfd2(0, 0), pid = child_start(adds_later, &fd);

	is(take(fd), 5, "a-read-waits");
	child_wait(pid);
	add(fd, ~0ull - 1);
	pid = child_start(takes_later, &fd);
	is(add(fd, 4), 8, "a-write-waits-for-room");
	child_wait(pid);
	is(take(fd), 4, "what-waited-is-there");
	sys_close(fd);
}

static void test_edges(void)
{
	int fd = (int)sys_eventfd2(0, 0), set = (int)sys_epoll_create1(0);
	struct epoll_event event;

	epoll_set(set, EPOLL_CTL_ADD, fd, POLLIN | EPOLLET);
	add(fd, 1);
	is(sys_epoll_wait(set, &event, 1, 0), 1, "a-write-is-an-edge");
	is(sys_epoll_wait(set, &event, 1, 0), 0, "one-edge");
	add(fd, 1);
	is(sys_epoll_wait(set, &event, 1, 0), 1, "another-write-is-another-edge");
	sys_close(fd);
	sys_close(set);
}

static void test_errors(void)
{
	int fd = (int)syscall1(__NR_eventfd, 0);
	char link[64] = "";
	uint64_t n = 1;

	ok(fd >= 0, "the-old-call");
	is(sys_eventfd2(0, 2), -EINVAL, "a-bad-flag");
	is(sys_write(fd, &n, 7), -EINVAL, "a-short-write");
	is(sys_write(fd, (void *)8, 8), -EFAULT, "a-write-from-nowhere");
	add(fd, 1);
	is(sys_read(fd, &n, 7), -EINVAL, "a-short-read");
	is(sys_read(fd, (void *)8, 8), -EFAULT, "a-read-to-nowhere");
	syscall3(__NR_readlink, (long)"/proc/self/fd/3", (long)link, 63);
	ok(fd != 3 || !strncmp(link, "anon_inode:[eventfd", 19) || !link[0], "its-name-in-proc");
	sys_close(fd);
}

/* It has a position that nothing moves, and nobody can name. */
static void test_position(void)
{
	int fd = (int)sys_eventfd2(0, 0);
	uint64_t n = 4;
	struct iovec halves[2] = { { &n, 4 }, { (char *)&n + 4, 4 } };

	is(sys_lseek(fd, 5, SEEK_SET), 0, "a-seek-is-accepted");
	is(sys_lseek(fd, 0, SEEK_END), 0, "and-moves-nothing");
	is(sys_lseek(fd, 0, 9), -EINVAL, "if-it-is-one");
	is(syscall4(__NR_pwrite64, fd, (long)&n, 8, 0), -ESPIPE, "there-are-no-offsets");
	is(syscall3(__NR_writev, fd, (long)halves, 2), -EINVAL, "a-number-in-two-halves-is-none");
	is(add(fd, 4), 8, "a-number-in-one");
	is(syscall3(__NR_readv, fd, (long)halves, 2), 8, "can-be-read-in-two");
	is((long)n, 4, "and-is-the-same");
	sys_close(fd);
}

int main(void)
{
	tap_plan(38);
	test_position();
	test_counter();
	test_semaphore();
	test_blocking();
	test_edges();
	test_errors();
	return tap_done();
}
