/* vmsplice.c - vmsplice(2): a program's pages in a pipe, who sees which stores, errors. */
#include "kernel/uapi/fcntl.h"
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"
#include "user/thread.h"

#include <string.h>

enum { PIPE_PAGES = 16 };

static int p[2];
static char back[PIPE_PAGES * PAGE_SIZE];

static long vmsplice(int fd, const void *buf, size_t n, unsigned int flags)
{
	struct iovec range = { (void *)buf, n };

	return syscall4(__NR_vmsplice, fd, (long)&range, 1, flags);
}

static char next_byte(void)
{
	char byte = 0;

	sys_read(p[0], &byte, 1);
	return byte;
}

static void empty(void)
{
	sys_fcntl(p[0], F_SETFL, O_NONBLOCK);
	while (sys_read(p[0], back, sizeof(back)) > 0)
		;
	sys_fcntl(p[0], F_SETFL, 0);
}

static void test_bytes(char *mem)
{
	struct iovec two[2] = { { mem + 100, 10 }, { mem + 2 * PAGE_SIZE, 0 } };

	for (size_t i = 0; i < 20 * PAGE_SIZE; i++)
		mem[i] = (char)(i * 3 + i / 255);
	is(vmsplice(p[1], mem, 20 * PAGE_SIZE, 0), PIPE_PAGES * PAGE_SIZE,
	   "16-pages-are-a-full-pipe");
	is(vmsplice(p[1], mem, 1, SPLICE_F_NONBLOCK), -EAGAIN, "then-there-is-no-room");
	is(sys_read(p[0], back, sizeof(back)), sizeof(back), "they-come-out");
	ok(!memcmp(back, mem, sizeof(back)), "as-they-are");
	is(syscall4(__NR_vmsplice, p[1], (long)two, 2, 0), 10, "a-vector-with-an-empty-part");
	ok(sys_read(p[0], back, 100) == 10 && !memcmp(back, mem + 100, 10), "a-part-of-a-page");
	is(vmsplice(p[1], mem + 3, PAGE_SIZE + 5, SPLICE_F_GIFT), PAGE_SIZE + 5, "a-gift");
	ok(sys_read(p[0], back, sizeof(back)) == PAGE_SIZE + 5 &&
		   !memcmp(back, mem + 3, PAGE_SIZE + 5),
	   "arrives-all-the-same");
}

static void test_to_memory(char *mem)
{
	sys_write(p[1], "hello", 5);
	is(vmsplice(p[0], mem, 3, 0), 3, "out-of-a-pipe-into-memory");
	ok(!memcmp(mem, "hel", 3), "the-bytes-arrive");
	is(vmsplice(p[0], mem, 100, 0), 2, "then-the-rest");
	is(vmsplice(p[0], mem, 1, SPLICE_F_NONBLOCK), -EAGAIN, "from-an-empty-pipe");
	sys_write(p[1], "abc", 3);
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_READ);
	is(vmsplice(p[0], mem, 1, 0), -EFAULT, "into-memory-that-is-read-only");
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_READ | PROT_WRITE);
	is(sys_read(p[0], back, 100), 3, "loses-nothing");
}

static void test_errors(char *mem)
{
	struct iovec half[2] = { { mem, 10 }, { (void *)8, 10 } };
	int file = make_file("file", "x");

	is(vmsplice(p[1], (void *)8, 10, 0), -EFAULT, "bad-memory-into-a-pipe");
	is(vmsplice(p[0], (void *)8, 10, SPLICE_F_NONBLOCK), -EAGAIN, "emptiness-comes-first");
	is(syscall4(__NR_vmsplice, p[1], (long)half, 2, 0), 10, "up-to-bad-memory");
	is(syscall4(__NR_vmsplice, p[0], (long)half, 2, 0), 10, "and-back");
	is(vmsplice(p[1], mem, 0, 0), 0, "nothing");
	is(vmsplice(file, mem, 1, 0), -EBADF, "a-file-is-no-pipe");
	is(vmsplice(file, mem, 0, 0), 0, "but-nothing-goes-there");
	is(vmsplice(99, mem, 1, 0), -EBADF, "no-file");
	is(vmsplice(99, mem, 1, 16), -EINVAL, "unknown-flags");
	is(syscall4(__NR_vmsplice, p[1], (long)half, 1025, 0), -EINVAL, "too-long-a-vector");
	is(syscall4(__NR_vmsplice, p[1], 8, 1, 0), -EFAULT, "a-bad-vector");
	is(vmsplice(p[1], mem, ~0ul, 0), -EINVAL, "a-length-that-cannot-be");
	sys_munmap((uintptr_t)mem + PAGE_SIZE, PAGE_SIZE);
	is(vmsplice(p[1], mem + 4000, 200, 0), 96, "up-to-a-hole");
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_NONE);
	is(vmsplice(p[1], mem, 1, 0), -EFAULT, "memory-that-may-not-be-read");
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_READ | PROT_WRITE);
	empty();
	sys_close(file);
	sys_unlink("file");
}

