/*
 * page_cache.c - what of a disk is in memory, as RWF_NOWAIT tells, what lets go of it, and what
 * else can be asked of a disk. `page_cache DEVICE` uses that one, which is written to (on Pleat:
 * tests/boot/disk.t); without an argument a loop device is made where there are any.
 */
#include "kernel/uapi/fadvise.h"
#include "kernel/uapi/fs.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#include <stdio.h>
#include <string.h>

#define RW		(PROT_READ | PROT_WRITE)
#define DISK_SIZE	(256l << 10)
#define AT		(128l << 10)	/* far from what is read ahead for the rest */
#define TRIES		1000

#define LOOP_SET_FD	0x4c00
#define LOOP_CLR_FD	0x4c01
#define LOOP_CTL_GET_FREE 0x4c82

static int fd, drop_fd;
static char block[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static long ioctl(int file, unsigned int cmd, const void *arg)
{
	return syscall3(__NR_ioctl, file, cmd, P(arg));
}

/* ---- the device ---- */

static int file_of_disk(void)
{
	int file = (int)sys_memfd_create("disk", 0);

	if (file >= 0 && sys_ftruncate(file, DISK_SIZE))
		bail("no file for a disk");
	return file;
}

/* Somebody else may take the free one first. */
static int open_loop(int file)
{
	int control = (int)sys_open("/dev/loop-control", O_RDWR, 0), loop = -ENODEV;
	char path[32];

	for (int i = 0; control >= 0 && i < TRIES; i++) {
		long n = ioctl(control, LOOP_CTL_GET_FREE, NULL);

		sprintf(path, "/dev/loop%ld", n);
		loop = n < 0 ? -ENODEV : (int)sys_open(path, O_RDWR, 0);
		if (loop < 0 || !syscall3(__NR_ioctl, loop, LOOP_SET_FD, file))
			break;
		sys_close(loop);
		loop = -EBUSY;
	}
	sys_close(control);
	return loop;
}

/* ---- what is there ---- */

static long read_flags(int flags)
{
	struct iovec vec = { block, PAGE_SIZE };

	return syscall6(__NR_preadv2, fd, P(&vec), 1, AT, 0, flags);
}
static bool is_cached(void) { return read_flags(RWF_NOWAIT) == PAGE_SIZE; }
static void fill_cache(void) { sys_pread(fd, block, PAGE_SIZE, AT); }
static void nothing(void) { }
static void dirty(void) { sys_pwrite(fd, block, PAGE_SIZE, AT); }

/* At the start: Linux ignores what is written behind it. */
static void drop_caches(void) { sys_pwrite(drop_fd, "1", 1, 0); }
static void drop_slabs(void) { sys_pwrite(drop_fd, "2", 1, 0); }
static void flush_buffers(void) { ioctl(fd, BLKFLSBUF, NULL); }
static void not_needed(long at, long n)
{
	syscall4(__NR_fadvise64, fd, at, n, POSIX_FADV_DONTNEED);
}
static void advise(void) { not_needed(AT, PAGE_SIZE); }
static void advise_part(void) { not_needed(AT + 1, PAGE_SIZE - 1); }

/* Who asks for a page that has gone has it read: a very fast disk has done so before he looks. */
static bool lets_go(void (*let_go)(void))
{
	for (int i = 0; i < TRIES; i++) {
		fill_cache();
		let_go();
		if (read_flags(RWF_NOWAIT) == -EAGAIN)
			return true;
	}
	return false;
}

/* Where others need the memory, or let go of it themselves, the page may go by that. */
static bool keeps(void (*bring)(void), void (*let_go)(void))
{
	for (int i = 0; i < TRIES; i++) {
		bring();
		let_go();
		if (is_cached())
			return true;
	}
	return false;
}

static void test_clean(void)
{
	ok(keeps(fill_cache, nothing), "what-was-read-is-there");
	ok(lets_go(flush_buffers), "BLKFLSBUF-lets-go-of-it");
	ok(lets_go(advise), "and-the-advice-that-it-is-not-needed");
	ok(keeps(fill_cache, advise_part), "but-not-for-a-part-of-the-page");
	if (drop_fd < 0) {
		skip("/proc/sys/vm/drop_caches is not writable", "drop-caches");
		return;
	}
	ok(lets_go(drop_caches), "and-drop-caches");
	ok(keeps(fill_cache, drop_slabs), "which-may-be-about-something-else");
}

static void test_used(void)
{
	void (*const let_go)(void) = drop_fd < 0 ? flush_buffers : drop_caches;
	volatile char *mem;
	long addr;

	memset(block, 'd', PAGE_SIZE);
	ok(keeps(dirty, drop_fd < 0 ? drop_slabs : drop_caches), "what-was-written-to-stays");
	is(block[7], 'd', "as-it-was-written");
	is(syscall1(__NR_fsync, fd), 0, "until-the-disk-has-it");
	ok(lets_go(let_go), "then-it-goes");
	fill_cache();
	is(block[7], 'd', "and-comes-back");
	addr = sys_mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, AT);
	mem = (char *)addr;
	ok(!is_error(addr) && mem[7] == 'd', "it-is-mapped");
	ok(keeps(fill_cache, let_go) && keeps(fill_cache, flush_buffers) &&
		   keeps(fill_cache, advise),
	   "what-is-mapped-stays");
	mem[7] = 'm';
	let_go();
	fill_cache();
	is(block[7], 'm', "with-what-was-stored");
	sys_munmap((uintptr_t)addr, PAGE_SIZE);
	is(syscall1(__NR_fsync, fd), 0, "unmapped-and-written");
	ok(lets_go(let_go), "it-goes");
	fill_cache();
	is(block[7], 'm', "and-nothing-is-lost");
}

