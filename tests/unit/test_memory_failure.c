/*
 * Broken memory: pages go from where they are mapped, entries remember it, frames never come back.
 */
#include "mm/gup.h"
#include "mm/memory_failure.h"
#include "mm/truncate.h"
#include "tests/unit/space.h"

#define PAGES 4

static struct space s;

static int poison(unsigned long addr, unsigned long pages)
{
	return (int)mm_madvise(s.mm, addr, pages * PAGE_SIZE, MADV_HWPOISON);
}

/* Reads and writes end in SIGBUS for broken memory. */
static bool broken(unsigned long addr)
{
	u64 value;

	return sim_user_read(addr, &value) == SIGBUS && sim_last_signal.code == BUS_MCEERR_AR &&
	       sim_user_write(addr, 1) == SIGBUS && sim_last_signal.code == BUS_MCEERR_AR;
}

static bool marked(struct mm_struct *mm, unsigned long addr)
{
	return pte_hwpoison(__pte(entry_of(mm, addr)));
}

/* Written to, one value for each page. */
static unsigned long touched(unsigned long pages)
{
	unsigned long addr = map(s.mm, 0, pages * PAGE_SIZE, RW, ANON);

	for (unsigned long i = 0; i < pages; i++)
		poke(addr + i * PAGE_SIZE, 10 + i);
	return addr;
}

TEST("the-entry-of-broken-memory-is-neither-empty-nor-present")
{
	pte_t pte;

	for (unsigned long pfn = 0; pfn < 1ul << 40; pfn = pfn * 2 + 1) {
		pte = pfn_hwpoison_pte(pfn);
		CHECK(pte_hwpoison(pte) && !pte_none(pte) && !pte_present(pte) &&
		      !pte_accessible(pte));
		CHECK(!pte_write(pte) && !pte_protnone(pte) && !entry_table(pte.val) &&
		      !entry_leaf(pte.val, 1));
		CHECK_EQ(pte_pfn(pte), pfn);
		CHECK(!vm_normal_page(pte));
	}
	for (unsigned long vm_flags = 0; vm_flags < 16; vm_flags++)
		CHECK(!pte_hwpoison(pfn_pte(5, protection_map(vm_flags))));
	CHECK(!pte_hwpoison(__pte(0)));
}

TEST("a-page-that-breaks-is-unmapped-and-its-user-is-told")
{
	unsigned long addr, pfn, rss;

	s = space_start(3, 4, 2);
	run_on(1, s.mm);
	addr = touched(3);
	CHECK_EQ(peek(addr + PAGE_SIZE), 11);	/* both CPUs have it in their TLBs */
	run_on(0, s.mm);
	CHECK_EQ(peek(addr + PAGE_SIZE), 11);
	pfn = frame_of(s.mm, addr + PAGE_SIZE);
	rss = mm_rss(s.mm, MM_ANONPAGES);
	CHECK_EQ(poison(addr + PAGE_SIZE, 1), 0);
	CHECK(broken(addr + PAGE_SIZE));
	run_on(1, s.mm);
	CHECK(broken(addr + PAGE_SIZE));
	CHECK(marked(s.mm, addr + PAGE_SIZE));
	CHECK_EQ(frame_of(s.mm, addr + PAGE_SIZE), pfn);
	CHECK_EQ(mm_rss(s.mm, MM_ANONPAGES), rss - 1);
	CHECK_EQ(peek(addr), 10);
	CHECK_EQ(peek(addr + 2 * PAGE_SIZE), 12);
	CHECK_EQ(hwpoisoned_pages(), 1);
	CHECK_EQ(frames_retired(), 1);
	space_end(&s);
}

/* Who has all of the memory does not have the broken frame. */
TEST("a-broken-frame-is-never-given-to-anybody-again")
{
	unsigned long addr, pfn, n = 0;
	struct page *page;

	s = space_start(3, 4, 1);
	addr = touched(1);
	pfn = frame_of(s.mm, addr);
	CHECK_EQ(poison(addr, 1), 0);
	CHECK_EQ(mm_munmap(s.mm, addr, PAGE_SIZE), 0);
	CHECK(page_test(pfn_to_page(pfn), PG_hwpoison));
	CHECK_EQ(folio_ref_count(page_folio(pfn_to_page(pfn))), 0);
	while ((page = alloc_page(GFP_ATOMIC))) {
		CHECK(page_to_pfn(page) != pfn);
		n++;
	}
	CHECK(n > 1000);
}

