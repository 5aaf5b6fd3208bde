/* Fork and copy-on-write: what one program writes, the other never sees, and no write is lost. */
#include "tests/races/race.h"

#define AT 0x40000000ul

static struct mm_struct *child;

static void map_touched(void)
{
	race_map(AT, 2);
	race_poke(AT, 1);
}

static void fork_it(void)
{
	child = mm_fork(race_mm);
	RACE_CHECK(!IS_ERR(child));
}
static void map_and_fork(void)
{
	map_touched();
	fork_it();
	race_adopt(child);
}
static void child_on_cpu_1(void)
{
	map_and_fork();
	race_run_on(1, child);
}

static void write_7(void) { race_poke(AT, 7); }
static void write_8(void) { race_poke(AT + 8, 8); }
static bool written;
static void try_write_8(void) { race_outcome(written = race_try_write(AT + 8, 8)); }
static void write_9(void) { race_poke(AT, 9); }
static void dontneed(void) { RACE_EQ(mm_madvise(race_mm, AT, PAGE_SIZE, MADV_DONTNEED), 0); }

/* What the program reads there. */
static u64 in(struct mm_struct *mm, unsigned long addr)
{
	race_run_on(0, mm);
	return race_peek(addr);
}

/* Neither program sees what the other writes from now on. */
static void apart(void)
{
	u64 theirs = in(child, AT);

	in(race_mm, AT);
	race_poke(AT, 123);
	RACE_EQ(in(child, AT), theirs);
	race_poke(AT, 55);
	RACE_EQ(in(race_mm, AT), 123);
}

static void after_fork(void)
{
	race_adopt(child);
	RACE_EQ(in(race_mm, AT), 7);
	RACE_CHECK(in(child, AT) == 1 || in(child, AT) == 7);
	apart();
}
static void after_fork_two_words(void)
{
	race_adopt(child);
	RACE_EQ(in(race_mm, AT), 7);
	RACE_EQ(in(race_mm, AT + 8), written ? 8 : 0);
	apart();
}
static void two_programs(void)
{
	RACE_EQ(in(race_mm, AT), 7);
	RACE_EQ(in(child, AT), 9);
	apart();
}
static void two_threads(void)
{
	RACE_EQ(in(race_mm, AT), 7);
	RACE_EQ(in(race_mm, AT + 8), 8);
	RACE_EQ(in(child, AT), 1);
	RACE_EQ(in(child, AT + 8), 0);
	apart();
}
static void dropped(void)
{
	u64 value = in(race_mm, AT);

	RACE_CHECK(value == 0 || value == 7);
	RACE_EQ(in(child, AT), 1);
	apart();
}

static void drop_and_end_child(void)
{
	dontneed();
	mmput(child);
}
static void map_and_fork_unadopted(void)
{
	map_touched();
	fork_it();
}
static void dropped_or_written(void)
{
	u64 value = race_peek(AT);

	RACE_CHECK(value == 0 || value == 7);
	RACE_EQ(race_peek(AT + 8), 0);
}

static void write_then_check(void)
{
	race_poke(AT, 7);
	RACE_EQ(race_peek(AT), 7);
}

RACE("fork-write", "a thread writes while another forks", .levels = 3, .setup = map_touched,
     .cpu = { fork_it, write_then_check }, .probe = after_fork)
RACE("fork-write-write", "two threads write while a third forks, one of them as long as it may",
     .levels = 3, .setup = map_touched, .cpu = { fork_it, write_7, try_write_8 },
     .probe = after_fork_two_words)
RACE("cow-cow-programs", "parent and child write to a page that they share", .levels = 3,
     .setup = child_on_cpu_1, .cpu = { write_7, write_9 }, .probe = two_programs)
RACE("cow-cow-threads", "two threads write to a page that another program shares", .levels = 3,
     .setup = map_and_fork, .cpu = { write_7, write_8 }, .probe = two_threads)
RACE("cow-dontneed", "a page is dropped while it is copied", .levels = 3, .setup = map_and_fork,
     .cpu = { write_7, dontneed }, .probe = dropped)
RACE("cow-copy-exit", "all others let a page go while it is copied", .levels = 3,
     .setup = map_and_fork_unadopted, .cpu = { write_7, drop_and_end_child },
     .probe = dropped_or_written)