/* ---- flags of a single call ---- */

static long write_flags(const char *text, long at, int flags)
{
	struct iovec vec = { (char *)text, (long)strlen(text) };

	return syscall6(__NR_pwritev2, fd, P(&vec), 1, at, 0, flags);
}

static void test_flags(long size)
{
	struct iovec vec = { block, 4 };

	is(write_flags("text", AT, RWF_NOWAIT), -EOPNOTSUPP, "no-write-without-waiting");
	is(write_flags("text", size, RWF_NOWAIT), -ENOSPC, "and-not-at-all-behind-its-end");
	is(syscall6(__NR_preadv2, fd, P(&vec), 1, size, 0, RWF_NOWAIT), 0,
	   "where-there-is-nothing-to-read");
	sys_lseek(fd, AT, SEEK_SET);
	is(write_flags("text", -1, RWF_APPEND), 4, "nothing-is-appended-to-a-disk");
	is(sys_lseek(fd, 0, SEEK_CUR), AT + 4, "it-goes-where-the-position-is");
	is(write_flags("TE", AT, RWF_APPEND | RWF_DSYNC), 2, "or-where-the-call-says");
	fill_cache();
	ok(!memcmp(block, "TExt", 4), "as-if-the-flag-were-not-there");
}

/* ---- questions ---- */

static long ask(unsigned int cmd)
{
	long answer[2] = { 0 };
	long ret = ioctl(fd, cmd, answer);

	return ret ? ret : answer[0];
}

static void test_questions(long size)
{
	is(ask(BLKGETSIZE64), size, "its-size");
	is(ask(BLKGETSIZE), size / 512, "in-sectors");
	is(ask(BLKSSZGET), 512, "the-size-of-a-sector");
	is(ask(BLKPBSZGET), 512, "also-for-the-device");
	is(ask(BLKBSZGET), PAGE_SIZE, "of-a-block");
	is(ask(FIGETBSZ), PAGE_SIZE, "of-a-block-of-the-file-system");
	is(ask(BLKROGET), 0, "it-can-be-written");
	is(ask(BLKDISCARDZEROES), 0, "what-is-discarded-need-not-read-zero");
	ok(ask(BLKRAGET) >= 0 && ask(BLKRAGET) == ask(BLKFRAGET), "what-is-read-ahead");
	ok(ask(BLKSECTGET) > 0, "what-one-request-may-be");
	is(ask(BLKFLSBUF), 0, "what-was-written-is-on-the-disk");
	is(ask(BLKRRPART), -EINVAL, "it-has-no-partitions");
	is(ioctl(fd, BLKGETSIZE64, (void *)8), -EFAULT, "an-answer-to-nowhere");
}

static long zero_out(int file, unsigned long at, unsigned long n)
{
	unsigned long range[2] = { at, n };

	return ioctl(file, BLKZEROOUT, range);
}

static void test_zeroes(long size, const char *path)
{
	int reader = (int)sys_open(path, O_RDONLY, 0);
	const unsigned long sector[2] = { 0, 512 };
	char around[1024 + 2];

	memset(block, 'z', PAGE_SIZE);
	for (long at = AT; at < AT + 3 * (long)PAGE_SIZE; at += PAGE_SIZE)
		sys_pwrite(fd, block, PAGE_SIZE, at);
	is(zero_out(fd, AT + 3584, 1024), 0, "zeroes-across-two-pages");
	sys_pread(fd, around, sizeof(around), AT + 3583);
	ok(around[0] == 'z' && around[1025] == 'z', "what-lies-around-stays");
	ok(!around[1] && !memcmp(around + 1, around + 2, 1023), "and-it-is-zero");
	is(zero_out(fd, 0, 0), -EINVAL, "of-no-length");
	is(zero_out(fd, 1, 512), -EINVAL, "within-a-sector");
	is(zero_out(fd, 0, 100), -EINVAL, "half-a-sector");
	is(zero_out(fd, (unsigned long)size - 512, 1024), -EINVAL, "over-the-end");
	is(zero_out(fd, -512ul, 1024), -EINVAL, "round-the-end-of-numbers");
	is(ioctl(fd, BLKZEROOUT, (void *)8), -EFAULT, "from-nowhere");
	is(zero_out(reader, 0, 512), -EBADF, "by-who-may-only-read");
	is(ioctl(reader, BLKDISCARD, sector), -EBADF, "who-discards-nothing-either");
	is(ioctl(fd, BLKSECDISCARD, sector), -EOPNOTSUPP, "nothing-is-erased-for-good");
	sys_close(reader);
}

int main(int argc, char **argv)
{
	char path[32] = "";
	int file = argc > 1 ? -1 : file_of_disk();
	long size = 0;

	fd = argc > 1 ? (int)sys_open(argv[1], O_RDWR, 0) : open_loop(file);
	if (fd < 0) {
		skip("there is no loop device", "the-pages-of-a-disk");
		return tap_finish();
	}
	sprintf(path, "/proc/self/fd/%d", fd);
	drop_fd = (int)sys_open("/proc/sys/vm/drop_caches", O_WRONLY, 0);
	ioctl(fd, BLKGETSIZE64, &size);
	ok(size >= 2 * AT, "a-disk-of-some-size");
	test_clean();
	test_used();
	test_flags(size);
	test_questions(size);
	test_zeroes(size, path);
	if (argc == 1)
		ioctl(fd, LOOP_CLR_FD, NULL);
	return tap_finish();
}
