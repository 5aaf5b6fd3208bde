/* files.c - open, read, lseek, fstat, close on files that exist: results and errors. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

static char *self;			/* this program: a file that can be read everywhere */

static void test_open(void)
{
	char *path = map_private(2 * PAGE_SIZE);
	long first, second;

	is(sys_open("/no/such/file", O_RDONLY, 0), -ENOENT, "a-missing-file");
	is(sys_open("", O_RDONLY, 0), -ENOENT, "an-empty-path");
	is(sys_open("/", O_WRONLY, 0), -EISDIR, "a-directory-for-writing");
	is(sys_open(self, O_RDONLY | O_DIRECTORY, 0), -ENOTDIR, "a-file-as-a-directory");
	memset(path, 'x', 2 * PAGE_SIZE - 1);
	is(sys_open(path, O_RDONLY, 0), -ENAMETOOLONG, "a-path-too-long");
	strcpy(path, self);
	strcat(path, "/below");
	is(sys_open(path, O_RDONLY, 0), -ENOTDIR, "a-path-through-a-file");
	memset(path, 'n', 300);
	path[0] = '/';
	path[300] = '\0';
	is(sys_open(path, O_RDONLY, 0), -ENAMETOOLONG, "a-name-too-long");
	first = sys_open(self, O_RDONLY, 0);
	second = sys_open(self, O_RDONLY, 0);
	ok(first > 2 && second > first, "each-open-gives-another-descriptor");
	sys_close((int)first);
	is(sys_open(self, O_RDONLY, 0), first, "the-lowest-free-descriptor-is-used");
	sys_close((int)first);
	sys_close((int)second);
	unmap(path, 2 * PAGE_SIZE);
}

static void test_read(void)
{
	unsigned char first[64], second[64];
	struct __kernel_stat st;
	int fd = (int)sys_open(self, O_RDONLY, 0);

	is(sys_read(fd, first, 64), 64, "a-read");
	ok(memcmp(first, "\177ELF", 4) == 0, "it-gives-the-file's-bytes");
	is(sys_lseek(fd, 0, SEEK_CUR), 64, "a-read-moves-the-position");
	sys_lseek(fd, 0, SEEK_SET);
	sys_read(fd, second, 32);
	sys_read(fd, second + 32, 32);
	ok(memcmp(first, second, 64) == 0, "two-reads-give-what-one-gives");
	is(sys_fstat(fd, &st), 0, "fstat");
	ok((st.st_mode & S_IFMT) == S_IFREG && st.st_size > 1000, "it-tells-kind-and-size");
	is(sys_lseek(fd, 0, SEEK_END), st.st_size, "the-end-is-at-the-size");
	is(sys_read(fd, first, 64), 0, "a-read-at-the-end-gives-nothing");
	sys_lseek(fd, -10, SEEK_END);
	is(sys_read(fd, first, 64), 10, "a-read-near-the-end-gives-the-rest");
	is(sys_lseek(fd, st.st_size + 1000, SEEK_SET), st.st_size + 1000,
	   "the-position-may-lie-behind-the-end");
	is(sys_read(fd, first, 64), 0, "where-there-is-nothing-to-read");
	sys_close(fd);
}

static void test_lseek_errors(void)
{
	int fd = (int)sys_open(self, O_RDONLY, 0);
	int fds[2];

	sys_pipe(fds);
	is(sys_lseek(fd, -1, SEEK_SET), -EINVAL, "a-negative-position");
	is(sys_lseek(fd, 0, 77), -EINVAL, "an-unknown-origin");
	is(sys_lseek(fds[0], 0, SEEK_CUR), -ESPIPE, "a-pipe-has-no-position");
	is(sys_lseek(999, 0, SEEK_SET), -EBADF, "lseek-of-no-file");
	sys_close(fd);
	sys_close(fds[0]);
	sys_close(fds[1]);
}

static void test_bad_descriptors(void)
{
	struct __kernel_stat st;
	char byte;
	int fd = (int)sys_open(self, O_RDONLY, 0);

	is(sys_write(fd, "x", 1), -EBADF, "a-write-to-a-file-open-for-reading");
	is(sys_close(fd), 0, "close");
	is(sys_close(fd), -EBADF, "a-second-close");
	is(sys_read(fd, &byte, 1), -EBADF, "a-read-of-a-closed-file");
	is(sys_write(fd, "x", 1), -EBADF, "a-write-to-a-closed-file");
	is(sys_fstat(fd, &st), -EBADF, "fstat-of-a-closed-file");
	is(sys_read(-1, &byte, 1), -EBADF, "a-read-of-minus-1");
	is(sys_read(1 << 30, &byte, 1), -EBADF, "a-read-of-an-absurd-descriptor");
	is(sys_close(-1), -EBADF, "a-close-of-minus-1");
	fd = (int)sys_open("/", O_RDONLY, 0);
	is(sys_read(fd, &byte, 1), -EISDIR, "a-read-of-a-directory");
	sys_close(fd);
}

