/* get_user_pages: the lockless walk at every depth, the slow path, pins and COW, what is refused. */
#include "mm/buddy.h"
#include "mm/gup.h"
#include "tests/unit/space.h"

#define AT 0x40000000ul

static struct page *pages[2048];

static unsigned long events(enum vm_event e) { return vm_events(e); }
static struct page *page_at(const struct space *s, unsigned long addr)
{
	return pfn_to_page(frame_of(s->mm, addr));
}
static u64 *word(struct page *page, unsigned long addr)
{
	return (u64 *)((char *)page_address(page) + (addr & ~PAGE_MASK));
}

/* One page by the lockless walk alone; NULL: not there. */
static struct page *fast_only(unsigned long addr, unsigned int foll)
{
	struct page *page;

	return get_user_pages_fast_only(addr, 1, foll, &page) == 1 ? page : NULL;
}
static struct page *pin_fast(unsigned long addr, unsigned int foll)
{
	struct page *page;

	CHECK_EQ(pin_user_pages_fast(addr, 1, foll, &page), 1);
	return page;
}

/* Eight pages across the border of two tables, with a decoy a span of every level below. */
static void walk_across(const struct space *s, unsigned long addr, u64 seed)
{
	for (unsigned int level = 2; level <= 5; level++) {
		if (addr < level_span(level) + AT || level > mm_levels(s->mm))
			continue;
		map(s->mm, addr - level_span(level), 8 * PAGE_SIZE, RW, ANON | MAP_FIXED);
		for (unsigned long p = 0; p < 8; p++)
			poke(addr - level_span(level) + p * PAGE_SIZE, 99);
	}
	map(s->mm, addr, 8 * PAGE_SIZE, RW, ANON | MAP_FIXED);
	for (unsigned long p = 0; p < 8; p++)
		poke(addr + p * PAGE_SIZE + 8, seed + p);
	CHECK_EQ(get_user_pages_fast_only(addr + 8, 8, FOLL_WRITE, pages), 8);
	for (unsigned long p = 0; p < 8; p++) {
		CHECK_EQ(*word(pages[p], 8), seed + p);
		CHECK_EQ(folio_ref_count(page_folio(pages[p])), 2);
		put_page(pages[p]);
	}
}

static void walk_with(unsigned int levels)
{
	struct space s = space_start(levels, 5, 1);
	const unsigned long reach = levels_reach(levels);

	for (unsigned int level = 2; level <= levels; level++)
		walk_across(&s, AT + 3 * level_span(level) - 4 * PAGE_SIZE, level * 100);
	walk_across(&s, reach / 2 - 4 * PAGE_SIZE, 1000);
	walk_across(&s, reach - 9 * PAGE_SIZE, 2000);
	CHECK_EQ(mm_levels(s.mm), levels);
	space_end(&s);
}

TEST("the-lockless-walk-finds-what-a-load-sees-with-3-levels") { walk_with(3); }
TEST("the-lockless-walk-finds-what-a-load-sees-with-4-levels") { walk_with(4); }
TEST("the-lockless-walk-finds-what-a-load-sees-with-5-levels") { walk_with(5); }

static unsigned int reads, interruptible;

static void see_read(void)
{
	reads++;
	interruptible += !cpu_irqs_off(0);
}

static void watch_walk(unsigned int level)
{
	struct space s = space_start(3, 4, 1);
	struct table_walk walk;
	u64 *slot;

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	walk = table_walk(mm_fold(s.mm), AT);
	slot = level == 3 ? table_slot(fold_table(walk.fold), AT, 3)
			  : table_slot(entry_pfn(walk.entry[level + 1]), AT, level);
	sim_watch_reads(slot, see_read);
	CHECK(fast_only(AT, 0));
	sim_watch_reads(NULL, NULL);
	put_page(page_at(&s, AT));
	space_end(&s);
}

/* The pte is read a second time, after the reference. */
TEST("the-lockless-walk-reads-each-entry-once")
{
	watch_walk(2);
	CHECK_EQ(reads, 1);
}