TEST("a-broken-frame-that-somebody-keeps-is-lost-and-not-retired")
{
	unsigned long addr;
	struct page *page;

	s = space_start(3, 4, 1);
	addr = touched(1);
	CHECK_EQ(get_user_pages_fast(addr, 1, 0, &page), 1);
	CHECK_EQ(poison(addr, 1), 0);
	CHECK(broken(addr));
	CHECK_EQ(frames_retired(), 0);
	CHECK_EQ(mem_quiesce().frames, s.frames + (u64)atomic_long_read(&s.mm->table_frames) + 1);
	CHECK_EQ(*(u64 *)page_address(page), 10);	/* as a pipe that holds it reads it */
	put_page(page);
	CHECK_EQ(frames_retired(), 1);
	space_end(&s);
}

TEST("what-cannot-break-is-refused-and-keeps-its-page")
{
	unsigned long addr, untouched, none;
	struct mm_struct *child;

	s = space_start(3, 4, 1);
	addr = touched(3);
	untouched = map(s.mm, 0, PAGE_SIZE, RW, ANON);
	CHECK_EQ(poison(untouched, 1), -EBUSY);	/* the page of zeroes is everybody's */
	CHECK_EQ(peek(untouched), 0);
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child));
	CHECK_EQ(poison(addr, 1), -EBUSY);	/* mapped twice */
	CHECK_EQ(peek(addr), 10);
	mmput(child);
	CHECK_EQ(poison(addr + 1, 1), -EINVAL);
	CHECK_EQ(mm_madvise(s.mm, addr, 0, MADV_HWPOISON), 0);
	CHECK_EQ(mm_madvise(s.mm, addr, ~0ul, MADV_HWPOISON), -EINVAL);
	none = map(s.mm, 0, PAGE_SIZE, PROT_NONE, ANON);
	CHECK_EQ(poison(none, 1), -EFAULT);
	CHECK_EQ(mm_munmap(s.mm, addr + PAGE_SIZE, PAGE_SIZE), 0);
	CHECK_EQ(hwpoisoned_pages(), 0);
	/* The hole: what lies before is done, what lies behind is not. */
	CHECK_EQ(poison(addr, 3), -EFAULT);
	CHECK(broken(addr));
	CHECK_EQ(peek(addr + 2 * PAGE_SIZE), 12);
	CHECK_EQ(poison(addr, 1), -EFAULT);
	CHECK_EQ(hwpoisoned_pages(), 1);
	space_end(&s);
}

/* ---- who looks at the entry later ---- */

TEST("get-user-pages-says-that-the-memory-is-broken")
{
	struct page *pages[2];
	unsigned long addr;
	int locked = 1;

	s = space_start(3, 4, 1);
	addr = touched(2);
	CHECK_EQ(poison(addr + PAGE_SIZE, 1), 0);
	CHECK_EQ(get_user_pages_fast(addr + PAGE_SIZE, 1, 0, pages), -EFAULT);
	CHECK_EQ(pin_user_pages_fast(addr + PAGE_SIZE, 1, FOLL_WRITE, pages), -EFAULT);
	CHECK_EQ(get_user_pages_fast_only(addr + PAGE_SIZE, 1, 0, pages), 0);
	CHECK_EQ(get_user_pages_unlocked(s.mm, addr + PAGE_SIZE, 1, FOLL_HWPOISON, pages),
		 -EHWPOISON);
	CHECK_EQ(get_user_pages_unlocked(s.mm, addr + PAGE_SIZE, 1, FOLL_FORCE | FOLL_WRITE,
					 pages), -EFAULT);
	CHECK_EQ(get_user_pages_unlocked(s.mm, addr, 2, FOLL_HWPOISON, pages), 1);
	put_page(pages[0]);
	CHECK_EQ(mm_madvise(s.mm, addr, 2 * PAGE_SIZE, MADV_POPULATE_READ), -EHWPOISON);
	CHECK_EQ(mm_madvise(s.mm, addr, 2 * PAGE_SIZE, MADV_POPULATE_WRITE), -EHWPOISON);
	mmap_read_lock(s.mm);
	CHECK_EQ(get_user_pages_remote(s.mm, addr + PAGE_SIZE, 1, FOLL_NOFAULT, pages, &locked),
		 -EFAULT);
	CHECK(locked);
	mmap_read_unlock(s.mm);
	CHECK_EQ(mm_mlock(s.mm, addr, 2 * PAGE_SIZE, 0), -ENOMEM);
	space_end(&s);
}

