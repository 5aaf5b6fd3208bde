/*
 * Several tasks on one CPU: one sleeps for a lock, or its slice ends, and the CPU runs
 * the other, or is idle.
 */
#include "tests/races/race.h"

#define AT   0x40000000ul
#define HIGH (1ul << 40)

static struct mm_struct *other;

static void map_touched(void)
{
	race_map(AT, 3);
	race_poke(AT, 1);
	race_poke(AT + PAGE_SIZE, 2);
}
/* Task 1 is another program, on the CPU of task 0. */
static void two_programs(void)
{
	map_touched();
	other = mm_alloc(3);
	race_adopt(other);
	RACE_EQ(mm_mmap(other, AT, PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0), AT);
	race_run_on(0, other);
	race_poke(AT, 5);
	race_task_runs(0, race_mm);
	race_task_runs(1, other);
}

/* Sleeps while somebody else unmaps. */
static void extend(void) { race_map(AT + 3 * PAGE_SIZE, 1); }
static void unmap(void) { RACE_EQ(mm_munmap(race_mm, AT, PAGE_SIZE), 0); }
static void unfold(void)
{
	RACE_EQ(mm_mmap(race_mm, HIGH, PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0), HIGH);
}
static void write_it(void)
{
	int signo = race_write(AT, 7);

	RACE_CHECK(!signo || signo == SIGSEGV);
	race_outcome((u64)signo);
}
static void write_second(void) { race_poke(AT + PAGE_SIZE, 8); }
static void write_own(void)
{
	RACE_EQ(race_peek(AT), 5);
	race_poke(AT, 6);
	RACE_EQ(race_peek(AT), 6);
}
static void extend_and_read_high(void)
{
	u64 v = 0;
	int signo;

	extend();
	signo = race_read(HIGH, &v);
	RACE_CHECK(!v && (!signo || signo == SIGSEGV));
	race_outcome((u64)signo);
}
static void extend_and_read(void)
{
	extend();
	RACE_EQ(race_peek(AT + PAGE_SIZE), 2);
}

static void gone(void)
{
	race_expect_signal(AT, SIGSEGV);
	RACE_EQ(race_peek(AT + PAGE_SIZE), 2);
	race_poke(AT + 3 * PAGE_SIZE, 4);
}
static void gone_and_written(void)
{
	race_expect_signal(AT, SIGSEGV);
	RACE_EQ(race_peek(AT + PAGE_SIZE), 8);
}
static void both_programs(void)
{
	gone();
	race_run_on(0, other);
	RACE_EQ(race_peek(AT), 6);
}
static void both_trees(void)
{
	RACE_EQ(race_peek(AT + PAGE_SIZE), 2);
	race_poke(HIGH, 3);
	race_run_on(0, other);
	RACE_EQ(race_peek(AT), 6);
	race_expect_signal(HIGH, SIGSEGV);
}

RACE("sleep-munmap", "a thread sleeps for the mmap lock, its CPU idles, and the holder flushes it",
     .levels = 3, .setup = map_touched, .cpu = { extend_and_read, unmap }, .probe = gone)
RACE("threads-munmap",
     "two threads of one CPU, one asleep for the mmap lock, while a third unmaps", .levels = 3,
     .setup = map_touched, .cpu = { extend, write_it, unmap }, .on = "001", .probe = gone)
RACE("threads-slice", "two threads take turns on one CPU while a third unmaps",
     .levels = 3, .setup = map_touched, .cpu = { write_it, write_second, unmap }, .on = "001",
     .probe = gone_and_written)
RACE("programs-munmap", "a CPU changes between two programs while another unmaps in one",
     .levels = 3, .setup = two_programs, .cpu = { extend_and_read, write_own, unmap }, .on = "001",
     .probe = both_programs)
RACE("programs-unfold", "a CPU changes between two programs while the tree of one grows",
     .levels = 3, .setup = two_programs, .cpu = { extend_and_read_high, write_own, unfold },
     .on = "001", .probe = both_trees)
