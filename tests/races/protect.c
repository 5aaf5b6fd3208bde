/* Permissions and contents change under an access; mappings split, merge and move their ends. */
#include "tests/races/race.h"

#define AT  0x40000000ul
#define BRK 0x10000000ul

static u64 seen;

static void map_touched(void)
{
	race_map(AT, 3);
	race_poke(AT, 1);
	race_poke(AT + 8, 5);
	race_poke(AT + PAGE_SIZE, 2);
}

static void write_it(void)
{
	int signo = race_write(AT, 7);

	RACE_CHECK(!signo || signo == SIGSEGV);
	race_outcome((u64)signo);
}
static void write_7(void) { race_poke(AT, 7); }
static void write_third(void) { race_poke(AT + 2 * PAGE_SIZE, 3); }
static void try_read(void)
{
	u64 v = 1;

	race_outcome(race_try_read(AT, &v));
	RACE_CHECK(v == 0 || v == 1 || v == 7);
}

/* When mprotect has returned, no store comes through any more. */
static void protect(void)
{
	RACE_EQ(mm_mprotect(race_mm, AT, PAGE_SIZE, PROT_READ), 0);
	seen = race_peek(AT);
}
static void is_protected(void)
{
	RACE_EQ(race_peek(AT), seen);
	RACE_EQ(race_write(AT, 9), SIGSEGV);
	race_run_on(1, race_mm);
	RACE_EQ(race_write(AT, 9), SIGSEGV);
}

static void dontneed(void) { RACE_EQ(mm_madvise(race_mm, AT, PAGE_SIZE, MADV_DONTNEED), 0); }
static void is_dropped(void)
{
	u64 v = race_peek(AT);

	RACE_CHECK(v == 0 || v == 7);
	RACE_EQ(race_peek(AT + 8), 0);
	RACE_EQ(race_peek(AT + PAGE_SIZE), 2);
}

static void split(void) { RACE_EQ(mm_mprotect(race_mm, AT + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0); }
static void split_and_merge(void)
{
	split();
	RACE_EQ(mm_mprotect(race_mm, AT + PAGE_SIZE, PAGE_SIZE, RW), 0);
}
static void is_merged(void)
{
	RACE_EQ(race_peek(AT + 2 * PAGE_SIZE), 3);
	RACE_EQ(race_peek(AT + PAGE_SIZE), 2);
	RACE_EQ(race_peek(AT), 1);
	RACE_EQ(race_mm->map_count, 1);
}

/*
 * A mapping takes the place of the third page and of what follows, and is one with
 * what is below it.
 */
static void extend(void) { race_map(AT + 2 * PAGE_SIZE, 2); }
static void is_extended(void)
{
	u64 v = race_peek(AT + 2 * PAGE_SIZE);

	RACE_CHECK(v == 0 || v == 3);
	RACE_EQ(race_mm->map_count, 1);
	race_poke(AT + 3 * PAGE_SIZE, 4);
}

/* ---- brk ---- */

static void heap_of_two(void)
{
	RACE_EQ(mm_brk(race_mm, BRK + 2 * PAGE_SIZE), BRK + 2 * PAGE_SIZE);
	race_poke(BRK, 1);
	race_poke(BRK + PAGE_SIZE, 2);
}
static void shrink_and_grow(void)
{
	RACE_EQ(mm_brk(race_mm, BRK + PAGE_SIZE), BRK + PAGE_SIZE);
	RACE_EQ(mm_brk(race_mm, BRK + 4 * PAGE_SIZE), BRK + 4 * PAGE_SIZE);
}
static void shrink(void) { RACE_EQ(mm_brk(race_mm, BRK + PAGE_SIZE), BRK + PAGE_SIZE); }
static void write_second(void)
{
	int signo = race_write(BRK + PAGE_SIZE, 7);

	RACE_CHECK(!signo || signo == SIGSEGV);
	race_outcome((u64)signo);
}
static int fourth;
static void write_second_and_fourth(void)
{
	write_second();
	fourth = race_write(BRK + 3 * PAGE_SIZE, 7);
	RACE_CHECK(!fourth || fourth == SIGSEGV);
}
static void has_grown(void)
{
	u64 second = race_peek(BRK + PAGE_SIZE);

	RACE_CHECK(second == 0 || second == 7);
	RACE_EQ(race_peek(BRK + 3 * PAGE_SIZE), fourth ? 0 : 7);
	RACE_EQ(race_peek(BRK), 1);
}
static void has_shrunk(void)
{
	race_expect_signal(BRK + PAGE_SIZE, SIGSEGV);
	RACE_EQ(race_peek(BRK), 1);
}

/* What is written after clear_refs has returned is written by a fault, which leaves its mark. */
static void clear_soft_dirty(void)
{
	mm_clear_refs(race_mm, CLEAR_REFS_SOFT_DIRTY);
	seen = race_peek(AT);
}
static void is_soft_dirty(void)
{
	const u64 *slot = table_slot(pmd_pfn(pmdp_get(mm_pmd_find(race_mm, AT))), AT, 1);

	RACE_CHECK(race_peek(AT) == seen || pte_soft_dirty(__pte(entry_get(slot))));
	RACE_CHECK(pte_dirty_novma(__pte(entry_get(slot))));
}

RACE("clear-refs-write", "what was written is forgotten while another CPU writes", .levels = 3,
     .setup = map_touched, .cpu = { clear_soft_dirty, write_7 }, .probe = is_soft_dirty)
RACE("mprotect-write", "write permission goes while another CPU writes", .levels = 3,
     .setup = map_touched, .cpu = { protect, write_it }, .probe = is_protected)
RACE("mprotect-write-4", "the same with 4 levels", .levels = 4, .setup = map_touched,
     .cpu = { protect, write_it }, .probe = is_protected)
RACE("dontneed-write", "a page is dropped while another CPU writes to it", .levels = 3,
     .setup = map_touched, .cpu = { dontneed, write_7 }, .probe = is_dropped)
RACE("dontneed-write-read", "the same, and a third CPU reads", .levels = 3, .setup = map_touched,
     .cpu = { dontneed, write_7, try_read }, .probe = is_dropped)
RACE("split-merge-fault", "a mapping is cut and joined beside a first write to it", .levels = 3,
     .setup = map_touched, .cpu = { split_and_merge, write_third }, .probe = is_merged)
RACE("mmap-merge-fault", "a mapping is replaced in part, and grows, beside a first write to it",
     .levels = 3, .setup = map_touched, .cpu = { extend, write_third }, .probe = is_extended)
RACE("brk-grow-fault",
     "the heap gives a page back, takes it again, and more, under writes to both", .levels = 3,
     .setup = heap_of_two, .cpu = { shrink_and_grow, write_second_and_fourth }, .probe = has_grown)
RACE("brk-shrink-write", "the heap shrinks under a write at its end", .levels = 3,
     .setup = heap_of_two, .cpu = { shrink, write_second }, .probe = has_shrunk)
