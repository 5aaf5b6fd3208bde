/*
 * gup_test.c - get_user_pages from outside, by /sys/kernel/debug/gup_test: what is refused, how
 * far a range is found, that pins see what the program sees, that nothing is kept.
 */
#include "kernel/uapi/gup_test.h"
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

#define RW	(PROT_READ | PROT_WRITE)
#define KERNEL	0xffff800000000000ul
#define PAGES	16ul
#define WRITE	1u		/* FOLL_ flags, as gup_flags has them */
#define DUMP	4u

static int fd;
static char seen[PAGES * PAGE_SIZE];

static const struct { unsigned int cmd; const char *name; } ways[] = {
	{ GUP_FAST_BENCHMARK, "get-fast" },	    { PIN_FAST_BENCHMARK, "pin-fast" },
	{ PIN_LONGTERM_BENCHMARK, "pin-longterm" }, { GUP_BASIC_TEST, "get" },
	{ PIN_BASIC_TEST, "pin" },		    { DUMP_USER_PAGES_TEST, "get-and-dump" },
};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static long ask(unsigned int cmd, const void *arg)
{
	return syscall3(__NR_ioctl, fd, cmd, (long)arg);
}

/* The bytes that were found, page by page, or -errno. */
static long walk(unsigned int cmd, uintptr_t addr, uint64_t size, unsigned int flags,
		 unsigned int per_call)
{
	struct gup_test gup = {
		.addr = addr, .size = size, .gup_flags = flags, .nr_pages_per_call = per_call
	};
	long ret = ask(cmd, &gup);

	return ret ? ret : (long)gup.size;
}

static long found(unsigned int cmd, const void *addr, uint64_t size, unsigned int flags)
{
	return walk(cmd, (uintptr_t)addr, size, flags, 1) / (long)PAGE_SIZE;
}

static long start_at(uintptr_t addr, uint64_t size, unsigned int flags)
{
	struct pin_longterm_test args = { addr, size, flags };

	return ask(PIN_LONGTERM_TEST_START, &args);
}

static long start(const void *addr, uint64_t size, unsigned int flags)
{
	return start_at((uintptr_t)addr, size, flags);
}

static long stop(void) { return ask(PIN_LONGTERM_TEST_STOP, NULL); }

static long read_pins(void *to)
{
	uint64_t where = (uintptr_t)to;

	return ask(PIN_LONGTERM_TEST_READ, &where);
}

/* Sixteen touched pages; the first byte of page n is n + 1. */
static char *touched(void)
{
	char *mem = map_private(PAGES * PAGE_SIZE);

	for (unsigned long i = 0; i < PAGES; i++)
		mem[i * PAGE_SIZE] = (char)(i + 1);
	return mem;
}

/* ---- what is refused ---- */