TEST("mprotect-keeps-the-mark-and-dontneed-drops-it")
{
	unsigned long addr;
	u64 value, entry;

	s = space_start(3, 4, 1);
	addr = touched(2);
	CHECK_EQ(poison(addr, 1), 0);
	entry = entry_of(s.mm, addr);
	CHECK_EQ(mm_mprotect(s.mm, addr, 2 * PAGE_SIZE, PROT_NONE), 0);
	CHECK_EQ(sim_user_read(addr, &value), SIGSEGV);
	CHECK_EQ(entry_of(s.mm, addr), entry);
	CHECK_EQ(mm_mprotect(s.mm, addr, 2 * PAGE_SIZE, RW), 0);
	CHECK(broken(addr));
	CHECK_EQ(entry_of(s.mm, addr), entry);
	CHECK_EQ(peek(addr + PAGE_SIZE), 11);
	mm_clear_refs(s.mm, CLEAR_REFS_SOFT_DIRTY);
	CHECK_EQ(entry_of(s.mm, addr), entry);
	CHECK_EQ(mm_madvise(s.mm, addr, PAGE_SIZE, MADV_DONTNEED), 0);
	CHECK_EQ(peek(addr), 0);
	poke(addr, 3);
	CHECK_EQ(peek(addr), 3);
	space_end(&s);
}

TEST("fork-copies-the-mark-and-each-side-drops-its-own")
{
	struct mm_struct *child;
	unsigned long addr;

	s = space_start(3, 4, 1);
	addr = touched(2);
	CHECK_EQ(poison(addr, 1), 0);
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child));
	CHECK_EQ(entry_of(child, addr), entry_of(s.mm, addr));
	run_on(0, child);
	CHECK(broken(addr));
	CHECK_EQ(peek(addr + PAGE_SIZE), 11);
	CHECK_EQ(mm_madvise(child, addr, PAGE_SIZE, MADV_DONTNEED), 0);
	poke(addr, 4);
	run_on(0, s.mm);
	CHECK(broken(addr));
	mmput(child);
	space_end(&s);
}

/* ---- soft: nothing is lost ---- */

static int offline(unsigned long addr, unsigned long pages)
{
	return (int)mm_madvise(s.mm, addr, pages * PAGE_SIZE, MADV_SOFT_OFFLINE);
}

TEST("a-page-is-moved-from-a-frame-that-goes-out-of-use-and-nobody-notices")
{
	unsigned long addr, pfn, rss;
	u64 flags;

	s = space_start(3, 4, 2);
	run_on(1, s.mm);
	addr = touched(3);
	run_on(0, s.mm);
	CHECK_EQ(peek(addr + PAGE_SIZE), 11);
	pfn = frame_of(s.mm, addr + PAGE_SIZE);
	flags = entry_of(s.mm, addr + PAGE_SIZE) ^ (u64)pfn << PAGE_SHIFT;
	rss = mm_rss(s.mm, MM_ANONPAGES);
	CHECK_EQ(offline(addr + PAGE_SIZE, 1), 0);
	CHECK(frame_of(s.mm, addr + PAGE_SIZE) != pfn);
	CHECK_EQ(entry_of(s.mm, addr + PAGE_SIZE) & (PAGE_SIZE - 1), flags & (PAGE_SIZE - 1));
	CHECK_EQ(mm_rss(s.mm, MM_ANONPAGES), rss);
	CHECK_EQ(hwpoisoned_pages(), 1);
	CHECK_EQ(frames_retired(), 1);
	poke(addr + PAGE_SIZE + 8, 5);
	run_on(1, s.mm);
	CHECK(peek(addr + PAGE_SIZE) == 11 && peek(addr + PAGE_SIZE + 8) == 5);
	CHECK(peek(addr) == 10 && peek(addr + 2 * PAGE_SIZE) == 12);
	CHECK_EQ(offline(addr, 3), 0);
	CHECK_EQ(frames_retired(), 4);
	CHECK(peek(addr) == 10 && peek(addr + PAGE_SIZE) == 11 &&
	      peek(addr + 2 * PAGE_SIZE) == 12);
	space_end(&s);
}

