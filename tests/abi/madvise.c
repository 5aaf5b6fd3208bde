/* madvise.c - madvise(2) with MADV_DONTNEED: private memory is zero again, shared is not. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

#define KERNEL_HALF	0xffff800000000000UL

static long dontneed(void *mem, size_t len)
{
	return sys_madvise((uintptr_t)mem, len, MADV_DONTNEED);
}

static void test_private(void)
{
	char *mem = map_private(3 * PAGE_SIZE);

	memset(mem, 1, 3 * PAGE_SIZE);
	is(dontneed(mem + PAGE_SIZE, PAGE_SIZE), 0, "dontneed-of-a-page");
	ok(all_bytes(mem + PAGE_SIZE, 0, PAGE_SIZE), "its-contents-are-zero");
	ok(all_bytes(mem, 1, PAGE_SIZE) && all_bytes(mem + 2 * PAGE_SIZE, 1, PAGE_SIZE),
	   "its-neighbours-keep-their-contents");
	mem[PAGE_SIZE] = 2;
	is(mem[PAGE_SIZE], 2, "the-page-can-be-written-again");
	is(dontneed(mem, 1), 0, "length-is-rounded-up");
	is(mem[PAGE_SIZE - 1], 0, "the-whole-page-is-zero");
	unmap(mem, 3 * PAGE_SIZE);
}

static void test_other_kinds(void)
{
	char *shared = map_shared(PAGE_SIZE);
	char *mem = map_private(PAGE_SIZE);

	shared[0] = 6;
	is(dontneed(shared, PAGE_SIZE), 0, "dontneed-of-shared-memory");
	is(shared[0], 6, "shared-memory-keeps-its-contents");
	mem[0] = 7;
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_READ);
	is(dontneed(mem, PAGE_SIZE), 0, "dontneed-of-read-only-memory");
	is(mem[0], 0, "read-only-memory-is-zero-too");
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_NONE);
	is(dontneed(mem, PAGE_SIZE), 0, "dontneed-of-inaccessible-memory");
	unmap(shared, PAGE_SIZE);
	unmap(mem, PAGE_SIZE);
}

static void test_errors(void)
{
	char *mem = map_private(3 * PAGE_SIZE);

	memset(mem, 1, 3 * PAGE_SIZE);
	is(dontneed(mem + 1, PAGE_SIZE), -EINVAL, "unaligned-address-is-refused");
	is(sys_madvise((uintptr_t)mem, PAGE_SIZE, 12345), -EINVAL, "unknown-advice-is-refused");
	is(dontneed(mem, ~0UL), -EINVAL, "length-that-wraps-is-refused");
	is(dontneed(mem, 0), 0, "length-zero-does-nothing");
	ok(all_bytes(mem, 1, 3 * PAGE_SIZE), "none-of-these-changed-anything");
	sys_munmap((uintptr_t)mem + PAGE_SIZE, PAGE_SIZE);
	is(dontneed(mem, 3 * PAGE_SIZE), -ENOMEM, "a-range-with-a-hole-is-reported");
	ok(mem[0] == 0 && mem[2 * PAGE_SIZE] == 0, "both-sides-of-the-hole-are-zero-nevertheless");
	is(dontneed(mem + PAGE_SIZE, PAGE_SIZE), -ENOMEM, "a-hole-is-reported");
	is(sys_madvise(KERNEL_HALF, PAGE_SIZE, MADV_DONTNEED), -ENOMEM,
	   "kernel-address-is-reported");
	unmap(mem, 3 * PAGE_SIZE);
}

static int child_drops(void *arg)
{
	char *mem = arg;

	dontneed(mem, PAGE_SIZE);
	return mem[0];
}

static int child_reads_value(void *arg)
{
	return *(char *)arg;
}

static void test_fork(void)
{
	char *mem = map_private(PAGE_SIZE);
	int pid;

	mem[0] = 5;
	ok_child_exits(child_drops, mem, 0, "child-drops-a-page-and-reads-zero");
	is(mem[0], 5, "the-parent's-page-stays");
	pid = child_start(child_reads_value, mem);
	dontneed(mem, PAGE_SIZE);
	is(child_verdict(child_wait(pid)), 5, "a-page-that-the-parent-drops-stays-the-child's");
	is(mem[0], 0, "the-parent-reads-zero");
	unmap(mem, PAGE_SIZE);
}

/* Dropped and faulted in again and again, beside pages that must not change. */
static void test_repeat(void)
{
	int wrong = 0;
	char *mem = map_private(8 * PAGE_SIZE);

	memset(mem, 3, 8 * PAGE_SIZE);
	for (int i = 0; i < 200; i++) {
		char *page = mem + (size_t)(1 + i % 6) * PAGE_SIZE;

		dontneed(page, PAGE_SIZE);
		wrong += page[i] != 0;
		memset(page, 3, PAGE_SIZE);
	}
	is(wrong, 0, "pages-dropped-200-times-are-zero-each-time");
	ok(all_bytes(mem, 3, 8 * PAGE_SIZE), "and-keep-what-is-written-afterwards");
	unmap(mem, 8 * PAGE_SIZE);
}

int main(void)
{
	tap_plan(26);
	test_private();
	test_other_kinds();
	test_errors();
	test_fork();
	test_repeat();
	return tap_done();
}
