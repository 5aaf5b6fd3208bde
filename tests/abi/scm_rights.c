/* scm_rights.c - files that travel in messages (unix(7), SCM_RIGHTS), and those that get lost. */
#include "user/child.h"
#include "user/events.h"
#include "user/probe.h"
#include "user/sockets.h"
#include "user/tap.h"

#include <string.h>

static int a, b, pipe_fds[2];
static int got_fds[SCM_MAX_FD];
static unsigned int got, flags;
static char buf[64];

static void open_pair(int type)
{
	int fds[2];

	sys_socketpair(AF_UNIX, type, 0, fds);
	a = fds[0];
	b = fds[1];
}

static void begin(void)
{
	open_pair(SOCK_STREAM);
	sys_pipe(pipe_fds);
}

static void close_all(int *fds, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		sys_close(fds[i]);
}

static void end(void)
{
	sys_close(a);
	sys_close(b);
	close_all(pipe_fds, 2);
}

static long receive(size_t n, unsigned int room)
{
	return receive_files(b, buf, n, got_fds, room, &got, &flags, 0);
}

static void test_simple(void)
{
	begin();
	is(send_files(a, "xy", 2, &pipe_fds[1], 1), 2, "send-a-file");
	is(receive(10, 5), 2, "receive-it");
	is(got, 1, "one-came");
	is(flags, 0, "no-flags");
	ok(got_fds[0] != pipe_fds[1], "it-has-a-new-number");
	sys_write(got_fds[0], "hello", 5);
	is(sys_read(pipe_fds[0], buf, 10), 5, "which-is-the-same-file");
	is(syscall3(__NR_fcntl, got_fds[0], F_GETFD, 0), 0, "and-stays-at-exec");
	close_all(got_fds, got);
	send_files(a, "xy", 2, pipe_fds, 2);
	is(receive_files(b, buf, 1, got_fds, 5, &got, &flags, MSG_CMSG_CLOEXEC), 1, "a-part");
	is(got, 2, "brings-all-files");
	is(flags, MSG_CMSG_CLOEXEC, "with-the-flag");
	is(syscall3(__NR_fcntl, got_fds[0], F_GETFD, 0), FD_CLOEXEC, "close-on-exec");
	close_all(got_fds, got);
	is(receive(10, 5), 1, "the-rest");
	is(got, 0, "brings-none");
	end();
}

static void test_streams(void)
{
	begin();
	sys_send(a, "plain", 5, 0);
	send_files(a, "one", 3, pipe_fds, 1);
	send_files(a, "two", 3, pipe_fds, 1);
	is(receive(50, 5), 8, "bytes-before-come-with-it");
	is(got, 1, "one-set-of-files");
	close_all(got_fds, got);
	is(receive(50, 5), 3, "the-next-set-apart");
	is(got, 1, "one-more");
	close_all(got_fds, got);
	send_files(a, "one", 3, pipe_fds, 1);
	is(receive_files(b, buf, 9, got_fds, 5, &got, &flags, MSG_PEEK), 3, "a-look");
	is(got, 1, "brings-the-file");
	close_all(got_fds, got);
	is(receive(9, 5), 3, "and-again");
	is(got, 1, "it-comes");
	close_all(got_fds, got);
	end();
}

/* A pipe's reader sees the end when no writer is left: also when that was lost with a message. */
static long end_of_pipe(void)
{
	struct pollfd pollfd = { .fd = pipe_fds[0], .events = POLLIN };

	sys_poll(&pollfd, 1, 60000);
	return pollfd.revents;
}

