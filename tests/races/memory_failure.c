/* Memory breaks under pages that are written to, held, forked and dropped at that moment. */
#include "tests/races/race.h"
#include "mm/buddy.h"
#include "mm/gup.h"
#include "mm/memory_failure.h"

#define AT 0x40000000ul
#define OLD 1

static struct mm_struct *child;
static unsigned long retired;
static long failed;		/* what the one that breaks it was told */
static bool written;		/* a lockless walk got the page, and wrote to it */
static int signo;		/* and the one that uses it */

static void map_touched(void)
{
	child = NULL;
	signo = 0;
	written = false;
	failed = 1;
	retired = frames_retired();
	race_map(AT, 1);
	race_poke(AT, OLD);
}

static struct address_space file;
static const struct address_space_ops file_ops;

/* A page of a file that is only in memory. */
static void map_file(void)
{
	const struct mmap_source source = { .mapping = &file };

	written = false;
	failed = 1;
	retired = frames_retired();
	mapping_init(&file, &file_ops, NULL, PAGE_SIZE);
	file.shmem = true;
	RACE_EQ(mm_mmap(race_mm, AT, PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, &source, 0), AT);
	race_poke(AT, OLD);
}

/* ---- actors ---- */

static void breaks(void) { failed = mm_madvise(race_mm, AT, PAGE_SIZE, MADV_HWPOISON); }
static void moves(void) { failed = mm_madvise(race_mm, AT, PAGE_SIZE, MADV_SOFT_OFFLINE); }
static void write_7(void) { signo = race_write(AT, 7); }
static void get_and_read(void)
{
	struct page *page;

	if (get_user_pages_fast_only(AT, 1, 0, &page) != 1)
		return;
	RACE_EQ(READ_ONCE(*(u64 *)page_address(page)), OLD);
	put_page(page);
}
static void pin_and_write(void)
{
	struct page *page;

	if (get_user_pages_fast_only(AT, 1, FOLL_WRITE, &page) != 1)
		return;
	WRITE_ONCE(*(u64 *)page_address(page), 7);
	written = true;
	put_page(page);
}
/* As write() does it. */
static void write_to_file(void)
{
	struct folio *folio = filemap_find(&file, 0);

	RACE_CHECK(folio);
	WRITE_ONCE(*(u64 *)folio_address(folio), 7);
	written = true;
	folio_put(folio);
}
static void fork_it(void)
{
	child = mm_fork(race_mm);
	RACE_CHECK(!IS_ERR(child));
}
static void dontneed_and_touch(void)
{
	RACE_EQ(mm_madvise(race_mm, AT, PAGE_SIZE, MADV_DONTNEED), 0);
	signo = race_write(AT, 7);
}

/* ---- what must hold ---- */

static void told_or_before(void) { RACE_CHECK(!signo || signo == SIGBUS); }
static void broken_and_retired(void)
{
	told_or_before();
	RACE_EQ(failed, 0);
	race_expect_signal(AT, SIGBUS);
	RACE_EQ(mm_rss(race_mm, MM_ANONPAGES), 0);
	RACE_EQ(frames_retired(), retired + 1);
}
/* Both programs have the page, or neither. */
static void both_or_neither(void)
{
	race_adopt(child);
	race_outcome((u64)failed);
	for (int i = 0; i < 2; i++) {
		if (failed)
			RACE_EQ(race_peek(AT), OLD);
		else
			race_expect_signal(AT, SIGBUS);
		race_run_on(0, child);
	}
	RACE_EQ(frames_retired(), retired + !failed);
}
/* The old page broke, or the new one; or the page of zeroes was found, which does not. */
static void old_or_new(void)
{
	told_or_before();
	race_outcome((u64)failed);
	RACE_CHECK(!failed || failed == -EBUSY);
	RACE_EQ(frames_retired(), retired + !failed);
	if (race_write(AT, 8))
		RACE_EQ(failed, 0);
	else
		RACE_CHECK(!signo && race_peek(AT) == 8);
	RACE_EQ(mm_rss(race_mm, MM_ANONPAGES), !race_write(AT, 8));
}

/* Nobody notices: it was moved, or somebody had it. */
static void is_7_and_retired(void)
{
	RACE_EQ(failed, 0);
	RACE_EQ(signo, 0);
	RACE_EQ(race_peek(AT), 7);
	RACE_EQ(frames_retired(), retired + 1);
}
/* Who had got the page and wrote to it has written to the program's page. */
static void is_seen(void)
{
	race_outcome((u64)failed);
	RACE_CHECK(!failed || failed == -EBUSY);
	RACE_EQ(race_peek(AT), written ? 7 : OLD);
	RACE_EQ(frames_retired(), retired + !failed);
}

static void is_seen_in_file(void)
{
	is_seen();
	RACE_EQ(mm_munmap(race_mm, AT, PAGE_SIZE), 0);
	filemap_drop_all(&file);
}

RACE("offline-write", "a page is moved from its frame while it is written to", .levels = 3,
     .setup = map_touched, .cpu = { moves, write_7 }, .probe = is_7_and_retired)
RACE("offline-pin-write",
     "a page is moved while a lockless walk pins it, and writes to what it has got", .levels = 3,
     .setup = map_touched, .cpu = { moves, pin_and_write }, .probe = is_seen)
RACE("offline-file-write",
     "a page of a file is moved while it is written to through the file", .levels = 3,
     .setup = map_file, .cpu = { moves, write_to_file }, .probe = is_seen_in_file)
RACE("poison-write", "memory breaks under a page that is written to", .levels = 3,
     .setup = map_touched, .cpu = { breaks, write_7 }, .probe = broken_and_retired)
RACE("poison-gup", "memory breaks under a page that a lockless walk finds", .levels = 3,
     .setup = map_touched, .cpu = { breaks, get_and_read }, .probe = broken_and_retired)
RACE("poison-fork", "memory breaks under a page that fork shares", .levels = 3,
     .setup = map_touched, .cpu = { breaks, fork_it }, .probe = both_or_neither)
RACE("poison-dontneed-refault",
     "a page is dropped while its memory breaks, and another comes to its place", .levels = 3,
     .setup = map_touched, .cpu = { breaks, dontneed_and_touch }, .probe = old_or_new)
