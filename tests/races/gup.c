/* get_user_pages: the lockless walk, and pins, against all that changes tables and pages. */
#include "tests/races/race.h"
#include "mm/buddy.h"
#include "mm/gup.h"
#include "kernel/base/string.h"
#include "mm/rmap.h"

#define AT 0x40000000ul
#define OLD 1
#define BY_PIN 9
#define DECOY 66
#define BORDER 0x80000000ul	/* of two entries of 1 GiB; AT lies one span below it */

static struct mm_struct *child;
static bool protected_now;
static struct page *held;	/* by the first actor at its end; the probe lets it go */

static void map_touched(void)
{
	held = NULL;
	protected_now = false;
	race_map(AT, 2);
	race_poke(AT, OLD);
}
static void map_untouched(void)
{
	held = NULL;
	race_map(AT, 2);
}
/* Two pages across a border of tables, and a decoy one span below the second. */
static void map_border(void)
{
	map_touched();
	race_poke(AT, DECOY);
	race_map(BORDER - PAGE_SIZE, 2);
	race_poke(BORDER - PAGE_SIZE, OLD);
	race_poke(BORDER, OLD);
}
/* Programs write there too: by READ_ONCE and WRITE_ONCE only. */
static u64 *first_word(struct page *page) { return page_address(page); }

/* ---- actors ---- */

/* A reference to what is mapped now or was a moment ago, which nobody else gets meanwhile. */
static void get_and_read(void)
{
	struct page *page;
	long n = get_user_pages_fast_only(AT, 1, 0, &page);
	u64 value;

	race_outcome((u64)n);
	if (!n)
		return;
	value = READ_ONCE(*first_word(page));
	RACE_CHECK(value == OLD || value == 7 || value == 0);
	put_page(page);
}
/* By the lock of the table: a mapping that stays always has a page. */
static void get_slowly(void)
{
	struct page *page;
	u64 value;

	RACE_EQ(get_user_pages_unlocked(race_mm, AT, 1, 0, &page), 1);
	value = READ_ONCE(*first_word(page));
	race_outcome(value);
	RACE_CHECK(value == OLD || value == 7 || value == 0);
	put_page(page);
}
/* A tree that gets a level more maps what it mapped. */
static void get_in_any_case(void)
{
	struct page *page;

	RACE_EQ(get_user_pages_fast_only(AT, 1, 0, &page), 1);
	RACE_EQ(READ_ONCE(*first_word(page)), OLD);
	put_page(page);
}
/* How many pages across the border were found; each of them is the one that was asked for. */
static long get_across(void)
{
	struct page *pages[2];
	long n = get_user_pages_fast_only(BORDER - PAGE_SIZE, 2, 0, pages);

	for (long i = 0; i < n; i++) {
		u64 value = READ_ONCE(*first_word(pages[i]));

		RACE_CHECK(value == OLD || value == 7 || value == 0);
		put_page(pages[i]);
	}
	return n;
}
static void get_span(void) { race_outcome((u64)get_across()); }
static void get_span_in_any_case(void) { RACE_EQ(get_across(), 2); }
/* Either way, lockless or not; refused if it is gone. */
static void pin_and_write(void)
{
	long n = pin_user_pages_fast(AT, 1, FOLL_WRITE, &held);

	race_outcome((u64)n);
	if (n != 1) {
		RACE_EQ(n, -EFAULT);
		held = NULL;
		return;
	}
	WRITE_ONCE(*first_word(held), BY_PIN);
}
static void pin_for_reading(void) { RACE_EQ(pin_user_pages_fast(AT, 1, 0, &held), 1); }
static void pin_and_unpin(void)
{
	struct page *page;

	if (pin_user_pages_fast(AT, 1, FOLL_WRITE, &page) == 1)
		unpin_user_page(page);
}
static void pin_remotely(void)
{
	int locked = 1;

	mmap_read_lock(child);
	RACE_EQ(pin_user_pages_remote(child, AT, 1, FOLL_WRITE, &held, &locked), 1);
	if (locked)
		mmap_read_unlock(child);
	WRITE_ONCE(*first_word(held), BY_PIN);
	mmput(child);
}
/* The child keeps a page by a reference alone, as a pipe holds it. */
static void child_keeps_reference(void)
{
	RACE_EQ(get_user_pages_unlocked(child, AT, 1, 0, &held), 1);
	RACE_EQ(mm_munmap(child, AT, PAGE_SIZE), 0);
}
static void force_write(void)
{
	struct page *page;

	if (get_user_pages_unlocked(race_mm, AT, 1, FOLL_WRITE | FOLL_FORCE, &page) != 1)
		return;
	WRITE_ONCE(*first_word(page), BY_PIN);
	put_page(page);
}

