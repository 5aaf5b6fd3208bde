/* mlock and its kin: what is locked is there, counts, and stays locked where it is cut. */
#include "tests/unit/space.h"

static unsigned long pages_there(struct mm_struct *mm, unsigned long addr, unsigned long pages)
{
	unsigned long n = 0;

	for (unsigned long i = 0; i < pages; i++)
		n += entry_of(mm, addr + i * PAGE_SIZE) != 0;
	return n;
}
static bool locked(struct mm_struct *mm, unsigned long addr)
{
	return vma_lookup(mm, addr)->vm_flags & VM_LOCKED;
}

TEST("mlock-brings-its-pages-and-munlock-lets-them-be")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x4000, RW, ANON), mappings = s.mm->map_count;

	s.mm->limits.memlock = ~0ul;
	CHECK_EQ(mm_mlock(s.mm, addr + 0x1010, 0x1000, 0), 0);	/* both pages that it touches */
	CHECK_EQ(pages_there(s.mm, addr, 4), 2);
	CHECK(!locked(s.mm, addr) && locked(s.mm, addr + 0x1000) && locked(s.mm, addr + 0x2000));
	CHECK_EQ(s.mm->locked_vm, 2);
	CHECK_EQ(s.mm->map_count, mappings + 2);
	CHECK_EQ(mm_madvise(s.mm, addr, 0x4000, MADV_DONTNEED), -EINVAL);
	CHECK_EQ(mm_munlock(s.mm, addr, 0x4000), 0);
	CHECK_EQ(s.mm->locked_vm, 0);
	CHECK_EQ(s.mm->map_count, mappings);
	CHECK_EQ(pages_there(s.mm, addr, 4), 2);
	space_end(&s);
}

TEST("mlockall-locks-what-is-there-and-what-comes")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x2000, RW, ANON), later;

	s.mm->limits.memlock = ~0ul;
	CHECK_EQ(mm_mlockall(s.mm, MCL_CURRENT | MCL_FUTURE), 0);
	CHECK_EQ(pages_there(s.mm, addr, 2), 2);
	later = map(s.mm, 0, 0x3000, RW, ANON);
	CHECK_EQ(pages_there(s.mm, later, 3), 3);
	CHECK(locked(s.mm, addr) && locked(s.mm, later));
	CHECK_EQ(mm_mlockall(s.mm, 0), 0);
	CHECK(!locked(s.mm, addr) && !locked(s.mm, later));
	CHECK_EQ(s.mm->locked_vm, 0);
	CHECK_EQ(pages_there(s.mm, map(s.mm, 0, 0x1000, RW, ANON), 1), 0);
	space_end(&s);
}

TEST("mlock-on-fault-brings-nothing-by-itself")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x2000, RW, ANON);

	s.mm->limits.memlock = ~0ul;
	CHECK_EQ(mm_mlock(s.mm, addr, 0x2000, MLOCK_ONFAULT), 0);
	CHECK_EQ(pages_there(s.mm, addr, 2), 0);
	CHECK_EQ(s.mm->locked_vm, 2);
	space_end(&s);
}

TEST("mlock-counts-no-page-twice-and-keeps-to-its-limit")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x4000, RW, ANON);

	s.mm->limits.memlock = 3 * PAGE_SIZE;
	CHECK_EQ(mm_mlock(s.mm, addr, 0x2000, 0), 0);
	CHECK_EQ(mm_mlock(s.mm, addr, 0x4000, 0), -ENOMEM);
	CHECK_EQ(mm_mlock(s.mm, addr, 0x3000, 0), 0);
	CHECK_EQ(s.mm->locked_vm, 3);
	CHECK_EQ(mm_munmap(s.mm, addr + 0x1000, 0x1000), 0);
	CHECK_EQ(s.mm->locked_vm, 2);
	CHECK_EQ(mm_mlock(s.mm, addr, 0x3000, 0), -ENOMEM);	/* a hole */
	space_end(&s);
}

/* A page that is locked counts once, and only where the range is. */
TEST("what-is-locked-beside-the-range-still-counts")
{
	struct space s = space_untouched(4);

	s.mm->limits.memlock = 3 * PAGE_SIZE;
	CHECK_EQ(mm_mlock(s.mm, AT, 2 * PAGE_SIZE, 0), 0);
	CHECK_EQ(mm_mlock(s.mm, AT + PAGE_SIZE, 3 * PAGE_SIZE, 0), -ENOMEM);
	CHECK_EQ(s.mm->locked_vm, 2);
	CHECK_EQ(mm_mlock(s.mm, AT + PAGE_SIZE, 2 * PAGE_SIZE, 0), 0);
	CHECK_EQ(s.mm->locked_vm, 3);
	space_end(&s);
}

TEST("mlockall-locks-all-that-the-limit-allows-or-nothing")
{
	struct space s = space_untouched(4);

	s.mm->limits.memlock = (s.mm->total_vm - 1) << PAGE_SHIFT;
	CHECK_EQ(mm_mlockall(s.mm, MCL_CURRENT | MCL_FUTURE), -ENOMEM);
	CHECK_EQ(pages_there(s.mm, AT, 4), 0);
	CHECK_EQ(s.mm->locked_vm, 0);
	CHECK_EQ(s.mm->def_flags, 0);
	s.mm->limits.memlock = s.mm->total_vm << PAGE_SHIFT;
	CHECK_EQ(mm_mlockall(s.mm, MCL_CURRENT), 0);
	CHECK_EQ(pages_there(s.mm, AT, 4), 4);
	CHECK_EQ(s.mm->locked_vm, s.mm->total_vm);
	space_end(&s);
}