TEST("what-cannot-be-moved-stays-where-it-is")
{
	struct mm_struct *child;
	unsigned long addr, pfn;
	struct page *page;

	s = space_start(3, 4, 1);
	addr = touched(1);
	pfn = frame_of(s.mm, addr);
	CHECK_EQ(get_user_pages_fast(addr, 1, 0, &page), 1);
	CHECK_EQ(offline(addr, 1), -EBUSY);
	put_page(page);
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child));
	CHECK_EQ(offline(addr, 1), -EBUSY);
	mmput(child);
	fail_nth_set(1);
	CHECK_EQ(offline(addr, 1), -ENOMEM);
	fail_nth_set(0);
	CHECK_EQ(frame_of(s.mm, addr), pfn);
	CHECK_EQ(peek(addr), 10);
	poke(addr, 3);
	CHECK_EQ(offline(map(s.mm, 0, PAGE_SIZE, RW, ANON), 1), -EIO);
	CHECK_EQ(offline(addr + 64 * PAGE_SIZE, 1), -EFAULT);
	CHECK_EQ(hwpoisoned_pages(), 0);
	CHECK_EQ(offline(addr, 1), 0);
	CHECK_EQ(peek(addr), 3);
	space_end(&s);
}

/* ---- files ---- */

static u64 disk[PAGES];
static unsigned int reads;

static int read_disk(struct address_space *mapping, struct folio *folio)
{
	(void)mapping;
	reads++;
	*(u64 *)folio_address(folio) = disk[folio->page.index];
	return 0;
}

static int write_disk(struct address_space *mapping, struct folio *const *folios, unsigned int n)
{
	(void)mapping;
	for (unsigned int i = 0; i < n; i++)
		disk[folios[i]->page.index] = *(u64 *)folio_address(folios[i]);
	return 0;
}

static const struct address_space_ops disk_ops = { .read_folio = read_disk,
						   .write_folios = write_disk };
static const struct address_space_ops memory_ops = { 0 };
static struct address_space file;

static unsigned long map_file(struct mm_struct *mm, int type)
{
	const struct mmap_source source = { .mapping = &file };
	long ret = mm_mmap(mm, 0, PAGES * PAGE_SIZE, RW, type, &source, 0);

	CHECK(!IS_ERR_VALUE(ret));
	return (unsigned long)ret;
}

static void start_file(const struct address_space_ops *ops)
{
	s = space_start(3, 4, 1);
	mapping_init(&file, ops, NULL, PAGES * PAGE_SIZE);
	for (u64 i = 0; i < PAGES; i++)
		disk[i] = 100 + i;
	reads = 0;
}

static void end_file(void)
{
	CHECK_EQ(mm_munmap(s.mm, 0x10000, levels_reach(3) - 0x20000), 0);
	filemap_drop_all(&file);
	space_end(&s);
}

TEST("a-clean-page-of-a-disk-is-read-again")
{
	unsigned long shared, private, rss;

	start_file(&disk_ops);
	shared = map_file(s.mm, MAP_SHARED);
	private = map_file(s.mm, MAP_PRIVATE);
	CHECK_EQ(peek(shared), 100);
	CHECK_EQ(peek(private), 100);
	CHECK_EQ(reads, 1);
	rss = mm_rss(s.mm, MM_FILEPAGES);
	CHECK_EQ(poison(shared, 1), 0);
	CHECK_EQ(mm_rss(s.mm, MM_FILEPAGES), rss - 2);
	CHECK_EQ(frames_retired(), 1);
	CHECK_EQ(entry_of(s.mm, shared) | entry_of(s.mm, private), 0);
	CHECK_EQ(atomic_read(&file.wb_err), 0);
	CHECK_EQ(peek(private), 100);
	CHECK_EQ(peek(shared), 100);
	CHECK_EQ(reads, 2);
	end_file();
}

TEST("a-page-of-a-disk-is-moved-clean-or-dirty")
{
	unsigned long shared, twin, private;

	start_file(&disk_ops);
	shared = map_file(s.mm, MAP_SHARED);
	twin = map_file(s.mm, MAP_SHARED);
	private = map_file(s.mm, MAP_PRIVATE);
	CHECK(peek(shared) == 100 && peek(private) == 100);
	CHECK_EQ(offline(shared, 1), 0);
	CHECK_EQ(frames_retired(), 1);
	CHECK(peek(shared) == 100 && peek(private) == 100);
	poke(twin, 7);
	CHECK_EQ(offline(shared, 1), 0);
	CHECK(peek(shared) == 7 && peek(twin) == 7 && peek(private) == 7);
	CHECK_EQ(filemap_write_and_wait_range(&file, 0, 0), 0);
	CHECK_EQ(disk[0], 7);
	poke(shared, 8);	/* and the first write after that is seen */
	CHECK_EQ(filemap_write_and_wait_range(&file, 0, 0), 0);
	CHECK_EQ(disk[0], 8);
	CHECK_EQ(reads, 1);
	CHECK_EQ(frames_retired(), 2);
	CHECK_EQ(atomic_read(&file.wb_err), 0);
	end_file();
}

