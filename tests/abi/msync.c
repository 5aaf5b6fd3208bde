/*
 * msync.c - msync(2), and a mapped file that lies elsewhere. `msync /dev/vda` does it with the
 * disk, on Pleat (tests/boot/disk.t); `msync /dev/vda bad N` expects that its page N cannot be
 * read, `msync /dev/vda slow` that the disk takes longer than all of this.
 */
#include "kernel/uapi/gup_test.h"
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/signals.h"
#include "user/tap.h"
#include "user/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RW	(PROT_READ | PROT_WRITE)
#define PAGES	8ul
#define SIZE	(PAGES * PAGE_SIZE)
#define FOLL_NOWAIT	16	/* of gup_test */

static int fd;

static long msync(const void *at, size_t len, int flags)
{
	return syscall3(__NR_msync, (long)at, (long)len, flags);
}

static char *map_file(int prot, int flags)
{
	long at = sys_mmap(0, SIZE, prot, flags, fd, 0);

	if (is_error(at))
		bail("mmap: %ld", at);
	return (char *)at;
}

/* The byte at pos, as read() has it. */
static char in_file(long pos)
{
	char byte = 0;

	return sys_pread(fd, &byte, 1, pos) == 1 ? byte : -1;
}

static void test_arguments(void)
{
	char *mem = map_private(3 * PAGE_SIZE);

	is(msync(mem, 3 * PAGE_SIZE, MS_SYNC), 0, "anonymous-memory-is-in-sync");
	is(msync(mem + 1, PAGE_SIZE, MS_SYNC), -EINVAL, "an-odd-address-is-refused");
	is(msync(mem, 1, MS_SYNC), 0, "the-length-is-rounded-up");
	is(msync(mem, PAGE_SIZE, MS_SYNC | MS_ASYNC), -EINVAL, "both-ways-at-once-are-refused");
	is(msync(mem, PAGE_SIZE, 8), -EINVAL, "an-unknown-flag-is-refused");
	is(msync(mem, PAGE_SIZE, 0), 0, "no-flag-is-enough");
	is(msync(mem, 0, MS_SYNC), 0, "nothing-is-in-sync");
	is(msync((void *)(5ul << 40), 0, MS_SYNC), 0, "nothing-that-is-not-mapped-too");
	is(msync(mem, ~0ul - 5, MS_SYNC), 0, "a-length-that-rounds-up-to-nothing");
	is(msync(mem, ~0ul << 20, MS_SYNC), -ENOMEM, "a-range-that-wraps");
	sys_munmap((uintptr_t)mem + PAGE_SIZE, PAGE_SIZE);
	is(msync(mem, 3 * PAGE_SIZE, MS_SYNC), -ENOMEM, "a-hole-is-an-error");
	is(msync(mem, 3 * PAGE_SIZE, MS_ASYNC), -ENOMEM, "also-when-nobody-waits");
	is(msync(mem + PAGE_SIZE, PAGE_SIZE, MS_INVALIDATE), -ENOMEM, "also-alone");
	is(syscall2(__NR_mlock, P(mem), PAGE_SIZE), 0, "a-page-is-locked");
	is(msync(mem, PAGE_SIZE, MS_SYNC), 0, "it-can-be-synced");
	is(msync(mem, PAGE_SIZE, MS_INVALIDATE), -EBUSY, "but-not-invalidated");
	unmap(mem, 3 * PAGE_SIZE);
}

