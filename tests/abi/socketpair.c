/* socketpair.c - pairs of AF_UNIX sockets: streams, datagrams, ends, waiting, options, errors. */
#include "user/child.h"
#include "user/events.h"
#include "user/probe.h"
#include "user/sockets.h"
#include "user/tap.h"
#include "user/thread.h"

#include <string.h>

static int a, b;
static char buf[300000];

static long open_pair(int type)
{
	int fds[2] = { -1, -1 };
	long ret = sys_socketpair(AF_UNIX, type, 0, fds);

	a = fds[0];
	b = fds[1];
	return ret;
}

static void close_pair(void)
{
	sys_close(a);
	sys_close(b);
}

static long put(int fd, const char *text)
{
	return sys_send(fd, text, strlen(text), MSG_DONTWAIT);
}

static long put_quietly(int fd) { return sys_send(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL); }

static long take(int fd, size_t n, int flags)
{
	return sys_recv(fd, buf, n, MSG_DONTWAIT | flags);
}

static short poll_of(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP };

	sys_poll(&pollfd, 1, 0);
	return pollfd.revents;
}

static void test_stream(void)
{
	struct __kernel_stat st;

	is(open_pair(SOCK_STREAM), 0, "a-pair-of-streams");
	sys_fstat(a, &st);
	is(st.st_mode, S_IFSOCK | 0777, "fstat-says-socket");
	is(take(b, 10, 0), -EAGAIN, "nothing-to-read-yet");
	is(poll_of(a), POLLOUT, "poll-of-a-new-one");
	is(sys_write(a, "abc", 3), 3, "write");
	put(a, "def");
	is(poll_of(b), POLLIN | POLLOUT, "poll-of-one-with-bytes");
	is(take(b, 2, MSG_PEEK), 2, "a-look");
	is(take(b, 4, 0), 4, "a-read-takes-from-several-writes");
	ok(memcmp(buf, "abcd", 4) == 0, "bytes-in-order");
	is(sys_read(b, buf, 10), 2, "read-gives-the-rest");
	put(b, "back");
	is(take(a, 10, 0), 4, "the-other-direction");
	is(put(a, ""), 0, "sending-nothing");
	is(take(b, 10, 0), -EAGAIN, "is-nothing");
	close_pair();
}

static void test_stream_end(void)
{
	open_pair(SOCK_STREAM);
	put(a, "rest");
	sys_close(a);
	is(poll_of(b), POLLIN | POLLOUT | POLLHUP | POLLRDHUP, "poll-after-the-other-closed");
	is(take(b, 10, 0), 4, "what-was-sent-outlives-the-sender");
	is(take(b, 10, 0), 0, "then-comes-the-end");
	is(put_quietly(b), -EPIPE, "nobody-to-send-to");
	sys_close(b);
	open_pair(SOCK_STREAM);
	put(a, "lost");
	sys_close(b);
	is(poll_of(a), POLLIN | POLLOUT | POLLHUP | POLLRDHUP | POLLERR, "poll-after-a-reset");
	is(take(a, 10, 0), -ECONNRESET, "unread-bytes-are-a-reset");
	is(take(a, 10, 0), 0, "once");
	sys_close(a);
}

static void test_shutdown(void)
{
	open_pair(SOCK_STREAM);
	put(a, "rest");
	is(sys_shutdown(a, SHUT_WR), 0, "shutdown-of-writing");
	is(put_quietly(a), -EPIPE, "no-more-sending");
	is(take(b, 10, 0), 4, "what-was-sent-arrives");
	is(take(b, 10, 0), 0, "the-other-sees-the-end");
	is(poll_of(b), POLLIN | POLLOUT | POLLRDHUP, "poll-half-closed");
	is(put(b, "y"), 1, "the-other-direction-lives");
	is(take(a, 10, 0), 1, "and-arrives");
	is(sys_shutdown(a, SHUT_RD), 0, "shutdown-of-reading");
	is(put_quietly(b), -EPIPE, "now-neither");
	is(sys_shutdown(a, 3), -EINVAL, "shutdown-of-something-else");
	close_pair();
}