static void unmap(void) { RACE_EQ(mm_munmap(race_mm, AT, 2 * PAGE_SIZE), 0); }
/* The frames come back as somebody else's: a table's, too. */
static void unmap_and_reuse(void)
{
	struct page *page[4];

	unmap();
	for (int i = 0; i < 4; i++) {
		page[i] = alloc_page(GFP_KERNEL);
		memset(page_address(page[i]), 0x55, PAGE_SIZE);
	}
	for (int i = 0; i < 4; i++)
		free_page(page[i]);
}
static void fork_it(void)
{
	child = mm_fork(race_mm);
	RACE_CHECK(!IS_ERR(child));
}
static void write_7(void) { race_poke(AT, 7); }
static void fork_and_write(void)
{
	fork_it();
	write_7();
}
static bool written;
static void try_write_7(void) { race_outcome(written = race_try_write(AT, 7)); }
static void write_beside(void) { race_poke(AT + 8, 8); }
static void dontneed(void) { RACE_EQ(mm_madvise(race_mm, AT, PAGE_SIZE, MADV_DONTNEED), 0); }
static void dontneed_and_touch(void)
{
	dontneed();
	race_poke(AT, 7);
}
static void read_only(void)
{
	RACE_EQ(mm_mprotect(race_mm, AT, PAGE_SIZE, PROT_READ), 0);
	WRITE_ONCE(protected_now, true);
}
static void pin_unless_protected(void)
{
	bool late = READ_ONCE(protected_now);

	pin_and_write();
	RACE_CHECK(!late || !held);
}
static void unfold(void)
{
	mmap_write_lock(race_mm);
	RACE_EQ(mm_unfold(race_mm, mm_levels(race_mm) + 1), 0);
	mmap_write_unlock(race_mm);
}
static void unfold_twice(void)
{
	unfold();
	unfold();
}
/*
 * What was the tree's top is a table below another then, and goes with the last mapping that
 * it serves.
 */
static void unfold_and_unmap(void)
{
	const unsigned long above = AT + levels_reach(3);

	RACE_EQ(mm_mmap(race_mm, above, PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0), above);
	unmap_and_reuse();
}
static void refault_behind_border(void)
{
	RACE_EQ(mm_madvise(race_mm, BORDER, PAGE_SIZE, MADV_DONTNEED), 0);
	race_poke(BORDER, 7);
}
static void end_child(void) { mmput(child); }

static struct page *crowded(void)
{
	struct page *page;

	RACE_EQ(get_user_pages_fast_only(AT, 1, 0, &page), 1);
	put_page(page);
	return page;
}
static void one_below_saturation(void)
{
	map_touched();
	atomic_set(&crowded()->_refcount, PAGE_REF_SATURATED - 1);
}
/* The last one that is given, or none. */
static void get_and_keep(void)
{
	struct page *page;

	race_outcome((u64)get_user_pages_fast_only(AT, 1, 0, &page));
}

/* ---- what must hold ---- */

static void saturated(void)
{
	struct page *page =
		virt_to_page(frame_ptr(entry_pfn(table_walk(mm_fold(race_mm), AT).entry[1])));

	RACE_EQ(folio_ref_count(page_folio(page)), PAGE_REF_SATURATED);
	atomic_set(&page->_refcount, 1);
}

