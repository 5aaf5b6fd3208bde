/*
 * advise.c - fadvise64, readahead and sync_file_range: what they refuse, and that
 * they change nothing.
 */
#include "kernel/uapi/fadvise.h"
#include "user/files.h"
#include "user/tap.h"

#include <string.h>

#define LONGEST	0x7fffffffffffffff

static long advise(int fd, long start, long len, int advice)
{
	return syscall4(__NR_fadvise64, fd, start, len, advice);
}

static long ahead(int fd, long start, long len)
{
	return syscall3(__NR_readahead, fd, start, len);
}

static long sync_range(int fd, long start, long len, int flags)
{
	return syscall4(__NR_sync_file_range, fd, start, len, flags);
}

struct files {
	int file, writer, path, dir, null, pipe;
};

static void test_advice(const struct files *f)
{
	for (int i = POSIX_FADV_NORMAL; i <= POSIX_FADV_NOREUSE; i++)
		is(advise(f->file, 0, 100, i), 0, "advice-%d", i);
	is(advise(f->file, 0, 0, POSIX_FADV_DONTNEED), 0, "to-the-end");
	is(advise(f->file, LONGEST, LONGEST, POSIX_FADV_WILLNEED), 0, "behind-all-ends");
	is(advise(f->file, 0, 100, 6), -EINVAL, "an-unknown-advice");
	is(advise(f->file, 0, 100, -1), -EINVAL, "a-negative-one");
	is(advise(f->file, 0, -1, 0), -EINVAL, "a-negative-length");
	is(advise(f->dir, 0, 0, POSIX_FADV_WILLNEED), 0, "a-directory");
	is(advise(f->null, 0, 0, POSIX_FADV_WILLNEED), 0, "a-device");
	is(advise(f->pipe, 0, -1, 9), -ESPIPE, "a-pipe-before-all-else");
	is(advise(f->path, 0, 0, 0), -EBADF, "a-path");
	is(advise(-1, 0, 0, 0), -EBADF, "no-file");
}

static void test_readahead(const struct files *f)
{
	is(ahead(f->file, 0, 4096), 0, "readahead");
	is(ahead(f->file, 1 << 20, 4096), 0, "behind-the-end");
	is(ahead(f->file, 0, -1), -EINVAL, "of-too-much");
	is(ahead(f->writer, 0, 1), -EBADF, "of-what-may-not-be-read");
	is(ahead(f->dir, 0, 1), -EINVAL, "of-a-directory");
	is(ahead(f->null, 0, 1), -EINVAL, "of-a-device");
	is(ahead(f->pipe, 0, 1), -EINVAL, "of-a-pipe");
	is(ahead(f->path, 0, 1), -EBADF, "of-a-path");
	is(ahead(-1, 0, 1), -EBADF, "of-no-file");
}

static void test_sync(const struct files *f)
{
	is(sync_range(f->file, 0, 0, 7), 0, "sync_file_range");
	is(sync_range(f->writer, 0, 10, SYNC_FILE_RANGE_WRITE), 0, "of-what-may-only-be-written");
	is(sync_range(f->dir, 0, 0, 7), 0, "sync-of-a-directory");
	is(sync_range(f->file, 0, 0, 0), 0, "without-flags");
	is(sync_range(f->file, 0, 0, 8), -EINVAL, "with-an-unknown-flag");
	is(sync_range(f->file, -1, 0, 7), -EINVAL, "from-before-the-start");
	is(sync_range(f->file, 0, -1, 7), -EINVAL, "with-a-negative-length");
	is(sync_range(f->file, 1, LONGEST, 7), -EINVAL, "beyond-all-sizes");
	is(sync_range(f->pipe, 0, 0, 7), -ESPIPE, "sync-of-a-pipe");
	is(sync_range(f->pipe, 0, 0, 8), -EINVAL, "flags-come-first");
	is(sync_range(f->null, 0, 0, 7), -ESPIPE, "sync-of-a-device");
	is(sync_range(f->path, 0, 0, 7), -EBADF, "sync-of-a-path");
}

int main(void)
{
	struct files f;
	char text[6] = "";
	int ends[2];

	f.file = make_file("advised", "bytes");
	f.writer = (int)sys_open("advised", O_WRONLY, 0);
	f.path = (int)sys_open("advised", O_PATH, 0);
	f.dir = (int)sys_open(".", O_RDONLY, 0);
	f.null = (int)sys_open("/dev/null", O_RDWR, 0);
	sys_pipe(ends);
	f.pipe = ends[0];
	test_advice(&f);
	test_readahead(&f);
	test_sync(&f);
	sys_pread(f.file, text, 5, 0);
	ok(!strcmp(text, "bytes"), "the-file-is-what-it-was");
	sys_unlink("advised");
	return tap_finish();
}
