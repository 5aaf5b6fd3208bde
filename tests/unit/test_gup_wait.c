/*
 * What a caller of get_user_pages expects, against what it finds: who waits, and who
 * holds mmap_lock meanwhile. THREADS.md G3. docs/gup.md has the table that the first
 * test measures and prints.
 */
#include <stdio.h>
#include "mm/gup.h"
#include "tests/unit/slow_disk.h"

static struct space s;
static struct page *pages[3];

static bool fails;	/* the device cannot read its page */

static void device_done(void) { slow_disk_done(!fails); }

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
	waits_locked = waits_unlocked = 0;
	fails = false;
	signal_first = NO_SIGNAL;
	slow_disk_map(s.mm, AT, RW);
	sim_on_sleep(while_it_sleeps);
}

static void end(void)
{
	sim_set_killed(false);
	sim_set_signalled(false);
	signal_first = NO_SIGNAL;
	if (slow_disk.reading)
		device_done();
	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	slow_disk_drop();
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
static void being_read(void) { filemap_ask_for(&slow_disk.file, 0); }
/* Mapped, clean, and locked: a write has to wait. */
static void written_back(void)
{
	mapped();
	slow_disk.reading = filemap_find(&slow_disk.file, 0);
	folio_lock(slow_disk.reading);
	folio_start_read(slow_disk.reading);
	folio_put(slow_disk.reading);
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
 * What happened: the result; W: waited with the lock, w: waited without it, -: did not wait; and
 * whether the lock was held at the end.
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
	ret = get_user_pages_remote(s.mm, AT, 1,
				    caller->foll | (situation->write ? FOLL_WRITE : 0), pages,
				    caller->locked ? &locked : NULL);
	CHECK_EQ(lockdep_held(&s.mm->mmap_lock), locked);
	if (locked)
		mmap_read_unlock(s.mm);
	if (ret == 1)
		put_page(pages[0]);
	snprintf(text, sizeof(text), "%s %s%s",
		 ret == 1 ? "page" : !ret ? "none" : ret == -EFAULT ? "EFAULT" :
		 ret == -EINTR ? "EINTR" : "?",
		 waits_locked ? "W" : waits_unlocked ? "w" : "-", locked ? "" : " dropped");
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
		{ "page W", "page w dropped", "none -", "none -", "EFAULT -", "EINTR W",
		  "EINTR w dropped", "page w dropped", "page W", "EINTR w dropped",
		  "EINTR w dropped" },
		{ "page W", "page w dropped", "none -", "none -", "EFAULT -", "EINTR W",
		  "EINTR w dropped", "page w dropped", "page W", "EINTR w dropped",
		  "EINTR w dropped" },
		{ "page W", "page w dropped", "none -", "none -", "EFAULT -", "EINTR W",
		  "EINTR w dropped", "page w dropped", "page W", "EINTR w dropped",
		  "EINTR w dropped" },
		{ "EFAULT W", "EFAULT w dropped", "none -", "none -", "EFAULT -", "EFAULT W",
		  "EINTR w dropped", "EFAULT w dropped", "EFAULT W", "EINTR w dropped",
		  "EINTR w dropped" },
	};
	const char *got;

	s = space_start(3, 4, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(situations); i++) {
		printf("# | %s", situations[i].name);
		for (unsigned int j = 0; j < ARRAY_SIZE(callers); j++) {
			got = outcome(&situations[i], &callers[j]);
			printf(" | %s", got);
			if (strcmp(got, expected[i][j]))
				unit_fail(__FILE__, __LINE__, "%s, %s: %s, but expected %s",
					  situations[i].name, callers[j].name, got,
					  expected[i][j]);
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
	CHECK_EQ(slow_disk.asked, 1);
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
	slow_disk.asked++;
	*(u64 *)folio_address(folio) = 42;
	return 0;
}

static const struct address_space_ops reads_only = { .start_read = slow_disk_start_read };
static const struct address_space_ops fills = { .read_folio = fill };
static const struct address_space_ops memory = { 0 };

static const struct address_space_ops *const kinds[] = { &slow_disk_ops, &reads_only, &fills,
							&memory };

/* It is in the cache, and another has it locked; with a reference. */
static struct folio *begin_with_locked_page(const struct address_space_ops *kind)
{
	struct folio *folio;

	begin();
	slow_disk.file.ops = kind;
	folio = filemap_get(&slow_disk.file, 0);
	take_lock(folio);
	return folio;
}

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
	slow_disk.file.ops = &reads_only;
	CHECK_EQ(nowait(0), 0);
	CHECK_EQ(nowait(0), 0);
	CHECK_EQ(slow_disk.asked, 1);
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
		folio = begin_with_locked_page(kinds[i]);
		CHECK_EQ(nowait(0), 0);
		CHECK_EQ(nowait(FOLL_WRITE), 0);
		folio_end_read(folio, true);
		CHECK_EQ(nowait(0), 1);
		take_lock(folio);
		CHECK_EQ(nowait(0), 1);
		CHECK_EQ(nowait(FOLL_WRITE), mapping_tracks_dirty(&slow_disk.file) ? 0 : 1);
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
		folio = begin_with_locked_page(kinds[i]);
		page_clear(&folio->page, PG_uptodate);
		slow_disk.asked = 0;
		CHECK_EQ(nowait(0), 0);
		CHECK_EQ(slow_disk.asked, 0);
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
		slow_disk.file.ops = kinds[i];
		CHECK_EQ(nowait(0), 1);
		end();
	}
	space_end(&s);
}