TEST("the-lockless-walk-keeps-interrupts-off")
{
	watch_walk(1);
	CHECK_EQ(interruptible, 0);
	CHECK_EQ(reads, 2);
}

TEST("a-walker-does-not-index-beyond-the-reach")
{
	struct space s = space_start(3, 5, 1);

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);	/* the decoy: where a masked index of AT + 2^39 leads */
	CHECK(fast_only(AT, 0));
	put_page(page_at(&s, AT));
	CHECK(!fast_only(AT + (1ul << 39), 0));
	CHECK_EQ(get_user_pages_fast(AT + (1ul << 39), 1, 0, pages), -EFAULT);
	space_end(&s);
}

TEST("a-range-that-leaves-the-reach-is-found-up-to-there")
{
	struct space s = space_start(3, 4, 1);
	const unsigned long end = levels_reach(3);

	map(s.mm, end - 2 * PAGE_SIZE, 2 * PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(end - 2 * PAGE_SIZE, 1);
	poke(end - PAGE_SIZE, 2);
	CHECK_EQ(get_user_pages_fast_only(end - 2 * PAGE_SIZE, 4, 0, pages), 2);
	put_page(pages[0]);
	put_page(pages[1]);
	space_end(&s);
}

TEST("holes-and-untouched-memory-are-left-to-the-slow-path")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, 2 * PAGE_SIZE, RW, ANON | MAP_FIXED);
	CHECK(!fast_only(AT, 0));
	CHECK_EQ(get_user_pages_fast(AT, 4, FOLL_WRITE, pages), 2);
	CHECK_EQ(events(VM_EVENT_GUP_SLOW), 2);
	CHECK_EQ(page_at(&s, AT + PAGE_SIZE), pages[1]);
	put_page(pages[0]);
	put_page(pages[1]);
	CHECK_EQ(get_user_pages_fast(AT + 2 * PAGE_SIZE, 1, 0, pages), -EFAULT);
	CHECK_EQ(get_user_pages_fast(AT, 2, FOLL_WRITE, pages), 2);
	CHECK_EQ(events(VM_EVENT_GUP_FAST), 2);
	put_page(pages[0]);
	put_page(pages[1]);
	space_end(&s);
}

TEST("permission-is-the-entrys")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_READ), 0);
	CHECK(!fast_only(AT, FOLL_WRITE));
	CHECK_EQ(get_user_pages_fast(AT, 1, FOLL_WRITE, pages), -EFAULT);
	CHECK(fast_only(AT, 0));
	put_page(page_at(&s, AT));
	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_NONE), 0);
	CHECK(!fast_only(AT, 0));
	CHECK_EQ(get_user_pages_fast(AT, 1, 0, pages), -EFAULT);
	space_end(&s);
}

TEST("ranges-that-wrap-or-leave-user-space-are-refused")
{
	struct space s = space_start(3, 4, 1);

	CHECK_EQ(get_user_pages_fast(AT, ~0ul, 0, pages), -EOVERFLOW);
	CHECK_EQ(get_user_pages_fast(~0ul - PAGE_SIZE, 4, 0, pages), -EOVERFLOW);
	CHECK_EQ(get_user_pages_fast(task_size_max(), 1, 0, pages), -EFAULT);
	CHECK_EQ(get_user_pages_fast(0xffff800000000000ul, 1, 0, pages), -EFAULT);
	CHECK_EQ(get_user_pages_fast(AT, 0, 0, pages), 0);
	space_end(&s);
}

