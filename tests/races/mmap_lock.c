/* The lock over the set of mappings: readers count themselves on their own CPU, writers add up. */
#include "tests/races/race.h"

/* What the lock protects, here: two words that are equal whenever nobody writes. */
static unsigned long first, second;

static void equal(void)
{
	RACE_EQ(READ_ONCE(first), READ_ONCE(second));
	race_outcome(first);
}
static void change(void)
{
	/* In a step of its own: another writer may come in between. */
	unsigned long old = READ_ONCE(first);

	WRITE_ONCE(first, old + 1);
	WRITE_ONCE(second, old + 1);
}

static void reader(void)
{
	mmap_read_lock(race_mm);
	equal();
	mmap_read_unlock(race_mm);
}
static void trying_reader(void)
{
	bool held = mmap_read_trylock(race_mm);

	race_outcome(held);
	if (!held)
		return;
	equal();
	mmap_read_unlock(race_mm);
}
static void writer(void)
{
	mmap_write_lock(race_mm);
	change();
	mmap_write_unlock(race_mm);
}
/* No writer comes between its change and its own look. */
static void writer_then_reader(void)
{
	unsigned long mine;

	mmap_write_lock(race_mm);
	change();
	mine = READ_ONCE(first);
	mmap_write_downgrade(race_mm);
	RACE_EQ(READ_ONCE(first), mine);
	equal();
	mmap_read_unlock(race_mm);
}

/* A task that has been moved: it came as a reader on CPU 1, and leaves on CPU 0. */
static void came_on_1(void)
{
	race_run_on(1, race_mm);
	mmap_lock_enter(race_mm);
	race_run_on(0, race_mm);
}
static void leave_on_0(void)
{
	equal();
	mmap_lock_leave(race_mm);
}

static void one_change(void) { RACE_EQ(first + second, 2); }
static void two_changes(void) { RACE_EQ(first + second, 4); }

RACE("mmap-lock-read-write", "a reader sees all of a change or nothing", .levels = 3,
     .cpu = { reader, writer }, .probe = one_change)
RACE("mmap-lock-try-write", "the same for one that does not wait", .levels = 3,
     .cpu = { trying_reader, writer }, .probe = one_change)
RACE("mmap-lock-write-write", "writers take turns", .levels = 3, .cpu = { writer, writer },
     .probe = two_changes)
RACE("mmap-lock-moved-reader", "a reader leaves on another CPU than it came on", .levels = 3,
     .setup = came_on_1, .cpu = { leave_on_0, writer }, .probe = one_change)
RACE("mmap-lock-downgrade-write", "a writer that goes on as a reader keeps the other out",
     .levels = 3, .cpu = { writer_then_reader, writer }, .probe = two_changes)
RACE("mmap-lock-read-read-write", "two readers beside a writer", .levels = 3,
     .cpu = { reader, reader, writer }, .probe = one_change)
RACE("mmap-lock-read-write-write", "two writers beside a reader", .levels = 3,
     .cpu = { reader, writer, writer }, .probe = two_changes)
RACE("mmap-lock-downgrade-read-write", "a writer that goes on as a reader, beside both",
     .levels = 3, .cpu = { writer_then_reader, reader, writer }, .probe = two_changes)
