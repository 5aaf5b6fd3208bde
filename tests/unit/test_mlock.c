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
