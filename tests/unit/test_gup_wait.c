/*
 * What a caller of get_user_pages expects, against what it finds: who waits, and who holds mmap_lock
 * meanwhile. THREADS.md G3. docs/gup.md has the table that the first test measures and prints.
 */
#include <stdio.h>
#include "mm/gup.h"
#include "tests/unit/space.h"

#define AT 0x40000000ul

static struct space s;
static struct page *pages[1];

/* ---- a device that is as slow as the test wants: its one page ---- */

static struct folio *reading;	/* until device_done() */
static unsigned int asked;
static bool fails;

static int start_read(struct address_space *mapping, struct folio *folio)
{
	(void)mapping;
	CHECK(!reading);
	asked++;
	reading = folio;
	folio_start_read(folio);
	return 0;
}

static int write_folios(struct address_space *mapping, struct folio *const *folios, unsigned int n)
{
	(void)mapping;
	(void)folios;
	CHECK_EQ(n, 1);
	return 0;
}

static void device_done(void)
{
	struct folio *folio = reading;

	CHECK(folio);
	reading = NULL;
	if (!fails)
		*(u64 *)folio_address(folio) = 42;
	folio_end_read(folio, !fails);
}

static const struct address_space_ops ops = { .start_read = start_read, .write_folios = write_folios };
static struct address_space file;

/* ---- who waits, and how ---- */

enum sign { NO_SIGNAL, KILLED, SIGNALLED };
static enum sign signal_first;	/* before the device is done */
static unsigned int waits_locked, waits_unlocked;

static void while_it_sleeps(void)
{
	if (lockdep_held(&s.mm->mmap_lock))
		waits_locked++;
	else
		waits_unlocked++;
	if (signal_first == NO_SIGNAL)
		device_done();
	else if (signal_first == KILLED)
		sim_set_killed(true);
	else
		sim_set_signalled(true);
	signal_first = NO_SIGNAL;
}

static void begin(void)
{
	const struct mmap_source source = { .mapping = &file };

	mapping_init(&file, &ops, NULL, PAGE_SIZE);
	asked = waits_locked = waits_unlocked = 0;
	fails = false;
	signal_first = NO_SIGNAL;
	CHECK_EQ(mm_mmap(s.mm, AT, PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, &source, 0), AT);
	sim_on_sleep(while_it_sleeps);
}

static void end(void)
{
	sim_set_killed(false);
	sim_set_signalled(false);
	signal_first = NO_SIGNAL;
	if (reading)
		device_done();
	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	filemap_drop_all(&file);
}

/* ---- what it finds ---- */

static void mapped(void)
{
	u64 value;

	CHECK_EQ(sim_user_read(AT, &value), 0);
	CHECK_EQ(value, 42);
	waits_unlocked = 0;
}
static void cached(void)
{
	mapped();
	CHECK_EQ(mm_madvise(s.mm, AT, PAGE_SIZE, MADV_DONTNEED), 0);
}
static void absent(void) {}
static void being_read(void) { filemap_ask_for(&file, 0); }
/* Mapped, clean, and locked: a write has to wait. */
static void written_back(void)
{
	mapped();
	reading = filemap_find(&file, 0);
	folio_lock(reading);
	folio_start_read(reading);
	folio_put(reading);
}
static void unreadable(void) { fails = true; }

static const struct situation {
	const char *name;
	void (*make)(void);
	bool write;
} situations[] = {
	{ "mapped", mapped, false },		{ "in the cache", cached, false },
	{ "on the disk", absent, false },	{ "being read", being_read, false },
	{ "written back, for writing", written_back, true }, { "unreadable", unreadable, false },
};

static const struct caller {
	const char *name;
	unsigned int foll;
	bool locked;
	enum sign sign;
} callers[] = {
	{ "nothing", 0, false, NO_SIGNAL },
	{ "`locked`", 0, true, NO_SIGNAL },
	{ "NOWAIT", FOLL_NOWAIT, false, NO_SIGNAL },
	{ "NOWAIT, `locked`", FOLL_NOWAIT, true, NO_SIGNAL },
	{ "NOFAULT", FOLL_NOFAULT, true, NO_SIGNAL },
	{ "nothing, killed", 0, false, KILLED },
	{ "`locked`, killed", 0, true, KILLED },
	{ "`locked`, signalled", 0, true, SIGNALLED },
	{ "INTERRUPTIBLE, signalled", FOLL_INTERRUPTIBLE, false, SIGNALLED },
	{ "INTERRUPTIBLE, `locked`, signalled", FOLL_INTERRUPTIBLE, true, SIGNALLED },
	{ "INTERRUPTIBLE, `locked`, killed", FOLL_INTERRUPTIBLE, true, KILLED },
};

/*
 * What happened: the result; W: waited with the lock, w: waited without it, -: did not wait; and whether
 * the lock was held at the end.
 */
