/*
 * high_addresses.c - the whole range of user addresses: hints far away, the borders at 2^47 and
 * 2^56, and what lies beyond. Addresses that differ in high bits only must never be mixed up.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#define RW		(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)
#define TIB		(1UL << 40)
#define END47		(1UL << 47)
#define END56		(1UL << 56)

static long anon(uintptr_t addr, int flags)
{
	return sys_mmap(addr, PAGE_SIZE, RW, ANON | flags, -1, 0);
}

static void test_hints(void)
{
	uintptr_t at = 100 * TIB + 0x123000;	/* below 2^47, above 2^46 */
	char *mem;
	int fds[2];

	is(anon(at, MAP_FIXED_NOREPLACE), (long)at, "memory-at-100-TiB");
	mem = (char *)at;
	is(mem[0], 0, "it-reads-zero");
	mem[0] = 1;
	mem[PAGE_SIZE - 1] = 2;
	ok(mem[0] == 1 && mem[PAGE_SIZE - 1] == 2, "it-keeps-what-is-written");
	sys_pipe(fds);
	sys_write(fds[1], mem, 1);
	is(sys_read(fds[0], mem + 1, 1), 1, "the-kernel-reads-and-writes-there");
	is(mem[1], 1, "with-the-right-bytes");
	ok_child_exits(child_writes, mem, 0, "a-child-writes-there");
	is(mem[0], 1, "invisibly-to-the-parent");
	sys_mprotect(at, PAGE_SIZE, PROT_READ);
	ok_child_dies(child_writes, mem, SIGSEGV, "it-can-be-protected");
	sys_munmap(at, PAGE_SIZE);
	ok_child_dies(child_reads, mem, SIGSEGV, "it-can-be-unmapped");
	sys_close(fds[0]);
	sys_close(fds[1]);
}

/* Pages whose addresses agree in the low 39 bits: each table level tells them apart. */
static void test_no_alias(void)
{
	uintptr_t low = (uintptr_t)map_private(PAGE_SIZE);
	uintptr_t base = low & ((1UL << 39) - 1);
	int mapped = 0, wrong = 0;

	*(volatile int *)low = 1000;
	for (uintptr_t slot = 1; slot < 250; slot += 31) {
		long got = anon(base + (slot << 39), MAP_FIXED_NOREPLACE);

		if (got == (long)(base + (slot << 39))) {
			*(volatile int *)got = (int)slot;
			mapped++;
		}
	}
	for (uintptr_t slot = 1; slot < 250; slot += 31)
		wrong += *(volatile int *)(base + (slot << 39)) != (int)slot;
	ok(mapped == 9 && wrong == 0, "nine-pages-that-differ-in-the-top-bits-only");
	is(*(volatile int *)low, 1000, "none-of-them-is-the-page-below");
	for (uintptr_t slot = 1; slot < 250; slot += 31)
		sys_munmap(base + (slot << 39), PAGE_SIZE);
	is(*(volatile int *)low, 1000, "which-survives-them");
	unmap((void *)low, PAGE_SIZE);
}

/* Nothing is mapped there: calls say so, accesses die, and lower pages are not touched. */
static void test_nothing_there(void)
{
	char *low = map_private(PAGE_SIZE);
	uintptr_t alias = (uintptr_t)low ^ (1UL << 45);
	int fds[2];

	low[0] = 3;
	is(sys_mprotect(alias, PAGE_SIZE, PROT_READ), -ENOMEM, "mprotect-far-from-everything");
	is(sys_madvise(alias, PAGE_SIZE, MADV_DONTNEED), -ENOMEM, "madvise-far-from-everything");
	is(sys_munmap(alias, PAGE_SIZE), 0, "munmap-far-from-everything");
	ok_child_dies(child_reads, (void *)alias, SIGSEGV, "a-read-far-from-everything-dies");
	sys_pipe(fds);
	is(sys_write(fds[1], (void *)alias, 1), -EFAULT, "the-kernel-does-not-read-there");
	low[0]++;
	is(low[0], 4, "the-page-with-the-same-low-bits-is-intact");
	sys_close(fds[0]);
	sys_close(fds[1]);
	unmap(low, PAGE_SIZE);
}

static void test_borders(void)
{
	long got = anon(0, 0);

	ok((uintptr_t)got < END47, "without-a-hint-addresses-stay-below-2^47");
	sys_munmap((uintptr_t)got, PAGE_SIZE);
	is(anon(END56, MAP_FIXED), -ENOMEM, "nothing-is-mapped-at-2^56");
	is(anon(END56 - PAGE_SIZE, MAP_FIXED), -ENOMEM, "nor-in-the-last-page-below-it");
	is(sys_munmap(END56, PAGE_SIZE), -EINVAL, "munmap-at-2^56");
	got = anon(END47 - 2 * PAGE_SIZE, MAP_FIXED_NOREPLACE);
	ok(got == (long)(END47 - 2 * PAGE_SIZE) || got == -EEXIST,
	   "the-last-page-but-one-below-2^47-can-be-mapped");
	if (!is_error(got))
		sys_munmap((uintptr_t)got, PAGE_SIZE);
}

/* A hint beyond 2^47 opens the fifth level where the machine has one; elsewhere it is ignored. */
static void test_five_levels(void)
{
	uintptr_t hint = (1UL << 50) + 0x4000;
	long got = anon(hint, 0), fixed;
	bool five = got == (long)hint;
	char *mem = (char *)got;

	ok(five || (uintptr_t)got < END47, "a-hint-beyond-2^47-is-taken-or-ignored");
	mem[0] = 55;
	ok(mem[0] == 55 && mem[1] == 0, "the-memory-works-either-way");
	sys_munmap((uintptr_t)got, PAGE_SIZE);
	fixed = anon(hint, MAP_FIXED);
	is(fixed, five ? (long)hint : -ENOMEM, "fixed-there-works-exactly-if-the-hint-did");
	if (!is_error(fixed))
		sys_munmap(hint, PAGE_SIZE);
	if (pleat_hw_levels())
		ok(five == (pleat_hw_levels() == 5), "it-works-exactly-on-five-level-hardware");
	else
		skip("nobody tells the levels", "it-works-exactly-on-five-level-hardware");
	got = anon(0, 0);
	ok((uintptr_t)got < END47, "afterwards-addresses-still-stay-below-2^47");
	sys_munmap((uintptr_t)got, PAGE_SIZE);
}

int main(void)
{
	tap_plan(28);
	test_hints();
	test_no_alias();
	test_nothing_there();
	test_borders();
	test_five_levels();
	return tap_done();
}
