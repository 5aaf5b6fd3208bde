/*
 * A page of a file on a device is written back while it is written to, mapped and unmapped:
 * whatever the order, what was written last arrives on the device in the end.
 */
#include "mm/buddy.h"
#include "mm/gup.h"
#include "mm/writeback.h"
#include "tests/races/race.h"

#define AT 0x40000000ul

static struct address_space file;
static struct page *platter; /* the device: one page */
static unsigned int reads, writes;
static struct page *got;		/* by a lockless walk */
static bool fails;		/* the device does not take what is written */
/* A page that goes between a fault's look and its use is read under mmap_lock. */
static bool may_keep_lock;

static int read_platter(struct address_space *mapping, struct folio *folio)
{
	RACE_CHECK(may_keep_lock || !lockdep_held(&race_mm->mmap_lock));
	reads++;
	page_copy(folio_address(folio), page_address(platter));
	return 0;
}

static int write_platter(struct address_space *mapping, struct folio *const *folios,
			 unsigned int n)
{
	const struct page *page = &folios[0]->page;

	RACE_EQ(n, 1);
	WRITE_ONCE(writes, READ_ONCE(writes) + 1); /* the device takes a while */
	RACE_CHECK(page_test(page, PG_writeback) && page_test(page, PG_locked));
	if (fails)
		return -EIO;
	page_copy(page_address(platter), folio_address(folios[0]));
	return 0;
}

static const struct address_space_ops device_ops = {
	.read_folio = read_platter, .write_folios = write_platter,
};

/*
 * A device that begins to read, and ends it as another CPU's interrupt; the second
 * time it is done at once.
 */
static struct folio *reading;

static int start_read(struct address_space *mapping, struct folio *folio)
{
	folio_start_read(folio);
	if (reads++) {
		page_copy(folio_address(folio), page_address(platter));
		folio_end_read(folio, true);
	} else {
		reading = folio;
	}
	return 0;
}

static const struct address_space_ops slow_device_ops = {
	.start_read = start_read, .write_folios = write_platter,
};

static void map_absent(void)
{
	const struct mmap_source source = { .mapping = &file };

	reads = 0;
	got = NULL;
	may_keep_lock = fails = false;
	platter = alloc_page(GFP_ZERO);
	mapping_init(&file, &device_ops, NULL, PAGE_SIZE);
	race_map(AT + PAGE_SIZE, 1);
	race_poke(AT + PAGE_SIZE, 1); /* the tables are there */
	RACE_EQ(mm_mmap(race_mm, AT, PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, &source, 0), AT);
}
/* The device is reading. */
static void map_being_read(void)
{
	map_absent();
	file.ops = &slow_device_ops;
	filemap_ask_for(&file, 0);
}
static void device_reads(void) { folio_end_read(reading, true); }
/* Who maps first: nobody may hold mmap_lock who waits for what comes then. */
static void map_and_device_reads(void)
{
	race_map(AT + 8 * PAGE_SIZE, 1);
	device_reads();
}
static void device_fails(void) { folio_end_read(reading, false); }

/* What was dirty before is there when it returns, whoever has written it. */
static void write_back_1(void)
{
	RACE_EQ(filemap_write_and_wait_range(&file, 0, 0), 0);
	RACE_CHECK(*(u64 *)page_address(platter));
}
static void write_back(void) { RACE_EQ(filemap_write_and_wait_range(&file, 0, 0), 0); }

static void map_dirty(void)
{
	map_absent();
	race_poke(AT, 1);
}
static void read_file(void)
{
	struct folio *folio = filemap_get(&file, 0);

	/* Only who has asked the device is told that it failed. */
	RACE_CHECK(!IS_ERR(folio));
	folio_put(folio);
}
/* It is there, and nobody has mapped it yet. */
static void map_cached(void)
{
	map_absent();
	read_file();
	may_keep_lock = true;
}
static void map_clean(void)
{
	map_dirty();
	write_back();
}
/* Written to, which the entry alone knows: as if it had been written back just before. */
static void map_dirty_by_entry(void)
{
	struct folio *folio;

	map_dirty();
	may_keep_lock = true;
	folio = filemap_find(&file, 0);
	folio_mark_clean(folio);
	folio_put(folio);
}
static void map_to_be_forgotten(void)
{
	map_clean();
	may_keep_lock = true;
}
static void dirty_by_write(void)
{
	struct folio *folio = filemap_find(&file, 0);

	folio_mark_dirty(folio);
	folio_put(folio);
}
/* By write(); its mapping has not been used. */
static void map_cached_dirty(void)
{
	map_cached();
	dirty_by_write();
}
static void dirty_and_write_back(void)
{
	dirty_by_write();
	write_back();
}
/* Beside a mapping through which it has not been written to yet. */
static void map_dirtied(void)
{
	map_clean();
	dirty_by_write();
}

