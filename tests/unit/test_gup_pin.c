/*
 * get_user_pages: pins and COW, references that outlive their mapping, and what a
 * debugger may write to.
 */
#include "mm/buddy.h"
#include "mm/gup.h"
#include "tests/unit/space.h"

static struct page *pages[1];

static struct page *pin_fast(unsigned long addr, unsigned int foll)
{
	struct page *page;

	CHECK_EQ(pin_user_pages_fast(addr, 1, foll, &page), 1);
	return page;
}

/* ---- pins ---- */

TEST("a-pin-is-counted-and-given-back")
{
	struct space s = space_touched(1);
	const unsigned long taken = vm_events(VM_EVENT_PIN), given = vm_events(VM_EVENT_UNPIN);
	struct page *page;

	page = pin_fast(AT, FOLL_WRITE);
	CHECK(page_pinned(page));
	CHECK_EQ(atomic_read(&page->pincount), 1);
	CHECK_EQ(folio_ref_count(page_folio(page)), 2);
	CHECK_EQ(pin_fast(AT, 0), page);
	CHECK_EQ(atomic_read(&page->pincount), 2);
	unpin_user_page(page);
	unpin_user_pages_dirty_lock(&page, 1, true);
	CHECK(!page_test(page, PG_dirty));	/* no file has to be told */
	CHECK(!page_pinned(page));
	mmap_read_lock(s.mm);
	CHECK_EQ(pin_user_pages(s.mm, AT, 1, 0, &page), 1);
	mmap_read_unlock(s.mm);
	unpin_user_page(page);
	CHECK_EQ(vm_events(VM_EVENT_PIN), taken + 3);
	CHECK_EQ(vm_events(VM_EVENT_UNPIN), given + 3);
	EXPECT_DEATH("unpinned more often", unpin_user_page(page));
	space_end(&s);
}

TEST("a-page-unmapped-while-pinned-lives-until-it-is-unpinned")
{
	struct space s = space_untouched(1);
	struct page *page;

	poke(AT, 77);
	page = pin_fast(AT, FOLL_WRITE);
	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	CHECK_EQ(*page_word(page, 0), 77);
	CHECK_EQ(folio_ref_count(page_folio(page)), 1);
	unpin_user_page(page);
	space_end(&s);
}

/* B6: the pin and the parent must go on seeing one page. */
TEST("fork-copies-a-pinned-page-and-shares-the-others")
{
	struct space s = space_touched(3);
	struct mm_struct *child;
	struct page *page;

	page = pin_fast(AT + PAGE_SIZE, FOLL_WRITE);
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child));
	CHECK_EQ(vm_events(VM_EVENT_FORK_PINNED), 1);
	CHECK_EQ(frame_of(child, AT), frame_of(s.mm, AT));
	CHECK(frame_of(child, AT + PAGE_SIZE) != page_to_pfn(page));
	CHECK_EQ(page_at(&s, AT + PAGE_SIZE), page);
	CHECK(page_test(page, PG_exclusive));
	CHECK(entry_write(entry_of(s.mm, AT + PAGE_SIZE)));
	poke(AT + PAGE_SIZE, 20);		/* the parent writes: by the same page */
	CHECK_EQ(*page_word(page, 0), 20);
	*page_word(page, 0) = 30;			/* the device writes: the parent sees it */
	CHECK_EQ(peek(AT + PAGE_SIZE), 30);
	run_on(0, child);
	CHECK_EQ(peek(AT + PAGE_SIZE), 2);	/* the child has what was there at fork */
	poke(AT + PAGE_SIZE, 5);
	run_on(0, s.mm);
	CHECK_EQ(peek(AT + PAGE_SIZE), 30);
	unpin_user_page(page);
	mmput(child);
	space_end(&s);
}

TEST("fork-of-pinned-pages-fails-cleanly-without-memory")
{
	struct space s = space_touched(2);
	unsigned long n = 0;
	struct page *page;

	page = pin_fast(AT, FOLL_WRITE);
	for (;;) {
		struct mm_struct *child;

		fail_nth_set(++n);
		child = mm_fork(s.mm);
		fail_nth_set(0);
		CHECK(n < 50);
		CHECK_EQ(page_at(&s, AT), page);
		CHECK_EQ(folio_ref_count(page_folio(page)), 2);
		if (!IS_ERR(child)) {
			mmput(child);
			break;
		}
		CHECK_EQ(PTR_ERR(child), -ENOMEM);
	}
	CHECK(n > 5);
	unpin_user_page(page);
	space_end(&s);
}

/* B5: who reads by a reference must not see what the other program writes later. */
TEST("a-reference-for-reading-keeps-the-writer-off-the-page")
{
	struct space s = space_touched(1);
	struct mm_struct *child;
	struct page *page;

	child = mm_fork(s.mm);
	run_on(0, child);
	CHECK_EQ(get_user_pages_fast_only(AT, 1, 0, &page), 1);
	CHECK_EQ(mm_munmap(child, AT, PAGE_SIZE), 0);
	run_on(0, s.mm);
	poke(AT, 2);		/* the secret */
	CHECK_EQ(*page_word(page, 0), 1);
	put_page(page);
	mmput(child);
	space_end(&s);
}

