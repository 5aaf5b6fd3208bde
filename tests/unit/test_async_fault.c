/*
 * The two halves of an asynchronous fault: who asks never waits, and who waits
 * keeps nobody's memory.
 */
#include "mm/async_fault.h"
#include "mm/gup.h"
#include "mm/mmap_lock.h"
#include "mm/slab.h"
#include "tests/unit/slow_disk.h"

static struct space s;

static void unmap_device(void)
{
	CHECK_EQ(mm_munmap(s.mm, AT, PAGE_SIZE), 0);
	slow_disk_drop();
}

/* ---- who asks ---- */

static void must_not_sleep(void) { unit_fail(__FILE__, __LINE__, "it sleeps"); }

TEST("who-asks-does-not-wait-and-the-device-reads-meanwhile")
{
	s = space_start(3, 4, 1);
	slow_disk_map(s.mm, AT, PROT_READ);
	sim_on_sleep(must_not_sleep);
	CHECK_EQ(async_fault_try(s.mm, AT, false), -EAGAIN);
	CHECK_EQ(async_fault_try(s.mm, AT, false), -EAGAIN);
	CHECK_EQ(slow_disk.asked, 1);
	slow_disk_done(true);
	CHECK_EQ(async_fault_try(s.mm, AT, false), 0);
	CHECK(entry_of(s.mm, AT));
	CHECK_EQ(async_fault_try(s.mm, AT, true), -EFAULT);
	unmap_device();
	CHECK_EQ(async_fault_try(s.mm, AT, false), -EFAULT);
	space_end(&s);
}

TEST("memory-without-a-device-is-there-at-once")
{
	s = space_untouched(1);
	sim_on_sleep(must_not_sleep);
	fail_nth_set(1);
	CHECK_EQ(async_fault_try(s.mm, AT, true), -ENOMEM);
	fail_nth_set(0);
	CHECK_EQ(async_fault_try(s.mm, AT, true), 0);
	CHECK_EQ(folio_ref_count(page_folio(pfn_to_page(frame_of(s.mm, AT)))), 1);
	space_end(&s);
}

/* The lock may be held for as long as a device takes. */
TEST("who-asks-does-not-wait-for-mmap-lock")
{
	s = space_untouched(1);
	mmap_write_lock(s.mm);
	CHECK_EQ(async_fault_try(s.mm, AT, true), -EAGAIN);
	mmap_write_unlock(s.mm);
	CHECK_EQ(async_fault_try(s.mm, AT, true), 0);
	space_end(&s);
}

/* ---- who waits ---- */

static void page_comes(void)
{
	CHECK(!lockdep_held(&s.mm->mmap_lock));
	slow_disk_done(true);
}
static void page_is_bad(void) { slow_disk_done(false); }

TEST("the-worker-waits-without-the-lock")
{
	s = space_start(3, 4, 1);
	slow_disk_map(s.mm, AT, PROT_READ);
	CHECK_EQ(async_fault_try(s.mm, AT, false), -EAGAIN);
	sim_on_sleep(page_comes);
	CHECK_EQ(async_fault_wait(s.mm, AT, false), 0);
	CHECK_EQ(slow_disk.asked, 1);
	CHECK_EQ(async_fault_try(s.mm, AT, false), 0);
	unmap_device();
	space_end(&s);
}

TEST("the-worker-finds-a-bad-page-or-none-any-more")
{
	s = space_start(3, 4, 1);
	slow_disk_map(s.mm, AT, PROT_READ);
	sim_on_sleep(page_is_bad);
	CHECK_EQ(async_fault_wait(s.mm, AT, false), -EFAULT);
	unmap_device();
	CHECK_EQ(async_fault_wait(s.mm, AT, false), -EFAULT);
	map(s.mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	fail_nth_set(1);
	CHECK_EQ(async_fault_wait(s.mm, AT, true), -ENOMEM);
	fail_nth_set(0);
	space_end(&s);
}

/* ---- the asker ends ---- */

static struct mm_struct *asker;

/* One that has asked for the device's page, and whose structure a request keeps. */
static void make_asker(void)
{
	asker = mm_alloc(3);
	CHECK(asker);
	slow_disk_map(asker, AT, PROT_READ);
	CHECK_EQ(async_fault_try(asker, AT, false), -EAGAIN);
	mmgrab(asker);
}

TEST("a-request-keeps-no-memory-of-a-program-that-has-ended")
{
	unsigned long objects;

	s = space_start(3, 4, 1);
	make_asker();
	mmput(asker);
	CHECK_EQ(atomic_long_read(&asker->table_frames), 0);
	CHECK(!mmget_not_zero(asker));
	CHECK_EQ(async_fault_wait(asker, AT, false), -ESRCH);
	objects = slab_objects();
	mmdrop(asker);
	CHECK_EQ(slab_objects(), objects - 1);
	slow_disk_done(true);
	slow_disk_drop();
	space_end(&s);
}

static void asker_ends_and_page_comes(void)
{
	mmput(asker);
	CHECK(atomic_long_read(&asker->table_frames));	/* the worker's still */
	slow_disk_done(true);
}

TEST("the-worker-ends-an-address-space-whose-program-ends-meanwhile")
{
	s = space_start(3, 4, 1);
	make_asker();
	run_on(0, NULL);
	sim_on_sleep(asker_ends_and_page_comes);
	CHECK_EQ(async_fault_wait(asker, AT, false), 0);
	CHECK_EQ(atomic_long_read(&asker->table_frames), 0);
	mmdrop(asker);
	slow_disk_drop();
	run_on(0, s.mm);
	space_end(&s);
}
