/* mprotect.c - mprotect(2): what may be done to memory changes, what is in it does not. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

#define RW		(PROT_READ | PROT_WRITE)
#define KERNEL_HALF	0xffff800000000000UL

static long protect(void *mem, size_t len, int prot)
{
	return sys_mprotect((uintptr_t)mem, len, prot);
}

static void test_one_page(void)
{
	char *mem = map_private(PAGE_SIZE);

	mem[5] = 42;
	is(protect(mem, PAGE_SIZE, PROT_READ), 0, "to-read-only");
	is(mem[5], 42, "read-only-memory-keeps-its-contents");
	ok_child_dies(child_writes, mem, SIGSEGV, "write-to-it-dies");
	is(protect(mem, PAGE_SIZE, PROT_NONE), 0, "to-none");
	ok_child_dies(child_reads, mem, SIGSEGV, "read-of-it-dies");
	is(protect(mem, PAGE_SIZE, RW), 0, "to-read-write");
	is(mem[5], 42, "contents-survive-prot-none");
	mem[6] = 43;
	is(mem[6], 43, "memory-is-writable-again");
	unmap(mem, PAGE_SIZE);
}

/* The two halves of a split keep their protection; a merge gives one mapping that acts as one. */
static void test_split_and_merge(void)
{
	char *mem = map_private(3 * PAGE_SIZE);

	memset(mem, 7, 3 * PAGE_SIZE);
	protect(mem + PAGE_SIZE, PAGE_SIZE, PROT_READ);
	ok_child_exits(child_writes, mem, 0, "page-before-the-changed-one-stays-writable");
	ok_child_dies(child_writes, mem + PAGE_SIZE, SIGSEGV, "changed-page-is-read-only");
	ok_child_exits(child_writes, mem + 2 * PAGE_SIZE, 0,
		       "page-after-the-changed-one-stays-writable");
	protect(mem, PAGE_SIZE, PROT_NONE);
	ok_child_dies(child_reads, mem, SIGSEGV, "three-pages-of-three-kinds-first");
	ok_child_exits(child_reads, mem + PAGE_SIZE, 0, "three-pages-of-three-kinds-second");
	ok_child_exits(child_writes, mem + 2 * PAGE_SIZE, 0, "three-pages-of-three-kinds-third");
	is(protect(mem, 3 * PAGE_SIZE, RW), 0, "one-call-over-mappings-of-three-kinds");
	memset(mem, 8, 3 * PAGE_SIZE);
	ok(all_bytes(mem, 8, 3 * PAGE_SIZE), "all-of-it-is-writable-again");
	unmap(mem, 3 * PAGE_SIZE);
}

static void test_errors(void)
{
	char *mem = map_private(4 * PAGE_SIZE);

	is(protect(mem + 1, PAGE_SIZE, PROT_READ), -EINVAL, "unaligned-address-is-refused");
	is(protect(mem, PAGE_SIZE, 0x1000), -EINVAL, "unknown-protection-is-refused");
	is(syscall3(__NR_mprotect, (long)mem, PAGE_SIZE, 1L << 32), -EINVAL,
	   "unknown-protection-in-the-upper-half-is-refused");
	is(protect(mem, PAGE_SIZE, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP), -EINVAL,
	   "growing-both-ways-is-refused");
	is(protect(mem, 0, PROT_NONE), 0, "length-zero-does-nothing");
	is(protect(mem, ~0UL - PAGE_SIZE, PROT_READ), -ENOMEM, "range-that-wraps-is-refused");
	is(sys_mprotect(KERNEL_HALF, PAGE_SIZE, PROT_READ), -ENOMEM, "kernel-address-is-refused");
	sys_munmap((uintptr_t)mem + 2 * PAGE_SIZE, PAGE_SIZE);
	is(protect(mem + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ), -ENOMEM, "a-hole-is-refused");
	is(protect(mem, 4 * PAGE_SIZE, PROT_READ), -ENOMEM, "a-range-with-a-hole-is-refused");
	ok_child_dies(child_writes, mem, SIGSEGV, "what-lies-before-the-hole-has-changed");
	ok_child_exits(child_writes, mem + 3 * PAGE_SIZE, 0,
		       "what-lies-behind-the-hole-has-not");
	unmap(mem, 4 * PAGE_SIZE);
}