static int sends_to_nobody(void *arg)
{
	put(*(int *)arg, "x");
	return 0;
}

static void test_sigpipe(void)
{
	open_pair(SOCK_STREAM);
	sys_close(b);
	ok_child_dies(sends_to_nobody, &a, SIGPIPE, "sending-to-nobody-is-SIGPIPE");
	sys_close(a);
}

static void test_messages(int type, const char *name)
{
	is(open_pair(type), 0, "%s-a-pair", name);
	put(a, "abc");
	put(a, "");
	put(a, "defgh");
	is(take(b, 10, 0), 3, "%s-one-message-at-a-time", name);
	is(take(b, 10, 0), 0, "%s-an-empty-one", name);
	is(take(b, 2, MSG_PEEK), 2, "%s-a-look", name);
	is(take(b, 2, MSG_TRUNC), 5, "%s-the-whole-length-if-asked", name);
	is(take(b, 10, 0), -EAGAIN, "%s-the-rest-is-lost", name);
	is(sys_send(a, buf, 212961, MSG_DONTWAIT), -EMSGSIZE, "%s-too-long", name);
	is(sys_send(a, buf, 212960, MSG_DONTWAIT), 212960, "%s-just-not-too-long", name);
	is(take(b, sizeof(buf), 0), 212960, "%s-arrives", name);
	close_pair();
}

static void test_message_ends(void)
{
	open_pair(SOCK_SEQPACKET);
	sys_shutdown(a, SHUT_WR);
	is(take(b, 5, 0), 0, "seqpacket-has-an-end");
	is(put(a, "x"), -EPIPE, "seqpacket-after-shutdown");
	close_pair();
	open_pair(SOCK_DGRAM);
	sys_shutdown(a, SHUT_WR);
	is(take(b, 5, 0), -EAGAIN, "datagrams-have-no-end");
	is(put(a, "x"), -EPIPE, "datagram-after-shutdown");
	close_pair();
	open_pair(SOCK_DGRAM);
	sys_close(b);
	is(put(a, "x"), -ECONNREFUSED, "datagram-to-nobody");
	is(put(a, "x"), -ENOTCONN, "datagram-to-nobody-again");
	is(take(a, 5, 0), -EAGAIN, "datagram-from-nobody");
	sys_close(a);
}

static void test_full(int type, const char *name)
{
	int n = 0;

	open_pair(type);
	while (put(a, "x") == 1)
		n++;
	is(n, 278, "%s-messages-until-full", name);
	is(put(a, "x"), -EAGAIN, "%s-full", name);
	is(poll_of(a), 0, "%s-poll-of-full", name);
	while (take(b, 100, 0) > 0)
		n -= type == SOCK_STREAM ? n : 1;
	is(n, 0, "%s-all-arrive", name);
	is(poll_of(a), POLLOUT, "%s-there-is-room-again", name);
	close_pair();
}

static int sends_later(void *arg)
{
	sleep_ms(20);
	put(a, "abc");
	sleep_ms(20);
	put(a, "def");
	return 0;
}

static int reads_later(void *arg)
{
	long left = *(long *)arg;

	sleep_ms(20);
	while (left) {
		long n = sys_recv(b, buf, sizeof(buf), 0);

		if (n <= 0)
			return 1;
		left -= n;
	}
	return 0;
}

static int closes_later(void *arg)
{
	sys_close(b);
	sleep_ms(20);
	return 0;
}

static void test_waiting(void)
{
	long all = sizeof(buf);
	int pid;

	open_pair(SOCK_STREAM);
	pid = child_start(sends_later, NULL);
	is(sys_recv(b, buf, 6, 0), 3, "a-reader-waits");
	child_wait(pid);
	pid = child_start(sends_later, NULL);
	is(sys_recv(b, buf, 9, MSG_WAITALL), 9, "for-all-if-it-wants");
	child_wait(pid);
	pid = child_start(reads_later, &all);
	is(sys_send(a, buf, sizeof(buf), 0), (long)sizeof(buf), "a-writer-waits-for-room");
	is(child_wait(pid), 0, "and-all-arrives");
	pid = child_start(closes_later, NULL);
	sys_close(a);
	is(sys_recv(b, buf, 1, 0), 0, "a-reader-is-woken-by-the-end");
	child_wait(pid);
	sys_close(b);
}

