/*
 * unfold.c - page tables that grow a level while the program runs. Only Pleat tells how many
 * levels a program has; elsewhere all of this is skipped.
 *
 * The program runs itself again to look at a fresh start: with an argument it only reports.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#include <string.h>

#define RW		(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)
#define REACH3		(1UL << 39)
#define REACH4		(1UL << 47)
#define AT4		(5UL * REACH3 + 0x10000)	/* needs a fourth level */
#define AT5		(3UL * REACH4 + 0x10000)	/* needs a fifth */

static char *self;
static int initial, most;

static long anon(uintptr_t addr, size_t len, int flags)
{
	return sys_mmap(addr, len, RW, ANON | flags, -1, 0);
}

/* Each test runs in a child of its own, since an address space never folds back. */
static void in_child(child_main *main, const char *name)
{
	is(child_verdict(child_run(main, NULL)), 0, "%s", name);
}

/* What a child reports when a check fails: its line. */
#define check(condition)						\
	do {								\
		if (!(condition))					\
			return note("line %d: " #condition, __LINE__), 1; \
	} while (0)

static int unhinted_stays(void *arg)
{
	(void)arg;
	for (int i = 0; i < 50; i++)
		map_private(16 * PAGE_SIZE)[0] = 1;
	check(pleat_levels() == initial);
	check(!is_error(anon(0, 1UL << 30, MAP_NORESERVE)));
	check(pleat_levels() == initial);
	return 0;
}

/* An unhinted mapping that does not fit below the reach of three levels goes above it. */
static int large_unfolds(void *arg)
{
	long mem = sys_mmap(0, REACH3, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);

	(void)arg;
	check(!is_error(mem));
	check(pleat_levels() >= 4);
	return 0;
}

static int hint_unfolds(void *arg)
{
	char *low = map_private(PAGE_SIZE);
	long unfolds = pleat_counter(PLEAT_UNFOLDS, -1);
	char *high;

	(void)arg;
	low[0] = 1;
	high = (char *)anon(AT4, PAGE_SIZE, 0);
	check((uintptr_t)high == AT4);
	check(pleat_levels() == (initial > 4 ? initial : 4));
	check(pleat_counter(PLEAT_UNFOLDS, -1) - unfolds == (initial < 4));
	check(high[0] == 0);
	high[0] = 2;
	check(low[0] == 1 && high[0] == 2);
	return 0;
}

static int fixed_unfolds(void *arg)
{
	(void)arg;
	check(anon(AT4, PAGE_SIZE, MAP_FIXED) == (long)AT4);
	check(pleat_levels() >= 4);
	*(char *)AT4 = 1;
	return 0;
}

static int noreplace_unfolds(void *arg)
{
	(void)arg;
	check(anon(AT4, PAGE_SIZE, MAP_FIXED_NOREPLACE) == (long)AT4);
	check(anon(AT4, PAGE_SIZE, MAP_FIXED_NOREPLACE) == -EEXIST);
	check(pleat_levels() >= 4);
	return 0;
}

/* Two pages in two tables of the level below, both new. */
static int straddles_tables(void *arg)
{
	char *mem = (char *)anon(2 * REACH3 - PAGE_SIZE, 2 * PAGE_SIZE, MAP_FIXED_NOREPLACE);

	(void)arg;
	check((uintptr_t)mem == 2 * REACH3 - PAGE_SIZE);
	check(pleat_levels() >= 4);
	mem[0] = 1;
	mem[2 * PAGE_SIZE - 1] = 2;
	check(mem[0] == 1 && mem[2 * PAGE_SIZE - 1] == 2);
	check(mem[PAGE_SIZE - 1] == 0 && mem[PAGE_SIZE] == 0);
	return 0;
}

/*
 * The address that differs from this one in one bit only: of the first level that a tree of
 * three does not have. It is free, and beyond the reach of three levels.
 */
static uintptr_t other_half(const volatile char *address)
{
	return (uintptr_t)address ^ REACH3;
}

/* The page below with the same low 39 bits is another page. */
static int no_alias(void *arg)
{
	char *low = map_private(2 * PAGE_SIZE);
	char *high = (char *)other_half(low);

	(void)arg;
	low[0] = 1;
	check(anon((uintptr_t)high, PAGE_SIZE, MAP_FIXED_NOREPLACE) == (long)high);
	check(high[0] == 0);
	high[0] = 2;
	check(low[0] == 1);
	check(sys_munmap((uintptr_t)high, PAGE_SIZE) == 0);
	check(low[0] == 1);
	return 0;
}

/* The child is killed by this when all is well. */
static int reads_beyond_reach(void *arg)
{
	volatile char *low = map_private(PAGE_SIZE);

	(void)arg;
	low[0] = 1;
	if (initial == 4)
		return *(volatile char *)((uintptr_t)low + REACH4);
	return *(volatile char *)other_half(low);
}

static int calls_beyond_reach(void *arg)
{
	char *low = map_private(PAGE_SIZE);
	uintptr_t high = other_half(low);
	int fds[2];

	(void)arg;
	low[0] = 1;
	sys_pipe(fds);
	check(sys_write(fds[1], (void *)high, 1) == -EFAULT);
	check(sys_mprotect(high, PAGE_SIZE, PROT_NONE) == -ENOMEM);
	check(sys_madvise(high, PAGE_SIZE, MADV_DONTNEED) == -ENOMEM);
	check(sys_munmap(high, PAGE_SIZE) == 0);
	check(low[0] == 1);
	check(pleat_levels() == initial);
	return 0;
}

static int refused_stays(void *arg)
{
	(void)arg;
	check(anon(AT4, 0, 0) == -EINVAL);
	check(anon(AT4 + 1, PAGE_SIZE, MAP_FIXED) == -EINVAL);
	check(sys_mmap(AT4, PAGE_SIZE, RW, MAP_PRIVATE, -1, 0) == -EBADF);
	check(pleat_levels() == initial);
	return 0;
}

static int fork_keeps(void *arg)
{
	int status;
	long pid;

	(void)arg;
	check(anon(AT4, PAGE_SIZE, 0) == (long)AT4);
	*(char *)AT4 = 7;
	pid = sys_fork();
	if (pid == 0) {
		char seen = *(char *)AT4;

		*(char *)AT4 = 8;
		sys_exit_group(seen == 7 && pleat_levels() >= 4 ? 0 : 1);
	}
	status = child_wait((int)pid);
	check(child_verdict(status) == 0);
	check(*(char *)AT4 == 7);
	return 0;
}

/* The parent stays as it is when a child unfolds. */
static int fork_is_separate(void *arg)
{
	(void)arg;
	check(child_verdict(child_run(hint_unfolds, NULL)) == 0);
	check(pleat_levels() == initial);
	return 0;
}

static int exec_restarts(void *arg)
{
	char *argv[] = { self, "levels", NULL };
	long pid;

	(void)arg;
	anon(AT4, PAGE_SIZE, 0);
	check(pleat_levels() >= 4);
	pid = sys_fork();
	if (pid == 0) {
		sys_execve(self, argv, NULL);
		sys_exit_group(99);
	}
	check(child_verdict(child_wait((int)pid)) == initial);
	return 0;
}

/* A child of vfork shares the tables: what it unfolds, the parent has unfolded. */
static int vfork_shares(void *arg)
{
	long pid = sys_vfork();

	(void)arg;
	if (pid == 0) {
		sys_mmap(AT4, PAGE_SIZE, RW, ANON, -1, 0);
		*(volatile char *)AT4 = 9;
		sys_exit_group(0);
	}
	child_wait((int)pid);
	check(pleat_levels() >= 4);
	check(*(volatile char *)AT4 == 9);
	return 0;
}

static int never_folds_back(void *arg)
{
	(void)arg;
	anon(AT4, PAGE_SIZE, 0);
	*(char *)AT4 = 1;
	sys_munmap(AT4, PAGE_SIZE);
	check(pleat_levels() >= 4);
	check(anon(AT4, PAGE_SIZE, 0) == (long)AT4);
	check(*(char *)AT4 == 0);
	return 0;
}

static int kernel_accesses(void *arg)
{
	int fds[2];

	(void)arg;
	sys_pipe(fds);
	sys_write(fds[1], "unfold", 6);
	anon(AT4, PAGE_SIZE, 0);
	check(sys_read(fds[0], (char *)AT4 + 10, 6) == 6);
	check(memcmp((char *)AT4 + 10, "unfold", 6) == 0);
	check(sys_write(fds[1], (char *)AT4 + 10, 6) == 6);
	return 0;
}

static int walk_tells(void *arg)
{
	char *low = map_private(PAGE_SIZE);
	struct pleat_walk before, after;

	(void)arg;
	low[0] = 1;
	check(sys_prctl(PR_PLEAT_WALK, (uintptr_t)low, (uintptr_t)&before) == 0);
	check((int)before.levels == initial && before.found == 1);
	check((before.entry[0] & 0x7) == 0x7);		/* present, writable, user */
	anon(AT4, PAGE_SIZE, 0);
	check(sys_prctl(PR_PLEAT_WALK, (uintptr_t)low, (uintptr_t)&after) == 0);
	check(after.levels == (uint32_t)pleat_levels() && after.found == 1);
	check((after.entry[0] | 0x60) == (before.entry[0] | 0x60));
	check(initial == 3 ? before.entry[3] == 0 : before.entry[3] != 0);
	check(after.entry[3] & 1);
	return 0;
}

static int walk_beyond_reach(void *arg)
{
	struct pleat_walk walk;

	(void)arg;
	check(sys_prctl(PR_PLEAT_WALK, 1UL << 55, (uintptr_t)&walk) == 0);
	check(initial == 5 || walk.found == 0);
	check(sys_prctl(PR_PLEAT_WALK, AT4, (uintptr_t)&walk) == 0);
	check(walk.found != 1 && walk.entry[0] == 0);
	return 0;
}

static uint32_t step;

static void *waits_for_memory(void *arg)
{
	volatile char *high = arg;

	word_set(&step, 1);
	word_wait(&step, 2);
	high[0]++;				/* its CPU may still have the old root */
	return NULL;
}

static int threads_follow(void *arg)
{
	struct thread thread;

	(void)arg;
	step = 0;
	thread_create(&thread, waits_for_memory, (void *)AT4);
	word_wait(&step, 1);
	check(anon(AT4, PAGE_SIZE, 0) == (long)AT4);
	*(char *)AT4 = 4;
	word_set(&step, 2);
	thread_join(&thread);
	check(*(char *)AT4 == 5);
	return 0;
}

/* The other way round: a thread unfolds, the first thread uses the memory. */
static void *unfolds(void *arg)
{
	anon((uintptr_t)arg, PAGE_SIZE, 0);
	*(char *)arg = 6;
	return NULL;
}

static int thread_unfolds(void *arg)
{
	struct thread thread;

	(void)arg;
	thread_create(&thread, unfolds, (void *)AT4);
	thread_join(&thread);
	check(*(char *)AT4 == 6);
	check(pleat_levels() >= 4);
	return 0;
}

/* The heap and the stack go on after the tree has grown above them. */
static int heap_and_stack(void *arg)
{
	uintptr_t old = (uintptr_t)sys_brk(0);
	volatile char *here = __builtin_frame_address(0);

	(void)arg;
	anon(AT4, PAGE_SIZE, 0);
	check(sys_brk(old + 8 * PAGE_SIZE) == (long)(old + 8 * PAGE_SIZE));
	*(volatile char *)(old + 7 * PAGE_SIZE) = 1;
	here[-(1 << 20)] = 2;
	check(here[-(1 << 20)] == 2);
	return 0;
}

/* Fifth level: what these need is not on every machine. */

static int five_by_hint(void *arg)
{
	(void)arg;
	check(anon(AT5, PAGE_SIZE, 0) == (long)AT5);
	check(pleat_levels() == 5);
	*(char *)AT5 = 1;
	check(anon(AT4, PAGE_SIZE, 0) == (long)AT4);
	check(*(char *)AT4 == 0 && *(char *)AT5 == 1);
	return 0;
}

static int five_in_two_steps(void *arg)
{
	char *low = map_private(PAGE_SIZE);

	(void)arg;
	low[0] = 1;
	anon(AT4, PAGE_SIZE, 0);
	*(char *)AT4 = 2;
	check(anon(AT5, PAGE_SIZE, 0) == (long)AT5);
	*(char *)AT5 = 3;
	check(pleat_levels() == 5);
	check(low[0] == 1 && *(char *)AT4 == 2 && *(char *)AT5 == 3);
	return 0;
}

static int five_child(void *arg)
{
	(void)arg;
	check(pleat_levels() == 5);
	check(*(char *)AT5 == 1);
	*(char *)AT5 = 2;
	check(anon(AT4, PAGE_SIZE, 0) == (long)AT4);
	*(char *)AT4 = 3;
	check(*(char *)AT5 == 2);
	return 0;
}

static int five_forks(void *arg)
{
	(void)arg;
	anon(AT5, PAGE_SIZE, 0);
	*(char *)AT5 = 1;
	check(child_verdict(child_run(five_child, NULL)) == 0);
	check(*(char *)AT5 == 1);
	return 0;
}

static int five_not_by_size(void *arg)
{
	long mem = sys_mmap(0, REACH4, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);

	(void)arg;
	check(mem == -ENOMEM);
	check(pleat_levels() <= 4 || initial == 5);
	return 0;
}

static int five_is_refused(void *arg)
{
	(void)arg;
	check(anon(AT5, PAGE_SIZE, MAP_FIXED) == -ENOMEM);
	check(pleat_levels() == initial);
	check((uintptr_t)anon(AT5, PAGE_SIZE, 0) < REACH4);
	return 0;
}

static const struct {
	child_main *main;
	int needs;			/* levels of hardware: 4, 5, or exactly 4 as -4 */
	const char *name;
} cases[] = {
	{ unhinted_stays, 4, "unhinted-mappings-do-not-unfold" },
	{ hint_unfolds, 4, "a-hint-beyond-2^39-unfolds-once" },
	{ fixed_unfolds, 4, "map-fixed-beyond-2^39-unfolds" },
	{ noreplace_unfolds, 4, "map-fixed-noreplace-beyond-2^39-unfolds" },
	{ large_unfolds, 4, "a-mapping-that-fits-nowhere-below-unfolds" },
	{ straddles_tables, 4, "a-mapping-across-two-new-tables" },
	{ no_alias, 4, "a-page-2^39-above-another-is-another-page" },
	{ calls_beyond_reach, 4, "calls-beyond-the-reach-find-nothing-and-do-not-unfold" },
	{ refused_stays, 4, "a-refused-mmap-does-not-unfold" },
	{ fork_keeps, 4, "fork-keeps-the-depth" },
	{ fork_is_separate, 4, "a-child's-unfolding-is-its-own" },
	{ exec_restarts, 4, "exec-starts-again" },
	{ vfork_shares, 4, "a-vfork-child-unfolds-for-both" },
	{ never_folds_back, 4, "munmap-does-not-fold-back" },
	{ kernel_accesses, 4, "system-calls-reach-the-new-memory" },
	{ walk_tells, 4, "the-old-tree-stays-below-the-new-top" },
	{ walk_beyond_reach, 4, "a-walk-beyond-the-reach-finds-nothing" },
	{ threads_follow, 4, "a-thread-sees-what-another-unfolded-for" },
	{ thread_unfolds, 4, "a-thread-unfolds-for-all" },
	{ heap_and_stack, 4, "heap-and-stack-grow-in-the-grown-tree" },
	{ five_by_hint, 5, "a-hint-beyond-2^47-unfolds-to-five" },
	{ five_in_two_steps, 5, "three-to-four-to-five" },
	{ five_forks, 5, "fork-with-five-levels" },
	{ five_not_by_size, 5, "five-levels-come-by-hint-only" },
	{ five_is_refused, -4, "five-levels-are-refused-without-hardware" },
};

enum { TABLE = sizeof(cases) / sizeof(cases[0]) };

static void run_case(int i)
{
	if (!initial)
		skip("nobody tells the levels", "%s", cases[i].name);
	else if (cases[i].needs == 5 && most < 5)
		skip("four-level hardware", "%s", cases[i].name);
	else if (cases[i].needs == -4 && most > 4)
		skip("five-level hardware", "%s", cases[i].name);
	else
		in_child(cases[i].main, cases[i].name);
}

int main(int argc, char **argv)
{
	self = argv[0];
	initial = pleat_levels();
	most = pleat_hw_levels();
	if (argc > 1)
		return initial;
	tap_plan(TABLE + 2);
	if (initial)
		ok(initial >= 3 && initial <= most && most <= 5, "levels-at-the-start");
	else
		skip("nobody tells the levels", "levels-at-the-start");
	if (initial)
		ok_child_dies(reads_beyond_reach, NULL, SIGSEGV, "a-read-beyond-the-reach-dies");
	else
		skip("nobody tells the levels", "a-read-beyond-the-reach-dies");
	for (int i = 0; i < TABLE; i++)
		run_case(i);
	return tap_done();
}
