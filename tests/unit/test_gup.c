/* get_user_pages: the lockless walk at every depth, the slow path, what is refused. */
#include "mm/buddy.h"
#include "mm/gup.h"
#include "tests/unit/space.h"

static struct page *pages[8];

/* One page by the lockless walk alone; NULL: not there. */
static struct page *fast_only(unsigned long addr, unsigned int foll)
{
	struct page *page;

	return get_user_pages_fast_only(addr, 1, foll, &page) == 1 ? page : NULL;
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
		CHECK_EQ(*page_word(pages[p], 8), seed + p);
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
	struct space s = space_touched(1);
	struct table_walk walk;
	u64 *slot;

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

/* The simulator has no frame 0. */
TEST("the-lockless-walk-does-not-follow-an-entry-that-is-empty")
{
	struct space s = space_touched(1);

	CHECK(!fast_only(AT + PMD_SIZE, 0));
	CHECK(!fast_only(AT + level_span(3), 0));
	space_end(&s);
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
	struct space s = space_untouched(2);

	CHECK(!fast_only(AT, 0));
	CHECK_EQ(get_user_pages_fast(AT, 4, FOLL_WRITE, pages), 2);
	CHECK_EQ(vm_events(VM_EVENT_GUP_SLOW), 2);
	CHECK_EQ(page_at(&s, AT + PAGE_SIZE), pages[1]);
	put_page(pages[0]);
	put_page(pages[1]);
	CHECK_EQ(get_user_pages_fast(AT + 2 * PAGE_SIZE, 1, 0, pages), -EFAULT);
	CHECK_EQ(get_user_pages_fast(AT, 2, FOLL_WRITE, pages), 2);
	CHECK_EQ(vm_events(VM_EVENT_GUP_FAST), 2);
	put_page(pages[0]);
	put_page(pages[1]);
	space_end(&s);
}

TEST("the-slow-path-takes-what-the-lockless-walk-has-left-and-no-more")
{
	struct space s = space_untouched(3);

	poke(AT, 1);
	poke(AT + 2 * PAGE_SIZE, 3);
	CHECK_EQ(get_user_pages_fast(AT, 2, FOLL_WRITE, pages), 2);
	CHECK(pages[0] == page_at(&s, AT) && pages[1] == page_at(&s, AT + PAGE_SIZE));
	put_pages(pages, 2);
	space_end(&s);
}

TEST("permission-is-the-entrys")
{
	struct space s = space_touched(1);

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

/* No table of a program's has such entries yet. */
TEST("the-lockless-walk-takes-nothing-that-is-not-the-programs")
{
	struct space s = space_touched(1);
	struct pte_slot slot = pte_offset_lock(mm_pmd_find(s.mm, AT), AT);
	u64 before = entry_of(s.mm, AT);

	CHECK(fast_only(AT, FOLL_WRITE));
	put_page(page_at(&s, AT));
	entry_set(&slot.ptep->val, before & ~_PAGE_USER);
	CHECK(!fast_only(AT, 0));
	entry_set(&slot.ptep->val, before);
	pte_unlock(slot);
	space_end(&s);
}

TEST("ranges-that-wrap-or-leave-user-space-are-refused")
{
	struct space s = space_touched(1);

	CHECK_EQ(get_user_pages_fast(AT, ~0ul, 0, pages), -EOVERFLOW);
	CHECK_EQ(get_user_pages_fast_only(AT, ~0ul, 0, pages), 0);
	CHECK_EQ(get_user_pages_fast(AT, 1ul << (64 - PAGE_SHIFT), 0, pages), -EOVERFLOW);
	CHECK_EQ(get_user_pages_fast(~0ul - PAGE_SIZE, 4, 0, pages), -EOVERFLOW);
	CHECK_EQ(get_user_pages_fast(task_size_max(), 1, 0, pages), -EFAULT);
	/* None at all. */
	CHECK_EQ(get_user_pages_fast(AT, task_size_max() >> PAGE_SHIFT, 0, pages), -EFAULT);
	CHECK_EQ(get_user_pages_fast(0xffff800000000000ul, 1, 0, pages), -EFAULT);
	CHECK_EQ(get_user_pages_fast(AT, 0, 0, pages), 0);
	space_end(&s);
}

TEST("flags-that-contradict-each-other-are-einval-and-one-warning")
{
	struct space s = space_untouched(1);
	int held = 1, unheld = 0;

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
	CHECK_EQ(foll_to_fault_flags(FOLL_NOWAIT | FOLL_UNLOCKABLE | FOLL_INTERRUPTIBLE |
				     FOLL_WRITE),
		 retry | nowait | FAULT_FLAG_WRITE);
}

TEST("nofault-brings-only-what-is-there")
{
	struct space s = space_untouched(2);

	poke(AT, 1);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 2, FOLL_NOFAULT, pages), 1);
	put_page(pages[0]);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT + PAGE_SIZE, 1, FOLL_NOFAULT, pages), -EFAULT);
	space_end(&s);
}

TEST("dump-says-so-where-nothing-was-ever-written")
{
	struct space s = space_untouched(2);

	CHECK_EQ(peek(AT + PAGE_SIZE), 0);	/* the zero page */
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_DUMP, pages), -EFAULT);
	CHECK_EQ(entry_of(s.mm, AT), 0);	/* and it needs no page for that */
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT + PAGE_SIZE, 1, FOLL_DUMP, pages), -EFAULT);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT + PAGE_SIZE, 1, 0, pages), 1);
	CHECK_EQ(pages[0], zero_page);
	put_page(pages[0]);
	poke(AT, 1);
	/* What comes before it is there. */
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 2, FOLL_DUMP, pages), 1);
	put_page(pages[0]);
	/* A file may have been written. */
	map(s.mm, AT, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, FOLL_DUMP, pages), 1);
	put_page(pages[0]);
	space_end(&s);
}

TEST("a-killed-task-gets-eintr")
{
	struct space s = space_untouched(1);

	sim_set_killed(true);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 1, 0, pages), -EINTR);
	sim_set_killed(false);
	space_end(&s);
}

TEST("without-memory-there-are-fewer-pages-or-enomem")
{
	struct space s = space_untouched(4);

	poke(AT, 1);	/* the table is there */
	fail_nth_set(2);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT, 4, FOLL_WRITE, pages), 2);
	put_page(pages[0]);
	put_page(pages[1]);
	fail_nth_set(1);
	CHECK_EQ(get_user_pages_unlocked(s.mm, AT + 2 * PAGE_SIZE, 2, FOLL_WRITE, pages), -ENOMEM);
	space_end(&s);
}

/* B22 */
TEST("a-count-that-has-reached-its-end-gives-no-more-references")
{
	struct space s = space_touched(1);
	struct page *page;

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

TEST("populate-fills-a-range-as-a-read-or-a-write-would")
{
	struct space s = space_untouched(4);
	int locked = 1;

	mmap_read_lock(s.mm);
	CHECK_EQ(faultin_page_range(s.mm, AT, AT + 2 * PAGE_SIZE, false, &locked), 2);
	CHECK_EQ(faultin_page_range(s.mm, AT + 2 * PAGE_SIZE, AT + 4 * PAGE_SIZE, true, &locked),
		 2);
	CHECK_EQ(locked, 1);
	mmap_read_unlock(s.mm);
	CHECK_EQ(frame_of(s.mm, AT), page_to_pfn(zero_page));
	CHECK(entry_write(entry_of(s.mm, AT + 3 * PAGE_SIZE)));
	space_end(&s);
}