static const char *outcome(const struct situation *situation, const struct caller *caller)
{
	static char text[64];
	int locked = 1;
	long ret;

	begin();
	situation->make();
	signal_first = caller->sign;
	mmap_read_lock(s.mm);
	ret = get_user_pages_remote(s.mm, AT, 1, caller->foll | (situation->write ? FOLL_WRITE : 0), pages,
				    caller->locked ? &locked : NULL);
	CHECK_EQ(lockdep_held(&s.mm->mmap_lock), locked);
	if (locked)
		mmap_read_unlock(s.mm);
	if (ret == 1)
		put_page(pages[0]);
	snprintf(text, sizeof(text), "%s %s%s", ret == 1 ? "page" : !ret ? "none" : ret == -EFAULT ? "EFAULT" :
		 ret == -EINTR ? "EINTR" : "?", waits_locked ? "W" : waits_unlocked ? "w" : "-",
		 locked ? "" : " dropped");
	end();
	return text;
}

TEST("each-cell-of-who-may-wait-and-who-may-drop-the-lock")
{
	static const char *const expected[ARRAY_SIZE(situations)][ARRAY_SIZE(callers)] = {
		{ "page -", "page -", "page -", "page -", "page -", "page -", "page -",
		  "page -", "page -", "page -", "page -" },
		{ "page -", "page -", "page -", "page -", "EFAULT -", "page -", "page -",
		  "page -", "page -", "page -", "page -" },
		{ "page W", "page w dropped", "none -", "none -", "EFAULT -", "EINTR W", "EINTR w dropped",
		  "page w dropped", "page W", "EINTR w dropped", "EINTR w dropped" },
		{ "page W", "page w dropped", "none -", "none -", "EFAULT -", "EINTR W", "EINTR w dropped",
		  "page w dropped", "page W", "EINTR w dropped", "EINTR w dropped" },
		{ "page W", "page w dropped", "none -", "none -", "EFAULT -", "EINTR W", "EINTR w dropped",
		  "page w dropped", "page W", "EINTR w dropped", "EINTR w dropped" },
		{ "EFAULT W", "EFAULT w dropped", "none -", "none -", "EFAULT -", "EFAULT W", "EINTR w dropped",
		  "EFAULT w dropped", "EFAULT W", "EINTR w dropped", "EINTR w dropped" },
	};
	const char *got;

	s = space_start(3, 4, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(situations); i++) {
		printf("# | %s", situations[i].name);
		for (unsigned int j = 0; j < ARRAY_SIZE(callers); j++) {
			got = outcome(&situations[i], &callers[j]);
			printf(" | %s", got);
			if (strcmp(got, expected[i][j]))
				unit_fail(__FILE__, __LINE__, "%s, %s: %s, but expected %s", situations[i].name,
					  callers[j].name, got, expected[i][j]);
		}
		printf(" |\n");
	}
	space_end(&s);
}

TEST("who-does-not-want-to-wait-finds-the-page-later")
{
	s = space_start(3, 4, 1);
	begin();
	mmap_read_lock(s.mm);
	CHECK_EQ(get_user_pages(s.mm, AT, 1, FOLL_NOWAIT, pages), 0);
	CHECK(lockdep_held(&s.mm->mmap_lock));
	CHECK_EQ(get_user_pages(s.mm, AT, 1, FOLL_NOWAIT, pages), 0);
	CHECK_EQ(asked, 1);
	device_done();
	CHECK_EQ(get_user_pages(s.mm, AT, 1, FOLL_NOWAIT, pages), 1);
	CHECK_EQ(*(u64 *)page_address(pages[0]), 42);
	mmap_read_unlock(s.mm);
	put_page(pages[0]);
	CHECK_EQ(waits_locked + waits_unlocked, 0);
	end();
	space_end(&s);
}

/* ---- who never waits, whatever has the page ---- */

static void must_not_sleep(void) { unit_fail(__FILE__, __LINE__, "it sleeps"); }

static void take_lock(struct folio *folio)
{
	folio_lock(folio);
	folio_start_read(folio);	/* it is another's, until folio_end_read() */
}

static int fill(struct address_space *mapping, struct folio *folio)
{
	(void)mapping;
	asked++;
	*(u64 *)folio_address(folio) = 42;
	return 0;
}

static const struct address_space_ops reads_only = { .start_read = start_read };
static const struct address_space_ops fills = { .read_folio = fill };
static const struct address_space_ops memory = { 0 };

static const struct address_space_ops *const kinds[] = { &ops, &reads_only, &fills, &memory };

/* 1 or 0 pages, without a wait and with the lock. */
static long nowait(unsigned int foll)
{
	long n;

	sim_on_sleep(must_not_sleep);
	mmap_read_lock(s.mm);
	n = get_user_pages(s.mm, AT, 1, FOLL_NOWAIT | foll, pages);
	CHECK(lockdep_held(&s.mm->mmap_lock));
	mmap_read_unlock(s.mm);
	if (n == 1)
		put_page(pages[0]);
	sim_on_sleep(while_it_sleeps);
	return n;
}