static void test_commands(void)
{
	static const unsigned int unknown[] = {
		0, 0x6708 + 2, 0xc0506700, 0xc0506707, 0x5401, ~0u
	};
	struct pin_longterm_test args = { 0, PAGE_SIZE, 4 };
	uint64_t nowhere = 8;

	for (unsigned int i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		is(ask(unknown[i], &nowhere), -EINVAL, "command-%x-is-unknown", unknown[i]);
	for (int i = 0; i < WAYS; i++) {
		is(ask(ways[i].cmd, (void *)8), -EFAULT, "%s-of-a-bad-structure", ways[i].name);
		is(ask(ways[i].cmd, (void *)KERNEL), -EFAULT, "%s-of-a-kernel-structure",
		   ways[i].name);
	}
	is(ask(PIN_LONGTERM_TEST_START, (void *)8), -EFAULT, "start-with-a-bad-structure");
	is(ask(PIN_LONGTERM_TEST_START, &args), -EINVAL, "start-with-an-unknown-flag");
	is(ask(PIN_LONGTERM_TEST_READ, &nowhere), -EINVAL, "nothing-is-pinned-that-could-be-read");
	is(stop(), 0, "nor-stopped-but-that-is-no-error");
}

static void test_start(char *mem, unsigned int fast)
{
	const char *how = fast ? "fast" : "slow";
	uint64_t nowhere = 8;

	is(start(mem + 8, PAGE_SIZE, fast), -EINVAL, "%s-unaligned-address", how);
	is(start(mem, PAGE_SIZE + 1, fast), -EINVAL, "%s-unaligned-size", how);
	is(start(mem, 0, fast), -EINVAL, "%s-of-nothing", how);
	is(start(mem, 1ul << 63, fast), -EINVAL, "%s-size-that-is-negative", how);
	is(start(mem, 1ul << 60, fast), -ENOMEM, "%s-huge-size", how);
	is(start_at(KERNEL, PAGE_SIZE, fast), -EFAULT, "%s-kernel-address", how);
	is(start_at(1ul << 63, PAGE_SIZE, fast), -EFAULT, "%s-address-of-no-half", how);
	is(start_at(-PAGE_SIZE, 2 * PAGE_SIZE, fast), fast ? -EOVERFLOW : -EFAULT,
	   "%s-range-that-wraps", how);
	is(start_at(0, PAGE_SIZE, fast), -EFAULT, "%s-page-0", how);
	is(start(mem, PAGES * PAGE_SIZE, fast), -EFAULT, "%s-range-with-a-hole", how);
	is(start(mem + 8 * PAGE_SIZE, PAGE_SIZE, fast), -EFAULT, "%s-prot-none", how);
	is(start(mem + 10 * PAGE_SIZE, PAGE_SIZE, fast | PIN_LONGTERM_TEST_FLAG_USE_WRITE),
	   -EFAULT, "%s-write-to-what-is-read-only", how);
	is(read_pins(seen), -EINVAL, "%s-and-nothing-of-that-is-kept", how);
	is(start(mem, PAGE_SIZE, fast), 0, "%s-good-range", how);
	is(start(mem, PAGE_SIZE, fast), -EINVAL, "%s-twice", how);
	is(ask(PIN_LONGTERM_TEST_READ, (void *)8), -EFAULT, "%s-read-by-a-bad-pointer", how);
	is(ask(PIN_LONGTERM_TEST_READ, &nowhere), -EFAULT, "%s-read-to-a-bad-place", how);
	is(stop(), 0, "%s-stopped", how);
}

/* ---- how far a range is found: page 5 is a hole, 8 PROT_NONE, 10 read-only ---- */

static void test_way(unsigned int cmd, const char *name, char *mem)
{
	const uintptr_t at = (uintptr_t)mem;

	is(found(cmd, mem, 5 * PAGE_SIZE, WRITE), 5, "%s-all", name);
	is(found(cmd, mem, PAGES * PAGE_SIZE, WRITE), 5, "%s-up-to-a-hole", name);
	is(found(cmd, mem + 5 * PAGE_SIZE, PAGE_SIZE, 0), 0, "%s-a-hole", name);
	is(found(cmd, mem + 6 * PAGE_SIZE, 8 * PAGE_SIZE, 0), 2, "%s-up-to-prot-none", name);
	is(found(cmd, mem + 9 * PAGE_SIZE, 7 * PAGE_SIZE, 0), 7, "%s-read-only-for-reading", name);
	is(found(cmd, mem + 9 * PAGE_SIZE, 7 * PAGE_SIZE, WRITE), 1, "%s-read-only-for-writing",
	   name);
	is(walk(cmd, at, 2 * PAGE_SIZE + 100, 0, 1), 2 * PAGE_SIZE, "%s-whole-pages-only", name);
	is(walk(cmd, at + 100, PAGE_SIZE, 0, 1), PAGE_SIZE, "%s-from-the-middle-of-a-page", name);
	is(walk(cmd, at, PAGES * PAGE_SIZE, 0, PAGES), PAGES * PAGE_SIZE,
	   "%s-a-short-call-counts-whole", name);
	is(walk(cmd, at, 5 * PAGE_SIZE, 0, ~0u), 5 * PAGE_SIZE, "%s-more-at-once-than-there-are",
	   name);
	is(walk(cmd, at, PAGE_SIZE, 0, 0), 0, "%s-none-at-once", name);
	is(walk(cmd, at, 0, 0, 1), 0, "%s-an-empty-range", name);
	is(walk(cmd, at, 1ul << 62, 0, 1), -ENOMEM, "%s-a-huge-range", name);
	is(walk(cmd, KERNEL, 4 * PAGE_SIZE, 0, 4), 0, "%s-kernel-addresses", name);
	is(walk(cmd, -2 * PAGE_SIZE, 4 * PAGE_SIZE, 0, 4), 0, "%s-a-range-that-wraps", name);
	is(walk(cmd, 1ul << 63, 4 * PAGE_SIZE, 0, 4), 0, "%s-addresses-of-no-half", name);
	is(walk(cmd, (1ul << 47) - PAGE_SIZE, 2 * PAGE_SIZE, 0, 2), 0,
	   "%s-across-the-end-of-user-space", name);
	/* FOLL_TOUCH, REMOTE, PIN, FAST_ONLY, UNLOCKABLE are the kernel's own. */
	for (unsigned int bit = 16; bit <= 21; bit++)
		is(walk(cmd, at, PAGE_SIZE, 1u << bit, 1), 0, "%s-flag-%u-is-the-kernels", name,
		   bit);
	if (cmd == GUP_FAST_BENCHMARK || cmd == GUP_BASIC_TEST)
		is(walk(cmd, at, PAGE_SIZE, 1u << 8, 1), 0, "%s-longterm-needs-a-pin", name);
}

static char *holed(void)
{
	char *mem = touched();

	sys_munmap((uintptr_t)mem + 5 * PAGE_SIZE, PAGE_SIZE);
	sys_mprotect((uintptr_t)mem + 8 * PAGE_SIZE, PAGE_SIZE, PROT_NONE);
	sys_mprotect((uintptr_t)mem + 10 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
	return mem;
}

static void test_refused(void)
{
	char *mem = holed();

	for (int i = 0; i < WAYS; i++)
		test_way(ways[i].cmd, ways[i].name, mem);
	test_start(mem, 0);
	test_start(mem, PIN_LONGTERM_TEST_FLAG_USE_FAST);
	unmap(mem, PAGES * PAGE_SIZE);
}

/* ---- which pages: what the pins see ---- */

static int child_exits(void *arg)
{
	(void)arg;
	return 0;
}

static void test_pins(unsigned int flags, const char *name)
{
	char *mem = touched();

	is(start(mem, PAGES * PAGE_SIZE, flags), 0, "%s-pins", name);
	is(read_pins(seen), 0, "%s-pins-are-read", name);
	ok(!memcmp(seen, mem, sizeof(seen)), "%s-pins-show-the-memory", name);
	mem[3 * PAGE_SIZE] = 'x';
	ok_child_exits(child_exits, NULL, 0, "a-child");
	mem[4 * PAGE_SIZE] = 'y';
	read_pins(seen);
	ok(!memcmp(seen, mem, sizeof(seen)), "%s-pins-show-what-is-written-after-a-fork", name);
	unmap(mem, PAGES * PAGE_SIZE);
	is(read_pins(seen), 0, "%s-pins-outlive-the-mapping", name);
	is(seen[3 * PAGE_SIZE], 'x', "%s-pins-with-their-contents", name);
	is(stop(), 0, "%s-pins-end", name);
}

/*
 * A long pin, though it only reads, must not hold the page of zeroes, nor one shared since a fork.
 */
static void test_pins_of_zeroes(unsigned int fast, const char *name)
{
	char *mem = map_private(2 * PAGE_SIZE);

	ok(!mem[0], "%s-nothing-was-written-yet", name);
	is(start(mem, 2 * PAGE_SIZE, fast), 0, "%s-pin-of-zeroes", name);
	mem[0] = 'a';
	mem[PAGE_SIZE] = 'b';
	read_pins(seen);
	ok(seen[0] == 'a' && seen[PAGE_SIZE] == 'b',
	   "%s-pin-of-zeroes-shows-what-is-written-later", name);
	stop();
	unmap(mem, 2 * PAGE_SIZE);
}

static void test_dump(void)
{
	char *mem = touched();
	struct gup_test gup = { .addr = (uintptr_t)mem, .size = 4 * PAGE_SIZE,
				.nr_pages_per_call = 4, .gup_flags = DUMP,
				.test_flags = GUP_TEST_FLAG_DUMP_PAGES_USE_PIN,
				.which_pages = { 1, 0, 4, 5, 17 } };

	is(ask(DUMP_USER_PAGES_TEST, &gup), 0, "pages-are-printed");
	ok(gup.which_pages[0] == 1 && gup.which_pages[2] == 4, "those-that-there-are");
	ok(!gup.which_pages[3] && !gup.which_pages[4], "and-the-others-are-crossed-out");
	unmap(mem, PAGES * PAGE_SIZE);
}

/* ---- nothing is kept ---- */

/* Everything above that takes pages and fails on its way, at once and page by page. */
static int child_takes(void *arg)
{
	char *mem = holed();

	(void)arg;
	for (int i = 0; i < WAYS; i++) {
		for (unsigned long from = 0; from < PAGES; from++) {
			found(ways[i].cmd, mem + from * PAGE_SIZE, PAGES * PAGE_SIZE, WRITE);
			walk(ways[i].cmd, (uintptr_t)mem, PAGES * PAGE_SIZE, 0, PAGES);
		}
	}
	for (unsigned int flags = 0; flags < 4; flags++)
		if (start(mem, PAGES * PAGE_SIZE, flags) != -EFAULT)
			return 1;
	return 0;
}

/* Whoever ends with pins gives them back by ending. */
static int child_ends_with_pins(void *arg)
{
	(void)arg;
	fd = (int)sys_open("/sys/kernel/debug/gup_test", O_RDWR, 0);
	return start(touched(), PAGES * PAGE_SIZE, PIN_LONGTERM_TEST_FLAG_USE_FAST) ? 1 : 0;
}

/* Do programs that do this leave as many frames in use as there were? */
static void keeps_nothing(child_main *main, const char *name)
{
	long before;

	ok_child_exits(main, NULL, 0, name);
	before = sys_prctl(PR_PLEAT_FRAMES, 0, 0);
	child_run(main, NULL);
	if (before < 0)
		skip("no count of frames", "%s-and-keeps-nothing", name);
	else
		is(sys_prctl(PR_PLEAT_FRAMES, 0, 0), before, "%s-and-keeps-nothing", name);
}

int main(void)
{
	fd = (int)sys_open("/sys/kernel/debug/gup_test", O_RDWR, 0);
	if (fd < 0) {
		skip("no /sys/kernel/debug/gup_test", "pages-by-ioctl");
		return tap_finish();
	}
	test_commands();
	test_refused();
	test_pins(0, "slow");
	test_pins(PIN_LONGTERM_TEST_FLAG_USE_WRITE, "slow-writing");
	test_pins(PIN_LONGTERM_TEST_FLAG_USE_FAST, "fast");
	test_pins(PIN_LONGTERM_TEST_FLAG_USE_WRITE | PIN_LONGTERM_TEST_FLAG_USE_FAST,
		  "fast-writing");
	test_pins_of_zeroes(0, "slow");
	test_pins_of_zeroes(PIN_LONGTERM_TEST_FLAG_USE_FAST, "fast");
	test_dump();
	keeps_nothing(child_takes, "a-program-takes-what-it-can-get");
	keeps_nothing(child_ends_with_pins, "a-program-ends-with-pins");
	return tap_finish();
}