/* A read that does not wait: it begins what the next one finds. */
TEST("who-reads-without-waiting-is-told-to-come-again")
{
	struct folio *folio;

	s = space_start(3, 4, 1);
	begin();
	for (int i = 0; i < 2; i++)
		CHECK_EQ(PTR_ERR(filemap_grab_until(&slow_disk.file, 0, WAIT_NOT)), -EAGAIN);
	CHECK_EQ(slow_disk.asked, 1);
	device_done();
	folio = filemap_grab_until(&slow_disk.file, 0, WAIT_NOT);
	CHECK(!IS_ERR(folio));
	CHECK_EQ(*(u64 *)folio_address(folio), 42);
	folio_put(folio);
	end();
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
	CHECK(!locked && slow_disk.reading);
	filemap_drop_clean(&slow_disk.file);	/* the device still writes to its frame */
	CHECK_EQ(slow_disk.file.nr_pages, 1);
	sim_set_killed(false);
	device_done();
	CHECK_EQ(sim_user_read(AT, &value), 0);
	CHECK_EQ(value, 42);
	CHECK_EQ(slow_disk.asked, 1);
	end();
	space_end(&s);
}

/*
 * A signal that is not deadly ends the wait alone: the page arrives, and the next
 * one has it at once.
 */
TEST("who-is-interrupted-finds-the-page-later")
{
	int locked = 1;

	s = space_start(3, 4, 1);
	begin();
	signal_first = SIGNALLED;
	mmap_read_lock(s.mm);
	CHECK_EQ(get_user_pages_remote(s.mm, AT, 1, FOLL_INTERRUPTIBLE, pages, &locked), -EINTR);
	CHECK(!locked && slow_disk.reading);
	device_done();
	locked = 1;
	mmap_read_lock(s.mm);
	CHECK_EQ(get_user_pages_remote(s.mm, AT, 1, FOLL_INTERRUPTIBLE, pages, &locked), 1);
	CHECK(locked);	/* the signal still waits, but this one does not */
	mmap_read_unlock(s.mm);
	put_page(pages[0]);
	CHECK_EQ(slow_disk.asked, 1);
	end();
	space_end(&s);
}

