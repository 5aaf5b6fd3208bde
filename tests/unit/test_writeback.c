/* Pages of a file on a device: read for faults, noted when they are written to, written back. */
#include "tests/unit/space.h"
#include "mm/gup.h"
#include "mm/truncate.h"

#define PAGES	20

/* The device: the first word of each page, and what happened. */
static u64 disk[PAGES];
static int reads, writes, flushes, fail_read, fail_page, fail_other, fail_flush;
static unsigned int most; /* pages of a write */
static struct mm_struct *without_lock; /* whose mmap_lock nobody holds who waits for the device */

static int read_disk(struct address_space *mapping, struct folio *folio)
{
	(void)mapping;
	CHECK(!without_lock || !lockdep_held(&without_lock->mmap_lock));
	reads++;
	*(u64 *)folio_address(folio) = disk[folio->page.index];
	return fail_read;
}

static int write_disk(struct address_space *mapping, struct folio *const *folios, unsigned int n)
{
	int err = 0;

	(void)mapping;
	CHECK(n >= 1 && n <= 8);
	CHECK_EQ(vm_stat(VM_STAT_WRITEBACK), n);
	CHECK(!without_lock || !lockdep_held(&without_lock->mmap_lock));
	writes++;
	most = max(most, n);
	for (unsigned int i = 0; i < n; i++) {
		CHECK(page_test(&folios[i]->page, PG_writeback) &&
		      !page_test(&folios[i]->page, PG_dirty));
		if (fail_page && folios[i]->page.index == (unsigned long)fail_page)
			err = -EIO;
		else if (fail_other && folios[i]->page.index == (unsigned long)fail_other)
			err = -ENOSPC;
		else
			disk[folios[i]->page.index] = *(u64 *)folio_address(folios[i]);
	}
	return err;
}

static int flush_disk(struct address_space *mapping)
{
	(void)mapping;
	flushes++;
	return fail_flush;
}

static const struct address_space_ops ops = {
	.read_folio = read_disk, .write_folios = write_disk, .flush = flush_disk,
};
static struct address_space file;
static const struct mmap_source source = { .mapping = &file };
static unsigned long shared;

static unsigned long map_file(struct mm_struct *mm, int prot, int type)
{
	long ret = mm_mmap(mm, 0, PAGES * PAGE_SIZE, prot, type, &source, 0);

	CHECK(!IS_ERR_VALUE(ret));
	return (unsigned long)ret;
}

static struct space start(void)
{
	struct space s = space_start(3, 4, 2);

	mapping_init(&file, &ops, NULL, PAGES * PAGE_SIZE);
	for (u64 i = 0; i < PAGES; i++)
		disk[i] = 100 + i;
	shared = map_file(s.mm, RW, MAP_SHARED);
	run_on(1, s.mm);
	run_on(0, s.mm);
	return s;
}

static void end(struct space *s)
{
	CHECK_EQ(mm_munmap(s->mm, 0x10000, levels_reach(3) - 0x20000), 0);
	filemap_drop_all(&file);
	space_end(s);
}

static bool dirty(unsigned long index)
{
	struct folio *folio = filemap_find(&file, index);
	bool ret = folio && page_test(&folio->page, PG_dirty);

	if (folio)
		folio_put(folio);
	return ret;
}

static int sync_all(void) { return filemap_write_and_wait_range(&file, 0, ~0ul); }

TEST("a-page-is-dirty-from-its-first-write-until-it-is-written-back")
{
	struct space s = start();

	CHECK_EQ(peek(shared), 100);
	CHECK(!dirty(0));
	CHECK_EQ(sync_all(), 0);
	CHECK_EQ(writes, 0);
	sim_uses.n[USE_WRITE_BYTES] = 0;
	for (u64 value = 1; value < 4; value++) {
		poke(shared, value);
		CHECK_EQ(sim_uses.n[USE_WRITE_BYTES], value * PAGE_SIZE);
		CHECK(dirty(0));
		CHECK_EQ(sync_all(), 0);
		CHECK(!dirty(0));
		CHECK_EQ(disk[0], value);
		CHECK_EQ(peek(shared), value);
	}
	CHECK_EQ(writes, 3);
	end(&s);
}

