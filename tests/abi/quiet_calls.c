/*
 * quiet_calls.c - calls that other tests have no use for: what they answer, and their errors.
 */
#include "kernel/uapi/epoll.h"
#include "kernel/uapi/termios.h"
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/signals.h"
#include "user/sockets.h"
#include "user/tap.h"
#include "user/thread.h"

#include <string.h>

static void test_numbers(void)
{
	long self = sys_getpid();

	is(syscall1(__NR_getpgid, 0), syscall0(__NR_getpgrp), "one's-own-group");
	is(syscall1(__NR_getpgid, self), syscall1(__NR_getpgid, 0), "by-number");
	is(syscall1(__NR_getpgid, 1 << 22), -ESRCH, "the-group-of-nobody");
	is(syscall1(__NR_getpgid, -1), -ESRCH, "nor-of-a-negative-number");
	is(syscall1(__NR_getsid, 0), syscall1(__NR_getsid, self), "one's-own-session");
	is(syscall1(__NR_getsid, 1 << 22), -ESRCH, "the-session-of-nobody");
	is(syscall1(__NR_sched_get_priority_max, SCHED_FIFO), 99,
	   "the-highest-real-time-priority");
	is(syscall1(__NR_sched_get_priority_min, SCHED_RR), 1, "the-lowest");
	is(syscall1(__NR_sched_get_priority_max, SCHED_NORMAL), 0, "others-have-none");
	is(syscall1(__NR_sched_get_priority_max, 99), -EINVAL, "nor-has-what-is-no-policy");
	is(syscall1(__NR_sched_get_priority_min, -1), -EINVAL, "of-which-there-is-no-lowest");
	is(syscall0(__NR_restart_syscall), -EINTR, "there-is-nothing-to-restart");
}

static int own_session(void *arg)
{
	(void)arg;
	if (syscall0(__NR_setsid) != sys_getpid() || syscall1(__NR_getsid, 0) != sys_getpid())
		return 1;
	return syscall0(__NR_setsid) != -EPERM;
}

/* Who has no terminal hangs nothing up; and only root may ask for it. */
static int hang_up(void *arg)
{
	long ret;

	(void)arg;
	syscall0(__NR_setsid);
	ret = syscall0(__NR_vhangup);
	if (ret != 0 && ret != -EPERM)	/* root may lack the privilege in a container */
		return 1;
	syscall1(__NR_setuid, 1000);
	return syscall0(__NR_vhangup) != -EPERM;
}

static int personality(void *arg)
{
	long old = syscall1(__NR_personality, 0xffffffff);

	(void)arg;
	if (syscall1(__NR_personality, 0x0040000) != old)
		return 1;
	return syscall1(__NR_personality, 0xffffffff) != 0x0040000;
}

static bool is_open(int fd) { return sys_fcntl(fd, F_GETFD, 0) >= 0; }

static void *closes_for_itself(void *arg)
{
	int fd = *(int *)arg;

	return (void *)(long)(syscall3(__NR_close_range, fd, fd, CLOSE_RANGE_UNSHARE) ||
			      is_open(fd));
}

/* A thread that unshares its descriptors closes nobody else's. */
static void test_close_range_unshared(void)
{
	struct thread thread;
	int fd = make_file("shared", "");

	thread_create(&thread, closes_for_itself, &fd);
	is((long)thread_join(&thread), 0, "a-thread-closes-what-it-has-unshared");
	ok(is_open(fd), "for-itself-alone");
	is(syscall3(__NR_close_range, fd, fd, CLOSE_RANGE_UNSHARE), 0, "who-shares-with-nobody");
	ok(!is_open(fd), "closes-as-always");
}

static void test_close_range(void)
{
	int fds[4];

	for (int i = 0; i < 4; i++)
		fds[i] = (int)sys_fcntl(0, F_DUPFD, 100 + i);
	if (fds[0] < 0) {
		for (int i = 0; i < 4; i++)
			fds[i] = (int)syscall3(__NR_dup3, make_file("f", ""), 100 + i, 0);
	}
	is(syscall3(__NR_close_range, fds[1], fds[2], 0), 0, "a-range-of-descriptors-is-closed");
	ok(is_open(fds[0]) && !is_open(fds[1]) && !is_open(fds[2]) && is_open(fds[3]),
	   "and-no-others");
	is(syscall3(__NR_close_range, fds[2], fds[1], 0), -EINVAL,
	   "a-range-that-ends-before-it-begins");
	is(syscall3(__NR_close_range, fds[0], fds[3], 64), -EINVAL, "with-an-unknown-flag");
	is(syscall3(__NR_close_range, fds[0], fds[3], 4), 0, "marked-for-exec-instead");
	is(sys_fcntl(fds[0], F_GETFD, 0), 1, "it-is-open-and-marked");
	is(syscall3(__NR_close_range, fds[0], ~0u, 0), 0, "to-the-end");
	ok(!is_open(fds[0]) && !is_open(fds[3]), "all-are-closed");
}