TEST("flags-that-contradict-each-other-are-einval-and-one-warning")
{
	struct space s = space_start(3, 4, 1);
	int held = 1, unheld = 0;

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	CHECK(gup_flags_valid(FOLL_WRITE | FOLL_FORCE, NULL, FOLL_GET | FOLL_TOUCH));
	CHECK(gup_flags_valid(FOLL_NOWAIT, &held, FOLL_GET | FOLL_UNLOCKABLE));
	CHECK(gup_flags_valid(FOLL_LONGTERM, NULL, FOLL_PIN));
	CHECK(!unit_logged("contradict"));
	CHECK(!gup_flags_valid(FOLL_GET, NULL, FOLL_PIN));
	CHECK_LOGGED("contradict each other");
	CHECK(!gup_flags_valid(FOLL_PIN, NULL, 0));
	CHECK(!gup_flags_valid(FOLL_UNLOCKABLE, &held, 0));
	CHECK(!gup_flags_valid(FOLL_LONGTERM, NULL, FOLL_GET));
	CHECK(!gup_flags_valid(0, &unheld, FOLL_GET | FOLL_UNLOCKABLE));
	CHECK(!gup_flags_valid(0, NULL, FOLL_GET | FOLL_UNLOCKABLE));
	CHECK_EQ(get_user_pages_fast(AT, 1, FOLL_REMOTE, pages), -EINVAL);
	CHECK_EQ(get_user_pages_fast(AT, 1, 0, NULL), -EINVAL);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_LONGTERM, pages), -EINVAL);
	CHECK_EQ(frame_of(s.mm, AT), 0);
	space_end(&s);
}

/* G3: one row per combination of what a caller can expect. */
TEST("what-a-caller-expects-becomes-a-rule-for-the-fault-in-one-place")
{
	const unsigned int retry = FAULT_FLAG_ALLOW_RETRY, nowait = FAULT_FLAG_RETRY_NOWAIT,
			   kill = FAULT_FLAG_KILLABLE, intr = FAULT_FLAG_INTERRUPTIBLE;
	static const struct { unsigned int foll, fault; } rows[] = {
		{ 0, 0 },
		{ FOLL_WRITE, FAULT_FLAG_WRITE },
		{ FOLL_REMOTE | FOLL_TRIED, FAULT_FLAG_REMOTE | FAULT_FLAG_TRIED },
		{ FOLL_INTERRUPTIBLE, 0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(foll_to_fault_flags(rows[i].foll), rows[i].fault);
	CHECK_EQ(foll_to_fault_flags(FOLL_UNLOCKABLE), retry | kill);
	CHECK_EQ(foll_to_fault_flags(FOLL_UNLOCKABLE | FOLL_INTERRUPTIBLE), retry | kill | intr);
	CHECK_EQ(foll_to_fault_flags(FOLL_NOWAIT), retry | nowait);
	CHECK_EQ(foll_to_fault_flags(FOLL_NOWAIT | FOLL_UNLOCKABLE), retry | nowait);
	CHECK_EQ(foll_to_fault_flags(FOLL_NOWAIT | FOLL_UNLOCKABLE | FOLL_INTERRUPTIBLE | FOLL_WRITE),
		 retry | nowait | FAULT_FLAG_WRITE);
}

TEST("nofault-brings-only-what-is-there")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, 2 * PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 2, FOLL_NOFAULT, pages), 1);
	put_page(pages[0]);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT + PAGE_SIZE, 1, FOLL_NOFAULT, pages), -EFAULT);
	space_end(&s);
}

TEST("dump-says-so-where-nothing-was-ever-written")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, 2 * PAGE_SIZE, RW, ANON | MAP_FIXED);
	CHECK_EQ(peek(AT + PAGE_SIZE), 0);	/* the zero page */
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_DUMP, pages), -EFAULT);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT + PAGE_SIZE, 1, FOLL_DUMP, pages), -EFAULT);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT + PAGE_SIZE, 1, 0, pages), 1);
	CHECK_EQ(pages[0], zero_page);
	put_page(pages[0]);
	space_end(&s);
}

TEST("a-killed-task-gets-eintr")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	sim_set_killed(true);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, 0, pages), -EINTR);
	sim_set_killed(false);
	space_end(&s);
}

TEST("without-memory-there-are-fewer-pages-or-enomem")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, 4 * PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);	/* the table is there */
	fail_nth_set(2);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 4, FOLL_WRITE, pages), 2);
	put_page(pages[0]);
	put_page(pages[1]);
	fail_nth_set(1);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT + 2 * PAGE_SIZE, 2, FOLL_WRITE, pages), -ENOMEM);
	space_end(&s);
}

/* ---- pins ---- */