static void let_go(void)
{
	if (held)
		unpin_user_page(held);
}
static void gone(void)
{
	race_expect_signal(AT, SIGSEGV);
	if (held)
		RACE_EQ(READ_ONCE(*first_word(held)), BY_PIN);
	let_go();
}
/* Pin and program see one page, from now on too. */
static void pin_and_program_agree(void)
{
	RACE_EQ(race_peek(AT), BY_PIN);
	race_poke(AT, 20);
	RACE_EQ(READ_ONCE(*first_word(held)), 20);
	WRITE_ONCE(*first_word(held), 21);
	RACE_EQ(race_peek(AT), 21);
	let_go();
}
/* The writer came before or after the pin's user, and not in between onto another page. */
static void writer_and_pin_agree(void)
{
	u64 value = race_peek(AT);

	race_adopt(child);
	RACE_CHECK(value == BY_PIN || (value == 7 && written));
	RACE_EQ(READ_ONCE(*first_word(held)), value);
	WRITE_ONCE(*first_word(held), BY_PIN);
	pin_and_program_agree();
}
static void pin_and_parent_agree(void)
{
	race_adopt(child);
	pin_and_program_agree();
	race_run_on(0, child);
	RACE_CHECK(race_peek(AT) == OLD || race_peek(AT) == BY_PIN);
}
/* A reader's pin: the program's later writes arrive, the other program's do not. */
static void reader_sees_its_program(void)
{
	race_adopt(child);
	race_poke(AT, 30);
	RACE_EQ(READ_ONCE(*first_word(held)), 30);
	race_run_on(0, child);
	race_poke(AT, 40);
	RACE_EQ(READ_ONCE(*first_word(held)), 30);
	let_go();
}
static void child_is_apart_and_adopted(void)
{
	race_adopt(child);
	RACE_EQ(race_peek(AT), 7);
	race_run_on(0, child);
	RACE_EQ(race_peek(AT), OLD);
}
static void child_is_apart(void)
{
	u64 ours = race_peek(AT);

	RACE_CHECK(ours == OLD || ours == 7 || ours == 0);
	race_run_on(0, child);
	RACE_EQ(race_peek(AT), OLD);
}
static void written_or_dropped(void)
{
	u64 value = race_peek(AT);

	RACE_CHECK(value == BY_PIN || value == 7 || value == 0);
	let_go();
}
static void protected(void)
{
	race_expect_signal(AT + PAGE_SIZE, 0);
	RACE_EQ(race_write(AT, 5), SIGSEGV);
	RACE_EQ(race_peek(AT), held ? BY_PIN : OLD);
	let_go();
}
/* What the parent has written since is its own. */
static void reference_is_apart(void)
{
	RACE_EQ(race_peek(AT), 7);
	RACE_EQ(READ_ONCE(*first_word(held)), OLD);
	put_page(held);
}
static void unpinned(void)
{
	struct page *page;

	RACE_EQ(pin_user_pages_fast(AT, 1, FOLL_WRITE, &page), 1);
	RACE_EQ(atomic_read(&page->pincount), 1);
	RACE_EQ(folio_ref_count(page_folio(page)), 2);
	unpin_user_page(page);
}
static void ended(void)
{
	RACE_EQ(READ_ONCE(*first_word(held)), BY_PIN);
	let_go();
}
/*
 * Only while the tree becomes deeper does anyone ask beyond its reach; the page at
 * AT is the decoy.
 */
static void get_beyond_reach(void)
{
	struct page *page;

	RACE_EQ(get_user_pages_fast_only(AT + levels_reach(3), 1, 0, &page), 0);
}
static void deeper(void)
{
	RACE_EQ(race_peek(AT), OLD);
}

static void decoy_and_border(void)
{
	u64 value = race_peek(BORDER);

	RACE_CHECK(value == OLD || value == 7);
	RACE_EQ(race_peek(AT), DECOY);
	RACE_EQ(get_across(), 2);
}

static void with_child(void)
{
	map_touched();
	fork_it();
	race_adopt(child);
}
static void with_child_and_user(void)
{
	map_touched();
	fork_it();
	mmget(child);	/* the actor's, as who looks up a process takes one */
}
static void read_only_with_child(void)
{
	map_touched();
	RACE_EQ(mm_mprotect(race_mm, AT, PAGE_SIZE, PROT_READ), 0);
	fork_it();
	race_adopt(child);
}
/* Nobody has written to the page behind what FORCE writes to. */
static void child_unharmed(void)
{
	u64 ours = race_peek(AT);

	RACE_CHECK(ours == BY_PIN || ours == OLD || ours == 0);
	RACE_EQ(READ_ONCE(*first_word(zero_page)), 0);
	race_run_on(0, child);
	RACE_EQ(race_peek(AT), OLD);
}

RACE("gup-munmap", "a lockless reference to a page that goes", .levels = 3, .setup = map_touched,
     .cpu = { get_and_read, unmap }, .probe = gone)
RACE("gup-munmap-reuse", "the frames of page and table are somebody else's soon", .levels = 3,
     .setup = map_touched, .cpu = { get_and_read, unmap_and_reuse }, .probe = gone)
RACE("gup-munmap-reuse-5", "the same with 5 levels", .levels = 5, .setup = map_touched,
     .cpu = { get_and_read, unmap_and_reuse }, .probe = gone)
RACE("pin-munmap", "a pin of a page that goes", .levels = 3, .setup = map_touched,
     .cpu = { pin_and_write, unmap }, .probe = gone)