static void test_sync(void)
{
	int fd = make_file("synced", "contents"), pipes[2] = { -1, -1 };

	syscall1(__NR_pipe, P(pipes));
	is(syscall1(__NR_fsync, fd), 0, "fsync-of-a-file");
	is(syscall1(__NR_fdatasync, fd), 0, "fdatasync");
	is(syscall1(__NR_syncfs, fd), 0, "syncfs");
	is(syscall0(__NR_sync), 0, "sync");
	is(syscall1(__NR_fsync, pipes[0]), -EINVAL, "a-pipe-cannot-be-synced");
	is(syscall1(__NR_fdatasync, pipes[1]), -EINVAL, "nor-its-other-end");
	is(syscall1(__NR_fsync, 999), -EBADF, "nor-what-is-not-open");
	is(syscall1(__NR_fdatasync, 999), -EBADF, "neither-way");
	is(syscall1(__NR_syncfs, 999), -EBADF, "nor-its-file-system");
	sys_close(fd);
	sys_close(pipes[0]);
	sys_close(pipes[1]);
}

static void test_fchown(void)
{
	int fd = make_file("owned", "");
	struct __kernel_stat st = { 0 };

	is(syscall3(__NR_fchown, fd, 11, 12), 0, "fchown");
	sys_stat("owned", &st);
	ok(st.st_uid == 11 && st.st_gid == 12, "changes-both-owners");
	is(syscall3(__NR_fchown, fd, -1, 13), 0, "fchown-of-the-group-alone");
	sys_stat("owned", &st);
	ok(st.st_uid == 11 && st.st_gid == 13, "leaves-the-user");
	is(syscall3(__NR_fchown, 999, 0, 0), -EBADF, "fchown-of-nothing");
	sys_close(fd);
}

static void test_ioctl(void)
{
	int fd = make_file("asked", "seven b"), left = 0, on = 1;

	sys_lseek(fd, 2, SEEK_SET);
	is(syscall3(__NR_ioctl, fd, FIONREAD, P(&left)), 0, "a-file-tells-what-is-left");
	is(left, 5, "behind-its-position");
	is(syscall3(__NR_ioctl, fd, FIONBIO, P(&on)), 0, "FIONBIO");
	ok(sys_fcntl(fd, F_GETFL, 0) & O_NONBLOCK, "sets-O_NONBLOCK");
	on = 0;
	syscall3(__NR_ioctl, fd, FIONBIO, P(&on));
	ok(!(sys_fcntl(fd, F_GETFL, 0) & O_NONBLOCK), "and-clears-it");
	is(syscall3(__NR_ioctl, fd, FIOCLEX, 0), 0, "FIOCLEX");
	is(sys_fcntl(fd, F_GETFD, 0), 1, "marks-for-exec");
	is(syscall3(__NR_ioctl, fd, FIONCLEX, 0), 0, "FIONCLEX");
	is(sys_fcntl(fd, F_GETFD, 0), 0, "unmarks");
	is(syscall3(__NR_ioctl, fd, TCGETS, P(&left)), -ENOTTY, "a-file-is-no-terminal");
	is(syscall3(__NR_ioctl, 999, FIONREAD, P(&left)), -EBADF, "what-is-not-open-is-nothing");
	sys_close(fd);
}

static void test_sockets(void)
{
	int pair[2], len = 110;
	struct { uint16_t family; char path[108]; } name = { 0, "" };

	is(syscall4(__NR_socketpair, AF_UNIX, SOCK_STREAM, 0, P(pair)), 0, "a-pair-of-sockets");
	is(syscall3(__NR_getsockname, pair[0], P(&name), P(&len)), 0, "has-names");
	ok(name.family == AF_UNIX && len == 2, "that-are-empty");
	len = 110;
	is(syscall3(__NR_getpeername, pair[0], P(&name), P(&len)), 0, "and-so-has-the-other-end");
	is(len, 2, "just-as-empty");
	is(syscall3(__NR_getsockname, pair[0], 8, P(&len)), -EFAULT, "a-name-to-a-bad-address");
	len = -1;
	is(syscall3(__NR_getsockname, pair[0], P(&name), P(&len)), -EINVAL, "a-negative-length");
	is(syscall3(__NR_getsockname, 999, P(&name), P(&len)), -EBADF, "the-name-of-nothing");
	is(syscall3(__NR_socket, 12345, SOCK_STREAM, 0), -EAFNOSUPPORT, "an-unknown-family");
	sys_close(pair[0]);
	is(syscall3(__NR_getpeername, pair[0], P(&name), P(&len)), -EBADF,
	   "the-name-of-what-is-closed");
	sys_close(pair[1]);
}