TEST("writeback-stops-writes-through-every-cpus-tlb")
{
	struct space s = start();

	poke(shared, 1);
	run_on(1, s.mm);
	poke(shared, 2);
	CHECK_EQ(sync_all(), 0);
	run_on(0, s.mm);
	poke(shared, 3);
	CHECK(dirty(0));
	CHECK_EQ(sync_all(), 0);
	CHECK_EQ(disk[0], 3);
	end(&s);
}

TEST("a-private-copy-is-not-the-files")
{
	struct space s = start();
	unsigned long copy = map_file(s.mm, RW, MAP_PRIVATE);

	CHECK_EQ(peek(copy), 100);
	poke(copy, 5);
	CHECK(!dirty(0));
	poke(shared, 6);
	CHECK_EQ(peek(copy), 5);
	CHECK_EQ(sync_all(), 0);
	CHECK_EQ(disk[0], 6);
	poke(copy, 7);
	CHECK(!dirty(0));
	end(&s);
}

TEST("mprotect-does-not-let-a-clean-page-be-written-unnoticed")
{
	struct space s = start();

	for (int synced = 0; synced < 2; synced++) {
		poke(shared, 1);
		CHECK_EQ(mm_mprotect(s.mm, shared, PAGE_SIZE, PROT_READ), 0);
		if (synced)
			CHECK_EQ(sync_all(), 0);
		CHECK_EQ(mm_mprotect(s.mm, shared, PAGE_SIZE, RW), 0);
		CHECK_EQ(sync_all(), 0);
		poke(shared, 2);
		CHECK(dirty(0));
	}
	end(&s);
}

/* Between the zapping of the entries and the end of munmap(). */
static void look(void)
{
	CHECK(!dirty(0) || !sim_tlb_entries(1, shared));
}
static void look_later(void) { sim_before_lock(LOCK_PAGE_TABLE, 1, look); }

TEST("an-unmapped-page-is-dirty-when-no-cpu-can-write-to-it-any-more")
{
	struct space s = start();
	struct folio *folio;

	run_on(1, s.mm);
	poke(shared, 1);
	folio = filemap_find(&file, 0);
	folio_mark_clean(folio); /* as if it had been written back once it had no VMA */
	folio_put(folio);
	run_on(0, s.mm);
	sim_before_lock(LOCK_PAGE_TABLE, 1, look_later);
	CHECK_EQ(mm_munmap(s.mm, shared, PAGES * PAGE_SIZE), 0);
	CHECK(dirty(0));
	end(&s);
}

TEST("what-was-only-read-is-clean-when-it-is-unmapped")
{
	struct space s = start();

	CHECK_EQ(peek(shared), 100);
	CHECK_EQ(mm_munmap(s.mm, shared, PAGES * PAGE_SIZE), 0);
	CHECK(!dirty(0));
	end(&s);
}

/* Only what is written back has to be flushed page by page. */
TEST("memory-without-a-device-is-flushed-once-for-all-pages")
{
	struct space s = start();
	unsigned long memory = map(s.mm, 0, 4 * PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS), before;

	for (unsigned long i = 0; i < 4; i++)
		poke(memory + i * PAGE_SIZE, 1);
	run_on(1, s.mm);
	run_on(0, s.mm);
	before = sim_events[1].ipis_received;
	CHECK_EQ(mm_munmap(s.mm, memory, 4 * PAGE_SIZE), 0);
	CHECK_EQ(sim_events[1].ipis_received, before + 1);
	end(&s);
}

TEST("what-the-kernel-writes-into-a-programs-file-is-dirty")
{
	struct space s = start();
	u64 value = 9;

	CHECK_EQ(mm_access(s.mm, shared, &value, sizeof(value), true), sizeof(value));
	CHECK(dirty(0));
	CHECK_EQ(sync_all(), 0);
	CHECK_EQ(disk[0], 9);
	end(&s);
}