TEST("a-pin-is-counted-and-given-back")
{
	struct space s = space_start(3, 4, 1);
	struct page *page;

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	page = pin_fast(AT, FOLL_WRITE);
	CHECK(page_pinned(page));
	CHECK_EQ(atomic_read(&page->pincount), 1);
	CHECK_EQ(folio_ref_count(page_folio(page)), 2);
	CHECK_EQ(pin_fast(AT, 0), page);
	CHECK_EQ(atomic_read(&page->pincount), 2);
	unpin_user_page(page);
	unpin_user_page(page);
	CHECK(!page_pinned(page));
	EXPECT_DEATH("unpinned more often", unpin_user_page(page));
	space_end(&s);
}

TEST("a-page-unmapped-while-pinned-lives-until-it-is-unpinned")
{
	struct space s = space_start(3, 4, 1);
	struct page *page;

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 77);
	page = pin_fast(AT, FOLL_WRITE);
	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	CHECK_EQ(*word(page, 0), 77);
	CHECK_EQ(folio_ref_count(page_folio(page)), 1);
	unpin_user_page(page);
	space_end(&s);
}

/* B6: the pin and the parent must go on seeing one page. */
TEST("fork-copies-a-pinned-page-and-shares-the-others")
{
	struct space s = space_start(3, 4, 1);
	struct mm_struct *child;
	struct page *page;

	map(s.mm, AT, 3 * PAGE_SIZE, RW, ANON | MAP_FIXED);
	for (unsigned long p = 0; p < 3; p++)
		poke(AT + p * PAGE_SIZE, p + 1);
	page = pin_fast(AT + PAGE_SIZE, FOLL_WRITE);
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child));
	CHECK_EQ(events(VM_EVENT_FORK_PINNED), 1);
	CHECK_EQ(frame_of(child, AT), frame_of(s.mm, AT));
	CHECK(frame_of(child, AT + PAGE_SIZE) != page_to_pfn(page));
	CHECK_EQ(page_at(&s, AT + PAGE_SIZE), page);
	CHECK(page_test(page, PG_exclusive));
	CHECK(entry_write(entry_of(s.mm, AT + PAGE_SIZE)));
	poke(AT + PAGE_SIZE, 20);		/* the parent writes: by the same page */
	CHECK_EQ(*word(page, 0), 20);
	*word(page, 0) = 30;			/* the device writes: the parent sees it */
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
	struct space s = space_start(3, 4, 1);
	unsigned long n = 0;
	struct page *page;

	map(s.mm, AT, 2 * PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	poke(AT + PAGE_SIZE, 2);
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
	struct space s = space_start(3, 4, 1);
	struct mm_struct *child;
	struct page *page;

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	child = mm_fork(s.mm);
	run_on(0, child);
	page = fast_only(AT, 0);
	CHECK(page);
	CHECK_EQ(mm_munmap(child, AT, PAGE_SIZE), 0);
	run_on(0, s.mm);
	poke(AT, 2);		/* the secret */
	CHECK_EQ(*word(page, 0), 1);
	put_page(page);
	mmput(child);
	space_end(&s);
}

TEST("a-pin-for-reading-gets-a-page-of-its-own-first")
{
	struct space s = space_start(3, 4, 1);
	struct mm_struct *child;
	struct page *page;

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	child = mm_fork(s.mm);
	CHECK_EQ(gup_fast_range(AT, AT + PAGE_SIZE, FOLL_PIN, pages), 0);
	page = pin_fast(AT, 0);
	CHECK(page_test(page, PG_exclusive));
	CHECK(!entry_write(entry_of(s.mm, AT)));	/* the write fault is still to come */
	CHECK(frame_of(child, AT) != page_to_pfn(page));
	CHECK_EQ(events(VM_EVENT_UNSHARE), 1);
	poke(AT, 2);					/* keeps the page */
	CHECK_EQ(page_at(&s, AT), page);
	CHECK_EQ(*word(page, 0), 2);
	unpin_user_page(page);
	mmput(child);
	space_end(&s);
}