TEST("a-device-that-is-only-read-is-not-waited-for-either")
{
	int locked = 1;

	s = space_start(3, 4, 1);
	begin();
	file.ops = &reads_only;
	CHECK_EQ(nowait(0), 0);
	CHECK_EQ(nowait(0), 0);
	CHECK_EQ(asked, 1);
	mmap_read_lock(s.mm);
	CHECK_EQ(get_user_pages_remote(s.mm, AT, 1, 0, pages, &locked), 1);
	put_page(pages[0]);
	CHECK(!locked && waits_unlocked == 1 && !waits_locked);
	CHECK_EQ(nowait(0), 1);
	end();
	space_end(&s);
}

TEST("a-page-that-another-has-locked-is-not-waited-for")
{
	struct folio *folio;

	s = space_start(3, 4, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		begin();
		file.ops = kinds[i];
		folio = filemap_get(&file, 0);
		take_lock(folio);
		CHECK_EQ(nowait(0), 0);
		CHECK_EQ(nowait(FOLL_WRITE), 0);
		folio_end_read(folio, true);
		CHECK_EQ(nowait(0), 1);
		take_lock(folio);
		CHECK_EQ(nowait(0), 1);
		CHECK_EQ(nowait(FOLL_WRITE), mapping_tracks_dirty(&file) ? 0 : 1);
		folio_end_read(folio, true);
		CHECK_EQ(nowait(FOLL_WRITE), 1);
		folio_put(folio);
		end();
	}
	space_end(&s);
}

TEST("a-page-that-another-fills-is-not-waited-for")
{
	struct folio *folio;

	s = space_start(3, 4, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		begin();
		file.ops = kinds[i];
		folio = filemap_get(&file, 0);
		take_lock(folio);
		page_clear(&folio->page, PG_uptodate);
		asked = 0;
		CHECK_EQ(nowait(0), 0);
		CHECK_EQ(asked, 0);
		folio_end_read(folio, true);
		CHECK_EQ(nowait(0), 1);
		folio_put(folio);
		end();
	}
	space_end(&s);
}

/* What only the processor fills is there at once. */
TEST("what-needs-no-device-is-there-without-waiting")
{
	s = space_start(3, 4, 1);
	for (unsigned int i = 2; i < ARRAY_SIZE(kinds); i++) {
		begin();
		file.ops = kinds[i];
		CHECK_EQ(nowait(0), 1);
		end();
	}
	space_end(&s);
}

/* Who waits is killed: the device goes on, and nobody reads the page twice. */
TEST("a-read-that-nobody-waits-for-any-more-is-not-lost")
{
	int locked = 1;
	u64 value;

	s = space_start(3, 4, 1);
	begin();
	signal_first = KILLED;
	mmap_read_lock(s.mm);
	CHECK_EQ(get_user_pages_remote(s.mm, AT, 1, 0, pages, &locked), -EINTR);
	CHECK(!locked && reading);
	filemap_drop_clean(&file);	/* the device still writes to its frame */
	CHECK_EQ(file.nr_pages, 1);
	sim_set_killed(false);
	device_done();
	CHECK_EQ(sim_user_read(AT, &value), 0);
	CHECK_EQ(value, 42);
	CHECK_EQ(asked, 1);
	end();
	space_end(&s);
}

/* A signal that is not deadly ends the wait alone: the page arrives, and the next one has it at once. */
TEST("who-is-interrupted-finds-the-page-later")
{
	int locked = 1;

	s = space_start(3, 4, 1);
	begin();
	signal_first = SIGNALLED;
	mmap_read_lock(s.mm);
	CHECK_EQ(get_user_pages_remote(s.mm, AT, 1, FOLL_INTERRUPTIBLE, pages, &locked), -EINTR);
	CHECK(!locked && reading);
	device_done();
	locked = 1;
	mmap_read_lock(s.mm);
	CHECK_EQ(get_user_pages_remote(s.mm, AT, 1, FOLL_INTERRUPTIBLE, pages, &locked), 1);
	CHECK(locked);	/* the signal still waits, but this one does not */
	mmap_read_unlock(s.mm);
	put_page(pages[0]);
	CHECK_EQ(asked, 1);
	end();
	space_end(&s);
}

TEST("a-file-that-goes-waits-for-its-device")
{
	s = space_start(3, 4, 1);
	begin();
	being_read();
	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	filemap_drop_all(&file);	/* while_it_sleeps() lets the device end */
	CHECK(!reading);
	CHECK_EQ(waits_unlocked, 1);
	CHECK_EQ(file.nr_pages, 0);
	space_end(&s);
}

TEST("a-read-that-failed-is-tried-again-by-the-next-one")
{
	u64 value;

	s = space_start(3, 4, 1);
	begin();
	filemap_ask_for(&file, 0);
	fails = true;
	device_done();
	fails = false;
	CHECK_EQ(sim_user_read(AT, &value), 0);
	CHECK_EQ(value, 42);
	CHECK_EQ(asked, 2);
	fails = true;
	CHECK_EQ(mm_madvise(s.mm, AT, PAGE_SIZE, MADV_DONTNEED), 0);
	filemap_drop_clean(&file);
	CHECK_EQ(sim_user_write(AT, 1), SIGBUS);
	CHECK_EQ(asked, 3);
	CHECK_EQ(file.nr_pages, 0);
	end();
	space_end(&s);
}
