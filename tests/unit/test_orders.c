/* Protocols between two CPUs that take no lock in between: in every order of their steps. */
#include "arch/sim/explore.h"
#include "arch/sim/snapshot.h"
#include "mm/context.h"
#include "mm/gup.h"
#include "mm/internal.h"
#include "mm/rmap.h"
#include "tests/unit/unit.h"

#define OLD_ROOT (0x200ul << PAGE_SHIFT | 3)
#define NEW_ROOT (0x201ul << PAGE_SHIFT | 4)

/* What the orders are of; each starts with it as it was at first. */
static struct {
	struct mm_struct mm;
	unsigned long seen, value;
	cpumask_t told;
} toy __cacheline_aligned;

static void start(void)
{
	sim_boot(&(struct sim_config){ .cpus = 2 });
	toy.mm.root = OLD_ROOT;
	mmap_lock_init(&toy.mm);
	snapshot_add(&toy, sizeof(toy));
	snapshot_add(cpu_contexts, sizeof(cpu_contexts));
	cpus_add_to_snapshot();
	snapshot_save();
	explore_reset();
}

static void in_every_order(void (*first)(void), void (*second)(void), bool (*holds)(void))
{
	const struct explore_options sleeping = { .bound = UNBOUNDED, .sleep = true };
	void (*const actors[])(void) = { first, second };
	bool again = true, more = true;

	while (more) {
		enum explore_end end;

		if (again)
			explore_begin(&sleeping);
		snapshot_restore();
		end = explore_run(actors, 2, NULL);
		if (end == RUN_FAILED)
			unit_fail(__FILE__, __LINE__, "%s", explore_failure());
		CHECK(end != RUN_DONE || holds());
		more = explore_next(&again);
	}
}

/* ---- unfolding ---- */

static void read_fold(void) { toy.seen = mm_fold(&toy.mm).word; }
static void change_root(void) { WRITE_ONCE(toy.mm.root, NEW_ROOT); }
static bool old_or_new(void) { return toy.seen == OLD_ROOT || toy.seen == NEW_ROOT; }

TEST("root-and-depth-are-read-as-one-value")
{
	start();
	in_every_order(read_fold, change_root, old_or_new);
}

static void switch_to_it(void)
{
	unsigned long flags = irq_save();

	switch_mm(&toy.mm);
	irq_restore(flags);
}
/* The unfolder's side: it tells those that it finds in the mask. */
static void change_root_and_look(void)
{
	change_root();
	smp_mb();
	toy.told = READ_ONCE(toy.mm.cpumask);
}
static bool new_or_told(void)
{
	return cpu_contexts[0].root == NEW_ROOT || toy.told & cpumask_of(0);
}

TEST("a-cpu-that-switches-has-the-new-root-or-is-in-the-mask")
{
	start();
	in_every_order(switch_to_it, change_root_and_look, new_or_told);
}

/* ---- mmap_lock ---- */

static void write_and_read_on(void)
{
	unsigned long mine;

	mmap_write_lock(&toy.mm);
	WRITE_ONCE(toy.value, toy.value + 1);
	mine = toy.value;
	mmap_write_downgrade(&toy.mm);
	toy.seen |= READ_ONCE(toy.value) != mine;
	mmap_read_unlock(&toy.mm);
}
static void write(void)
{
	mmap_write_lock(&toy.mm);
	WRITE_ONCE(toy.value, toy.value + 1);
	mmap_write_unlock(&toy.mm);
}
static bool nobody_between(void) { return !toy.seen && toy.value == 2; }

TEST("a-writer-that-goes-on-as-a-reader-never-lets-go")
{
	start();
	in_every_order(write_and_read_on, write, nobody_between);
}

/* ---- a lockless pin, and the end of exclusiveness ---- */

static struct page pinned_page;
static u64 its_entry;

static void pin_it(void)
{
	toy.seen = grab_mapped(&its_entry, 1, &pinned_page, FOLL_PIN);
}
static void share_it(void) { toy.value = page_try_share_anon_rmap(&pinned_page); }
static bool not_both(void)
{
	return !(toy.seen && toy.value) && (toy.seen || !page_pinned(&pinned_page)) &&
	       page_test(&pinned_page, PG_exclusive) == !toy.value;
}

static void unpin_it(void) { unpin_user_page(&pinned_page); }
static bool none_left(void)
{
	return !page_pinned(&pinned_page) && atomic_read(&pinned_page._refcount) == 1;
}

TEST("two-unpins-are-two")
{
	pinned_page = (struct page){ ._refcount = ATOMIC_INIT(3), .pincount = ATOMIC_INIT(2) };
	snapshot_add(&pinned_page, sizeof(pinned_page));
	start();
	in_every_order(unpin_it, unpin_it, none_left);
}

TEST("a-page-is-not-pinned-and-shared-in-one-go")
{
	pinned_page = (struct page){ .flags = BIT(PG_anon) | BIT(PG_exclusive),
				     ._refcount = ATOMIC_INIT(2) };
	its_entry = 1;
	snapshot_add(&pinned_page, sizeof(pinned_page));
	start();
	in_every_order(pin_it, share_it, not_both);
}