TEST("a-long-pin-for-reading-does-not-hold-the-zero-page")
{
	struct space s = space_start(3, 4, 1);
	struct page *page;

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	CHECK_EQ(peek(AT), 0);
	page = pin_fast(AT, 0);
	CHECK_EQ(page, zero_page);
	unpin_user_page(page);
	page = pin_fast(AT, FOLL_LONGTERM);
	CHECK(page != zero_page);
	poke(AT, 9);
	CHECK_EQ(*word(page, 0), 9);
	unpin_user_page(page);
	space_end(&s);
}

/* B3, by its states: the copy that FORCE made is dropped before the page is taken. */
TEST("force-writes-to-a-copy-and-never-to-the-page-behind-it")
{
	struct space s = space_start(3, 4, 1);
	struct mm_struct *child;
	struct page *page;

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_READ), 0);
	child = mm_fork(s.mm);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_WRITE, pages), -EFAULT);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_WRITE | FOLL_FORCE, &page), 1);
	*word(page, 0) = 50;
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

/* Before the fourth lock of a table: the first look, the fault's two, and then the look at what it made. */
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
	CHECK_EQ(*word(page, 0), 0);
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

TEST("force-reads-what-is-mapped-without-any-access")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 5);
	CHECK_EQ(mm_mprotect(s.mm, AT, PAGE_SIZE, PROT_NONE), 0);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_FORCE, pages), 1);
	CHECK_EQ(*word(pages[0], 0), 5);
	put_page(pages[0]);
	space_end(&s);
}

TEST("shared-memory-is-pinned-without-a-copy")
{
	struct space s = space_start(3, 4, 1);
	struct page *page;

	map(s.mm, AT, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	page = pin_fast(AT, FOLL_WRITE);
	*word(page, 0) = 6;
	unpin_user_pages_dirty_lock(&page, 1, true);
	CHECK(page_test(page, PG_dirty));
	CHECK_EQ(peek(AT), 6);
	space_end(&s);
}

TEST("a-pin-under-a-lock-that-is-kept-breaks-cow-first")
{
	struct space s = space_start(3, 4, 1);
	struct mm_struct *child;

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
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
	/* The copy is alone now: an unshare of what is the program's own already changes nothing but the mark. */
	CHECK_EQ(peek(AT), 7);
	poke(AT, 8);
	CHECK_EQ(page_at(&s, AT), pages[0]);
	space_end(&s);
}

TEST("the-last-owner-of-a-page-is-pinned-without-a-copy-and-without-write-permission")
{
	struct space s = space_start(3, 4, 1);
	struct page *page;

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 7);
	mmput(mm_fork(s.mm));
	page = page_at(&s, AT);
	CHECK(!page_test(page, PG_exclusive));
	CHECK(pin_fast(AT, 0) == page);
	CHECK(page_test(page, PG_exclusive) && !pte_write(__pte(entry_of(s.mm, AT))));
	unpin_user_page(page);
	space_end(&s);
}

/* B22 */
TEST("a-count-that-has-reached-its-end-gives-no-more-references")
{
	struct space s = space_start(3, 4, 1);
	struct page *page;

	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT, 1);
	page = page_at(&s, AT);
	atomic_set(&page->_refcount, PAGE_REF_SATURATED - 2);
	CHECK(fast_only(AT, 0));
	CHECK(fast_only(AT, 0));
	CHECK(!fast_only(AT, 0));
	CHECK_EQ(get_user_pages_fast(AT, 1, 0, pages), -ENOMEM);
	CHECK_EQ(folio_ref_count(page_folio(page)), PAGE_REF_SATURATED);
	atomic_set(&page->_refcount, 1);
	space_end(&s);
}

/* A leaf above the pte level, which nothing makes yet: the walks are ready for it. */
struct pmd_leaf {
	struct folio *folio;
	pmd_t *pmdp;
};

