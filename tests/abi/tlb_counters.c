/*
 * tlb_counters.c - the counters of TLB flushes in /proc/vmstat: each moves by exactly what was
 * flushed, on one CPU and on several, page by page and as a whole.
 *
 * Somebody else may flush at the same time, and a CPU that has nothing to do may have let
 * the memory go. So an operation is repeated until the counters move as they must; they
 * never do if they count wrongly.
 */
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#include <stdlib.h>
#include <string.h>

#define RW	(PROT_READ | PROT_WRITE)
#define PAGES	64
#define PATIENCE 60000000000L	/* ns until counters that never move so are given up */
#define CEILING	"/sys/kernel/debug/x86/tlb_single_page_flush_ceiling"

enum counter { REMOTE, RECEIVED, ALL, ONE, TARGETS, IPIS, CYCLES, COUNTERS };

static const char *const names[COUNTERS] = {
	"nr_tlb_remote_flush",	  "nr_tlb_remote_flush_received", "nr_tlb_local_flush_all",
	"nr_tlb_local_flush_one", "tlb_cpus_targeted",		  "tlb_ipis_sent",
	"tlb_wait_cycles",
};

static char text[8192];
static char *mem;
static int others;		/* CPUs that are told, besides this one */
static uint32_t awake, stop, turns[8];

/* The number behind a name; -1: there is no such line. */
static long value_of(const char *name)
{
	size_t len = strlen(name);

	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && line[len] == ' ')
			return atol(line + len + 1);
	}
	return -1;
}

static bool read_counters(long values[COUNTERS])
{
	int fd = (int)sys_open("/proc/vmstat", O_RDONLY, 0);
	long n = fd < 0 ? fd : sys_read(fd, text, sizeof(text) - 1);
	bool all = n > 0;

	sys_close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (int i = 0; i < COUNTERS; i++) {
		values[i] = value_of(names[i]);
		all &= values[i] >= 0;
	}
	return all;
}

static void touch_pages(unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		mem[i * PAGE_SIZE]++;
}

/* Another CPU's thread: in the address space, doing nothing else, until it may end. */
static void *runner(void *arg)
{
	int n = *(int *)arg;

	pin_to_cpu(nth_cpu(n));
	while (!word_get(&stop)) {
		word_add(&turns[n]);
		word_wait(&awake, word_get(&turns[n]));
	}
	return NULL;
}

/*
 * All runners come to their CPUs, and may sleep there: the CPU keeps the address
 * space until it is told.
 */
static void wake_all(void)
{
	uint32_t turn = word_get(&awake) + 1;

	word_set(&awake, turn);
	for (int i = 1; i <= others; i++)
		while (word_get(&turns[i]) <= turn)
			sleep_ms(1);
}

/* How many CPUs will be told; how many pages are flushed, 0: everything; and what is done. */
struct flush {
	const char *name;
	int told;
	long pages;
	void (*run)(unsigned long pages);
	unsigned long arg;
};

static bool moved_so(const struct flush *flush, const long before[COUNTERS],
		     const long after[COUNTERS])
{
	long d[COUNTERS];

	for (int i = 0; i < COUNTERS; i++)
		d[i] = after[i] - before[i];
	return d[REMOTE] == (flush->told > 0) && d[TARGETS] == flush->told &&
	       d[RECEIVED] == flush->told && d[IPIS] == flush->told &&
	       (d[CYCLES] > 0) == (flush->told > 0) && d[ONE] == flush->pages &&
	       d[ALL] == !flush->pages;
}

static void exactly(const struct flush *flush)
{
	long before[COUNTERS], after[COUNTERS];
	bool right = false;

	for (int64_t end = now_ns() + PATIENCE; !right && now_ns() < end;) {
		sys_mprotect((uintptr_t)mem, PAGES * PAGE_SIZE, RW);
		touch_pages(PAGES);
		if (flush->told)
			wake_all();
		read_counters(before);
		flush->run(flush->arg);
		read_counters(after);
		right = moved_so(flush, before, after);
	}
	ok(right, "%s-with-%d-others-told", flush->name, flush->told);
	for (int i = 0; i < COUNTERS && !right; i++)
		note("%s went from %ld to %ld", names[i], before[i], after[i]);
}