static int child_stores(void *arg)
{
	*(volatile char *)arg = 'C';
	return 0;
}

/* Whose stores does the reader see? */
static void test_stores(void)
{
	volatile char *page = map_private(PAGE_SIZE);
	int pid;

	page[0] = 'a';
	vmsplice(p[1], (char *)page, 1, 0);
	page[0] = 'b';
	is(next_byte(), 'b', "a-later-store-is-seen");
	vmsplice(p[1], (char *)page, 1, 0);
	pid = child_start(child_stores, (char *)page);
	is(child_verdict(child_wait(pid)), 0, "a-child-stores");
	page[0] = 'P';
	is(next_byte(), 'b', "after-fork-neither-the-childs-nor-the-parents-store-is-seen");
	page[0] = 'd';
	vmsplice(p[1], (char *)page, 1, 0);
	sys_munmap((uintptr_t)page, PAGE_SIZE);
	page = map_private(PAGE_SIZE);
	page[0] = 'e';
	is(next_byte(), 'd', "a-page-in-a-pipe-outlives-its-mapping");
	unmap((char *)page, PAGE_SIZE);
}

static uint32_t *turn;

/* Has the parent's page, puts it into the pipe, and unmaps it. */
static int child_keeps_page(void *arg)
{
	if (vmsplice(p[1], arg, 1, 0) != 1)
		return 1;
	sys_munmap((uintptr_t)arg, PAGE_SIZE);
	word_set(turn, 1);
	word_wait(turn, 2);
	return next_byte() == 'o' ? 0 : 2;
}

/*
 * A child keeps a page of its parent's by way of a pipe alone. The parent is now the only one who
 * maps it; it must not write there all the same.
 */
static void test_leak(void)
{
	volatile char *page = map_private(PAGE_SIZE);
	int pid;

	page[0] = 'o';
	pid = child_start(child_keeps_page, (char *)page);
	word_wait(turn, 1);
	page[0] = 's';
	word_set(turn, 2);
	is(child_verdict(child_wait(pid)), 0, "a-parents-secret-does-not-reach-its-childs-pipe");
	is(page[0], 's', "and-the-parent-has-it");
	unmap((char *)page, PAGE_SIZE);
}

static void test_shared(void)
{
	volatile char *page = map_shared(PAGE_SIZE);

	page[0] = 'a';
	vmsplice(p[1], (char *)page, 1, 0);
	page[0] = 'b';
	is(next_byte(), 'b', "shared-memory-in-a-pipe");
	unmap((char *)page, PAGE_SIZE);
	page = map_private(PAGE_SIZE);
	vmsplice(p[1], (char *)page, 1, 0);
	is(next_byte(), 0, "memory-that-was-never-touched");
	vmsplice(p[1], (char *)page, 1, 0);
	page[0] = 'x';
	is(next_byte(), 0, "the-zero-page-stays-zero");
	unmap((char *)page, PAGE_SIZE);
}

static void test_ends(char *mem)
{
	signal_set(SIGPIPE, SIG_IGN_ADDR);
	sys_write(p[1], "x", 1);
	sys_close(p[1]);
	is(vmsplice(p[0], mem, 10, 0), 1, "the-last-byte");
	is(vmsplice(p[0], mem, 10, 0), 0, "then-the-end");
	sys_close(p[0]);
	sys_pipe(p);
	sys_close(p[0]);
	is(vmsplice(p[1], mem, 10, 0), -EPIPE, "without-a-reader");
	sys_close(p[1]);
}

int main(void)
{
	char *mem = map_private(20 * PAGE_SIZE);

	turn = (uint32_t *)map_shared(PAGE_SIZE);
	scratch_enter();
	sys_pipe(p);
	test_bytes(mem);
	test_to_memory(mem);
	test_errors(mem);
	test_stores();
	test_leak();
	test_shared();
	test_ends(mem);
	scratch_leave();
	return tap_finish();
}