/* What is stored is the file's, before it is synced and after, as often as one likes. */
static void test_shared(void)
{
	char *shared = map_file(RW, MAP_SHARED), name[] = "the-file-has-store-X";
	char first = in_file(0);

	is(shared[0], first, "a-mapping-shows-the-file");
	for (int i = 0; i < 3; i++) {
		name[sizeof(name) - 2] = (char)('1' + i);
		shared[PAGE_SIZE + 5] = (char)('1' + i);
		is(in_file(PAGE_SIZE + 5), '1' + i, "%s", name);
		is(msync(shared, SIZE, i == 1 ? MS_ASYNC : MS_SYNC), 0, "%s-and-syncs-it", name);
	}
	sys_pwrite(fd, "w", 1, PAGE_SIZE + 6);
	is(shared[PAGE_SIZE + 6], 'w', "a-write-is-seen");
	shared[PAGE_SIZE + 7] = 's';
	is(sys_mprotect((uintptr_t)shared, SIZE, PROT_READ), 0, "the-mapping-becomes-read-only");
	is(msync(shared, SIZE, MS_SYNC | MS_INVALIDATE), 0, "and-is-synced");
	is(sys_mprotect((uintptr_t)shared, SIZE, RW), 0, "and-writable-again");
	shared[PAGE_SIZE + 8] = 'z';
	is(in_file(PAGE_SIZE + 8), 'z', "a-store-after-that");
	unmap(shared, SIZE);
	is(in_file(PAGE_SIZE + 7), 's', "what-was-stored-stays-after-munmap");
}

static int child_stores(void *arg)
{
	((char *)arg)[2 * PAGE_SIZE] = 'c';
	return msync(arg, SIZE, MS_SYNC) != 0;
}

static void test_fork(void)
{
	char *shared = map_file(RW, MAP_SHARED);

	shared[2 * PAGE_SIZE + 1] = 'p';
	ok_child_exits(child_stores, shared, 0, "a-child-stores-and-syncs");
	is(shared[2 * PAGE_SIZE], 'c', "its-parent-sees-it");
	is(in_file(2 * PAGE_SIZE), 'c', "and-the-file-has-it");
	shared[2 * PAGE_SIZE] = 'd';
	is(in_file(2 * PAGE_SIZE), 'd', "and-what-the-parent-stores-then");
	unmap(shared, SIZE);
}

static void test_private(void)
{
	char *copy = map_file(RW, MAP_PRIVATE), before = in_file(3 * PAGE_SIZE);

	is(copy[3 * PAGE_SIZE], before, "a-private-mapping-shows-the-file");
	copy[3 * PAGE_SIZE] = 'P';
	is(msync(copy, SIZE, MS_SYNC), 0, "it-can-be-synced");
	is(in_file(3 * PAGE_SIZE), before, "but-its-stores-are-its-own");
	unmap(copy, SIZE);
}

/* Not through a descriptor that is only for reading. */
static void test_read_only(const char *path)
{
	int readable = (int)sys_open(path, O_RDONLY, 0);

	is(sys_mmap(0, SIZE, RW, MAP_SHARED, readable, 0), -EACCES,
	   "a-shared-mapping-needs-a-writable-file");
	ok(!is_error(sys_mmap(0, SIZE, RW, MAP_PRIVATE, readable, 0)), "a-private-one-does-not");
	sys_close(readable);
}

/* ---- a page that cannot be read ---- */

static char *bad_page;
static struct __kernel_siginfo bus;

static void on_bus(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo;
	(void)context;
	bus = *info;
	/* In place of it: the access goes on there. */
	sys_mmap((uintptr_t)bad_page, PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0);
}

static void test_bad_page(unsigned long page)
{
	char *shared = map_file(RW, MAP_SHARED);

	bad_page = shared + page * PAGE_SIZE;
	signal_handle(SIGBUS, on_bus, 0);
	is(*(volatile char *)(bad_page + 3), 0, "the-access-goes-on-where-the-handler-says");
	is(bus.si_signo, SIGBUS, "an-unreadable-page-is-sigbus");
	is(bus.si_code, BUS_ADRERR, "its-code");
	ok(P(bus.fault.addr) == P(bad_page + 3), "its-address");
	bus.si_signo = 0;
	shared[(page ^ 1) * PAGE_SIZE] = 'n';
	is(bus.si_signo, 0, "its-neighbour-is-well");
	is(msync(shared, SIZE, MS_SYNC), 0, "and-synced");
	is(sys_pread(fd, &bus, 1, (long)(page * PAGE_SIZE)), -EIO, "read-says-eio");
	unmap(shared, SIZE);
}