TEST("a-fault-waits-for-its-page-without-the-mmap-lock-and-reads-it-once")
{
	struct space s = start();

	without_lock = s.mm;
	CHECK_EQ(peek(shared + PAGE_SIZE), 101);
	poke(shared + 2 * PAGE_SIZE, 1);
	CHECK_EQ(reads, 2);
	run_on(1, s.mm);
	CHECK_EQ(peek(shared + PAGE_SIZE), 101);
	CHECK_EQ(reads, 2);
	end(&s);
}

TEST("a-page-that-cannot-be-read-is-a-bus-error-until-it-can")
{
	struct space s = start();

	fail_read = -EIO;
	CHECK_EQ(sim_user_write(shared, 1), SIGBUS);
	CHECK(strstr(sim_last_signal.why, "cannot be read"));
	CHECK_EQ(sim_last_signal.code, BUS_ADRERR);
	CHECK_EQ(file.nr_pages, 0);
	fail_read = 0;
	poke(shared, 1);
	CHECK_EQ(peek(shared), 1);
	end(&s);
}

TEST("what-cannot-be-written-is-clean-all-the-same-and-the-rest-is-written")
{
	struct space s = start();

	for (unsigned long i = 0; i < PAGES; i++)
		poke(shared + i * PAGE_SIZE, i);
	fail_page = 3;
	CHECK_EQ(sync_all(), -EIO);
	CHECK_EQ(writes, 3);
	CHECK_EQ(most, 8);
	CHECK(!dirty(3) && !dirty(8) && !dirty(PAGES - 1));
	CHECK(disk[3] == 103 && disk[4] == 4 && disk[PAGES - 1] == PAGES - 1);
	CHECK_EQ(peek(shared + 3 * PAGE_SIZE), 3);
	CHECK_EQ(sync_all(), 0);
	fail_other = 15;	/* in a later batch: the first error is the answer */
	for (unsigned long i = 3; i < 16; i++)
		poke(shared + i * PAGE_SIZE, i);
	CHECK_EQ(sync_all(), -EIO);
	fail_page = fail_other = 0;
	CHECK_EQ(sync_all(), 0);
	CHECK_EQ(disk[3], 103);
	poke(shared + 3 * PAGE_SIZE, 5);
	CHECK_EQ(sync_all(), 0);
	CHECK_EQ(disk[3], 5);
	end(&s);
}

/* What fsync() says of a file that was opened when it sampled its cursor. */
static int told(errseq_t *file_err) { return errseq_check_and_advance(&file.wb_err, file_err); }

TEST("each-open-file-is-told-once-of-what-was-lost")
{
	struct space s = start();
	errseq_t a = ATOMIC_INIT(errseq_sample(&file.wb_err)), b = a, later;

	poke(shared + 3 * PAGE_SIZE, 3);
	fail_page = 3;
	CHECK_EQ(sync_all(), -EIO);
	CHECK_EQ(told(&a), -EIO);
	CHECK_EQ(told(&a), 0);
	later = (errseq_t)ATOMIC_INIT(errseq_sample(&file.wb_err));
	CHECK_EQ(told(&later), 0);
	CHECK_EQ(told(&b), -EIO);
	poke(shared + 3 * PAGE_SIZE, 4);
	CHECK_EQ(sync_all(), -EIO);
	fail_page = 0;
	CHECK_EQ(sync_all(), 0);
	CHECK_EQ(told(&later), -EIO);
	CHECK(!told(&later) && told(&a) == -EIO && told(&b) == -EIO);
	end(&s);
}

/*
 * Each of two CPUs knows the page by a mapping of its own, of which one begins in
 * the middle of the file.
 */
TEST("writeback-stops-writes-through-every-mapping-wherever-it-begins")
{
	struct space s = start();
	long part = mm_mmap(s.mm, 0, PAGE_SIZE, RW, MAP_SHARED, &source, 5);

	CHECK(!IS_ERR_VALUE(part));
	for (u64 value = 1; value < 5; value++) {
		poke(shared + 5 * PAGE_SIZE, value);
		poke((unsigned long)part + 8, value);
		CHECK_EQ(sync_all(), 0);
		CHECK(!dirty(5));
		poke(value % 2 ? (unsigned long)part : shared + 5 * PAGE_SIZE, 10 + value);
		CHECK(dirty(5));
		CHECK_EQ(sync_all(), 0);
		CHECK_EQ(disk[5], 10 + value);
	}
	end(&s);
}

