/*
 * gup_fold.c - the lockless walk finds the page that was asked for, and not the one that lies a
 * table's span below it: around the border of two tables of each level, with a decoy there.
 * docs/folding-bug.md is about a kernel in which these tests fail.
 */
#include "kernel/uapi/gup_test.h"
#include "user/linux.h"
#include "user/tap.h"

#include <string.h>

#define RW	(PROT_READ | PROT_WRITE)
#define FIXED	(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE)
#define PAGES	4ul		/* two on each side of the border */
#define LEN	(PAGES * PAGE_SIZE)
#define WRITE	PIN_LONGTERM_TEST_FLAG_USE_WRITE

struct border {
	uintptr_t at;		/* where a table of the level ends */
	uintptr_t span;		/* of one entry of that level */
	const char *name;
};

/* All below 2^39 first: there the tree has 3 levels, and the entries of 1 GiB are its top's. */
static const struct border borders[] = {
	{ 0x5000200000, 1ul << 21, "2-MiB" },
	{ 0x5140000000, 1ul << 30, "1-GiB" },
	{ 0x18000000000, 1ul << 39, "512-GiB" },
};

static int fd;
static char seen[LEN];

static char *fill(uintptr_t at, char what)
{
	long got = sys_mmap(at, LEN, RW, FIXED, -1, 0);
	char *mem = (char *)got;

	if (got != (long)at)
		return NULL;
	for (unsigned long i = 0; i < PAGES; i++)
		mem[i * PAGE_SIZE] = (char)(what + (char)i);
	return mem;
}

/* The pages of [mem, mem + LEN) as a lockless pin shows them. */
static bool pins_show(char *mem, unsigned int flags)
{
	struct pin_longterm_test args = { (uintptr_t)mem, LEN,
					  flags | PIN_LONGTERM_TEST_FLAG_USE_FAST };
	uint64_t to = (uintptr_t)seen;
	bool same;

	if (syscall3(__NR_ioctl, fd, PIN_LONGTERM_TEST_START, (long)&args))
		return false;
	memset(seen, 0, sizeof(seen));
	same = !syscall3(__NR_ioctl, fd, PIN_LONGTERM_TEST_READ, (long)&to) &&
	       !memcmp(seen, mem, LEN);
	syscall3(__NR_ioctl, fd, PIN_LONGTERM_TEST_STOP, 0);
	for (unsigned long i = 0; !same && i < PAGES; i++)
		note("page %lu of address %lx is '%c', and the pin shows '%c'", i,
		     (unsigned long)mem, mem[i * PAGE_SIZE], seen[i * PAGE_SIZE]);
	return same;
}

static void test_border(const struct border *b)
{
	uintptr_t start = b->at - 2 * PAGE_SIZE;
	char *decoy = fill(start - b->span, 'a'), *mem = fill(start, 'A');

	if (!decoy || !mem) {
		ok(false, "%s-border-is-mapped", b->name);
		return;
	}
	ok(pins_show(mem, 0), "%s-border-read", b->name);
	ok(pins_show(mem, WRITE), "%s-border-write", b->name);
	ok(pins_show(decoy, 0), "%s-border-decoy", b->name);
	sys_munmap((uintptr_t)mem, LEN);
	sys_munmap((uintptr_t)decoy, LEN);
}

int main(void)
{
	fd = (int)sys_open("/sys/kernel/debug/gup_test", O_RDWR, 0);
	if (fd < 0) {
		skip("no /sys/kernel/debug/gup_test", "pins-around-the-borders-of-tables");
		return tap_finish();
	}
	for (unsigned long i = 0; i < sizeof(borders) / sizeof(borders[0]); i++)
		test_border(&borders[i]);
	return tap_finish();
}