enum { ROUNDS = 2000 };

static void *echo(void *arg)
{
	char c;

	pin_to_cpu(nth_cpu(1));
	for (int i = 0; i < ROUNDS; i++) {
		sys_recv(b, &c, 1, 0);
		sys_send(b, &c, 1, 0);
	}
	return arg;
}

static void test_ping_pong(void)
{
	struct thread thread;
	int done = 0;
	char c;

	open_pair(SOCK_SEQPACKET);
	thread_create(&thread, echo, NULL);
	for (; done < ROUNDS; done++) {
		sys_send(a, "x", 1, 0);
		if (sys_recv(a, &c, 1, 0) != 1)
			break;
	}
	thread_join(&thread);
	is(done, ROUNDS, "two-threads-play-ping-pong");
	close_pair();
}

static void test_edges(void)
{
	int set = (int)sys_epoll_create1(0);
	struct epoll_event event;

	open_pair(SOCK_STREAM);
	epoll_set(set, EPOLL_CTL_ADD, a, POLLIN | EPOLLET);
	put(b, "x");
	is(sys_epoll_wait(set, &event, 1, 0), 1, "edge-a-message-is-an-event");
	put(a, "x");
	take(b, 1, 0);
	is(sys_epoll_wait(set, &event, 1, 0), 0, "edge-the-other-direction-is-none");
	put(b, "x");
	is(sys_epoll_wait(set, &event, 1, 0), 1, "edge-a-second-message-is-another");
	close_pair();
	sys_close(set);
}

/* A piece of a stream that a bad buffer cuts short is read again, whole. */
static void test_cut_short(void)
{
	char *page = map_private(2 * PAGE_SIZE), *end = page + PAGE_SIZE;

	unmap(end, PAGE_SIZE);
	open_pair(SOCK_STREAM);
	put(a, "0123456789");
	is(sys_recv(b, end - 4, 10, MSG_DONTWAIT), -EFAULT, "a-piece-that-does-not-fit");
	is(take(b, 20, 0), 10, "stays-whole");
	put(a, "abc");
	put(a, "0123456789");
	is(sys_recv(b, end - 6, 13, MSG_DONTWAIT), 3, "the-one-before-it-is-read");
	is(take(b, 20, 0), 10, "and-only-that");
	close_pair();
	unmap(page, PAGE_SIZE);
}

static long option(int fd, int name)
{
	int value = -1, len = sizeof(value);
	long ret = syscall5(__NR_getsockopt, fd, SOL_SOCKET, name, (long)&value, (long)&len);

	return ret ? ret : value;
}

static long set_option(int fd, int name, int value)
{
	return syscall5(__NR_setsockopt, fd, SOL_SOCKET, name, (long)&value, sizeof(value));
}

static void test_options(void)
{
	int value = 0, len = 2;

	open_pair(SOCK_SEQPACKET);
	is(option(a, SO_TYPE), SOCK_SEQPACKET, "option-type");
	is(option(a, SO_DOMAIN), AF_UNIX, "option-domain");
	is(option(a, SO_ERROR), 0, "option-error");
	is(option(a, SO_SNDBUF), 212992, "option-buffer");
	is(set_option(a, SO_SNDBUF, 5000), 0, "a-smaller-buffer");
	is(option(a, SO_SNDBUF), 10000, "is-counted-twice");
	is(sys_send(a, buf, 9969, MSG_DONTWAIT), -EMSGSIZE, "and-is-kept");
	is(set_option(a, SO_RCVBUF, 1), 0, "a-tiny-buffer");
	is(option(a, SO_RCVBUF), 2304, "is-made-larger");
	is(option(a, 999), -ENOPROTOOPT, "no-such-option");
	is(set_option(a, SO_TYPE, 1), -ENOPROTOOPT, "the-type-stays");
	is(syscall5(__NR_getsockopt, a, 6, 1, (long)&value, (long)&len), -EOPNOTSUPP,
	   "no-such-level");
	is(syscall5(__NR_getsockopt, a, SOL_SOCKET, SO_TYPE, (long)&value, (long)&len), 0,
	   "a-short-buffer");
	is(value, SOCK_SEQPACKET, "gets-a-part");
	is(syscall5(__NR_getsockopt, a, SOL_SOCKET, SO_TYPE, (long)&value, 8), -EFAULT,
	   "bad-length");
	is(syscall5(__NR_setsockopt, a, SOL_SOCKET, SO_SNDBUF, 8, 4), -EFAULT, "set-bad-pointer");
	is(syscall5(__NR_setsockopt, a, SOL_SOCKET, SO_SNDBUF, 8, 2), -EINVAL, "set-too-short");
	close_pair();
}