static void test_lost(void)
{
	begin();
	send_files(a, "x", 1, &pipe_fds[1], 1);
	sys_close(pipe_fds[1]);
	is(sys_read(b, buf, 10), 1, "a-plain-read");
	is(end_of_pipe(), POLLHUP, "drops-the-file");
	end();
	begin();
	send_files(a, "x", 1, &pipe_fds[1], 1);
	sys_close(pipe_fds[1]);
	sys_close(b);
	is(end_of_pipe(), POLLHUP, "the-receiver's-end-drops-it");
	end();
	begin();
	send_files(a, "x", 1, (int[]){ pipe_fds[1], pipe_fds[1] }, 2);
	sys_close(pipe_fds[1]);
	is(receive(10, 1), 1, "room-for-one");
	is(got, 1, "one-comes");
	is(flags, MSG_CTRUNC, "and-it-says-so");
	close_all(got_fds, 1);
	is(end_of_pipe(), POLLHUP, "the-other-is-dropped");
	end();
	begin();
	send_files(a, "x", 1, &pipe_fds[1], 1);
	sys_close(pipe_fds[1]);
	is(receive(10, 0), 1, "no-room-at-all");
	is(flags, MSG_CTRUNC, "says-so-too");
	is(end_of_pipe(), POLLHUP, "and-drops-it");
	end();
}

static void test_messages(void)
{
	begin();
	sys_close(a);
	sys_close(b);
	open_pair(SOCK_DGRAM);
	is(send_files(a, "abcd", 4, &pipe_fds[1], 1), 4, "in-a-datagram");
	is(receive(2, 1), 2, "a-short-read");
	is(flags, MSG_TRUNC, "says-so");
	is(got, 1, "brings-the-file-all-the-same");
	close_all(got_fds, got);
	is(send_files(a, "", 0, &pipe_fds[1], 1), 0, "in-an-empty-datagram");
	is(receive(2, 1), 0, "which-comes");
	is(got, 1, "with-its-file");
	close_all(got_fds, got);
	end();
}

/* Bytes that cannot be put anywhere bring no file either. */
static void test_bad_buffers(void)
{
	begin();
	send_files(a, "xy", 2, &pipe_fds[1], 1);
	sys_close(pipe_fds[1]);
	is(receive_files(b, (void *)8, 2, got_fds, 5, &got, &flags, 0), -EFAULT, "a-bad-buffer");
	is(receive(10, 5), 2, "of-a-stream-all-stays");
	is(got, 1, "with-the-file");
	close_all(got_fds, got);
	is(end_of_pipe(), POLLHUP, "which-has-come-but-once");
	sys_close(a);
	sys_close(b);
	sys_close(pipe_fds[0]);
	open_pair(SOCK_SEQPACKET);
	sys_pipe(pipe_fds);
	send_files(a, "xy", 2, &pipe_fds[1], 1);
	sys_close(pipe_fds[1]);
	is(receive_files(b, (void *)8, 2, got_fds, 5, &got, &flags, 0), -EFAULT, "for-a-message");
	is(receive(10, 5), -EAGAIN, "which-is-lost");
	is(end_of_pipe(), POLLHUP, "and-its-file");
	end();
}

/* ---- circles ---- */

/* Both ends in each other's queues, with the pipe's writer; nobody has them any more. */
static int makes_circle(void *arg)
{
	int to_b[2] = { b, pipe_fds[1] }, to_a[2] = { a, pipe_fds[1] };

	send_files(a, "x", 1, to_b, 2);
	send_files(b, "x", 1, to_a, 2);
	return 0;
}

static void test_circles(void)
{
	begin();
	send_files(a, "x", 1, &b, 1);
	send_files(a, "x", 1, &pipe_fds[1], 1);
	sys_close(pipe_fds[1]);
	sys_close(b);
	sys_close(a);
	is(end_of_pipe(), POLLHUP, "a-socket-in-its-own-queue-goes");
	sys_close(pipe_fds[0]);
	begin();
	child_run(makes_circle, NULL);
	sys_close(pipe_fds[1]);
	is(receive(10, 5), 1, "while-we-hold-an-end-all-lives");
	is(got, 2, "and-can-be-received");
	close_all(got_fds, got);
	sys_close(a);
	sys_close(b);
	open_pair(SOCK_STREAM);
	sys_close(a);
	is(end_of_pipe(), POLLHUP, "two-that-hold-each-other-go");
	sys_close(b);
	sys_close(pipe_fds[0]);
}

