/* munmap.c - munmap(2): holes, splits, errors, and that what is gone is gone. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#define RW		(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)
#define KERNEL_HALF	0xffff800000000000UL

/* Pages whose first byte is their number, from 1. */
static char *numbered_pages(int count)
{
	char *mem = map_private((size_t)count * PAGE_SIZE);

	for (int i = 0; i < count; i++)
		mem[(size_t)i * PAGE_SIZE] = (char)(i + 1);
	return mem;
}

static void test_gone(void)
{
	char *mem = numbered_pages(1);

	is(sys_munmap((uintptr_t)mem, PAGE_SIZE), 0, "munmap-of-a-page");
	ok_child_dies(child_reads, mem, SIGSEGV, "read-of-unmapped-memory-dies");
	ok_child_dies(child_writes, mem, SIGSEGV, "write-to-unmapped-memory-dies");
	is(sys_munmap((uintptr_t)mem, PAGE_SIZE), 0, "munmap-of-nothing-succeeds");
	sys_mmap((uintptr_t)mem, PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0);
	is(mem[0], 0, "memory-mapped-again-reads-zero");
	unmap(mem, PAGE_SIZE);
}

static void test_split(void)
{
	char *mem = numbered_pages(5);

	is(sys_munmap((uintptr_t)mem + 2 * PAGE_SIZE, PAGE_SIZE), 0, "munmap-in-the-middle");
	ok(mem[0] == 1 && mem[PAGE_SIZE] == 2 && mem[3 * PAGE_SIZE] == 4 &&
		   mem[4 * PAGE_SIZE] == 5,
	   "both-parts-of-a-split-keep-their-contents");
	ok_child_dies(child_reads, mem + 2 * PAGE_SIZE, SIGSEGV, "the-hole-is-inaccessible");
	mem[PAGE_SIZE + 1] = 21;
	mem[3 * PAGE_SIZE + 1] = 41;
	ok(mem[PAGE_SIZE + 1] == 21 && mem[3 * PAGE_SIZE + 1] == 41,
	   "both-parts-of-a-split-can-be-written");
	is(sys_munmap((uintptr_t)mem, PAGE_SIZE), 0, "munmap-at-the-start");
	is(sys_munmap((uintptr_t)mem + 4 * PAGE_SIZE, PAGE_SIZE), 0, "munmap-at-the-end");
	ok_child_dies(child_reads, mem, SIGSEGV, "the-cut-start-is-inaccessible");
	ok_child_dies(child_reads, mem + 4 * PAGE_SIZE, SIGSEGV, "the-cut-end-is-inaccessible");
	ok(mem[PAGE_SIZE] == 2 && mem[3 * PAGE_SIZE] == 4, "the-rest-keeps-its-contents");
	is(sys_munmap((uintptr_t)mem, 5 * PAGE_SIZE), 0, "munmap-over-parts-and-holes");
	ok_child_dies(child_reads, mem + PAGE_SIZE, SIGSEGV, "everything-in-the-range-is-gone");
}

static void test_other_mappings(void)
{
	char *mem = numbered_pages(4);

	sys_mprotect((uintptr_t)mem + PAGE_SIZE, PAGE_SIZE, PROT_READ);
	sys_mmap((uintptr_t)mem + 2 * PAGE_SIZE, PAGE_SIZE, RW,
		 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	is(sys_munmap((uintptr_t)mem + PAGE_SIZE, 2 * PAGE_SIZE), 0,
	   "munmap-over-mappings-of-different-kinds");
	ok(mem[0] == 1 && mem[3 * PAGE_SIZE] == 4, "mappings-around-the-range-stay");
	ok_child_dies(child_reads, mem + 2 * PAGE_SIZE, SIGSEGV, "a-shared-mapping-is-gone-too");
	unmap(mem, 4 * PAGE_SIZE);
}

static void test_errors(void)
{
	char *mem = numbered_pages(2);
	uintptr_t base = (uintptr_t)mem;

	is(sys_munmap(base, 0), -EINVAL, "length-zero-is-refused");
	is(sys_munmap(base + 1, PAGE_SIZE), -EINVAL, "unaligned-address-is-refused");
	is(sys_munmap(KERNEL_HALF, PAGE_SIZE), -EINVAL, "kernel-address-is-refused");
	is(sys_munmap(base, 1UL << 62), -EINVAL, "range-beyond-user-addresses-is-refused");
	is(sys_munmap(base, ~0UL), -EINVAL, "range-that-wraps-is-refused");
	ok(mem[0] == 1 && mem[PAGE_SIZE] == 2, "a-refused-munmap-changes-nothing");
	is(sys_munmap(base, 1), 0, "length-is-rounded-up-to-a-page");
	ok_child_dies(child_reads, mem + PAGE_SIZE - 1, SIGSEGV, "the-whole-last-page-is-gone");
	is(mem[PAGE_SIZE], 2, "the-page-after-it-is-not");
	unmap(mem, 2 * PAGE_SIZE);
}

/* The same addresses, mapped, written and unmapped many times: always fresh zeros. */
static void test_reuse(void)
{
	char *mem = map_private(4 * PAGE_SIZE);
	int wrong = 0;

	for (int round = 0; round < 200; round++) {
		wrong += !all_bytes(mem + PAGE_SIZE, 0, 16);
		mem[PAGE_SIZE] = (char)(round + 1);
		mem[2 * PAGE_SIZE] = 1;
		sys_munmap((uintptr_t)mem + PAGE_SIZE, 2 * PAGE_SIZE);
		sys_mmap((uintptr_t)mem + PAGE_SIZE, 2 * PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0);
	}
	is(wrong, 0, "addresses-used-200-times-are-always-zero-again");
	unmap(mem, 4 * PAGE_SIZE);
}

/* A range with room for whole page tables: these too are given back and built again. */
static void test_large(void)
{
	size_t len = 64UL << 20;
	char *mem = map_private(len);
	int wrong = 0;

	for (size_t at = 0; at < len; at += 1UL << 20)
		mem[at] = 5;
	sys_munmap((uintptr_t)mem + (2UL << 20), len - (4UL << 20));
	ok(mem[0] == 5 && mem[1UL << 20] == 5 && mem[len - (1UL << 20)] == 5,
	   "the-ends-of-a-64-MiB-mapping-survive-its-middle");
	sys_mmap((uintptr_t)mem, len, RW, ANON | MAP_FIXED, -1, 0);
	for (size_t at = 0; at < len; at += 1UL << 20)
		wrong += mem[at] != 0;
	is(wrong, 0, "64-MiB-mapped-over-the-rest-read-zero");
	unmap(mem, len);
}

int main(void)
{
	tap_plan(31);
	test_gone();
	test_split();
	test_other_mappings();
	test_errors();
	test_reuse();
	test_large();
	return tap_done();
}