TEST("a-pin-for-reading-gets-a-page-of-its-own-first")
{
	struct space s = space_touched(1);
	struct mm_struct *child;
	struct page *page;

	child = mm_fork(s.mm);
	CHECK_EQ(gup_fast_range(AT, AT + PAGE_SIZE, FOLL_PIN, pages), 0);
	page = pin_fast(AT, 0);
	CHECK(page_test(page, PG_exclusive));
	CHECK(!entry_write(entry_of(s.mm, AT)));	/* the write fault is still to come */
	CHECK(frame_of(child, AT) != page_to_pfn(page));
	CHECK_EQ(vm_events(VM_EVENT_UNSHARE), 1);
	poke(AT, 2);					/* keeps the page */
	CHECK_EQ(page_at(&s, AT), page);
	CHECK_EQ(*page_word(page, 0), 2);
	unpin_user_page(page);
	mmput(child);
	space_end(&s);
}

TEST("what-is-dumped-by-a-pin-gets-a-page-of-its-own-too")
{
	struct space s = space_touched(1);
	struct mm_struct *child = mm_fork(s.mm);

	CHECK(!IS_ERR(child));
	CHECK_EQ(pin_user_pages_unlocked(s.mm, AT, 1, FOLL_DUMP, pages), 1);
	CHECK(page_test(pages[0], PG_exclusive));
	unpin_user_page(pages[0]);
	mmput(child);
	space_end(&s);
}

TEST("a-long-pin-for-reading-does-not-hold-the-zero-page")
{
	struct space s = space_untouched(1);
	struct page *page;

	CHECK_EQ(peek(AT), 0);
	page = pin_fast(AT, 0);
	CHECK_EQ(page, zero_page);
	unpin_user_page(page);
	/* No entry counts for it. */
	CHECK_EQ(gup_fast_range(AT, AT + PAGE_SIZE, FOLL_PIN, pages), 0);
	page = pin_fast(AT, FOLL_LONGTERM);
	CHECK(page != zero_page);
	poke(AT, 9);
	CHECK_EQ(*page_word(page, 0), 9);
	unpin_user_page(page);
	space_end(&s);
}

static void map_file(struct mm_struct *mm, struct address_space *mapping, int type)
{
	const struct mmap_source source = { .mapping = mapping };

	CHECK_EQ(mm_mmap(mm, AT, PAGE_SIZE, RW, type | MAP_FIXED, &source, 0), AT);
	CHECK_EQ(peek(AT), 0);
}

/*
 * A private mapping shows a file's page until it is written to; who may write later
 * must not lose the pin.
 */
TEST("a-long-pin-for-reading-holds-a-files-page-only-where-it-is-shared")
{
	struct space s = space_start(3, 4, 1);
	struct address_space *file = shmem_mapping_create(PAGE_SIZE, false);
	struct page *page;

	map_file(s.mm, file, MAP_SHARED);
	page = pin_fast(AT, FOLL_LONGTERM);
	CHECK(!page_test(page, PG_anon));
	unpin_user_page(page);
	CHECK_EQ(pin_user_pages_unlocked(s.mm, AT, 1, FOLL_LONGTERM, pages), 1);
	CHECK_EQ(pages[0], page);
	unpin_user_page(page);
	poke(AT, 0);
	CHECK_EQ(gup_fast_range(AT, AT + PAGE_SIZE, FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM, pages),
		 1);
	unpin_user_page(page);
	map_file(s.mm, file, MAP_PRIVATE);
	CHECK_EQ(frame_of(s.mm, AT), page_to_pfn(page));
	page = pin_fast(AT, FOLL_LONGTERM);
	CHECK(page_test(page, PG_anon));
	poke(AT, 5);
	CHECK_EQ(*page_word(page, 0), 5);
	unpin_user_page(page);
	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	mapping_put(file);
	space_end(&s);
}

/* B3, by its states: the copy that FORCE made is dropped before the page is taken. */
TEST("force-writes-to-a-copy-and-never-to-the-page-behind-it")
{
	struct space s = space_touched(1);
	struct mm_struct *child;
	struct page *page;

	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_READ), 0);
	child = mm_fork(s.mm);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_WRITE, pages), -EFAULT);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_WRITE | FOLL_FORCE, &page), 1);
	*page_word(page, 0) = 50;
	put_page(page);
	CHECK_EQ(peek(AT), 50);
	CHECK(!entry_write(entry_of(s.mm, AT)));
	CHECK_EQ(sim_user_write(AT, 3), SIGSEGV);
	run_on(0, child);
	CHECK_EQ(peek(AT), 1);
	run_on(0, s.mm);
	mmput(child);
	space_end(&s);
}

