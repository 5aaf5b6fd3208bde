/*
 * bad_buffers.c - buffers that are no user addresses are refused before anything else
 * happens: also by files that would not look at them, at the end of a file, and where a
 * good buffer comes first.
 */
#include "kernel/uapi/socket.h"
#include "kernel/uapi/uio.h"
#include "user/files.h"
#include "user/tap.h"

#include <stdint.h>

#define KERNEL 0xffff800000000000ul
#define LAST   (-PAGE_SIZE) /* what begins there wraps */

static char buf[64];

static const struct iovec good_bad[2] = { { buf, 8 }, { (void *)KERNEL, 8 } };
static const struct iovec bad_good[2] = { { (void *)KERNEL, 8 }, { buf, 8 } };
static const struct iovec wraps[2] = { { buf, 8 }, { (void *)LAST, 2 * PAGE_SIZE } };
static const struct iovec empty[2] = { { buf, 0 }, { (void *)KERNEL, 0 } };
static const struct iovec too_long[2] = { { (void *)KERNEL, 8 }, { buf, ~0ul } };

/* Whatever fd is, and whether or not it has something to read. */
static void refuses(int fd, bool write, const char *name)
{
	const long one = write ? __NR_write : __NR_read, some = write ? __NR_writev : __NR_readv;

	is(syscall3(one, fd, (long)KERNEL, 8), -EFAULT, "%s-a-kernel-address", name);
	is(syscall3(one, fd, (long)KERNEL, 0), -EFAULT, "%s-nothing-at-a-kernel-address", name);
	is(syscall3(one, fd, (long)LAST, 2 * PAGE_SIZE), -EFAULT, "%s-a-range-that-wraps", name);
	is(syscall3(some, fd, P(good_bad), 2), -EFAULT, "%s-a-kernel-address-behind-a-good-one",
	   name);
	is(syscall3(some, fd, P(bad_good), 2), -EFAULT, "%s-a-kernel-address-before-a-good-one",
	   name);
	is(syscall3(some, fd, P(bad_good), 1), -EFAULT, "%s-a-kernel-address-alone", name);
	is(syscall3(some, fd, P(wraps), 2), -EFAULT, "%s-a-part-that-wraps", name);
	is(syscall3(some, fd, P(empty), 2), -EFAULT, "%s-nothing-in-parts", name);
	is(syscall3(some, fd, P(too_long), 2), -EINVAL, "%s-a-bad-length-comes-first", name);
}

static void test_files(void)
{
	int null = (int)sys_open("/dev/null", O_RDWR, 0),
	    zero = (int)sys_open("/dev/zero", O_RDWR, 0);
	int file = make_file("file", "0123456789"), end[2];

	refuses(null, false, "read-null");
	refuses(null, true, "write-null");
	refuses(zero, false, "read-zero");
	refuses(zero, true, "write-zero");
	sys_lseek(file, 0, SEEK_SET);
	refuses(file, false, "read-file");
	refuses(file, true, "write-file");
	is(sys_lseek(file, 0, SEEK_CUR), 0, "the-position-stays");
	ok(file_holds("file", "0123456789"), "and-the-contents");
	sys_lseek(file, 0, SEEK_END);
	refuses(file, false, "read-at-the-end");
	is(syscall4(__NR_pread64, file, (long)KERNEL, 8, 100), -EFAULT, "pread-behind-the-end");
	is(syscall4(__NR_pwrite64, file, (long)KERNEL, 8, 0), -EFAULT, "pwrite");
	sys_pipe(end);
	refuses(end[0], false, "read-empty-pipe");
	refuses(end[1], true, "write-pipe");
	is(sys_write(end[1], "abc", 3), 3, "a-pipe-gets-something");
	refuses(end[0], false, "read-pipe");
	is(sys_read(end[0], buf, 9), 3, "nothing-else-was-in-it-and-all-still-is");
	is(syscall4(__NR_vmsplice, end[1], P(good_bad), 2, 0), -EFAULT, "vmsplice");
	is(syscall4(__NR_vmsplice, end[1], P(wraps), 2, 0), -EFAULT,
	   "vmsplice-of-a-part-that-wraps");
	is(syscall4(__NR_vmsplice, end[0], P(good_bad), 2, SPLICE_F_NONBLOCK), -EFAULT,
	   "vmsplice-from-a-pipe");
	sys_close(null), sys_close(zero), sys_close(file), sys_close(end[0]), sys_close(end[1]);
}

static void test_sockets(void)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)good_bad, .msg_iovlen = 2 };
	int end[2];

	syscall4(__NR_socketpair, AF_UNIX, SOCK_STREAM, 0, P(end));
	refuses(end[0], true, "write-socket");
	refuses(end[1], false, "read-socket");
	is(syscall6(__NR_sendto, end[0], (long)KERNEL, 8, 0, 0, 0), -EFAULT, "sendto");
	is(syscall6(__NR_recvfrom, end[1], (long)KERNEL, 8, MSG_DONTWAIT, 0, 0), -EFAULT,
	   "recvfrom");
	is(syscall6(__NR_sendto, 999, (long)KERNEL, 8, 0, 0, 0), -EFAULT, "sendto-no-socket");
	is(syscall3(__NR_sendmsg, end[0], P(&msg), 0), -EFAULT, "sendmsg");
	is(syscall3(__NR_recvmsg, end[1], P(&msg), MSG_DONTWAIT), -EFAULT, "recvmsg");
	is(syscall6(__NR_recvfrom, end[1], P(buf), 8, MSG_DONTWAIT, 0, 0), -EAGAIN,
	   "nothing-was-sent");
	is(syscall3(__NR_getrandom, (long)KERNEL, 0, 0), -EFAULT, "getrandom");
	sys_close(end[0]), sys_close(end[1]);
}

/* Those of another program are looked at one after the other. */
static void test_process_vm(void)
{
	char mine[16];
	const struct iovec here = { mine, 16 };
	const long self = sys_getpid();

	is(syscall6(__NR_process_vm_readv, self, P(&here), 1, P(good_bad), 2, 0), 8,
	   "of-another-up-to-the-bad-one");
	is(syscall6(__NR_process_vm_readv, self, P(good_bad), 2, P(&here), 1, 0), -EFAULT,
	   "but-into-ones-own-nothing");
	is(syscall6(__NR_process_vm_writev, self, P(good_bad), 2, P(&here), 1, 0), -EFAULT,
	   "nor-out-of-it");
}

int main(void)
{
	scratch_enter();
	test_files();
	test_sockets();
	test_process_vm();
	sys_unlink("file");
	scratch_leave();
	return tap_finish();
}
