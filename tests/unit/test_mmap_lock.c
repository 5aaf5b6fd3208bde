/* mmap_lock and the counters beside it, which every CPU keeps for itself. */
#include "tests/unit/space.h"

static struct space s;

/*
 * The next lines are another task's, and then again this one's: the lock checker
 * knows one for each CPU.
 */
static void other_task(unsigned int cpu)
{
	lockdep_release(&s.mm->mmap_lock);
	run_on(cpu, s.mm);
}
static void same_task(void) { lockdep_acquire(&s.mm->mmap_lock, LOCK_MMAP, 0, true); }

/* A task on CPU 0 has the lock for writing; what comes between is another's, on CPU 1. */
static void start_writer(void)
{
	s = space_start(3, 4, 2);
	mmap_write_lock(s.mm);
	other_task(1);
}
static void end_writer(void)
{
	run_on(0, s.mm);
	same_task();
	mmap_write_unlock(s.mm);
}

TEST("readers-on-all-CPUs-share-the-lock")
{
	s = space_start(3, 4, 2);
	mmap_read_lock(s.mm);
	other_task(1);
	mmap_read_lock(s.mm);
	mmap_read_unlock(s.mm);
	CHECK(mmap_read_trylock(s.mm));
	mmap_read_unlock(s.mm);
	run_on(0, s.mm);
	same_task();
	mmap_read_unlock(s.mm);
	mmap_write_lock(s.mm);
	mmap_write_unlock(s.mm);
	lockdep_assert_none_held();
	space_end(&s);
}

TEST("a-writer-waits-for-a-reader-of-any-CPU")
{
	s = space_start(3, 4, 2);
	mmap_read_lock(s.mm);
	other_task(0);
	EXPECT_DEATH("the task sleeps", mmap_write_lock(s.mm));
	run_on(1, s.mm);
	EXPECT_DEATH("the task sleeps", mmap_write_lock(s.mm));
	CHECK(mmap_read_trylock(s.mm));
	mmap_read_unlock(s.mm);
	run_on(0, s.mm);
	same_task();
	mmap_read_unlock(s.mm);
	space_end(&s);
}

TEST("a-reader-may-come-on-one-CPU-and-leave-on-another")
{
	s = space_start(3, 4, 2);
	mmap_read_lock(s.mm);
	other_task(1);
	same_task();
	mmap_read_unlock(s.mm);
	mmap_write_lock(s.mm);
	mmap_write_unlock(s.mm);
	run_on(0, s.mm);
	mmap_write_lock(s.mm);
	mmap_write_unlock(s.mm);
	space_end(&s);
}

TEST("a-reader-waits-for-a-writer")
{
	start_writer();
	CHECK(!mmap_read_trylock(s.mm));
	EXPECT_DEATH("is held by a writer", mmap_read_lock(s.mm));
	EXPECT_DEATH("is held by a writer", mmap_write_lock(s.mm));
	end_writer();
	CHECK(mmap_read_trylock(s.mm));
	mmap_read_unlock(s.mm);
	space_end(&s);
}

TEST("a-writer-keeps-other-writers-out")
{
	start_writer();
	EXPECT_DEATH("is held by a writer", mmap_write_lock(s.mm));
	end_writer();
	space_end(&s);
}

TEST("a-reader-that-does-not-wait-is-refused-while-a-writer-is-there")
{
	start_writer();
	CHECK(!mmap_read_trylock(s.mm));
	end_writer();
	space_end(&s);
}

TEST("a-writer-that-goes-on-as-a-reader-keeps-writers-out")
{
	s = space_start(3, 4, 2);
	mmap_write_lock(s.mm);
	mmap_write_downgrade(s.mm);
	other_task(1);
	EXPECT_DEATH("the task sleeps", mmap_write_lock(s.mm));
	mmap_read_lock(s.mm);
	mmap_read_unlock(s.mm);
	run_on(0, s.mm);
	same_task();
	mmap_read_unlock(s.mm);
	mmap_write_lock(s.mm);
	mmap_write_unlock(s.mm);
	space_end(&s);
}

