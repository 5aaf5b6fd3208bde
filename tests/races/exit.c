/* CPUs let go of an address space while others change it. */
#include "tests/races/race.h"

#define AT 0x40000000ul

static struct mm_struct *other;

static void map_touched(void)
{
	race_map(AT, 2);
	race_poke(AT, 1);
	race_poke(AT + PAGE_SIZE, 2);
}
static void map_and_other(void)
{
	map_touched();
	other = mm_alloc(3);
	race_adopt(other);
}
/* Two threads of another program, which ends with them. */
static void both_run_other(void)
{
	other = mm_alloc(3);
	RACE_CHECK(other);
	RACE_EQ(mm_mmap(other, AT, PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0), AT);
	mmget(other);
	race_run_on(1, other);
	race_run_on(0, other);
	race_poke(AT, 1);
}

/* CPU 1 holds the other program lazily; CPU 0 has its last thread. */
static void lazily_held(void)
{
	both_run_other();
	race_run_on(1, NULL);
	mmput(other);
}

static void unmap(void) { RACE_EQ(mm_munmap(race_mm, AT, PAGE_SIZE), 0); }

static void leave(void)
{
	race_run_on(this_cpu(), NULL);
	mmput(race_mm);
	race_dropped();
}
static void leave_other(void)
{
	race_run_on(this_cpu(), NULL);
	mmput(other);
}
static void switch_away_and_back(void)
{
	race_run_on(1, other);
	race_run_on(1, race_mm);
	RACE_EQ(race_peek(AT + PAGE_SIZE), 2);
}
static void idle_and_back(void)
{
	race_run_on(1, NULL);
	race_run_on(1, race_mm);
	RACE_EQ(race_peek(AT + PAGE_SIZE), 2);
}

static void idle_to_own(void)
{
	race_run_on(1, race_mm);
	race_expect_signal(AT, SIGSEGV);
}

static void gone(void)
{
	race_expect_signal(AT, SIGSEGV);
	RACE_EQ(race_peek(AT + PAGE_SIZE), 2);
}
static void gone_on_1(void)
{
	gone();
	race_run_on(1, race_mm);
	gone();
}

RACE("exit-munmap", "a thread exits while another flushes its CPU", .levels = 3,
     .setup = map_touched, .cpu = { unmap, leave }, .probe = gone_on_1)
RACE("exit-exit", "the last two threads of a program exit at once", .levels = 3,
     .setup = both_run_other, .cpu = { leave_other, leave_other })
RACE("lazy-exit", "a program ends while another CPU, which holds it lazily, takes up its own",
     .levels = 3, .setup = lazily_held, .cpu = { leave_other, idle_to_own })
RACE("switch-munmap", "a CPU switches away and back while another unmaps", .levels = 3,
     .setup = map_and_other, .cpu = { unmap, switch_away_and_back }, .probe = gone_on_1)
RACE("lazy-munmap", "a CPU idles, holding the address space lazily, while another unmaps",
     .levels = 3, .setup = map_touched, .cpu = { unmap, idle_and_back }, .probe = gone_on_1)