TEST("fsync-flushes-in-any-case-and-says-what-went-wrong-first")
{
	struct space s = start();

	poke(shared + 3 * PAGE_SIZE, 1);
	fail_page = 3;
	CHECK_EQ(filemap_fsync_range(&file, 0, ~0ul), -EIO);
	CHECK_EQ(flushes, 1);
	poke(shared + 3 * PAGE_SIZE, 2);
	fail_flush = -ENOSPC;
	CHECK_EQ(filemap_fsync_range(&file, 0, ~0ul), -EIO);
	poke(shared + 3 * PAGE_SIZE, 3);
	fail_page = 0;
	CHECK_EQ(filemap_fsync_range(&file, 0, ~0ul), -ENOSPC);
	CHECK_EQ(disk[3], 3);
	fail_flush = 0;
	CHECK_EQ(filemap_fsync_range(&file, 0, ~0ul), 0);
	CHECK_EQ(flushes, 4);
	end(&s);
}

/* Another task has the page locked, until somebody sleeps for it. */
static struct folio *others;
static void others_have_it(void)
{
	poke(shared, 1);
	others = filemap_find(&file, 0);
	folio_lock(others);
	folio_start_read(others);
	page_set(&others->page, PG_writeback);
}
static void others_have_written(void)
{
	folio_mark_clean(others);
	page_clear(&others->page, PG_writeback);
	folio_end_read(others, true);
}
static void others_have_removed(void)
{
	filemap_remove(&file, others);
	folio_end_read(others, true);
}

TEST("what-others-have-written-is-not-written-again")
{
	struct space s = start();

	others_have_it();
	sim_on_sleep(others_have_written);
	CHECK_EQ(sync_all(), 0);
	CHECK_EQ(writes, 0);
	CHECK_EQ(folio_ref_count(others), 3);	/* of the cache, its entry, and the test */
	folio_put(others);
	end(&s);
}

TEST("what-has-left-the-file-is-not-written")
{
	struct space s = start();

	others_have_it();
	CHECK_EQ(mm_munmap(s.mm, shared, PAGES * PAGE_SIZE), 0);
	sim_on_sleep(others_have_removed);
	CHECK_EQ(sync_all(), 0);
	CHECK_EQ(writes, 0);
	CHECK_EQ(folio_ref_count(others), 1);
	folio_put(others);
	end(&s);
}

/* The device has the second page, until somebody sleeps for it: nothing may be held then. */
static struct folio *elsewhere;
static void let_go(void)
{
	CHECK_EQ(writes, 1);
	CHECK_EQ(disk[0], 1);
	folio_end_read(elsewhere, true);
}

TEST("who-has-to-wait-for-a-page-writes-what-it-has-first")
{
	struct space s = start();

	poke(shared, 1);
	poke(shared + PAGE_SIZE, 2);
	elsewhere = filemap_find(&file, 1);
	folio_lock(elsewhere);
	folio_start_read(elsewhere);
	sim_on_sleep(let_go);
	CHECK_EQ(sync_all(), 0);
	CHECK_EQ(writes, 2);
	CHECK_EQ(disk[1], 2);
	folio_put(elsewhere);
	end(&s);
}

TEST("msync-writes-what-its-range-maps-shared")
{
	struct space s = start();
	unsigned long copy = map_file(s.mm, RW, MAP_PRIVATE);

	for (unsigned long i = 0; i < 4; i++)
		poke(shared + i * PAGE_SIZE, i);
	poke(copy + 9 * PAGE_SIZE, 1);
	without_lock = s.mm;
	CHECK_EQ(mm_msync(s.mm, shared, 4 * PAGE_SIZE, MS_ASYNC), 0);
	CHECK_EQ(mm_msync(s.mm, copy, 4 * PAGE_SIZE, MS_SYNC), 0);
	CHECK_EQ(writes + flushes, 0);
	CHECK_EQ(mm_munmap(s.mm, shared + 2 * PAGE_SIZE, PAGE_SIZE), 0);
	CHECK_EQ(mm_msync(s.mm, shared + PAGE_SIZE, 3 * PAGE_SIZE, MS_SYNC), -ENOMEM);
	CHECK(dirty(0) && !dirty(1) && dirty(2) && !dirty(3));
	CHECK(disk[1] == 1 && disk[3] == 3 && flushes == 2);
	fail_page = 5;
	poke(shared + 5 * PAGE_SIZE, 1);
	CHECK_EQ(mm_msync(s.mm, shared + 5 * PAGE_SIZE, PAGE_SIZE, MS_SYNC), -EIO);
	end(&s);
}

