/* Memory goes away while another CPU uses it. */
#include "tests/races/race.h"

#define AT 0x40000000ul

static void map_touched(void)
{
	race_map(AT, 2);
	race_poke(AT, 1);
	race_poke(AT + PAGE_SIZE, 2);
}
static void map_untouched(void)
{
	race_map(AT, 2);
}

static void unmap_all(void) { RACE_EQ(mm_munmap(race_mm, AT, 2 * PAGE_SIZE), 0); }
static void unmap_first(void) { RACE_EQ(mm_munmap(race_mm, AT, PAGE_SIZE), 0); }
static void unmap_second(void) { RACE_EQ(mm_munmap(race_mm, AT + PAGE_SIZE, PAGE_SIZE), 0); }

/* Before, or refused. */
static void write_it(void)
{
	int signo = race_write(AT, 7);

	RACE_CHECK(!signo || signo == SIGSEGV);
	race_outcome((u64)signo);
}

static void try_read(void)
{
	u64 v = 1;

	race_outcome(race_try_read(AT, &v));
	RACE_CHECK(v == 1 || v == 7);
}

static void gone(void)
{
	race_expect_signal(AT, SIGSEGV);
	race_expect_signal(AT + PAGE_SIZE, SIGSEGV);
	race_run_on(1, race_mm);
	race_expect_signal(AT, SIGSEGV);
}

RACE("write-munmap", "a write to a page that goes, and its table with it", .levels = 3,
     .setup = map_touched, .cpu = { write_it, unmap_all }, .probe = gone)
RACE("write-munmap-5", "the same with 5 levels", .levels = 5, .setup = map_touched,
     .cpu = { write_it, unmap_all }, .probe = gone)
RACE("fault-munmap", "a first write to a mapping that goes", .levels = 3, .setup = map_untouched,
     .cpu = { write_it, unmap_all }, .probe = gone)
RACE("munmap-munmap", "two neighbours unmapped at once: the second frees the table", .levels = 3,
     .setup = map_touched, .cpu = { unmap_first, unmap_second }, .probe = gone)
#define BORDER (AT + PMD_SIZE) /* of two page tables */

static void map_across_tables(void)
{
	race_map(BORDER - 2 * PAGE_SIZE, 3);
	race_poke(BORDER - PAGE_SIZE, 1);
	race_poke(BORDER, 2);
}
static void unmap_across_tables(void)
{
	RACE_EQ(mm_munmap(race_mm, BORDER - 2 * PAGE_SIZE, 3 * PAGE_SIZE), 0);
}
static void write_below_border(void)
{
	int signo = race_write(BORDER - PAGE_SIZE, 7);

	RACE_CHECK(!signo || signo == SIGSEGV);
	race_outcome((u64)signo);
}
static void gone_across_tables(void)
{
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		race_run_on(cpu, race_mm);
		race_expect_signal(BORDER - PAGE_SIZE, SIGSEGV);
		race_expect_signal(BORDER, SIGSEGV);
	}
}

RACE("munmap-across-tables", "pages of two tables go, and a write to the last of the first",
     .levels = 3, .setup = map_across_tables, .cpu = { unmap_across_tables, write_below_border },
     .probe = gone_across_tables)
RACE("munmap-read-write", "a page goes while two CPUs use it", .levels = 3, .setup = map_touched,
     .cpu = { unmap_all, write_it, try_read }, .probe = gone)