/* Read faults map one page of zeros everywhere: write permission must not open that page. */
static void test_zero_page(void)
{
	char *mem = map_private(2 * PAGE_SIZE);
	volatile char sum = (char)(mem[0] + mem[PAGE_SIZE]);

	protect(mem, 2 * PAGE_SIZE, PROT_READ);
	sum = (char)(sum + mem[0] + mem[PAGE_SIZE]);
	protect(mem, 2 * PAGE_SIZE, RW);
	mem[0] = 1;
	ok(sum == 0 && mem[PAGE_SIZE] == 0, "mprotect-does-not-open-the-zero-page");
	unmap(mem, 2 * PAGE_SIZE);
}

static int child_reopens_and_writes(void *arg)
{
	char *mem = arg;

	protect(mem, PAGE_SIZE, PROT_READ);
	protect(mem, PAGE_SIZE, RW);
	mem[0] = 99;
	return mem[0] == 99 ? 0 : 1;
}

/* A page shared by fork is not the child's own, whatever mprotect says. */
static void test_after_fork(void)
{
	char *mem = map_private(PAGE_SIZE);
	char *shared = map_shared(PAGE_SIZE);

	mem[0] = 1;
	shared[0] = 1;
	ok_child_exits(child_reopens_and_writes, mem, 0, "child-reopens-a-page-for-writing");
	is(mem[0], 1, "its-write-is-invisible-to-the-parent");
	ok_child_exits(child_reopens_and_writes, shared, 0, "child-reopens-a-shared-page");
	is(shared[0], 99, "its-write-to-shared-memory-is-visible");
	protect(mem, PAGE_SIZE, PROT_READ);
	protect(mem, PAGE_SIZE, RW);
	mem[0] = 2;
	is(mem[0], 2, "parent-writes-after-the-child-is-gone");
	unmap(mem, PAGE_SIZE);
	unmap(shared, PAGE_SIZE);
}

/* mov $42, %eax; ret */
static const unsigned char machine_code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };

static int child_calls(void *arg)
{
	int (*function)(void) = (int (*)(void))(uintptr_t)arg;

	return function();
}

static void test_exec(void)
{
	char *mem = map_private(PAGE_SIZE);

	memcpy(mem, machine_code, sizeof(machine_code));
	ok_child_dies(child_calls, mem, SIGSEGV, "data-is-not-executable");
	protect(mem, PAGE_SIZE, PROT_READ | PROT_EXEC);
	ok_child_exits(child_calls, mem, 42, "executable-memory-runs");
	ok_child_dies(child_writes, mem, SIGSEGV, "executable-memory-is-not-writable");
	protect(mem, PAGE_SIZE, PROT_READ);
	ok_child_dies(child_calls, mem, SIGSEGV, "no-longer-executable-memory-does-not-run");
	unmap(mem, PAGE_SIZE);
}

/* Exclusive pages that were written before: reopening them saves the write faults. */
static void test_no_faults(void)
{
	int pages = 64;
	size_t len = (size_t)pages * PAGE_SIZE;
	char *mem = map_private(len);
	long before, after;

	memset(mem, 1, len);
	protect(mem, len, PROT_READ);
	protect(mem, len, RW);
	before = fault_count();
	for (int i = 0; i < pages; i++)
		mem[(size_t)i * PAGE_SIZE] = 2;
	after = fault_count();
	if (before < 0)
		skip("no fault counter", "reopened-pages-are-written-without-faults");
	else
		ok(after - before < pages / 2, "reopened-pages-are-written-without-faults");
	unmap(mem, len);
}

int main(void)
{
	tap_plan(38);
	test_one_page();
	test_split_and_merge();
	test_errors();
	test_zero_page();
	test_after_fork();
	test_exec();
	test_no_faults();
	return tap_done();
}