static void write_7(void) { race_poke(AT, 7); }
static void write_8(void) { race_poke(AT + 8, 8); }
static void try_write(void) { race_outcome(race_try_write(AT, 7)); }
static void dontneed(void) { RACE_EQ(mm_madvise(race_mm, AT, PAGE_SIZE, MADV_DONTNEED), 0); }
static void write_fault(void) { RACE_EQ(race_fault_write(AT), 0); }
/* As O_DIRECT does it: what is clean is forgotten, mapped or not. */
static void forget_page(void) { filemap_invalidate_range(&file, 0, 0); }
static void protect(void)
{
	RACE_EQ(mm_mprotect(race_mm, AT, PAGE_SIZE, PROT_READ), 0);
	RACE_EQ(mm_mprotect(race_mm, AT, PAGE_SIZE, RW), 0);
}

/* The lock is ours from beginning to end. */
static void get_with_lock(unsigned int flags)
{
	struct page *page;
	long n;

	mmap_read_lock(race_mm);
	n = get_user_pages(race_mm, AT, 1, flags, &page);
	RACE_CHECK(n == 1 || (!n && flags & FOLL_NOWAIT));
	RACE_CHECK(vma_lookup(race_mm, AT));
	mmap_read_unlock(race_mm);
	if (n)
		put_page(page);
	race_outcome((u64)n);
}
static void get_nowait(void) { get_with_lock(FOLL_NOWAIT); }
static void get_waiting(void) { get_with_lock(0); }
static void get_without_lock(void)
{
	struct page *page;

	RACE_EQ(get_user_pages_unlocked(race_mm, AT, 1, 0, &page), 1);
	put_page(page);
}

static void is_read(void)
{
	RACE_EQ(reads, 1);
	RACE_EQ(race_peek(AT), 0);
	RACE_EQ(mm_munmap(race_mm, AT, 9 * PAGE_SIZE), 0);
	filemap_drop_all(&file);
	free_page(platter);
}

/* What is clean is on the device; what is not is after it has been written back. */
static void is_on_device(void)
{
	struct folio *folio = filemap_find(&file, 0);
	const u64 *page = folio_address(folio), *device = page_address(platter);
	bool dirty = page_test(&folio->page, PG_dirty);

	RACE_CHECK(!page_test(&folio->page, PG_writeback));
	RACE_CHECK(dirty || (page[0] == device[0] && page[1] == device[1]));
	race_outcome(dirty);
	write_back();
	RACE_CHECK(page[0] == device[0] && page[1] == device[1]);
	folio_put(folio);
	RACE_EQ(mm_munmap(race_mm, AT, PAGE_SIZE), 0);
	filemap_drop_all(&file);
	free_page(platter);
}

static void is_read_once_7(void)
{
	RACE_EQ(reads, 1);
	RACE_EQ(race_peek(AT), 7);
	is_on_device();
}

static void is_7_and_8(void)
{
	write_7();
	write_8();
	race_outcome(reads);
	is_on_device();
}

static void clean_is_on_device(void)
{
	struct folio *folio = filemap_find(&file, 0);

	if (!folio)
		return;
	RACE_CHECK(page_test(&folio->page, PG_dirty) ||
		   *(u64 *)folio_address(folio) == *(u64 *)page_address(platter));
	folio_put(folio);
}

/* And what the program writes then is not missed. */
static void is_noted(void)
{
	clean_is_on_device();
	race_run_on(1, race_mm);
	race_poke(AT, 9);
	race_run_on(0, race_mm);
	write_back();
	RACE_EQ(*(u64 *)page_address(platter), 9);
	is_on_device();
}