TEST("mlockall-unlocks-and-looks-ahead-whatever-the-limit")
{
	struct space s = space_untouched(4);

	s.mm->limits.memlock = PAGE_SIZE;
	CHECK_EQ(mm_mlock(s.mm, AT + 2 * PAGE_SIZE, PAGE_SIZE, 0), 0);
	CHECK_EQ(mm_mlockall(s.mm, MCL_FUTURE), 0);
	CHECK_EQ(s.mm->locked_vm, 1);
	CHECK_EQ(mm_mlockall(s.mm, 0), 0);
	CHECK_EQ(s.mm->locked_vm, 0);
	CHECK_EQ(vma_lookup(s.mm, AT)->vm_end, AT + 4 * PAGE_SIZE);	/* one mapping again */
	CHECK_EQ(mm_mlockall(s.mm, 0), 0);
	space_end(&s);
}

TEST("mlockall-on-fault-brings-nothing-and-skips-what-cannot-be-brought")
{
	struct space s = space_untouched(2);
	unsigned long last;

	map(s.mm, AT - PAGE_SIZE, PAGE_SIZE, PROT_NONE, ANON | MAP_FIXED);
	last = map(s.mm, AT + 8 * PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED);
	s.mm->limits.memlock = ~0ul;
	CHECK_EQ(mm_mlockall(s.mm, MCL_CURRENT | MCL_ONFAULT), 0);
	CHECK_EQ(pages_there(s.mm, AT - PAGE_SIZE, 10), 0);
	CHECK(locked(s.mm, AT - PAGE_SIZE) && locked(s.mm, last));
	CHECK_EQ(mm_mlockall(s.mm, MCL_CURRENT), 0);
	CHECK_EQ(pages_there(s.mm, AT - PAGE_SIZE, 10), 3);
	CHECK_EQ(mm_munlock(s.mm, AT - PAGE_SIZE, PAGE_SIZE), 0);
	CHECK_EQ(mm_mlock(s.mm, AT - PAGE_SIZE, PAGE_SIZE, 0), -ENOMEM);
	space_end(&s);
}

TEST("what-can-only-be-executed-is-brought-too")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, 2 * PAGE_SIZE, PROT_EXEC, ANON | MAP_FIXED);
	s.mm->limits.memlock = ~0ul;
	CHECK_EQ(mm_mlock(s.mm, AT, 2 * PAGE_SIZE, 0), 0);
	CHECK_EQ(pages_there(s.mm, AT, 2), 2);
	space_end(&s);
}

/* Nobody has written to it: the file has nothing to be told. */
TEST("shared-memory-is-brought-to-be-read-and-private-memory-to-be-written-to")
{
	struct space s = space_untouched(1);

	map(s.mm, AT + PAGE_SIZE, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	s.mm->limits.memlock = ~0ul;
	CHECK_EQ(mm_mlock(s.mm, AT, 2 * PAGE_SIZE, 0), 0);
	CHECK(pte_dirty_novma(__pte(entry_of(s.mm, AT))));
	CHECK(entry_of(s.mm, AT + PAGE_SIZE) &&
	      !pte_dirty_novma(__pte(entry_of(s.mm, AT + PAGE_SIZE))));
	space_end(&s);
}

TEST("memory-that-is-missing-is-eagain-and-the-lock-stays")
{
	struct space s = space_untouched(2);

	s.mm->limits.memlock = ~0ul;
	fail_nth_set(1);
	CHECK_EQ(mm_mlock(s.mm, AT, 2 * PAGE_SIZE, 0), -EAGAIN);
	fail_nth_set(0);
	CHECK_EQ(s.mm->locked_vm, 2);
	CHECK(locked(s.mm, AT));
	space_end(&s);
}

TEST("mlock-of-nothing-locks-nothing")
{
	struct space s = space_untouched(2);
	unsigned long mappings = s.mm->map_count;

	s.mm->limits.memlock = ~0ul;
	CHECK_EQ(mm_mlock(s.mm, AT, 0, 0), 0);
	CHECK_EQ(mm_munlock(s.mm, AT, 0), 0);
	CHECK_EQ(s.mm->map_count, mappings);
	CHECK_EQ(pages_there(s.mm, AT, 2), 0);
	space_end(&s);
}

TEST("what-is-locked-already-need-not-be-cut")
{
	struct space s = space_touched(2);

	s.mm->limits.memlock = ~0ul;
	CHECK_EQ(mm_mlock(s.mm, AT, 2 * PAGE_SIZE, 0), 0);
	fail_nth_set(1);
	CHECK_EQ(mm_mlock(s.mm, AT, PAGE_SIZE, 0), 0);
	fail_nth_set(0);
	space_end(&s);
}

TEST("locked-pages-count-where-they-are")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x8000, RW, ANON);

	s.mm->limits.memlock = ~0ul;
	CHECK_EQ(mm_mlocked_pages(s.mm), 0);
	CHECK_EQ(mm_mlock(s.mm, addr, 0x3000, 0), 0);
	CHECK_EQ(mm_mlocked_pages(s.mm), 3);
	CHECK_EQ(mm_mlock(s.mm, addr + 0x3000, 0x5000, MLOCK_ONFAULT), 0);
	CHECK_EQ(mm_mlocked_pages(s.mm), 3);
	peek(addr + 0x4000);	/* nobody's page of zeroes */
	CHECK_EQ(mm_mlocked_pages(s.mm), 3);
	poke(addr + 0x5000, 1);
	CHECK_EQ(mm_mlocked_pages(s.mm), 4);
	CHECK_EQ(mm_munlock(s.mm, addr + 0x2000, 0x6000), 0);
	CHECK_EQ(mm_mlocked_pages(s.mm), 2);
	space_end(&s);
}