static void test_epoll_pwait(void)
{
	int ep = (int)syscall1(__NR_epoll_create1, 0), pipes[2];
	struct epoll_event event = { .events = 1 }, got = { 0 };
	uint64_t none = 0;

	syscall1(__NR_pipe, P(pipes));
	syscall4(__NR_epoll_ctl, ep, 1, pipes[0], P(&event));
	is(syscall6(__NR_epoll_pwait, ep, P(&got), 1, 0, P(&none), 8), 0, "nothing-is-ready");
	sys_write(pipes[1], "x", 1);
	is(syscall6(__NR_epoll_pwait, ep, P(&got), 1, -1, P(&none), 8), 1, "something-is");
	is(syscall6(__NR_epoll_pwait, ep, P(&got), 1, 0, 0, 8), 1, "without-a-mask");
	is(syscall6(__NR_epoll_pwait, ep, P(&got), 1, 0, P(&none), 4), -EINVAL,
	   "a-mask-of-another-size");
	is(syscall6(__NR_epoll_pwait, ep, P(&got), 1, 0, 8, 8), -EFAULT,
	   "a-mask-at-a-bad-address");
	is(syscall6(__NR_epoll_pwait, ep, P(&got), 0, 0, 0, 8), -EINVAL, "room-for-nothing");
	is(syscall6(__NR_epoll_pwait, pipes[0], P(&got), 1, 0, 0, 8), -EINVAL, "what-is-no-set");
	is(syscall6(__NR_epoll_pwait, 999, P(&got), 1, 0, 0, 8), -EBADF, "what-is-not-open");
	for (int i = 0; i < 2; i++)
		sys_close(pipes[i]);
	sys_close(ep);
}

/*
 * Restartable sequences: a kernel that has none says so whatever it is asked, and libraries go on
 * without.
 */
static long rseq(void *area, unsigned int len, int flags, unsigned int signature)
{
	return syscall4(__NR_rseq, P(area), len, flags, signature);
}

static void test_rseq(void)
{
	static struct { unsigned int cpu_start, cpu; unsigned long cs; unsigned int rest[4]; } area
		__attribute__((aligned(32))) = { .cpu = ~0u };
	bool none = rseq(&area, sizeof(area), 0, 0x53053053) == -ENOSYS;
	long registered = none ? -ENOSYS : 0;

	is(rseq(&area, sizeof(area), 0, 0x53053053), none ? -ENOSYS : -EBUSY,
	   "rseq-once-or-not-at-all");
	is(rseq(&area, sizeof(area), 1, 1), none ? -ENOSYS : -EPERM,
	   "rseq-with-another-signature");
	is(rseq(&area, 8, 1, 0x53053053), none ? -ENOSYS : -EINVAL, "rseq-of-another-size");
	ok(none ? area.cpu == ~0u : area.cpu < 4096, "the-processor's-number-is-there-only-then");
	is(rseq(&area, sizeof(area), 1, 0x53053053), registered, "rseq-no-more");
	is(rseq(&area, sizeof(area), 2, 0), none ? -ENOSYS : -EINVAL, "rseq-with-a-bad-flag");
	is(rseq((char *)&area + 8, sizeof(area), 0, 0), none ? -ENOSYS : -EINVAL,
	   "rseq-not-aligned");
}

/* By mistake no machine is switched off. */
static void test_reboot(void)
{
	is(syscall4(__NR_reboot, 0, 0, 0, 0), -EINVAL, "reboot-takes-magic-numbers");
	is(syscall4(__NR_reboot, 0xfee1dead, 0, 0, 0), -EINVAL, "both-of-them");
}

int main(void)
{
	scratch_enter();
	test_numbers();
	ok_child_exits(own_session, NULL, 0, "a-session-of-one's-own-once");
	ok_child_exits(hang_up, NULL, 0, "who-has-no-terminal-hangs-nothing-up");
	ok_child_exits(personality, NULL, 0, "a-personality-is-told-and-kept");
	test_close_range();
	test_close_range_unshared();
	test_sync();
	test_fchown();
	test_ioctl();
	test_sockets();
	test_epoll_pwait();
	test_rseq();
	test_reboot();
	scratch_leave();
	return tap_finish();
}