/* Whoever has taken the page away, the next one that comes has what was written. */
static void is_kept(void)
{
	RACE_EQ(race_peek(AT), 1);
	is_on_device();
}

static void is_7_and_noted(void)
{
	RACE_EQ(race_peek(AT), 7);
	is_noted();
}

static void is_read_once(void)
{
	RACE_EQ(reads, 1);
	is_noted();
}

/* ---- clean pages that nobody uses are let go ---- */

static void drop_clean(void) { filemap_drop_clean(&file); }
static void dontneed_and_drop(void)
{
	dontneed();
	drop_clean();
}
/* As write() does it. */
static void write_7_to_file(void)
{
	struct folio *folio = filemap_get(&file, 0);

	RACE_CHECK(!IS_ERR(folio));
	page_set(&folio->page, PG_dirty);
	WRITE_ONCE(*(u64 *)folio_address(folio), 7);
	page_set(&folio->page, PG_dirty);
	folio_put(folio);
}
static void get_fast(void) { get_user_pages_fast_only(AT, 1, 0, &got); }

static void is_7_on_device(void)
{
	race_outcome(reads);
	RACE_EQ(race_peek(AT), 7);
	is_on_device();
}
static void is_there(void)
{
	race_outcome(reads);
	RACE_EQ(race_peek(AT), 0);
	is_noted();
}
/* Who has a page of the file has the file's page. */
static void got_is_the_files(void)
{
	struct folio *folio = filemap_find(&file, 0);

	race_outcome(!!got);
	RACE_CHECK(!got || (folio && got == &folio->page));
	if (got)
		put_page(got);
	if (folio)
		folio_put(folio);
	RACE_EQ(race_peek(AT), 1);
	is_noted();
}

RACE("drop-write", "a clean page is let go of while a program writes to it: that is not lost",
     .levels = 3, .setup = map_cached, .cpu = { write_7_to_file, drop_clean },
     .probe = is_7_on_device)
RACE("drop-fault", "a page that nobody maps is let go of beside a fault that maps it", .levels = 3,
     .setup = map_cached, .cpu = { write_fault, drop_clean }, .probe = is_there)
RACE("drop-gup", "a page is unmapped and let go of while a lockless walk gets it", .levels = 3,
     .setup = map_to_be_forgotten, .cpu = { get_fast, dontneed_and_drop },
     .probe = got_is_the_files)
RACE("drop-device", "clean pages are let go of, but for one that a device is reading", .levels = 3,
     .setup = map_being_read, .cpu = { device_reads, drop_clean }, .probe = is_there)

/* ---- who is told that a page is lost ---- */

static errseq_t open_file[2];
static int told[2];

/* fsync() of an open file; the second time nothing new has happened. */
static void fsync_says_so(unsigned int n)
{
	int err = filemap_write_and_wait_range(&file, 0, 0);
	int lost = errseq_check_and_advance(&file.wb_err, &open_file[n]);

	RACE_EQ(err ? err : lost, -EIO);
	RACE_EQ(errseq_check_and_advance(&file.wb_err, &open_file[n]), 0);
}
static void fsync_0(void) { fsync_says_so(0); }
static void fsync_1(void) { fsync_says_so(1); }
static void ask_0(void) { told[0] = errseq_check_and_advance(&file.wb_err, &open_file[0]); }
static void ask_0_too(void) { told[1] = errseq_check_and_advance(&file.wb_err, &open_file[0]); }

static void map_worn(void)
{
	map_cached();
	dirty_by_write();
	fails = true;
	for (unsigned int i = 0; i < 2; i++)
		atomic_set(&open_file[i], 0);
}
static void map_lost(void)
{
	map_worn();
	RACE_EQ(filemap_write_and_wait_range(&file, 0, 0), -EIO);
}
/* And what is written then arrives. */
static void device_is_mended(void)
{
	fails = false;
	race_poke(AT, 9);
	is_on_device();
}
static void one_was_told(void)
{
	RACE_EQ(told[0] + told[1], -EIO);
	device_is_mended();
}

RACE("writeback-fails-fsync-fsync",
     "a page cannot be written: all who have its file open are told", .levels = 3,
     .setup = map_worn, .cpu = { fsync_0, fsync_1 }, .probe = device_is_mended)
