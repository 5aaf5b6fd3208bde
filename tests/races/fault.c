/* Faults beside each other. */
#include "tests/races/race.h"

#define AT 0x40000000ul

static void map_untouched(void) { race_map(AT, 4); }
static void map_with_table(void)
{
	race_map(AT, 4);
	race_poke(AT + 3 * PAGE_SIZE, 9);
}

static void write_0(void) { race_poke(AT, 7); }
static void write_8(void) { race_poke(AT + 8, 8); }
static void write_next(void) { race_poke(AT + PAGE_SIZE, 8); }
static void read_0(void)
{
	u64 v = race_peek(AT);

	RACE_CHECK(v == 0 || v == 7);
}

/* A stack of one page, its top; accesses one and three pages below it make it grow. */
static void map_stack(void)
{
	RACE_EQ(mm_mmap(race_mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, NULL, 0),
		AT);
	race_poke(AT, 1);
}
static void grow_little(void) { race_poke(AT - PAGE_SIZE, 7); }
static void grow_more(void) { race_poke(AT - 3 * PAGE_SIZE, 8); }
static void grown(void)
{
	RACE_EQ(race_peek(AT), 1);
	RACE_EQ(race_peek(AT - PAGE_SIZE), 7);
	RACE_EQ(race_peek(AT - 3 * PAGE_SIZE), 8);
}

static void both_words(void)
{
	RACE_EQ(race_peek(AT), 7);
	RACE_EQ(race_peek(AT + 8), 8);
	RACE_EQ(mm_rss(race_mm, MM_ANONPAGES), 1 + (race_peek(AT + 3 * PAGE_SIZE) == 9));
}
static void both_pages(void)
{
	RACE_EQ(race_peek(AT), 7);
	RACE_EQ(race_peek(AT + PAGE_SIZE), 8);
}
static void one_word(void) { RACE_EQ(race_peek(AT), 7); }

RACE("fault-fault-same-page", "two first writes to one page make one page, and lose neither",
     .levels = 3, .setup = map_with_table, .cpu = { write_0, write_8 }, .probe = both_words)
RACE("fault-fault-no-tables", "two first writes make one set of tables, of 3 levels", .levels = 3,
     .setup = map_untouched, .cpu = { write_0, write_next }, .probe = both_pages)
RACE("fault-fault-no-tables-5", "the same with 5 levels", .levels = 5, .setup = map_untouched,
     .cpu = { write_0, write_next }, .probe = both_pages)
RACE("read-fault-write-fault", "the page of zeroes does not overwrite a page that came first",
     .levels = 3, .setup = map_with_table, .cpu = { write_0, read_0 }, .probe = one_word)
RACE("stack-grow-grow", "a stack grows by two faults: as far as the lower one needs", .levels = 3,
     .setup = map_stack, .cpu = { grow_little, grow_more }, .probe = grown)
