/* struct page and folio: the array, references, the folio lock, and what a page says of itself. */
#include "kernel/base/uses.h"
#include "kernel/base/wait.h"
#include "kernel/uapi/errno.h"
#include "mm/buddy.h"
#include "mm/check.h"
#include "mm/page_owner.h"
#include "mm/section.h"
#include "mm/vmstat.h"

#define FOLIO_QUEUES 64 /* a power of two */

struct page *mem_map;
unsigned long max_pfn;

/*
 * Sleepers for folio locks: a folio shares its queue with others, so every wake-up wakes all of a
 * queue.
 */
static struct wait_queue folio_queues[FOLIO_QUEUES];

void page_init(void)
{
	max_pfn = boot_mem_end() >> PAGE_SHIFT;
	sections_init();
	mem_map = frame_array(sizeof(struct page));
	for (unsigned int i = 0; i < FOLIO_QUEUES; i++)
		wait_queue_init(&folio_queues[i]);
	buddy_init();
	check_init();
}

/* ---- references ---- */

/* The count was saturated, or there was no reference to give back. */
void folio_put_odd(struct folio *folio, int now)
{
	if (now < 0) {
		page_dump(&folio->page, "reference given back twice");
		panic("folio_put: frame %#lx had no reference left", folio_pfn(folio));
	}
	atomic_set(&folio->page._refcount, PAGE_REF_SATURATED);
}

void folio_put(struct folio *folio)
{
	if (folio_put_testzero(folio))
		folio_free(folio);
}

/* ---- the folio lock ---- */

static struct wait_queue *folio_queue(const struct folio *folio)
{
	unsigned long pfn = folio_pfn(folio);

	return &folio_queues[(pfn ^ pfn >> 6) % FOLIO_QUEUES];
}

bool folio_trylock(struct folio *folio)
{
	if (page_test_and_set(&folio->page, PG_locked))
		return false;
	lockdep_acquire(folio, LOCK_FOLIO, 0, true);
	return true;
}

/*
 * The sleeper's half: announce, then try again. The unlocker clears both bits in one step, so
 * either it sees PG_waiters and wakes us (we are on the queue), or it was earlier and we find the
 * lock free.
 */
static bool take_or_announce(struct folio *folio)
{
	page_set(&folio->page, PG_waiters);
	return !page_test_and_set(&folio->page, PG_locked);
}

int folio_lock_until(struct folio *folio, enum folio_wait until)
{
	struct wait_queue *queue = folio_queue(folio);
	int err = 0;

	if (until == WAIT_NOT)
		return folio_trylock(folio) ? 0 : -EAGAIN;
	lockdep_acquire(folio, LOCK_FOLIO, 0, false);
	if (likely(!page_test_and_set(&folio->page, PG_locked)))
		return 0;
	if (until == WAIT_TO_THE_END)
		wait_event(queue, take_or_announce(folio));
	else if (until == WAIT_KILLABLE)
		err = wait_event_killable(queue, take_or_announce(folio));
	else
		err = wait_event_or_signal(queue, take_or_announce(folio),
					   prepare_to_wait_interruptible(queue, &_w),
					   signal_pending(), -EINTR);
	if (err)
		lockdep_release(folio);
	return err;
}

void folio_lock(struct folio *folio)
{
	folio_lock_until(folio, WAIT_TO_THE_END);
}

static void unlock_and_wake(struct folio *folio)
{
	unsigned long old =
		atomic_and_return_old(~(BIT(PG_locked) | BIT(PG_waiters)), &folio->page.flags);

	BUG_MSG(!(old & BIT(PG_locked)), "the folio of frame %#lx is not locked",
		folio_pfn(folio));
	if (unlikely(old & BIT(PG_waiters)))
		wake_up_all(folio_queue(folio));
}

void folio_unlock(struct folio *folio)
{
	lockdep_release(folio);
	unlock_and_wake(folio);
}

void folio_start_read(struct folio *folio) { lockdep_release(folio); }

/*
 * The contents come before the flag, and that before the lock is free: both steps
 * are full barriers.
 */
void folio_end_read(struct folio *folio, bool uptodate)
{
	if (uptodate)
		page_set(&folio->page, PG_uptodate);
	unlock_and_wake(folio);
}

/* ---- dirty ---- */

/*
 * A page is counted while it has both marks: by who sets the second, until who clears the first.
 */
static bool both(unsigned long flags)
{
	return (flags & (BIT(PG_backed) | BIT(PG_dirty))) == (BIT(PG_backed) | BIT(PG_dirty));
}

void folio_mark_dirty(struct folio *folio)
{
	unsigned long old = atomic_or_return_old(BIT(PG_dirty), &folio->page.flags);

	if (both(old) || !both(old | BIT(PG_dirty)))
		return;
	mod_vm_stat(VM_STAT_DIRTY, 1);
	count_vm_event(VM_EVENT_DIRTIED);
	use_count(USE_WRITE_BYTES, PAGE_SIZE);
}

static void clear_mark(struct folio *folio, enum page_flag flag)
{
	if (both(atomic_and_return_old(~BIT(flag), &folio->page.flags)))
		mod_vm_stat(VM_STAT_DIRTY, -1);
}

void folio_mark_clean(struct folio *folio) { clear_mark(folio, PG_dirty); }

void folio_leave_file(struct folio *folio)
{
	if (page_test(&folio->page, PG_backed))
		clear_mark(folio, PG_backed);
}

/* ---- for people ---- */

void page_dump(const struct page *page, const char *why)
{
	static const char *const names[] = {
		[PG_reserved] = "reserved", [PG_buddy] = "buddy",
		[PG_pcp] = "pcp",	    [PG_slab] = "slab",
		[PG_table] = "table",	    [PG_head] = "head",
		[PG_tail] = "tail",	    [PG_locked] = "locked",
		[PG_waiters] = "waiters",   [PG_uptodate] = "uptodate",
		[PG_dirty] = "dirty",	    [PG_writeback] = "writeback",
		[PG_swapbacked] = "swapbacked",
		[PG_anon] = "anon",	    [PG_exclusive] = "exclusive",
		[PG_poisoned] = "poisoned", [PG_hwpoison] = "hwpoison",
		[PG_backed] = "backed",
	};
	unsigned long flags;

	if (!page_initialised(page_to_pfn(page))) {
		printk("frame %#lx: %s: it was never allocated\n", page_to_pfn(page), why);
		return;
	}
	flags = READ_ONCE(page->flags);
	printk("frame %#lx: %s: refs %d, mapped %d, pins %d, order %u, flags", page_to_pfn(page),
	       why, atomic_read(&page->_refcount), atomic_read(&page->_mapcount),
	       atomic_read(&page->pincount), page->order);
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (flags & BIT(i))
			printk(" %s", names[i]);
	}
	printk("\n");
	page_owner_print(page);
}