static void test_absurd_lengths(void)
{
	int fd = (int)sys_open(self, O_RDONLY, 0);
	char byte;

	is(sys_read(fd, &byte, ~0UL), -EFAULT, "a-read-of-2-to-the-64-bytes");
	is(syscall4(__NR_pread64, fd, (long)&byte, 100, INT64_MAX), -EINVAL,
	   "a-read-that-ends-beyond-all-positions");
	is(syscall4(__NR_pread64, fd, (long)&byte, 1, INT64_MAX - 1), 0, "one-that-just-does-not");
	sys_close(fd);
}

/* The buffer's second page is missing: the bytes before it arrive, and only those count. */
static void test_partial_buffer(void)
{
	char *mem = map_private(2 * PAGE_SIZE);
	char expected[100];
	int fd = (int)sys_open(self, O_RDONLY, 0);

	unmap(mem + PAGE_SIZE, PAGE_SIZE);
	sys_read(fd, expected, 100);
	sys_lseek(fd, 0, SEEK_SET);
	is(sys_read(fd, mem + PAGE_SIZE - 100, 200), 100, "a-buffer-that-ends-early-is-filled");
	ok(memcmp(mem + PAGE_SIZE - 100, expected, 100) == 0, "with-the-right-bytes");
	is(sys_lseek(fd, 0, SEEK_CUR), 100, "the-position-moves-by-as-much");
	is(sys_read(fd, mem + PAGE_SIZE, 100), -EFAULT, "a-buffer-that-is-all-bad");
	is(sys_lseek(fd, 0, SEEK_CUR), 100, "the-position-stays");
	sys_close(fd);
	unmap(mem, PAGE_SIZE);
}

/* The offset belongs to the open file, which parent and child share. */
static int child_reads_on(void *arg)
{
	char bytes[10];

	return sys_read(*(int *)arg, bytes, 10) == 10 ? 0 : 1;
}

static void test_sharing(void)
{
	int fd = (int)sys_open(self, O_RDONLY, 0);
	int other = (int)sys_open(self, O_RDONLY, 0);

	ok_child_exits(child_reads_on, &fd, 0, "a-child-reads-an-inherited-file");
	is(sys_lseek(fd, 0, SEEK_CUR), 10, "the-position-is-shared-with-the-child");
	is(sys_lseek(other, 0, SEEK_CUR), 0, "but-not-with-another-open-of-the-file");
	sys_close(fd);
	sys_close(other);
}

static void test_dup(void)
{
	int fd = (int)sys_open(self, O_RDONLY, 0);
	char byte;

	is(sys_dup2(fd, 20), 20, "dup2-gives-the-wanted-descriptor");
	sys_read(fd, &byte, 1);
	is(sys_lseek(20, 0, SEEK_CUR), 1, "both-share-the-position");
	is(sys_close(fd), 0, "closing-one-of-them");
	is(sys_read(20, &byte, 1), 1, "leaves-the-other-open");
	is(sys_dup2(20, 20), 20, "dup2-onto-itself");
	is(sys_dup2(fd, 21), -EBADF, "dup2-of-a-closed-file");
	is(sys_dup2(20, -1), -EBADF, "dup2-to-minus-1");
	sys_close(20);
}

static int child_opens_many(void *arg)
{
	struct rlimit64 limit = { 64, 64 };
	long fd;
	int count = 0;

	(void)arg;
	sys_prlimit64(0, RLIMIT_NOFILE, &limit, NULL);
	do
		fd = sys_open(self, O_RDONLY, 0);
	while (!is_error(fd) && ++count < 5000);
	return fd == -EMFILE ? 0 : 1;
}

int main(int argc, char **argv)
{
	(void)argc;
	self = argv[0];
	tap_plan(53);
	test_open();
	test_read();
	test_lseek_errors();
	test_bad_descriptors();
	test_absurd_lengths();
	test_partial_buffer();
	test_sharing();
	test_dup();
	ok_child_exits(child_opens_many, NULL, 0, "too-many-open-files");
	return tap_done();
}