/* By the page's entry, which allows it, and by the mapping. */
static void pin_both_ways(struct mm_struct *mm, unsigned long addr, unsigned int flags,
			  long expected)
{
	struct page *page;

	CHECK_EQ(pin_user_pages_fast(addr, 1, flags, &page), expected);
	if (expected == 1)
		unpin_user_pages_dirty_lock(&page, 1, flags & FOLL_WRITE);
	CHECK_EQ(pin_user_pages_unlocked(mm, addr, 1, flags, &page), expected);
	if (expected == 1)
		unpin_user_pages_dirty_lock(&page, 1, flags & FOLL_WRITE);
}

TEST("a-pin-that-stays-does-not-write-where-writeback-would-not-see-it")
{
	struct space s = start();
	unsigned long copy = map_file(s.mm, RW, MAP_PRIVATE);
	unsigned long anon = map(s.mm, 0, PAGE_SIZE, RW, ANON);

	poke(shared, 1);
	poke(copy, 2);
	poke(anon, 3);
	pin_both_ways(s.mm, shared, FOLL_WRITE | FOLL_LONGTERM, -EFAULT);
	pin_both_ways(s.mm, shared, FOLL_WRITE, 1);
	pin_both_ways(s.mm, shared, FOLL_LONGTERM, 1);
	pin_both_ways(s.mm, copy, FOLL_WRITE | FOLL_LONGTERM, 1);
	pin_both_ways(s.mm, anon, FOLL_WRITE | FOLL_LONGTERM, 1);
	end(&s);
}

/* ---- counting ---- */

TEST("dirty-pages-count-until-they-are-written-back-or-leave-the-file")
{
	struct space s = start();
	const unsigned long before = vm_events(VM_EVENT_DIRTIED),
			    written = vm_events(VM_EVENT_WRITTEN);

	peek(shared + 9 * PAGE_SIZE);
	CHECK_EQ(vm_stat(VM_STAT_DIRTY), 0);
	for (unsigned long i = 0; i < 5; i++)
		poke(shared + i * PAGE_SIZE, i);
	poke(shared, 7);
	CHECK_EQ(vm_stat(VM_STAT_DIRTY), 5);
	CHECK_EQ(sync_all(), 0);
	CHECK_EQ(vm_stat(VM_STAT_DIRTY), 0);
	CHECK_EQ(vm_events(VM_EVENT_WRITTEN), written + 5);
	poke(shared, 8);
	poke(shared + PAGE_SIZE, 8);
	CHECK_EQ(vm_stat(VM_STAT_DIRTY), 2);
	truncate_setsize(&file, PAGE_SIZE);
	CHECK_EQ(vm_stat(VM_STAT_DIRTY), 1);
	CHECK_EQ(vm_events(VM_EVENT_DIRTIED), before + 7);
	end(&s);	/* which drops the other one */
}

TEST("a-page-that-has-left-its-file-is-not-counted-as-dirty")
{
	struct space s = start();
	struct folio *folio;

	poke(shared, 1);
	folio = filemap_find(&file, 0);
	truncate_setsize(&file, 0);
	CHECK_EQ(vm_stat(VM_STAT_DIRTY), 0);
	folio_mark_clean(folio);
	folio_mark_dirty(folio);	/* by who had it pinned */
	CHECK_EQ(vm_stat(VM_STAT_DIRTY), 0);
	folio_put(folio);
	end(&s);
}
