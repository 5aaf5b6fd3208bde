/* The tree of page tables gets another level while it is in use. */
#include "arch/sim/explore.h"
#include "tests/races/race.h"

#define AT     0x200000ul
#define HIGH_4 (1ul << 40) /* beyond 3 levels; its indices in 3
			    * levels are those of low addresses */
#define HIGH_5 (1ul << 50)

static struct mm_struct *child;
static unsigned long high;

static void map_low(void)
{
	race_map(AT, 2);
	race_poke(AT, 1);
	high = HIGH_4;
}
static void map_low_5(void)
{
	map_low();
	high = HIGH_5;
}

static void map_high_untouched(void)
{
	RACE_EQ(mm_mmap(race_mm, high, PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0), high);
}
static void map_high(void)
{
	map_high_untouched();
	race_poke(high, 2);
}
static void write_low(void)
{
	race_poke(AT, 7);
	race_poke(AT + PAGE_SIZE, 8);
}
static void use_high(void)
{
	u64 v = 99;
	int signo = race_read(high, &v);

	RACE_CHECK(signo == SIGSEGV || (!signo && (v == 0 || v == 2)));
	race_outcome((u64)signo);
}
static void try_high(void)
{
	u64 v = 2;

	race_outcome(race_try_read(high, &v));
	RACE_CHECK(v == 0 || v == 2);
}
static void fork_it(void)
{
	child = mm_fork(race_mm);
	RACE_CHECK(!IS_ERR(child));
}
static void unmap_low(void) { RACE_EQ(mm_munmap(race_mm, AT, PAGE_SIZE), 0); }

static void both(void)
{
	cpu_become(1); /* with the root that it has */
	RACE_EQ(race_peek(high), 2);
	race_run_on(1, race_mm);
	RACE_EQ(race_peek(AT), 7);
	RACE_EQ(race_peek(AT + PAGE_SIZE), 8);
	RACE_EQ(race_peek(high), 2);
}
static void forked(void)
{
	race_adopt(child);
	RACE_EQ(race_peek(high), 2);
	race_run_on(0, child);
	RACE_EQ(race_peek(AT), 1);
	if (mm_levels(child) == mm_levels(race_mm) && vma_lookup(child, high)) {
		u64 v = race_peek(high);

		RACE_CHECK(v == 0 || v == 2);
	} else {
		race_expect_signal(high, SIGSEGV);
	}
}
static void low_gone(void)
{
	race_expect_signal(AT, SIGSEGV);
	RACE_EQ(race_peek(high), 2);
	cpu_become(1); /* with the root that it has */
	RACE_EQ(race_peek(high), 2);
}

static void zero_above(void)
{
	RACE_EQ(race_peek(high), 0);
	race_run_on(1, race_mm);
	RACE_EQ(race_peek(high), 0);
	RACE_EQ(race_peek(AT), 1);
}

/* ---- without the lock ---- */

static struct mm_struct *other;

/*
 * A walk for a report is lockless, and sees one tree or the other: never one as deep as the other.
 */
static void report(void)
{
	unsigned long flags = irq_save();
	struct table_walk low = table_walk(mm_fold(race_mm), AT);
	struct table_walk above = table_walk(mm_fold(race_mm), high);

	RACE_CHECK(low.lowest == 1 && entry_present(low.entry[1]));
	RACE_CHECK(above.lowest != 1 || entry_pfn(above.entry[1]) != entry_pfn(low.entry[1]));
	irq_restore(flags);
}
/* Beyond 3 levels, and in them it is the address of the first page. */
static void map_low_and_its_like(void)
{
	map_low();
	high = HIGH_4 + AT;
}

static void other_on_1(void)
{
	map_low();
	other = mm_alloc(3);
	race_adopt(other);
	race_run_on(1, other);
}
static void switch_to_it(void)
{
	race_run_on(1, race_mm);
	RACE_EQ(race_peek(AT), 1);
}
static void seen_on_1(void)
{
	cpu_become(1);
	RACE_EQ(race_peek(high), 2);
}

RACE("unfold-report", "a walk without a lock sees the old tree or the new", .levels = 3,
     .setup = map_low_and_its_like, .cpu = { map_high, report }, .probe = NULL)
RACE("unfold-switch", "a CPU switches to the program whose tree grows", .levels = 3,
     .setup = other_on_1, .cpu = { map_high, switch_to_it }, .probe = seen_on_1)
RACE("unfold-write", "3 to 4 levels beside writes below", .levels = 3, .setup = map_low,
     .cpu = { map_high, write_low }, .probe = both)
RACE("unfold-write-5", "4 to 5 levels beside writes below", .levels = 4, .deeper = 1,
     .setup = map_low_5, .cpu = { map_high, write_low }, .probe = both)
RACE("unfold-high-access-5", "4 to 5 levels beside an access above what the old tree reached",
     .levels = 4, .deeper = 1, .setup = map_low_5, .cpu = { map_high_untouched, use_high },
     .probe = zero_above)
RACE("unfold-fork-5", "the tree grows from 4 to 5 levels while it is copied", .levels = 4,
     .deeper = 1, .setup = map_low_5, .cpu = { map_high, fork_it }, .probe = forked)
RACE("unfold-munmap-access-5", "4 to 5 levels, and a third CPU frees a table below", .levels = 4,
     .deeper = 1, .setup = map_low_5, .cpu = { map_high, try_high, unmap_low }, .probe = low_gone)
RACE("unfold-high-access", "an access above what the old tree reached", .levels = 3,
     .setup = map_low, .cpu = { map_high_untouched, use_high }, .probe = zero_above)
RACE("unfold-fork", "the tree grows while it is copied", .levels = 3, .setup = map_low,
     .cpu = { map_high, fork_it }, .probe = forked)
RACE("unfold-munmap-access", "and a third CPU frees a table below", .levels = 3, .setup = map_low,
     .cpu = { map_high, try_high, unmap_low }, .probe = low_gone)
