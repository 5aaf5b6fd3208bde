/*
 * What another CPU may do between the unlocked look at an entry and the work under its lock: with one
 * intruder at a fixed place, before the explorer of all interleavings.
 */
#include "tests/unit/space.h"
#include "mm/buddy.h"

static struct space s;
static struct mm_struct *child;
static unsigned long addr;
static u64 seen;

static void start(void)
{
	s = space_start(3, 4, 2);
	addr = map(s.mm, 0x40000000, 0x4000, RW, ANON | MAP_FIXED);
	run_on(1, s.mm);
	run_on(0, s.mm);
}

static void write_7(void) { poke(addr, 7); }
static void read_it(void) { seen = peek(addr); }

TEST("two-first-writes-at-once-make-one-page")
{
	start();
	poke(addr + PAGE_SIZE, 1);		/* the table is there */
	sim_before_lock(LOCK_PAGE_TABLE, 1, write_7);
	poke(addr + 8, 8);
	CHECK_EQ(peek(addr), 7);
	CHECK_EQ(peek(addr + 8), 8);
	CHECK_EQ(mm_rss(s.mm, MM_ANONPAGES), 2);
	space_end(&s);
}

TEST("two-first-faults-at-once-make-one-set-of-tables")
{
	start();
	sim_before_lock(LOCK_PAGE_TABLE, 1, write_7);
	poke(addr + 8, 8);
	CHECK_EQ(peek(addr), 7);
	space_end(&s);
}

TEST("a-read-fault-does-not-overwrite-a-page-that-came-first")
{
	start();
	poke(addr + PAGE_SIZE, 1);
	sim_before_lock(LOCK_PAGE_TABLE, 1, write_7);
	CHECK_EQ(peek(addr), 7);
	space_end(&s);
}

TEST("a-write-fault-replaces-a-zero-page-that-came-first")
{
	start();
	poke(addr + PAGE_SIZE, 1);
	sim_before_lock(LOCK_PAGE_TABLE, 1, read_it);
	poke(addr, 5);
	CHECK_EQ(seen, 0);
	CHECK_EQ(peek(addr), 5);
	space_end(&s);
}

/* ---- copy-on-write ---- */

static void fork_here(void)
{
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child));
}

static void start_cow(void)
{
	start();
	poke(addr, 1);
	fork_here();
}

static void end_cow(void)
{
	run_on(0, child);
	CHECK_EQ(peek(addr), 1);
	run_on(0, s.mm);
	mmput(child);
	space_end(&s);
}

TEST("two-cow-faults-at-once-keep-both-writes")
{
	start_cow();
	sim_before_lock(LOCK_PAGE_TABLE, 1, write_7);
	poke(addr + 8, 8);
	CHECK_EQ(peek(addr), 7);
	CHECK_EQ(peek(addr + 8), 8);
	end_cow();
}

/* The second time the lock is taken is after the copy. */
static void intrude_later(void) { sim_before_lock(LOCK_PAGE_TABLE, 1, write_7); }

TEST("a-copy-made-meanwhile-by-another-cpu-wins")
{
	start_cow();
	sim_before_lock(LOCK_BUDDY, 1, intrude_later);	/* the copy's frame is being allocated */
	poke(addr + 8, 8);
	sim_before_lock(LOCK_PAGE_TABLE, 1, NULL);
	CHECK_EQ(peek(addr + 8), 8);
	end_cow();
}

static void drop_it(void) { CHECK_EQ(mm_madvise(s.mm, addr, PAGE_SIZE, MADV_DONTNEED), 0); }

TEST("a-page-dropped-before-its-copy-is-put-in-place-stays-dropped")
{
	start_cow();
	sim_before_lock(LOCK_PAGE_TABLE, 1, drop_it);
	poke(addr + 8, 8);
	CHECK_EQ(peek(addr), 0);
	CHECK_EQ(peek(addr + 8), 8);
	end_cow();
}

static void drop_it_everywhere(void)
{
	drop_it();
	mmput(child);
}

TEST("a-page-that-all-others-drop-while-it-is-copied-stays-until-it-is")
{
	start_cow();
	sim_before_lock(LOCK_BUDDY, 1, drop_it_everywhere);	/* the copy's frame is being allocated */
	poke(addr + 8, 8);
	CHECK_EQ(peek(addr), 0);
	CHECK_EQ(peek(addr + 8), 8);
	space_end(&s);
}

/* ---- the page cache ---- */

static struct folio *first;
static struct address_space *shm;
static void get_page_0(void) { first = filemap_get(shm, 0); }

TEST("two-readers-of-an-absent-page-get-the-same-one")
{
	struct folio *second;

	start();
	shm = shmem_mapping_create(PAGE_SIZE);
	sim_before_lock(LOCK_MAPPING, 1, NULL);
	sim_before_lock(LOCK_MAPPING, 1, get_page_0);
	second = filemap_get(shm, 0);
	CHECK(first == second && shm->nr_pages == 1);
	folio_put(first);
	folio_put(second);
	mapping_put(shm);
	space_end(&s);
}