static struct pmd_leaf leaf_start(struct mm_struct *mm)
{
	struct pmd_leaf leaf = { folio_alloc(GFP_KERNEL | GFP_ZERO, 9), NULL };
	const pgprot_t prot = __pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED);

	map(mm, AT, PMD_SIZE, RW, ANON | MAP_FIXED);
	leaf.pmdp = mm_pmd_alloc(mm, AT);
	entry_set(&leaf.pmdp->val, pfn_pmd(folio_pfn(leaf.folio), prot).val);
	return leaf;
}

static void leaf_end(struct pmd_leaf leaf)
{
	entry_set(&leaf.pmdp->val, 0);
	CHECK_EQ(folio_ref_count(leaf.folio), 1);
	folio_put(leaf.folio);
}

static void check_leaf_pages(const struct pmd_leaf *leaf)
{
	CHECK_EQ(pages[0], folio_page(leaf->folio, 7));
	CHECK_EQ(pages[504], folio_page(leaf->folio, 511));
	CHECK_EQ(folio_ref_count(leaf->folio), 506);
	put_pages(pages, 505);
}

TEST("a-leaf-of-the-pmd-level-gives-its-pages")
{
	struct space s = space_start(3, 4, 1);
	struct pmd_leaf leaf = leaf_start(s.mm);

	CHECK_EQ(gup_fast_range(AT + 7 * PAGE_SIZE, AT + PMD_SIZE, FOLL_GET, pages), 505);
	check_leaf_pages(&leaf);
	CHECK_EQ(gup_fast_range(AT, AT + PAGE_SIZE, FOLL_GET | FOLL_WRITE, pages), 0);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT + 7 * PAGE_SIZE, 505, 0, pages), 505);
	check_leaf_pages(&leaf);
	leaf_end(leaf);
	space_end(&s);
}

TEST("what-a-leaf-does-not-allow-is-efault-and-no-endless-fault")
{
	struct space s = space_start(3, 4, 1);
	struct pmd_leaf leaf = leaf_start(s.mm);

	CHECK_EQ(get_user_pages_fast(AT, 4, FOLL_WRITE, pages), -EFAULT);
	/* An anonymous page that is not exclusive: nothing could copy it out of a leaf. */
	page_set(folio_page(leaf.folio, 2), PG_anon);
	CHECK_EQ(pin_user_pages_fast(AT, 4, 0, pages), 2);
	unpin_user_pages(pages, 2);
	CHECK_EQ(pin_user_pages_fast(AT + 2 * PAGE_SIZE, 1, 0, pages), -EFAULT);
	page_clear(folio_page(leaf.folio, 2), PG_anon);
	leaf_end(leaf);
	space_end(&s);
}

static struct mm_struct *leaf_mm;
static bool leaf_locked;

static void see_lock(void) { leaf_locked = leaf_mm->page_table_lock.locked; }

TEST("a-leaf-is-read-under-the-lock-of-its-level")
{
	struct space s = space_start(3, 4, 1);
	struct pmd_leaf leaf = leaf_start(s.mm);

	leaf_mm = s.mm;
	sim_watch_reads(&leaf.pmdp->val, see_lock);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, 0, pages), 1);
	sim_watch_reads(NULL, NULL);
	CHECK(leaf_locked);	/* at the last time: what was read before was no table, and no more */
	put_page(pages[0]);
	leaf_end(leaf);
	space_end(&s);
}

TEST("populate-fills-a-range-as-a-read-or-a-write-would")
{
	struct space s = space_start(3, 4, 1);
	int locked = 1;

	map(s.mm, AT, 4 * PAGE_SIZE, RW, ANON | MAP_FIXED);
	mmap_read_lock(s.mm);
	CHECK_EQ(faultin_page_range(s.mm, AT, AT + 2 * PAGE_SIZE, false, &locked), 2);
	CHECK_EQ(faultin_page_range(s.mm, AT + 2 * PAGE_SIZE, AT + 4 * PAGE_SIZE, true, &locked), 2);
	CHECK_EQ(locked, 1);
	mmap_read_unlock(s.mm);
	CHECK_EQ(frame_of(s.mm, AT), page_to_pfn(zero_page));
	CHECK(entry_write(entry_of(s.mm, AT + 3 * PAGE_SIZE)));
	space_end(&s);
}
