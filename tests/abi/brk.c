/*
 * brk.c - brk(2): the heap grows and shrinks; a refusal leaves the break where it is. The C
 * library's malloc shares the break: nothing here calls it, and the break is put back.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

static uintptr_t start;			/* the break, at a page, before each test */

static void test_grow(void)
{
	char *mem = (char *)start;

	is(sys_brk(start + 4 * PAGE_SIZE), (long)(start + 4 * PAGE_SIZE), "brk-grows-the-heap");
	ok(all_bytes(mem, 0, 4 * PAGE_SIZE), "new-heap-reads-zero");
	mem[0] = 1;
	mem[4 * PAGE_SIZE - 1] = 2;
	ok(mem[0] == 1 && mem[4 * PAGE_SIZE - 1] == 2, "new-heap-keeps-what-is-written");
	is(sys_brk(0), (long)(start + 4 * PAGE_SIZE), "brk-of-zero-tells-the-break");
}

static void test_shrink(void)
{
	char *mem = (char *)start;

	is(sys_brk(start + PAGE_SIZE), (long)(start + PAGE_SIZE), "brk-shrinks-the-heap");
	is(mem[0], 1, "the-rest-of-the-heap-keeps-its-contents");
	ok_child_dies(child_reads, mem + PAGE_SIZE, SIGSEGV, "the-cut-heap-is-inaccessible");
	sys_brk(start + 4 * PAGE_SIZE);
	is(mem[4 * PAGE_SIZE - 1], 0, "heap-that-grows-again-reads-zero");
}

/* The break counts bytes, memory comes in pages. */
static void test_odd_bytes(void)
{
	char *mem = (char *)start;

	sys_brk(start);
	is(sys_brk(start + 10), (long)(start + 10), "break-inside-a-page");
	mem[PAGE_SIZE - 1] = 3;
	is(sys_brk(start + 20), (long)(start + 20), "break-moves-inside-the-page");
	is(mem[PAGE_SIZE - 1], 3, "the-page-keeps-its-contents");
	ok_child_dies(child_reads, mem + PAGE_SIZE, SIGSEGV, "the-page-behind-is-inaccessible");
}

static void test_refusals(void)
{
	long now = sys_brk(start + PAGE_SIZE);
	char *wall = (char *)start + 8 * PAGE_SIZE;

	is(sys_brk(1), now, "break-below-the-heap-is-refused");
	is(sys_brk(~0UL), now, "absurd-break-is-refused");
	is(sys_brk(0xffff800000000000UL), now, "break-in-the-kernel-half-is-refused");
	sys_mmap((uintptr_t)wall, PAGE_SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	wall[0] = 77;
	is(sys_brk(start + 16 * PAGE_SIZE), now, "break-across-another-mapping-is-refused");
	is(wall[0], 77, "that-mapping-is-untouched");
	unmap(wall, PAGE_SIZE);
	is(sys_brk(start + 16 * PAGE_SIZE), (long)(start + 16 * PAGE_SIZE),
	   "without-it-the-heap-grows");
}

/* Memory that the program has unmapped itself is not the break's to take back. */
static int child_shrinks_over_a_hole(void *arg)
{
	uintptr_t end = start + 40 * PAGE_SIZE;

	(void)arg;
	sys_brk(end);
	sys_munmap(end - 4 * PAGE_SIZE, 4 * PAGE_SIZE);
	if (sys_brk(end - 2 * PAGE_SIZE) != (long)end)
		return 1;
	return sys_brk(end - 6 * PAGE_SIZE) == (long)(end - 6 * PAGE_SIZE) ? 0 : 2;
}

static int child_moves_break(void *arg)
{
	char *mem = (char *)start;

	(void)arg;
	mem[0] = 55;
	sys_brk(start + 32 * PAGE_SIZE);
	mem[31 * PAGE_SIZE] = 1;
	return sys_brk(0) == (long)(start + 32 * PAGE_SIZE) ? 0 : 1;
}

static void test_fork(void)
{
	char *mem = (char *)start;
	long now = sys_brk(0);

	mem[0] = 44;
	ok_child_exits(child_moves_break, NULL, 0, "child-moves-its-break");
	is(sys_brk(0), now, "the-parent's-break-stays");
	is(mem[0], 44, "the-parent's-heap-stays");
}

int main(void)
{
	uintptr_t original = (uintptr_t)sys_brk(0);

	start = (original + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	sys_brk(start);
	tap_plan(23);
	ok(original != 0, "there-is-a-break");
	test_grow();
	test_shrink();
	test_odd_bytes();
	test_refusals();
	ok_child_exits(child_shrinks_over_a_hole, NULL, 0,
		       "the-heap-shrinks-only-where-there-is-some-of-it");
	test_fork();
	sys_brk(original);
	return tap_done();
}