static void protect(unsigned long pages)
{
	sys_mprotect((uintptr_t)mem, pages * PAGE_SIZE, PROT_READ);
}

static void discard(unsigned long pages)
{
	sys_madvise((uintptr_t)mem, pages * PAGE_SIZE, MADV_DONTNEED);
}

static void test_flushes(int told)
{
	const struct flush flushes[] = {
		{ "mprotect-of-a-page", told, 1, protect, 1 },
		{ "mprotect-of-33-pages", told, 33, protect, 33 },
		{ "mprotect-of-34-pages", told, 0, protect, 34 },
		{ "dontneed-of-16-pages", told, 16, discard, 16 },
		{ "dontneed-of-64-pages", told, 0, discard, 64 },
	};

	for (unsigned int i = 0; i < sizeof(flushes) / sizeof(flushes[0]); i++)
		exactly(&flushes[i]);
}

/* Nothing is lost and nobody is told: there was nothing that a TLB could have. */
static void test_nothing(void)
{
	long before[COUNTERS], after[COUNTERS];
	bool same = false;
	char *fresh = map_private(16 * PAGE_SIZE);

	for (int64_t end = now_ns() + PATIENCE; !same && now_ns() < end;) {
		read_counters(before);
		sys_mprotect((uintptr_t)fresh, 16 * PAGE_SIZE, PROT_READ);
		sys_mprotect((uintptr_t)fresh, 16 * PAGE_SIZE, RW);
		read_counters(after);
		same = !memcmp(before, after, sizeof(before));
	}
	ok(same, "untouched-memory-is-not-flushed");
	unmap(fresh, 16 * PAGE_SIZE);
}

static long set_ceiling(const char *value)
{
	int fd = (int)sys_open(CEILING, O_RDWR, 0);
	long ret = fd < 0 ? fd : sys_write(fd, value, strlen(value));

	sys_close(fd);
	return ret;
}

static void test_ceiling(void)
{
	const struct flush whole = { "one-page-above-the-ceiling", 0, 0, protect, 1 },
			   single = { "64-pages-below-the-ceiling", 0, 64, protect, 64 };

	is(set_ceiling("0\n"), 2, "the-ceiling-is-set-to-0");
	exactly(&whole);
	is(set_ceiling("1000"), 4, "the-ceiling-is-set-to-1000");
	exactly(&single);
	is(set_ceiling("-1"), -EINVAL, "a-ceiling-below-0-is-refused");
	is(set_ceiling("x\n"), -EINVAL, "a-ceiling-of-letters-is-refused");
	is(set_ceiling("99999999999"), -EINVAL, "a-ceiling-that-is-no-int-is-refused");
	is(set_ceiling("33"), 2, "the-ceiling-is-33-again");
}

static void test_with_others(void)
{
	static struct thread threads[8];
	static int numbers[8];

	for (int i = 1; i <= others; i++) {
		numbers[i] = i;
		thread_create(&threads[i], runner, &numbers[i]);
	}
	test_flushes(others);
	word_set(&stop, 1);
	word_add(&awake);
	for (int i = 1; i <= others; i++)
		thread_join(&threads[i]);
}

int main(void)
{
	long values[COUNTERS];

	pin_to_cpu(nth_cpu(0));
	others = cpu_count() > 4 ? 3 : cpu_count() - 1;
	if (!read_counters(values)) {
		skip("not all of the counters in /proc/vmstat", "flushes-are-counted");
		return tap_finish();
	}
	mem = map_private(PAGES * PAGE_SIZE);
	test_nothing();
	test_flushes(0);
	test_ceiling();
	if (others)
		test_with_others();
	return tap_finish();
}
