/*
 * gup_oracle.c - random ranges by /sys/kernel/debug/gup_test, at each depth that the machine has:
 * the lockless walk finds as many pages as the slow path, as many as the program can read or write
 * itself, and by pins of both kinds these show what its loads show. Across the borders of each
 * kind of table, and with other contents one span below.
 *
 *	gup_oracle [SEED]
 */
#include "kernel/uapi/gup_test.h"
#include "tests/fuzz/random.h"
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#include <stdlib.h>
#include <string.h>

#define RW	   (PROT_READ | PROT_WRITE)
#define FIXED	   (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
#define HALF	   12ul		/* pages on each side of a border */
#define BORDERS	   4
#define ROUNDS	   8
#define RANGES	   24
#define MOST	   16ul
#define FOLL_WRITE 1u

static int fd;
static uint64_t seed, state;
static char seen[MOST * PAGE_SIZE];

/* What each page of a window may be used for. */
enum state_of_page { HOLE, NONE, READ, WRITE };

struct window {
	uintptr_t start;
	enum state_of_page page[2 * HALF];
};

static struct window windows[BORDERS];

static unsigned long below(unsigned long n) { return random_below(&state, n); }

static long ask(unsigned int cmd, const void *arg)
{
	return syscall3(__NR_ioctl, fd, cmd, (long)arg);
}

/* Contents of its own for each page: also for a decoy, which must not be taken for it. */
static void fill(uintptr_t start, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		*(uintptr_t *)(start + i * PAGE_SIZE) = (start + i * PAGE_SIZE) ^ 0x77;
}

static bool map_at(uintptr_t start, unsigned long pages)
{
	return sys_mmap(start, pages * PAGE_SIZE, RW, FIXED, -1, 0) == (long)start;
}

/* Each eighth page is a hole, cannot be used or is read-only; one more is never touched before. */
static void change_pages(struct window *w)
{
	static const int prots[] = { [NONE] = PROT_NONE, [READ] = PROT_READ };

	for (unsigned long i = 0; i < 2 * HALF; i++) {
		uintptr_t at = w->start + i * PAGE_SIZE;

		w->page[i] = below(8) ? WRITE : (enum state_of_page)below(3);
		if (w->page[i] == HOLE)
			sys_munmap(at, PAGE_SIZE);
		else if (w->page[i] != WRITE)
			sys_mprotect(at, PAGE_SIZE, prots[w->page[i]]);
		else if (!below(8))
			sys_madvise(at, PAGE_SIZE, MADV_DONTNEED);
	}
}

/* A window across border, and decoys one span of each level below it. */
static bool make_window(struct window *w, uintptr_t border)
{
	const uintptr_t start = border - HALF * PAGE_SIZE;

	for (unsigned int shift = 21; shift <= 48; shift += 9) {
		uintptr_t decoy = start - (1ul << shift);

		if (start < (1ul << shift) + (1ul << 33))
			break;
		if (!map_at(decoy, 2 * HALF))
			return false;
		fill(decoy, 2 * HALF);
	}
	w->start = start;
	if (!map_at(start, 2 * HALF))
		return false;
	fill(start, 2 * HALF);
	return true;
}

/*
 * The n-th of four borders, of different levels, at least 16 GiB up: nothing else lies there.
 * Their decoys lie far from the others.
 */
static uintptr_t border(unsigned int depth, int n)
{
	const uintptr_t base = depth == 3 ? 16ul << 30 : depth == 4 ? 1ul << 40 : 1ul << 49;
	const unsigned int shift = n == 0 ? 21 : n == 1 ? 30 : n == 2 ? 9 * depth + 3 : 12;

	return base + ((uintptr_t)(2 * n + 2) << 34) +
	       ((1 + below(3)) << (shift < 33 ? shift : 33)) +
	       (n == 2 && depth > 3 ? 1ul << shift : 0);
}

/* How far the program itself would come: what it may do is known, since it has set it. */
static unsigned long allowed(const struct window *w, unsigned long first, unsigned long nr,
			     bool write)
{
	unsigned long i;

	for (i = 0; i < nr; i++)
		if (first + i >= 2 * HALF || w->page[first + i] < (write ? WRITE : READ))
			break;
	return i;
}

static long found(unsigned int cmd, uintptr_t addr, unsigned long nr, bool write)
{
	struct gup_test gup = { .addr = addr, .size = nr * PAGE_SIZE, .nr_pages_per_call = 1,
				.gup_flags = write ? FOLL_WRITE : 0 };

	return ask(cmd, &gup) ? -1 : (long)(gup.size / PAGE_SIZE);
}

/* Pins of the range show what the program's loads show. */
static bool pins_agree(uintptr_t addr, unsigned long nr, unsigned int flags)
{
	struct pin_longterm_test args = { addr, nr * PAGE_SIZE, flags };
	uint64_t to = (uintptr_t)seen;
	bool same;

	if (ask(PIN_LONGTERM_TEST_START, &args) || ask(PIN_LONGTERM_TEST_READ, &to))
		return false;
	same = !memcmp(seen, (void *)addr, nr * PAGE_SIZE);
	ask(PIN_LONGTERM_TEST_STOP, NULL);
	return same;
}

static bool try_range(const struct window *w)
{
	static const unsigned int ways[] = { GUP_FAST_BENCHMARK, GUP_BASIC_TEST,
					     PIN_FAST_BENCHMARK, PIN_BASIC_TEST };
	const unsigned long first = below(2 * HALF), nr = 1 + below(MOST);
	const bool write = below(2);
	const uintptr_t addr = w->start + first * PAGE_SIZE;
	const unsigned long good = allowed(w, first, nr, write);
	bool right = true;

	for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		right &= found(ways[i], addr, nr, write) == (long)good;
	if (good)
		right &= pins_agree(addr, good, PIN_LONGTERM_TEST_FLAG_USE_FAST | write) &&
			 pins_agree(addr, good, write);
	if (!right)
		note("SEED=%lu: %lu pages from %lx%s: %lu are to be found", (unsigned long)seed,
		     nr, (unsigned long)addr, write ? " for writing" : "", good);
	return right;
}

/*
 * 0: all agreed. Each depth has an address space of its own, since none becomes shallower again.
 */
static int child_asks(void *arg)
{
	const unsigned int depth = *(unsigned int *)arg;

	state = random_state(seed * 8 + depth);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < BORDERS; i++) {
			if (!make_window(&windows[i], border(depth, i)))
				return 2;
			change_pages(&windows[i]);
		}
		if (pleat_levels() > 0 && pleat_levels() != (int)depth)
			return 3;
		for (int i = 0; i < RANGES; i++)
			if (!try_range(&windows[below(BORDERS)]))
				return 1;
		for (int i = 0; i < BORDERS; i++)
			sys_munmap(windows[i].start, 2 * HALF * PAGE_SIZE);
	}
	return 0;
}

int main(int argc, char **argv)
{
	seed = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
	fd = (int)sys_open("/sys/kernel/debug/gup_test", O_RDWR, 0);
	if (fd < 0) {
		skip("no /sys/kernel/debug/gup_test", "ranges-by-ioctl");
		return tap_finish();
	}
	note("SEED=%lu", (unsigned long)seed);
	for (unsigned int depth = 3; depth <= 5; depth++) {
		if (pleat_hw_levels() < (int)depth || pleat_levels() > (int)depth)
			skip("not at this depth", "fast-and-slow-and-loads-agree-with-%u-levels",
			     depth);
		else
			is(child_verdict(child_run(child_asks, &depth)), 0,
			   "fast-and-slow-and-loads-agree-with-%u-levels", depth);
	}
	return tap_finish();
}