static void test_errors(void)
{
	struct iovec iov = { buf, 4 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1025 };
	int fds[2], pipe[2];

	is(sys_socketpair(AF_UNIX, SOCK_STREAM, 2, fds), -EPROTONOSUPPORT, "a-bad-protocol");
	is(sys_socketpair(AF_UNIX, 4, 0, fds), -ESOCKTNOSUPPORT, "a-bad-type");
	is(sys_socketpair(AF_UNIX, 15, 0, fds), -EINVAL, "a-type-that-is-none");
	is(sys_socketpair(99, SOCK_STREAM, 0, fds), -EAFNOSUPPORT, "a-bad-family");
	is(sys_socketpair(AF_UNIX, SOCK_STREAM | 0x100, 0, fds), -EINVAL, "a-bad-flag");
	is(sys_socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)8), -EFAULT,
	   "nowhere-to-put-the-numbers");
	sys_pipe(pipe);
	is(sys_send(pipe[1], "x", 1, 0), -ENOTSOCK, "a-pipe-is-no-socket");
	is(sys_recv(999, buf, 1, 0), -EBADF, "no-such-file");
	open_pair(SOCK_STREAM);
	is(syscall3(__NR_lseek, a, 0, 0), -ESPIPE, "a-socket-has-no-position");
	is(sys_send(a, (void *)8, 4, 0), -EFAULT, "send-from-nowhere");
	put(a, "abcd");
	is(sys_recv(b, (void *)8, 4, 0), -EFAULT, "receive-to-nowhere");
	is(take(b, 4, 0), 4, "loses-nothing");
	is(sys_sendmsg(a, (void *)8, 0), -EFAULT, "sendmsg-bad-pointer");
	is(sys_recvmsg(a, (void *)8, 0), -EFAULT, "recvmsg-bad-pointer");
	is(sys_sendmsg(a, &msg, 0), -EMSGSIZE, "too-many-segments");
	msg = (struct msghdr){ .msg_iov = (void *)8, .msg_iovlen = 1 };
	is(sys_sendmsg(a, &msg, 0), -EFAULT, "bad-segments");
	msg = (struct msghdr){
		.msg_iov = &iov, .msg_iovlen = 1, .msg_name = buf, .msg_namelen = 16
	};
	is(sys_sendmsg(a, &msg, 0), -EISCONN, "a-stream-takes-no-address");
	msg.msg_namelen = -1;
	is(sys_sendmsg(a, &msg, 0), -EINVAL, "a-negative-address");
	close_pair();
	sys_close(pipe[0]);
	sys_close(pipe[1]);
}

int main(void)
{
	tap_plan(114);
	test_stream();
	test_stream_end();
	test_shutdown();
	test_sigpipe();
	test_messages(SOCK_DGRAM, "datagram");
	test_messages(SOCK_SEQPACKET, "seqpacket");
	test_message_ends();
	test_full(SOCK_STREAM, "stream");
	test_full(SOCK_DGRAM, "datagram");
	test_waiting();
	test_ping_pong();
	test_edges();
	test_cut_short();
	test_options();
	test_errors();
	return tap_done();
}