TEST("a-page-that-is-only-in-memory-is-moved")
{
	unsigned long shared, rss;

	start_file(&memory_ops);
	file.shmem = true;
	shared = map_file(s.mm, MAP_SHARED);
	poke(shared + PAGE_SIZE, 7);
	rss = mm_rss(s.mm, MM_SHMEMPAGES);
	CHECK_EQ(offline(shared + PAGE_SIZE, 1), 0);
	CHECK_EQ(frames_retired(), 1);
	CHECK_EQ(file.nr_pages, 1);
	CHECK_EQ(peek(shared + PAGE_SIZE), 7);
	CHECK_EQ(mm_rss(s.mm, MM_SHMEMPAGES), rss);
	end_file();
}

/* What is written by a pin is not lost, whatever page it is. */
TEST("a-page-of-a-file-that-somebody-has-is-not-moved")
{
	unsigned long shared;
	struct page *page;

	start_file(&disk_ops);
	shared = map_file(s.mm, MAP_SHARED);
	CHECK_EQ(peek(shared), 100);
	CHECK_EQ(pin_user_pages_fast(shared, 1, FOLL_WRITE, &page), 1);
	CHECK_EQ(filemap_write_and_wait_range(&file, 0, 0), 0);
	CHECK_EQ(offline(shared, 1), -EBUSY);
	*page_word(page, 0) = 9;
	unpin_user_pages_dirty_lock(&page, 1, true);
	CHECK_EQ(peek(shared), 9);
	CHECK_EQ(hwpoisoned_pages(), 0);
	fail_nth_set(1);
	CHECK_EQ(offline(shared, 1), -ENOMEM);
	fail_nth_set(0);
	CHECK_EQ(offline(shared, 1), 0);
	CHECK_EQ(peek(shared), 9);
	end_file();
}

TEST("what-was-written-to-a-page-of-a-disk-is-lost-and-who-maps-it-is-told")
{
	unsigned long a, b;
	errseq_t open = ATOMIC_INIT(0);

	start_file(&disk_ops);
	a = map_file(s.mm, MAP_SHARED);
	b = map_file(s.mm, MAP_SHARED);
	poke(a, 7);
	CHECK_EQ(peek(b), 7);
	CHECK_EQ(poison(b, 1), 0);
	CHECK(broken(a) && broken(b));
	CHECK_EQ(errseq_check_and_advance(&file.wb_err, &open), -EIO);
	CHECK_EQ(errseq_check_and_advance(&file.wb_err, &open), 0);
	CHECK_EQ(filemap_write_and_wait_range(&file, 0, ~0ul), 0);
	CHECK_EQ(disk[0], 100);
	CHECK_EQ(mm_munmap(s.mm, a, PAGES * PAGE_SIZE), 0);
	CHECK_EQ(peek(map_file(s.mm, MAP_SHARED)), 100);
	CHECK(broken(b));	/* until it is unmapped */
	end_file();
}