RACE("pin-fork", "a page is pinned while another thread forks", .levels = 3, .setup = map_touched,
     .cpu = { pin_and_write, fork_it }, .probe = pin_and_parent_agree)
RACE("gup-fork-then-write", "a reference to a page whose program forks and then writes",
     .levels = 3, .setup = map_touched, .cpu = { get_and_read, fork_and_write },
     .probe = child_is_apart_and_adopted)
RACE("pin-fork-write", "a third thread writes meanwhile, as long as it may", .levels = 3,
     .setup = map_touched, .cpu = { pin_and_write, fork_it, try_write_7 },
     .probe = writer_and_pin_agree)
RACE("pin-cow", "a page that a child shares is pinned while another thread writes to it",
     .levels = 3, .setup = with_child, .cpu = { pin_and_write, write_beside },
     .probe = pin_and_program_agree)
RACE("pin-read-fork", "a pin that only reads, of a page that fork shares", .levels = 3,
     .setup = map_touched, .cpu = { pin_for_reading, fork_it }, .probe = reader_sees_its_program)
RACE("gup-cow", "a reference to a shared page while its program writes", .levels = 3,
     .setup = with_child, .cpu = { get_and_read, write_7 }, .probe = child_is_apart)
RACE("get-munmap-write", "a child keeps a page in a pipe alone, and its parent writes",
     .levels = 3, .setup = with_child, .cpu = { child_keeps_reference, write_7 },
     .probe = reference_is_apart)
RACE("pin-fault", "a pin and a write, both the first touch", .levels = 3, .setup = map_untouched,
     .cpu = { pin_and_write, write_7 }, .probe = written_or_dropped)
RACE("gup-dontneed-refault", "a page is dropped, and another comes to its place", .levels = 3,
     .setup = map_touched, .cpu = { get_and_read, dontneed_and_touch },
     .probe = written_or_dropped)
RACE("gup-slow-dontneed", "the same by the slow path, which holds the table's lock", .levels = 3,
     .setup = map_touched, .cpu = { get_slowly, dontneed_and_touch }, .probe = written_or_dropped)
RACE("pin-mprotect", "a page becomes read-only while it is pinned", .levels = 3,
     .setup = map_touched, .cpu = { pin_unless_protected, read_only }, .probe = protected)
RACE("gup-unfold", "the tree gets a level more under the walker", .levels = 3, .deeper = 1,
     .setup = map_touched, .cpu = { get_in_any_case, unfold }, .probe = deeper)
RACE("gup-unfold-beyond", "a walk to where the tree does not reach yet", .levels = 3, .deeper = 1,
     .setup = map_touched, .cpu = { get_beyond_reach, unfold }, .probe = deeper)
RACE("gup-unfold-5", "the same from 4 to 5", .levels = 4, .deeper = 1, .setup = map_touched,
     .cpu = { get_in_any_case, unfold }, .probe = deeper)
RACE("gup-unfold-twice", "from 3 to 4 to 5 levels under a walk that crosses a border of tables",
     .levels = 3, .deeper = 2, .setup = map_border, .cpu = { get_span_in_any_case, unfold_twice },
     .probe = decoy_and_border)
RACE("gup-span",
     "the page behind a border of tables is dropped and comes again; another is a span below",
     .levels = 3, .setup = map_border, .cpu = { get_span, refault_behind_border },
     .probe = decoy_and_border)
RACE("gup-unfold-munmap", "the tree gets a level more, and its old top is somebody else's soon",
     .levels = 3, .deeper = 1, .setup = map_touched, .cpu = { get_and_read, unfold_and_unmap },
     .probe = gone)
RACE("pin-pin-unpin", "two pins of one page come and go", .levels = 3, .setup = map_touched,
     .cpu = { pin_and_unpin, pin_and_unpin }, .probe = unpinned)
RACE("pin-remote-exit", "a page of another program is pinned while that ends", .levels = 3,
     .setup = with_child_and_user, .cpu = { pin_remotely, end_child }, .probe = ended)
RACE("force-dontneed", "the copy that FORCE has made is dropped (Dirty COW)", .levels = 3,
     .setup = read_only_with_child, .cpu = { force_write, dontneed }, .probe = child_unharmed)
RACE("gup-saturated", "one more reference to a page can be given, and two are wanted", .levels = 3,
     .setup = one_below_saturation, .cpu = { get_and_keep, get_and_keep }, .probe = saturated)
