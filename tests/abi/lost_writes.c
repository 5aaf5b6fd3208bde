/*
 * lost_writes.c - what was written and did not reach its device, or was lost on the way: each open
 * file hears of it once. `lost_writes DEVICE PAGE` does it with a device that cannot write that
 * page (on Pleat: disk_worn=SECTOR, tests/boot/disk.t; on Linux a loop device whose file lies on a
 * full tmpfs and has only the pages before that one), `lost_writes DEVICE PAGE break` by breaking
 * the memory of that page.
 */
#include "kernel/uapi/fadvise.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#include <stdlib.h>
#include <string.h>

#define RW	(PROT_READ | PROT_WRITE)
#define GOOD	1	/* a page that can be written */

static const char *path;
static long page;		/* that cannot */
static bool breaks;
static char block[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static int open_again(int flags)
{
	int fd = (int)sys_open(path, O_RDWR | flags, 0);

	if (fd < 0)
		bail("%s: %d", path, fd);
	return fd;
}
static long fsync(int fd) { return syscall1(__NR_fsync, fd); }
static long fdatasync(int fd) { return syscall1(__NR_fdatasync, fd); }
static long sync_range(int fd, int flags)
{
	return syscall4(__NR_sync_file_range, fd, 0, PAGE_SIZE, flags);
}
static long msync(const char *at, int flags)
{
	return syscall3(__NR_msync, P(at), PAGE_SIZE, flags);
}

static long write_page(int fd, long n)
{
	return sys_pwrite(fd, block, PAGE_SIZE, n * (long)PAGE_SIZE);
}

static char *map_page(int fd, int type, long n)
{
	long at = sys_mmap(0, PAGE_SIZE, RW, type, fd, n * (long)PAGE_SIZE);

	if (is_error(at))
		bail("mmap: %ld", at);
	return (char *)at;
}

/* Writes what will be lost; nobody is told yet but by the calls of the test. */
static void lose(int fd)
{
	char *mem;

	is(write_page(fd, page), PAGE_SIZE, "something-is-written-that-will-be-lost");
	if (!breaks) {
		syscall0(__NR_sync);
		return;
	}
	mem = map_page(fd, MAP_SHARED, page);
	mem[0] = 1;
	is(sys_madvise(P(mem), PAGE_SIZE, MADV_HWPOISON), 0, "its-memory-breaks");
	unmap(mem, PAGE_SIZE);
}

static void test_each_file(void)
{
	int a = open_again(0), b = open_again(0), twin = (int)syscall1(__NR_dup, b);
	int reader = (int)sys_open(path, O_RDONLY, 0), last;

	lose(a);
	is(fsync(a), -EIO, "fsync-says-so");
	is(fsync(a), 0, "once");
	is(fdatasync(twin), -EIO, "and-fdatasync-to-another-who-had-it-open");
	is(fsync(b), 0, "once-for-all-that-share-the-open-file");
	is(fsync(reader), -EIO, "also-to-who-only-reads");
	last = open_again(0);
	is(fsync(last), 0, "who-opens-it-then-has-lost-nothing");
	lose(last);
	ok(fsync(last) == -EIO && fsync(a) == -EIO && fsync(b) == -EIO,
	   "the-next-loss-is-news-to-all");
	sys_close(a);
	sys_close(b);
	sys_close(twin);
	sys_close(reader);
	sys_close(last);
}

static void test_nobody_asked(void)
{
	int a = open_again(0), b;

	lose(a);
	sys_close(a);
	a = open_again(0);
	b = open_again(0);
	is(fsync(a), -EIO, "what-nobody-was-told-of-is-told-to-who-comes-later");
	is(fsync(b), -EIO, "and-to-who-came-with-him");
	sys_close(b);
	b = open_again(0);
	is(fsync(b), 0, "but-not-to-who-comes-after-that");
	sys_close(a);
	sys_close(b);
}

static void test_mapped(void)
{
	int a = open_again(0), b = open_again(0);
	char *first = map_page(a, MAP_SHARED, GOOD), *second = map_page(b, MAP_SHARED, GOOD);
	char *copy = map_page(b, MAP_PRIVATE, GOOD);

	sys_close(a);
	a = open_again(0);
	lose(a);
	is(msync(first, MS_ASYNC), 0, "msync-that-does-not-wait-does-not-say-it");
	is(msync(first, MS_SYNC), -EIO, "one-that-does-says-it-of-the-mappings-file");
	is(msync(first, MS_SYNC), 0, "once-though-the-descriptor-is-closed");
	is(msync(copy, MS_SYNC), 0, "of-a-private-mapping-nothing-can-be-lost");
	is(fsync(b), -EIO, "what-a-descriptor-was-told");
	is(msync(second, MS_SYNC), 0, "its-mapping-is-not");
	is(fsync(a), -EIO, "but-another-file-is");
	unmap(first, PAGE_SIZE);
	unmap(second, PAGE_SIZE);
	unmap(copy, PAGE_SIZE);
	sys_close(a);
	sys_close(b);
}

static void test_sync_file_range(void)
{
	int a = open_again(0), b = open_again(0);

	lose(a);
	is(sync_range(a, 0), 0, "sync-file-range-without-a-flag-says-nothing");
	is(sync_range(a, SYNC_FILE_RANGE_WRITE), 0, "nor-with-the-one-that-does-not-wait");
	is(sync_range(a, SYNC_FILE_RANGE_WAIT_BEFORE), -EIO, "waiting-before-says-it");
	is(sync_range(a, SYNC_FILE_RANGE_WAIT_AFTER), 0, "and-then-it-is-said");
	is(sync_range(b, SYNC_FILE_RANGE_WAIT_AFTER), -EIO, "waiting-after-too");
	is(fsync(a), 0, "fsync-does-not-say-it-again");
	sys_close(a);
	sys_close(b);
}

static void test_writes(void)
{
	int a = open_again(0), through = open_again(O_DSYNC), quiet = open_again(0);
	struct iovec vec = { block, PAGE_SIZE };

	lose(a);
	is(write_page(a, GOOD), PAGE_SIZE, "writing-elsewhere-goes-well");
	is(write_page(through, GOOD), -EIO, "but-who-writes-through-is-told");
	is(write_page(through, GOOD), PAGE_SIZE, "once");
	is(syscall6(__NR_pwritev2, a, P(&vec), 1, GOOD * PAGE_SIZE, 0, RWF_SYNC), -EIO,
	   "for-one-call-too");
	is(syscall6(__NR_pwritev2, a, P(&vec), 1, GOOD * PAGE_SIZE, 0, RWF_SYNC), PAGE_SIZE,
	   "once-again");
	is(sys_close(quiet), 0, "close-says-nothing");
	is(fsync(a), 0, "nothing-new");
	sys_close(a);
	sys_close(through);
}

static void test_direct(void)
{
	int a = open_again(0), direct = open_again(O_DIRECT);

	is(write_page(a, page), PAGE_SIZE, "a-page-that-cannot-be-written");
	is(sys_pread(direct, block, PAGE_SIZE, page * (long)PAGE_SIZE), -EIO,
	   "goes-first-when-the-device-is-asked-itself");
	is(fsync(direct), -EIO, "which-is-not-the-answer-of-fsync");
	is(write_page(direct, GOOD), PAGE_SIZE, "around-it-nothing-is-in-the-way");
	is(fsync(a), -EIO, "who-wrote-it-is-told");
	sys_close(a);
	sys_close(direct);
}

/* A file in memory: nothing can be lost, and all calls say so. */
static void test_nothing_lost(void)
{
	int fd = make_file("file", "contents");
	char *mem = map_page(fd, MAP_SHARED, 0);

	mem[0] = 'k';
	is(fsync(fd), 0, "fsync-has-nothing-to-say");
	is(fdatasync(fd), 0, "nor-has-fdatasync");
	is(msync(mem, MS_SYNC), 0, "nor-msync");
	is(sync_range(fd, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				  SYNC_FILE_RANGE_WAIT_AFTER),
	   0, "nor-sync-file-range");
	unmap(mem, PAGE_SIZE);
	sys_close(fd);
}

int main(int argc, char **argv)
{
	scratch_enter();
	memset(block, 'w', sizeof(block));
	if (argc > 2) {
		path = argv[1];
		page = atol(argv[2]);
		breaks = argc > 3;
		test_each_file();
		test_nobody_asked();
		test_mapped();
		test_sync_file_range();
		test_writes();
		if (!breaks)
			test_direct();
	} else {
		test_nothing_lost();
	}
	scratch_leave();
	return tap_finish();
}