TEST("a-page-of-memory-alone-stays-broken-in-its-place")
{
	unsigned long a, b, copy;
	struct mm_struct *child;
	u64 value;

	start_file(&memory_ops);
	file.shmem = true;
	a = map_file(s.mm, MAP_SHARED);
	b = map_file(s.mm, MAP_PRIVATE);
	copy = map_file(s.mm, MAP_PRIVATE);
	poke(a, 5);
	poke(a + PAGE_SIZE, 6);
	CHECK_EQ(peek(b), 5);
	poke(copy, 9);
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child));
	run_on(0, child);
	CHECK_EQ(peek(a), 5);
	run_on(0, s.mm);
	CHECK_EQ(poison(a, 1), 0);	/* mapped three times */
	CHECK(broken(a) && broken(b));
	CHECK_EQ(peek(copy), 9);
	CHECK_EQ(peek(a + PAGE_SIZE), 6);
	run_on(0, child);
	CHECK(broken(a));
	mmput(child);
	run_on(0, s.mm);
	CHECK_EQ(mm_madvise(s.mm, a, PAGE_SIZE, MADV_DONTNEED), 0);
	CHECK(broken(a));		/* not by its entry now, but by the page */
	CHECK_EQ(entry_of(s.mm, a), 0);
	CHECK_EQ(mm_madvise(s.mm, a, PAGE_SIZE, MADV_POPULATE_READ), -EHWPOISON);
	CHECK_EQ(filemap_read(&file, 0, &value, sizeof(value)), -EIO);
	CHECK_EQ(PTR_ERR(filemap_grab(&file, 0)), -EIO);
	CHECK_EQ(PTR_ERR(filemap_get(&file, 0)), -EHWPOISON);
	CHECK_EQ(frames_retired(), 0);
	CHECK_EQ(poison(a, 1), -EFAULT);
	CHECK_EQ(hwpoisoned_pages(), 1);
	truncate_setsize(&file, 0);
	truncate_setsize(&file, PAGES * PAGE_SIZE);
	CHECK_EQ(frames_retired(), 1);
	CHECK_EQ(peek(a), 0);
	CHECK_EQ(peek(b), 0);
	end_file();
}

static struct folio *awaited;

/* What breaks the page does while a fault, which has found it in the cache, waits for its lock. */
static void break_awaited(void)
{
	page_set(&awaited->page, PG_hwpoison);
	page_clear(&awaited->page, PG_uptodate);
	folio_end_read(awaited, false);
}

TEST("a-fault-that-has-waited-for-a-page-looks-whether-it-is-well")
{
	unsigned long a;
	u64 value;

	start_file(&memory_ops);
	file.shmem = true;
	a = map_file(s.mm, MAP_SHARED);
	poke(a, 5);
	CHECK_EQ(mm_madvise(s.mm, a, PAGE_SIZE, MADV_DONTNEED), 0);
	awaited = filemap_find(&file, 0);
	folio_lock(awaited);
	folio_start_read(awaited);
	sim_on_sleep(break_awaited);
	CHECK_EQ(sim_user_read(a, &value), SIGBUS);
	CHECK_EQ(sim_last_signal.code, BUS_MCEERR_AR);
	CHECK_EQ(entry_of(s.mm, a), 0);
	folio_put(awaited);
	end_file();
}

/* What truncation does while somebody who is to break the page waits for its lock. */
static void truncate_awaited(void)
{
	unmap_mapping_range(&file, 0, 0, true);
	filemap_remove(&file, awaited);
	folio_end_read(awaited, true);
}

TEST("a-page-that-has-left-its-file-meanwhile-is-not-the-one-that-breaks")
{
	unsigned long a;

	start_file(&disk_ops);
	a = map_file(s.mm, MAP_SHARED);
	CHECK_EQ(peek(a), 100);
	awaited = filemap_find(&file, 0);
	folio_lock(awaited);
	folio_start_read(awaited);
	sim_on_sleep(truncate_awaited);
	CHECK_EQ(poison(a, 1), 0);
	CHECK(!page_test(&awaited->page, PG_hwpoison));
	CHECK_EQ(hwpoisoned_pages(), 1);
	CHECK_EQ(reads, 2);	/* the page that took its place, and broke */
	CHECK_EQ(peek(a), 100);
	folio_put(awaited);
	end_file();
}

TEST("punching-a-hole-leaves-the-mark-of-a-private-copy")
{
	unsigned long copy;

	start_file(&memory_ops);
	copy = map_file(s.mm, MAP_PRIVATE);
	poke(copy, 9);
	CHECK_EQ(poison(copy, 1), 0);
	truncate_pagecache_range(&file, 0, PAGE_SIZE);
	CHECK(broken(copy));
	truncate_setsize(&file, 0);
	CHECK_EQ(sim_user_write(copy, 1), SIGBUS);
	CHECK_EQ(sim_last_signal.code, BUS_ADRERR);
	end_file();
}

TEST("breaking-a-page-needs-no-memory-but-for-its-fault")
{
	unsigned long addr, frames;

	s = space_start(3, 4, 1);
	addr = touched(1);
	frames = frames_free();
	fail_nth_set(1);
	CHECK_EQ(poison(addr, 1), 0);
	CHECK_EQ(fail_nth_left(), 1);
	fail_nth_set(0);
	CHECK_EQ(frames_free(), frames);
	space_end(&s);
}