static struct mm_struct *forced;
static unsigned int locks_until;

/*
 * Before the fourth lock of a table: the first look, the fault's two, and then the
 * look at what it made.
 */
static void drop_the_copy(void)
{
	if (--locks_until)
		sim_before_lock(LOCK_PAGE_TABLE, 1, drop_the_copy);
	else
		CHECK_EQ(mm_madvise(forced, AT, PAGE_SIZE, MADV_DONTNEED), 0);
}

TEST("force-writes-to-a-copy-that-is-still-there")
{
	struct space s = space_start(3, 4, 2);
	struct mm_struct *child;
	struct page *page;

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_READ), 0);
	child = mm_fork(s.mm);
	run_on(1, s.mm);
	run_on(0, s.mm);
	forced = s.mm;
	locks_until = 4;
	sim_before_lock(LOCK_PAGE_TABLE, 1, drop_the_copy);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_WRITE | FOLL_FORCE, &page), 1);
	CHECK_EQ(locks_until, 0);
	CHECK(page != zero_page && page_test(page, PG_exclusive));
	CHECK_EQ(*page_word(page, 0), 0);
	put_page(page);
	mmput(child);
	space_end(&s);
}

TEST("force-does-not-write-to-shared-read-only-memory")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	CHECK_EQ(peek(AT), 0);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_WRITE | FOLL_FORCE, pages), -EFAULT);
	space_end(&s);
}

/* As if it had not been asked for: the fault comes, and what it notes is noted. */
TEST("force-adds-nothing-where-the-mapping-allows-to-write")
{
	struct space s = space_touched(1);

	mmput(mm_fork(s.mm));
	unpin_user_page(pin_fast(AT, 0));	/* its own again, and not writable yet */
	CHECK(!entry_write(entry_of(s.mm, AT)));
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_WRITE | FOLL_FORCE, pages), 1);
	CHECK(entry_write(entry_of(s.mm, AT)));
	put_page(pages[0]);
	space_end(&s);
}

TEST("force-reads-what-is-mapped-without-any-access")
{
	struct space s = space_untouched(1);

	poke(AT, 5);
	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_NONE), 0);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_FORCE, pages), 1);
	CHECK_EQ(*page_word(pages[0], 0), 5);
	put_page(pages[0]);
	space_end(&s);
}

TEST("shared-memory-is-pinned-without-a-copy")
{
	struct space s = space_start(3, 4, 1);
	struct page *page;

	map(s.mm, AT, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	page = pin_fast(AT, 0);
	unpin_user_pages_dirty_lock(&page, 1, false);
	CHECK(!page_test(page, PG_dirty));
	page = pin_fast(AT, FOLL_WRITE);
	*page_word(page, 0) = 6;
	unpin_user_pages_dirty_lock(&page, 1, true);
	CHECK(page_test(page, PG_dirty));
	CHECK_EQ(peek(AT), 6);
	CHECK_EQ(pin_fast(AT, FOLL_WRITE), page);
	/* The pin is the last to hold it, and a free frame is clean. */
	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	unpin_user_pages_dirty_lock(&page, 1, true);
	CHECK(!page_test(page, PG_dirty));
	space_end(&s);
}

TEST("a-pin-under-a-lock-that-is-kept-breaks-cow-first")
{
	struct space s = space_untouched(1);
	struct mm_struct *child;

	poke(AT, 7);
	child = mm_fork(s.mm);
	mmap_read_lock(s.mm);
	CHECK_EQ(pin_user_pages(s.mm, AT, 1, 0, pages), 1);
	mmap_read_unlock(s.mm);
	CHECK(pages[0] == page_at(&s, AT) && page_at(&s, AT) != pfn_to_page(frame_of(child, AT)));
	CHECK(page_test(pages[0], PG_exclusive));
	CHECK(!pte_write(__pte(entry_of(s.mm, AT))));
	mmput(child);
	unpin_user_page(pages[0]);
	/*
	 * The copy is alone now: an unshare of what is the program's own already changes
	 * nothing but the mark.
	 */
	CHECK_EQ(peek(AT), 7);
	poke(AT, 8);
	CHECK_EQ(page_at(&s, AT), pages[0]);
	space_end(&s);
}

TEST("the-last-owner-of-a-page-is-pinned-without-a-copy-and-without-write-permission")
{
	struct space s = space_untouched(1);
	struct page *page;

	poke(AT, 7);
	mmput(mm_fork(s.mm));
	page = page_at(&s, AT);
	CHECK(!page_test(page, PG_exclusive));
	CHECK(pin_fast(AT, 0) == page);
	CHECK(page_test(page, PG_exclusive) && !pte_write(__pte(entry_of(s.mm, AT))));
	unpin_user_page(page);
	space_end(&s);
}