TEST("changing-mappings-needs-the-lock-for-writing")
{
	struct vm_area_struct *vma;

	s = space_start(3, 4, 1);
	map(s.mm, 0x40000000, 0x1000, RW, ANON | MAP_FIXED);
	vma = vma_lookup(s.mm, 0x40000000);
	mmap_read_lock(s.mm);
	EXPECT_DEATH("BUG", vma_unlink(vma));
	mmap_read_unlock(s.mm);
	EXPECT_DEATH("BUG", vma_unlink(vma));
	space_end(&s);
}

TEST("pages-that-come-on-one-CPU-and-go-on-another-are-counted-right")
{
	unsigned long addr;

	s = space_start(3, 4, 2);
	addr = map(s.mm, 0x40000000, 0x4000, RW, ANON | MAP_FIXED);
	poke(addr, 1);
	poke(addr + PAGE_SIZE, 1);
	run_on(1, s.mm);
	poke(addr + 2 * PAGE_SIZE, 1);
	CHECK_EQ(mm_rss(s.mm, MM_ANONPAGES), 3);
	CHECK_EQ(mm_munmap(s.mm, addr, 2 * PAGE_SIZE), 0);
	CHECK_EQ(mm_rss(s.mm, MM_ANONPAGES), 1);
	CHECK_EQ(s.mm->cpu[1].rss[MM_ANONPAGES], -1l);
	CHECK_EQ(s.mm->cpu[0].rss[MM_ANONPAGES], 2);
	CHECK_EQ(mm_munmap(s.mm, addr, 4 * PAGE_SIZE), 0);
	CHECK_EQ(mm_rss(s.mm, MM_ANONPAGES), 0);
	run_on(0, s.mm);
	space_end(&s);
}

/* It is looked at when 32 pages have gone on a CPU. */
TEST("the-most-pages-there-were-is-kept")
{
	unsigned long addr;

	s = space_start(3, 4, 2);
	addr = map(s.mm, 0x40000000, 100 * PAGE_SIZE, RW, ANON | MAP_FIXED);
	for (unsigned long i = 0; i < 100; i++)
		poke(addr + i * PAGE_SIZE, 1);
	CHECK_EQ(mm_hiwater_rss(s.mm), 100);
	run_on(1, s.mm);
	CHECK_EQ(mm_munmap(s.mm, addr, 32 * PAGE_SIZE), 0);
	CHECK_EQ(mm_hiwater_rss(s.mm), 100);
	mm_clear_refs(s.mm, CLEAR_REFS_MM_HIWATER_RSS);
	CHECK_EQ(mm_hiwater_rss(s.mm), 68);
	run_on(0, s.mm);
	CHECK_EQ(mm_munmap(s.mm, addr + 32 * PAGE_SIZE, 60 * PAGE_SIZE), 0);
	CHECK_EQ(mm_rss(s.mm, MM_ANONPAGES), 8);
	CHECK_EQ(mm_hiwater_rss(s.mm), 68);
	mm_clear_refs(s.mm, CLEAR_REFS_MM_HIWATER_RSS);
	CHECK_EQ(mm_hiwater_rss(s.mm), 8);
	map(s.mm, addr, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(addr, 1);
	CHECK_EQ(mm_hiwater_rss(s.mm), 9);
	space_end(&s);
}

TEST("a-count-that-is-read-too-early-is-never-negative")
{
	s = space_start(3, 4, 2);
	mm_rss_add(s.mm, MM_FILEPAGES, -1);
	CHECK_EQ(mm_rss(s.mm, MM_FILEPAGES), 0);
	EXPECT_DEATH("counter 0 of an empty mm is -1", mmput(s.mm));
	mm_rss_add(s.mm, MM_FILEPAGES, 1);
	space_end(&s);
}
