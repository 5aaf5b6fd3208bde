/* rwf.c - the flags of preadv2(2) and pwritev2(2): appending, not waiting; who knows them. */
#include "user/child.h"
#include "user/events.h"
#include "user/files.h"
#include "user/sockets.h"
#include "user/tap.h"

#include <string.h>

#define UNKNOWN	0x8000	/* of no kernel */

static char buf[64];

static long move(int nr, int fd, long n, long at, int flags)
{
	struct iovec vec = { buf, n };

	return syscall6(nr, fd, P(&vec), 1, at, 0, flags);
}
static long read_it(int fd, int flags) { return move(__NR_preadv2, fd, 8, -1, flags); }
static long write_it(int fd, int flags) { return move(__NR_pwritev2, fd, 8, -1, flags); }

static void test_append(void)
{
	int fd = make_file("a", "0123456789");

	sys_lseek(fd, 2, SEEK_SET);
	memcpy(buf, "appended", 8);
	is(move(__NR_pwritev2, fd, 3, 1, RWF_APPEND), 3, "append-with-an-offset");
	is(sys_lseek(fd, 0, SEEK_CUR), 2, "the-position-stays");
	is(move(__NR_pwritev2, fd, 2, -1, RWF_APPEND), 2, "append-at-the-position");
	is(sys_lseek(fd, 0, SEEK_CUR), 15, "it-is-the-end-then");
	ok(file_holds("a", "0123456789appap"), "both-are-at-the-end");
	is(move(__NR_pwritev2, fd, 2, 0, 0), 2, "the-next-call");
	ok(file_holds("a", "ap23456789appap"), "goes-where-it-says");
	is(move(__NR_preadv2, fd, 2, 2, RWF_APPEND), 2, "a-read-takes-the-flag");
	ok(!memcmp(buf, "23", 2), "and-does-not-mind-it");
	is(move(__NR_pwritev2, fd, 2, -2, RWF_APPEND), -EINVAL,
	   "a-bad-offset-is-one-all-the-same");
	is(move(__NR_pwritev2, fd, 2, 0, RWF_APPEND | RWF_SYNC | RWF_HIPRI), 2,
	   "flags-go-together");
	is(size_of("a"), 17, "and-each-is-kept");
	sys_close(fd);
}

/* Which error comes first. */
static void test_unknown(void)
{
	int fd = make_file("a", "text"), reader = (int)sys_open("a", O_RDONLY, 0), ends[2];
	struct iovec vec[2] = { { buf, 0 }, { (void *)-1l, 8 } };

	sys_pipe(ends);
	is(read_it(fd, UNKNOWN), -EOPNOTSUPP, "an-unknown-flag");
	is(write_it(fd, UNKNOWN), -EOPNOTSUPP, "of-a-write");
	is(read_it(-1, UNKNOWN), -EBADF, "of-no-file");
	is(write_it(reader, UNKNOWN), -EBADF, "of-one-that-cannot-be-written");
	is(move(__NR_preadv2, ends[0], 8, 0, UNKNOWN), -ESPIPE, "of-one-without-offsets");
	is(syscall6(__NR_preadv2, fd, P(vec), 1, 0, 0, UNKNOWN), 0, "of-nothing");
	is(syscall6(__NR_preadv2, fd, P(vec), 2, 0, 0, UNKNOWN), -EFAULT, "of-a-bad-buffer");
	is(syscall6(__NR_preadv2, fd, P(vec), 2000, 0, 0, UNKNOWN), -EINVAL, "of-too-many");
	sys_close(ends[0]);
	sys_close(ends[1]);
	sys_close(reader);
	sys_close(fd);
}

/* From in to out, both empty. */
static void test_stream(const char *kind, int in, int out)
{
	long moved = 0, n;

	is(read_it(in, RWF_NOWAIT), -EAGAIN, "%s-nothing-to-read", kind);
	is(write_it(out, RWF_NOWAIT), 8, "%s-room", kind);
	is(read_it(in, RWF_NOWAIT | RWF_HIPRI), 8, "%s-something-to-read", kind);
	is(read_it(in, RWF_NOWAIT), -EAGAIN, "%s-nothing-again", kind);
	while ((n = write_it(out, RWF_NOWAIT)) > 0)
		moved += n;
	is(n, -EAGAIN, "%s-full", kind);
	while ((n = read_it(in, RWF_NOWAIT)) > 0)
		moved -= n;
	is(moved, 0, "%s-all-of-it-arrives", kind);
	is(sys_fcntl(in, F_GETFL, 0) & O_NONBLOCK, 0, "%s-others-would-wait", kind);
	sys_close(out);
	is(read_it(in, RWF_NOWAIT), 0, "%s-the-end", kind);
	sys_close(in);
}

/* What cannot wait, or does not know how not to. */
static void test_others(void)
{
	int null = (int)sys_open("/dev/null", O_RDWR, 0);
	int zero = (int)sys_open("/dev/zero", O_RDWR, 0);
	int event = (int)sys_eventfd2(0, 0), dir = (int)sys_open(".", O_RDONLY, 0);
	int stat = (int)sys_open("/proc/self/stat", O_RDONLY, 0);

	is(read_it(null, RWF_NOWAIT), 0, "dev-null-is-read");
	is(write_it(null, RWF_NOWAIT), 8, "and-written");
	is(read_it(zero, RWF_NOWAIT), 8, "dev-zero-is-read");
	is(read_it(event, RWF_NOWAIT), -EAGAIN, "an-event-that-has-not-come");
	memset(buf, 0, 8);
	buf[0] = 3;
	is(write_it(event, RWF_NOWAIT), -EOPNOTSUPP, "events-are-not-written-without-waiting");
	is(write_it(event, 0), 8, "but-with");
	is(read_it(event, RWF_NOWAIT), 8, "one-that-has-come");
	is(buf[0], 3, "is-told");
	is(read_it(stat, RWF_NOWAIT), -EOPNOTSUPP, "a-file-of-proc-does-not-know");
	is(move(__NR_preadv2, dir, 8, -1, 0), -EISDIR, "a-directory-cannot-be-read");
	sys_close(null);
	sys_close(zero);
	sys_close(event);
	sys_close(stat);
	sys_close(dir);
}

static void test_tmpfs(void)
{
	int fd = (int)sys_memfd_create("file", 0);

	is(write_it(fd, RWF_NOWAIT), -EOPNOTSUPP, "a-file-in-memory-does-not-know-either");
	is(read_it(fd, RWF_NOWAIT), -EOPNOTSUPP, "for-reads");
	is(size_of("a"), 17, "and-nothing-has-happened");
	sys_close(fd);
}

int main(void)
{
	int ends[2];

	scratch_enter();
	test_append();
	sys_rename("a", "b");
	test_unknown();
	sys_rename("b", "a");
	sys_pipe(ends);
	test_stream("pipe", ends[0], ends[1]);
	sys_socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	test_stream("socket", ends[0], ends[1]);
	test_others();
	test_tmpfs();
	scratch_leave();
	return tap_finish();
}