RACE("writeback-failed-ask-ask", "two ask for one open file whether a page was lost: one is told",
     .levels = 3, .setup = map_lost, .cpu = { ask_0, ask_0_too }, .probe = one_was_told)
RACE("writeback-write", "a page is written back while another CPU, which may, writes to it",
     .levels = 3, .setup = map_dirty, .cpu = { write_back_1, write_7 }, .probe = is_7_and_noted)
RACE("writeback-first-write", "a page is written back beside its first write through a mapping",
     .levels = 3, .setup = map_dirtied, .cpu = { write_back, write_fault }, .probe = is_noted)
RACE("writeback-writeback", "two write a page back: neither returns before it is on the device",
     .levels = 3, .setup = map_dirty, .cpu = { write_back_1, write_back_1 }, .probe = is_noted)
RACE("writeback-write-writeback",
     "a page is written to and written back again, as soon as it has been before", .levels = 3,
     .setup = map_cached_dirty, .cpu = { write_back, dirty_and_write_back }, .probe = is_noted)
RACE("writeback-writeback-write",
     "two write a page back, and a third CPU writes as long as it may", .levels = 3,
     .setup = map_dirty, .cpu = { write_back, write_back, try_write }, .probe = is_noted)
RACE("writeback-zap-write",
     "a page is written back and its entry cleared, while a third CPU writes if it may",
     .levels = 3, .setup = map_dirty, .cpu = { dontneed, write_back, try_write },
     .probe = is_on_device)
RACE("zap-forget",
     "the entry that alone knows of a write goes, and then the page if it is clean", .levels = 3,
     .setup = map_dirty_by_entry, .cpu = { dontneed, forget_page }, .probe = is_kept)
RACE("writeback-mprotect", "a page is written back while its permission goes and comes",
     .levels = 3, .setup = map_dirty, .cpu = { write_back_1, protect }, .probe = is_noted)
RACE("write-fault-invalidate", "a clean page leaves its file while it is about to be written to",
     .levels = 3, .setup = map_to_be_forgotten, .cpu = { write_fault, forget_page },
     .probe = is_noted)
RACE("invalidate-fault", "a page leaves its file while a fault is about to map it", .levels = 3,
     .setup = map_cached, .cpu = { write_fault, forget_page }, .probe = is_noted)
RACE("invalidate-device-fault", "a page for which a fault waits is read, and leaves its file",
     .levels = 3, .setup = map_being_read, .cpu = { write_fault, device_reads, forget_page },
     .probe = is_noted)
RACE("invalidate-device-fails",
     "a page that cannot be read leaves its file, and who waits notices too", .levels = 3,
     .setup = map_being_read, .cpu = { read_file, device_fails, forget_page }, .probe = is_noted)
RACE("absent-fault-read",
     "a fault and a read() want a page that is on the device: it is read once", .levels = 3,
     .setup = map_absent, .cpu = { write_fault, read_file }, .probe = is_read_once)
RACE("device-fault", "a fault waits for a page that a device is reading, which ends", .levels = 3,
     .setup = map_being_read, .cpu = { write_7, device_reads }, .probe = is_read_once_7)
RACE("device-fails-fault", "a fault waits for a page that cannot be read, and asks again",
     .levels = 3, .setup = map_being_read, .cpu = { write_fault, device_fails },
     .probe = is_7_and_8)
RACE("device-fails-read-read", "two wait for a page that cannot be read: one of them asks again",
     .levels = 3, .setup = map_being_read, .cpu = { read_file, device_fails, read_file },
     .probe = is_7_and_8)
RACE("gup-nowait-device",
     "one takes a page that a device is reading, without waiting; the other maps meanwhile",
     .levels = 3, .setup = map_being_read, .cpu = { get_nowait, map_and_device_reads },
     .probe = is_read)
RACE("gup-waits-device", "one waits for a page that a device is reading, and keeps the lock",
     .levels = 3, .setup = map_being_read, .cpu = { get_waiting, device_reads }, .probe = is_read)
RACE("gup-unlocked-device",
     "one waits for a page that a device is reading; the other maps meanwhile", .levels = 3,
     .setup = map_being_read, .cpu = { get_without_lock, map_and_device_reads }, .probe = is_read)