/* Each socket in the queue of the next: closing the last lets go of all, however many. */
static void test_chain(void)
{
	int first[2], fds[2], last[2];

	sys_pipe(pipe_fds);
	sys_socketpair(AF_UNIX, SOCK_STREAM, 0, first);
	send_files(first[0], "x", 1, &pipe_fds[1], 1);
	sys_close(first[0]);
	sys_close(pipe_fds[1]);
	last[1] = first[1];
	for (int i = 0; i < 500; i++) {
		sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
		send_files(fds[0], "x", 1, &last[1], 1);
		sys_close(last[1]);
		sys_close(fds[0]);
		last[1] = fds[1];
	}
	sys_close(last[1]);
	is(end_of_pipe(), POLLHUP, "a-long-chain-goes-at-once");
	sys_close(pipe_fds[0]);
}

/* ---- errors ---- */

static long send_control(size_t cmsg_len, int level, int type, int fd, size_t len)
{
	struct rights rights = { .header = { cmsg_len, level, type }, .fd = { fd } };
	struct iovec iov = { buf, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &rights,
			      .msg_controllen = len };

	return sys_sendmsg(a, &msg, 0);
}

static void test_errors(void)
{
	struct iovec iov = { buf, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = (void *)8,
			      .msg_controllen = 24 };
	int many[SCM_MAX_FD + 1] = { 0 };

	begin();
	is(send_control(8, SOL_SOCKET, SCM_RIGHTS, 0, 24), -EINVAL, "a-header-that-is-too-short");
	is(send_control(100, SOL_SOCKET, SCM_RIGHTS, 0, 24), -EINVAL, "one-that-is-too-long");
	is(send_control(20, SOL_SOCKET, 99, 0, 24), -EINVAL, "of-an-unknown-type");
	is(send_control(20, 2, SCM_RIGHTS, 0, 24), 1, "of-another-level");
	is(send_control(20, SOL_SOCKET, SCM_RIGHTS, 999, 24), -EBADF, "a-file-that-is-not-open");
	is(send_control(16, SOL_SOCKET, SCM_RIGHTS, 0, 16), 1, "no-files");
	is(send_control(20, SOL_SOCKET, SCM_RIGHTS, 0, 10), 1, "less-than-a-header");
	is(send_control(20, SOL_SOCKET, SCM_RIGHTS, 0, 1ul << 40), -ENOBUFS, "an-absurd-length");
	is(sys_sendmsg(a, &msg, 0), -EFAULT, "a-bad-pointer");
	for (int i = 0; i <= SCM_MAX_FD; i++)
		many[i] = pipe_fds[0];
	is(send_files(a, "x", 1, many, SCM_MAX_FD + 1), -EINVAL, "too-many-files");
	is(receive(10, 5), 3, "only-what-was-right-arrived");
	is(got, 0, "without-files");
	is(send_files(a, "x", 1, many, SCM_MAX_FD), 1, "as-many-as-may-be");
	is(receive(10, SCM_MAX_FD), 1, "arrive");
	is(got, SCM_MAX_FD, "all");
	close_all(got_fds, got);
	send_files(a, "x", 1, &pipe_fds[1], 1);
	sys_close(pipe_fds[1]);
	is(sys_recvmsg(b, &msg, 0), 1, "nowhere-to-put-the-numbers");
	is(msg.msg_flags, MSG_CTRUNC, "says-so");
	is(end_of_pipe(), POLLHUP, "and-drops-the-file");
	end();
}

int main(void)
{
	tap_plan(68);
	test_simple();
	test_streams();
	test_lost();
	test_messages();
	test_bad_buffers();
	test_circles();
	test_chain();
	test_errors();
	return tap_done();
}