/* ---- a disk that takes its time ---- */

static void *load(void *arg) { return (void *)(long)*(volatile char *)arg; }

/*
 * One thread waits for a page; its process maps and unmaps beside it, and is killed by itself
 * then. Only because neither waits for the disk its parent sees the end before the disk is done.
 */
static int waits_and_dies(void *arg)
{
	char *shared = map_file(RW, MAP_SHARED);
	static struct thread thread;

	if (thread_create(&thread, load, shared + *(long *)arg * PAGE_SIZE))
		return 1;
	while (!thread_sleeps(word_get(&thread.tid)))
		sleep_ms(1);
	for (int i = 0; i < 100; i++)
		unmap(map_private(PAGE_SIZE), PAGE_SIZE);
	if (!thread_sleeps(word_get(&thread.tid)))
		return 2;
	sys_kill((int)sys_getpid(), SIGKILL);
	return 3;
}

/* Takes the page for reading, as gup_test does it: the bytes that it got. */
static long get_page(int gup_fd, unsigned int cmd, char *at, unsigned int flags)
{
	struct gup_test gup = { .addr = (uintptr_t)at,
				.size = PAGE_SIZE,
				.nr_pages_per_call = 1,
				.gup_flags = flags };
	long ret = syscall3(__NR_ioctl, gup_fd, cmd, (long)&gup);

	return ret ? ret : (long)gup.size;
}

/* The device is asked by the first one; who comes while it is busy does not wait either. */
static void test_nowait(void)
{
	int gup_fd = (int)sys_open("/sys/kernel/debug/gup_test", O_RDWR, 0);
	char *mem = map_file(RW, MAP_SHARED), *private = map_private(PAGE_SIZE);
	struct iovec vec = { private, 100 };

	private[0] = 1;
	is(get_page(gup_fd, GUP_BASIC_TEST, private, FOLL_NOWAIT), PAGE_SIZE,
	   "who-does-not-wait-gets-what-is-there");
	is(get_page(gup_fd, GUP_BASIC_TEST, mem + 5 * PAGE_SIZE, FOLL_NOWAIT), 0,
	   "and-nothing-of-a-slow-disk");
	is(get_page(gup_fd, GUP_BASIC_TEST, mem + 5 * PAGE_SIZE, FOLL_NOWAIT), 0,
	   "nor-while-it-reads");
	is(get_page(gup_fd, GUP_FAST_BENCHMARK, mem + 5 * PAGE_SIZE, FOLL_NOWAIT), 0,
	   "nor-by-the-lockless-walk");
	for (int i = 0; i < 2; i++)
		is(syscall6(__NR_preadv2, fd, P(&vec), 1, 6 * PAGE_SIZE, 0, RWF_NOWAIT), -EAGAIN,
		   "nor-does-read-%d-wait", i);
	unmap(mem, SIZE);
	unmap(private, PAGE_SIZE);
	sys_close(gup_fd);
}

static void test_slow(void)
{
	long page = 1;
	int64_t start = now_ns();

	test_nowait();
	ok_child_dies(waits_and_dies, &page, SIGKILL,
		      "who-waits-for-a-page-can-be-killed-and-others-map-meanwhile");
	ok(now_ns() - start < 40 * 1000000000ll, "long-before-the-disk-is-done");
}

int main(int argc, char **argv)
{
	static char contents[SIZE + 1];

	scratch_enter();
	memset(contents, 'f', SIZE);
	fd = argc > 1 ? (int)sys_open(argv[1], O_RDWR, 0) : make_file("file", contents);
	if (fd < 0)
		bail("no file: %d", fd);
	if (argc > 3) {
		test_bad_page((unsigned long)atol(argv[3]));
	} else if (argc > 2) {
		test_slow();
	} else {
		test_arguments();
		test_shared();
		test_fork();
		test_private();
		test_read_only(argc > 1 ? argv[1] : "file");
	}
	scratch_leave();
	return tap_finish();
}