TEST("memory-that-is-missing-for-what-a-device-reads-is-enomem-though-the-lock-has-gone")
{
	int locked = 1;

	s = space_start(3, 4, 1);
	begin();
	cached();	/* the tables are there */
	filemap_drop_clean(&slow_disk.file);
	fail_nth_set(1);
	mmap_read_lock(s.mm);
	CHECK_EQ(get_user_pages_remote(s.mm, AT, 1, 0, pages, &locked), -ENOMEM);
	fail_nth_set(0);
	CHECK(!locked);
	CHECK_EQ(slow_disk.asked, 1);	/* at first: not again */
	end();
	space_end(&s);
}

/*
 * What has been found is not looked for again under the new lock, and no more is
 * taken than was asked for.
 */
TEST("pages-before-and-behind-a-wait-stay-in-their-places")
{
	struct page *before;
	int locked = 1;

	s = space_start(3, 4, 1);
	map(s.mm, AT - PAGE_SIZE, 3 * PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT - PAGE_SIZE, 1);
	poke(AT + PAGE_SIZE, 3);
	before = page_at(&s, AT - PAGE_SIZE);
	begin();
	mmap_read_lock(s.mm);
	CHECK_EQ(get_user_pages_remote(s.mm, AT - PAGE_SIZE, 2, 0, pages, &locked), 2);
	CHECK(!locked && !pages[2]);
	CHECK(pages[0] == before && pages[1] == page_at(&s, AT));
	CHECK_EQ(folio_ref_count(page_folio(before)), 2);
	put_pages(pages, 2);
	end();
	space_end(&s);
}

TEST("who-is-killed-in-a-wait-keeps-the-pages-before-it")
{
	int locked = 1;

	s = space_start(3, 4, 1);
	map(s.mm, AT - PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT - PAGE_SIZE, 1);
	begin();
	signal_first = KILLED;
	mmap_read_lock(s.mm);
	CHECK_EQ(get_user_pages_remote(s.mm, AT - PAGE_SIZE, 2, 0, pages, &locked), 1);
	CHECK(!locked && pages[0] == page_at(&s, AT - PAGE_SIZE));
	put_page(pages[0]);
	end();
	space_end(&s);
}

TEST("who-populates-waits-without-the-lock")
{
	int locked = 1;

	s = space_start(3, 4, 1);
	begin();
	mmap_read_lock(s.mm);
	CHECK_EQ(faultin_page_range(s.mm, AT, AT + PAGE_SIZE, false, &locked), 1);
	CHECK(!locked && waits_unlocked == 1 && !waits_locked);
	end();
	begin();
	s.mm->limits.memlock = ~0ul;
	CHECK_EQ(mm_mlock(s.mm, AT, PAGE_SIZE, 0), 0);
	CHECK(waits_unlocked == 1 && !waits_locked);
	end();
	space_end(&s);
}

TEST("a-file-that-goes-waits-for-its-device")
{
	s = space_start(3, 4, 1);
	begin();
	being_read();
	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	slow_disk_drop();	/* while_it_sleeps() lets the device end */
	CHECK(!slow_disk.reading);
	CHECK_EQ(waits_unlocked, 1);
	CHECK_EQ(slow_disk.file.nr_pages, 0);
	space_end(&s);
}

TEST("a-read-that-failed-is-tried-again-by-the-next-one")
{
	u64 value;

	s = space_start(3, 4, 1);
	begin();
	filemap_ask_for(&slow_disk.file, 0);
	fails = true;
	device_done();
	fails = false;
	CHECK_EQ(sim_user_read(AT, &value), 0);
	CHECK_EQ(value, 42);
	CHECK_EQ(slow_disk.asked, 2);
	fails = true;
	CHECK_EQ(mm_madvise(s.mm, AT, PAGE_SIZE, MADV_DONTNEED), 0);
	filemap_drop_clean(&slow_disk.file);
	CHECK_EQ(sim_user_write(AT, 1), SIGBUS);
	CHECK_EQ(slow_disk.asked, 3);
	CHECK_EQ(slow_disk.file.nr_pages, 0);
	end();
	space_end(&s);
}
