/* The kernel's own looks at a program's mappings, beside the program's changes of them. */
#include "mm/pagecache.h"
#include "tests/races/race.h"

#define AT 0x40000000ul

static void map_two(void)
{
	race_map(AT, 2);
	race_poke(AT, 1);
}

static void read_it(void)
{
	u64 v = 0;
	size_t n = mm_access(race_mm, AT, &v, sizeof(v), false);

	RACE_CHECK(n == 0 || (n == sizeof(v) && v <= 1));
	race_outcome(n + v);
}
static void populate(void) { mm_populate(race_mm, AT, AT + 2 * PAGE_SIZE, true); }
static void sync(void)
{
	long ret = mm_msync(race_mm, AT, 2 * PAGE_SIZE, MS_SYNC);

	RACE_CHECK(ret == 0 || ret == -ENOMEM);
	race_outcome((u64)ret);
}
static void advise(void)
{
	long ret = mm_madvise(race_mm, AT, 2 * PAGE_SIZE, MADV_DONTNEED);

	RACE_CHECK(ret == 0 || ret == -ENOMEM);
	race_outcome((u64)ret);
}
static void drop(void) { RACE_EQ(mm_madvise(race_mm, AT, PAGE_SIZE, MADV_DONTNEED), 0); }
static void unmap(void) { RACE_EQ(mm_munmap(race_mm, AT, 2 * PAGE_SIZE), 0); }

/*
 * The first page of three is locked while it is given back, or unlocked beside a
 * first write to the third.
 */
static void map_three(void) { race_map(AT, 3); }
static void lock_first(void) { RACE_EQ(mm_mlock(race_mm, AT, PAGE_SIZE, 0), 0); }
static void write_third(void) { race_poke(AT + 2 * PAGE_SIZE, 3); }
static void drop_unless_locked(void)
{
	long ret = mm_madvise(race_mm, AT, PAGE_SIZE, MADV_DONTNEED);

	RACE_CHECK(ret == 0 || ret == -EINVAL);
	race_outcome((u64)ret);
}
static void unlock_first(void) { RACE_EQ(mm_munlock(race_mm, AT, PAGE_SIZE), 0); }
static void map_locked(void)
{
	map_three();
	lock_first();
}

/* What mlock() has returned for is in memory. */
static void first_is_there(void)
{
	RACE_EQ(race_mm->locked_vm, 1);
	RACE_EQ(mm_rss(race_mm, MM_ANONPAGES), 1);
	RACE_EQ(race_mm->map_count, 2);
}
static void nothing_locked(void)
{
	RACE_EQ(race_mm->locked_vm, 0);
	RACE_EQ(race_mm->map_count, 1);
	RACE_EQ(race_peek(AT + 2 * PAGE_SIZE), 3);
}

static void zero_again(void) { RACE_EQ(race_peek(AT), 0); }
static void gone(void)
{
	race_expect_signal(AT, SIGSEGV);
	RACE_EQ(mm_rss(race_mm, MM_ANONPAGES), 0);
}

RACE("access-dontneed", "the kernel reads a page that is given back", .levels = 3,
     .setup = map_two, .cpu = { read_it, drop }, .probe = zero_again)
RACE("access-munmap", "the kernel reads through a mapping that goes", .levels = 3,
     .setup = map_two, .cpu = { read_it, unmap }, .probe = gone)
RACE("populate-munmap", "a mapping goes while it is filled", .levels = 3, .setup = map_two,
     .cpu = { populate, unmap }, .probe = gone)
RACE("dontneed-munmap", "a mapping goes while its pages are given back", .levels = 3,
     .setup = map_two, .cpu = { advise, unmap }, .probe = gone)
RACE("msync-munmap", "a mapping goes while msync looks for it", .levels = 3, .setup = map_two,
     .cpu = { sync, unmap }, .probe = gone)
RACE("mlock-dontneed", "a page is locked while it is given back: it is there in the end",
     .levels = 3, .setup = map_three, .cpu = { lock_first, drop_unless_locked },
     .probe = first_is_there)
RACE("munlock-fault", "a mapping is joined by munlock beside a first write to it", .levels = 3,
     .setup = map_locked, .cpu = { unlock_first, write_third }, .probe = nothing_locked)
