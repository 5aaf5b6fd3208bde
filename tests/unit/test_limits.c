/*
 * What resource limits forbid, and what mmap, mlock, mprotect, madvise and msync
 * answer to bad arguments.
 */
#include "tests/unit/space.h"

static long map_at(struct mm_struct *mm, unsigned long len, int prot, int flags)
{
	return mm_mmap(mm, AT, len, prot, flags | MAP_FIXED, NULL, 0);
}

/* ---- address space and data ---- */

TEST("a-full-address-space-lets-itself-be-replaced-but-not-grow")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, 0x4000, RW, ANON | MAP_FIXED);
	s.mm->limits.as = s.mm->total_vm << PAGE_SHIFT;
	CHECK_EQ(mm_mmap(s.mm, 0, 0x1000, PROT_READ, ANON, NULL, 0), -ENOMEM);
	CHECK_EQ(map_at(s.mm, 0x5000, RW, ANON), -ENOMEM);
	CHECK_EQ(map_at(s.mm, 0x4000, PROT_READ, ANON), AT);
	CHECK_EQ(mm_mmap(s.mm, AT + 0x3000, 0x1000, RW, ANON | MAP_FIXED, NULL, 0), AT + 0x3000);
	CHECK_EQ(mm_mmap(s.mm, AT + 0x3000, 0x2000, RW, ANON | MAP_FIXED, NULL, 0), -ENOMEM);
	space_end(&s);
}

TEST("data-is-limited-by-what-may-be-written-and-is-not-shared")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, 0x2000, PROT_READ, ANON | MAP_FIXED);
	s.mm->limits.data = (s.mm->data_vm + 1) << PAGE_SHIFT;
	CHECK_EQ(mm_mmap(s.mm, 0, 0x2000, RW, ANON, NULL, 0), -ENOMEM);
	CHECK(!IS_ERR_VALUE(mm_mmap(s.mm, 0, 0x2000, PROT_READ, ANON, NULL, 0)));
	CHECK(!IS_ERR_VALUE(mm_mmap(s.mm, 0, 0x2000, RW, MAP_SHARED | MAP_ANONYMOUS, NULL, 0)));
	CHECK_EQ(mm_mprotect(s.mm, AT, 0x2000, RW), -ENOMEM);
	CHECK_EQ(mm_mprotect(s.mm, AT, 0x1000, RW), 0);
	CHECK_EQ(mm_mprotect(s.mm, AT + 0x1000, 0x1000, RW), -ENOMEM);
	s.mm->limits.data = 0;		/* that of brk alone, unless the hard limit says it too */
	CHECK_EQ(mm_mprotect(s.mm, AT + 0x1000, 0x1000, RW), 0);
	space_end(&s);
}

TEST("no-mapping-becomes-writable-that-memory-could-never-hold")
{
	struct space s = space_start(3, 4, 1);
	unsigned long len = (frames_total() + 1) << PAGE_SHIFT;

	CHECK_EQ(map_at(s.mm, len, PROT_READ, ANON), AT);
	CHECK_EQ(mm_mprotect(s.mm, AT, len, RW), -ENOMEM);
	CHECK_EQ(mm_mprotect(s.mm, AT, len - PAGE_SIZE, RW), 0);
	space_end(&s);
}

TEST("programs-start-with-three-levels")
{
	struct space s = space_start(3, 5, 1);
	struct mm_struct *mm = mm_alloc(mm_initial_levels());

	CHECK_EQ(mm_levels(mm), 3);
	CHECK_EQ(mm_levels(s.mm), 3);
	mmput(mm);
	space_end(&s);
}

/* ---- locked memory ---- */

TEST("who-may-lock-nothing-gets-eperm-and-who-may-lock-little-eagain")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x2000, RW, ANON), total = s.mm->total_vm;

	s.mm->limits.memlock = 0;
	CHECK_EQ(mm_mlock(s.mm, addr, 0x1000, 0), -EPERM);
	CHECK_EQ(mm_mmap(s.mm, 0, 0x1000, RW, ANON | MAP_LOCKED, NULL, 0), -EPERM);
	s.mm->limits.memlock = PAGE_SIZE;
	CHECK_EQ(mm_mmap(s.mm, 0, 0x2000, RW, ANON | MAP_LOCKED, NULL, 0), -EAGAIN);
	CHECK_EQ(mm_mlockall(s.mm, MCL_CURRENT), -ENOMEM);
	CHECK_EQ(s.mm->locked_vm, 0);
	CHECK_EQ(s.mm->total_vm, total);
	addr = (unsigned long)mm_mmap(s.mm, 0, 0x1000, RW, ANON | MAP_LOCKED, NULL, 0);
	CHECK(!IS_ERR_VALUE(addr) && entry_of(s.mm, addr));
	CHECK_EQ(s.mm->locked_vm, 1);
	CHECK_EQ(mm_mlock(s.mm, addr, 0x1000, 0), 0);	/* it is already, and counts once */
	CHECK_EQ(s.mm->locked_vm, 1);
	space_end(&s);
}

TEST("mlock-refuses-what-is-no-range-or-no-flag")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x3000, RW, ANON);

	s.mm->limits.memlock = ~0ul;
	CHECK_EQ(mm_mlock(s.mm, addr, 0x1000, 2), -EINVAL);
	CHECK_EQ(mm_mlock(s.mm, addr, ~0ul - addr, 0), -EINVAL);
	CHECK_EQ(mm_munlock(s.mm, addr, ~0ul - addr), -EINVAL);
	fail_nth_set(1);
	CHECK_EQ(mm_mlock(s.mm, addr + 0x1000, 0x1000, 0), -ENOMEM); /* it would have to be cut */
	fail_nth_set(0);
	CHECK_EQ(s.mm->locked_vm, 0);
	space_end(&s);
}

TEST("mlockall-for-what-comes-leaves-what-is-there")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x1000, RW, ANON), brk = (unsigned long)mm_brk(s.mm, 0);

	s.mm->limits.memlock = ~0ul;
	CHECK_EQ(mm_mlockall(s.mm, MCL_FUTURE), 0);
	CHECK_EQ(s.mm->locked_vm, 0);
	CHECK_EQ(entry_of(s.mm, addr), 0);
	CHECK_EQ(mm_brk(s.mm, brk + 0x2000), brk + 0x2000);
	CHECK(entry_of(s.mm, brk) && entry_of(s.mm, brk + 0x1000));
	CHECK_EQ(s.mm->locked_vm, 2);
	space_end(&s);
}

TEST("locked-memory-that-becomes-writable-is-there-at-once")
{
	struct space s = space_start(3, 4, 1);
	unsigned long addr = map(s.mm, 0, 0x2000, PROT_READ, ANON);

	s.mm->limits.memlock = ~0ul;
	CHECK_EQ(mm_mlock(s.mm, addr, 0x2000, 0), 0);
	CHECK_EQ(frame_of(s.mm, addr), page_to_pfn(zero_page));
	CHECK_EQ(mm_mprotect(s.mm, addr, 0x2000, RW), 0);
	for (unsigned long at = addr; at < addr + 0x2000; at += PAGE_SIZE)
		CHECK(frame_of(s.mm, at) != page_to_pfn(zero_page) &&
		      pte_write((pte_t){ entry_of(s.mm, at) }));
	space_end(&s);
}

/* ---- arguments ---- */

TEST("memory-that-grows-downward-is-private-and-anonymous")
{
	struct space s = space_start(3, 4, 1);
	struct mmap_source source = { .mapping = shmem_mapping_create(PAGE_SIZE, false) };

	CHECK_EQ(map_at(s.mm, 0x1000, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN), -EINVAL);
	CHECK_EQ(mm_mmap(s.mm, 0, 0x1000, RW, MAP_PRIVATE | MAP_GROWSDOWN, &source, 0), -EINVAL);
	CHECK_EQ(mm_mmap(s.mm, 0, 0x1000, RW, MAP_SHARED_VALIDATE | MAP_SYNC, &source, 0),
		 -EOPNOTSUPP);
	CHECK_EQ(map_at(s.mm, 0x1000, RW, ANON | MAP_GROWSDOWN), AT);
	CHECK(vma_lookup(s.mm, AT)->vm_flags & VM_GROWSDOWN);
	mapping_put(source.mapping);
	space_end(&s);
}

TEST("advice-that-changes-nothing-still-says-where-nothing-is-mapped")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, 0x2000, RW, ANON | MAP_FIXED);
	map(s.mm, AT + 0x2000, 0x1000, PROT_READ, ANON | MAP_FIXED);
	poke(AT, 7);
	CHECK_EQ(mm_madvise(s.mm, AT, 0x3000, MADV_WILLNEED), 0);
	CHECK_EQ(mm_madvise(s.mm, AT + 0x2000, 0x2000, MADV_SEQUENTIAL), -ENOMEM);
	CHECK_EQ(mm_madvise(s.mm, AT - 0x1000, 0x2000, MADV_RANDOM), -ENOMEM);
	CHECK_EQ(peek(AT), 7);
	space_end(&s);
}

TEST("msync-cannot-invalidate-what-is-locked")
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, 0x2000, RW, ANON | MAP_FIXED);
	s.mm->limits.memlock = ~0ul;
	CHECK_EQ(mm_msync(s.mm, AT, 0x2000, MS_INVALIDATE), 0);
	CHECK_EQ(mm_mlock(s.mm, AT + 0x1000, 0x1000, 0), 0);
	CHECK_EQ(mm_msync(s.mm, AT, 0x2000, MS_INVALIDATE), -EBUSY);
	CHECK_EQ(mm_msync(s.mm, AT, 0x1000, MS_INVALIDATE), 0);
	CHECK_EQ(mm_msync(s.mm, AT, -AT, MS_ASYNC), -ENOMEM);
	space_end(&s);
}

TEST("a-stack-grows-down-to-where-nothing-may-be-mapped")
{
	struct space s = space_start(3, 4, 1);
	const unsigned long low = MMAP_MIN_ADDR;
	struct fault_result res;

	map(s.mm, STACK_GUARD_GAP / 2, PAGE_SIZE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN);
	poke(low, 1);
	CHECK_EQ(sim_user_write(low - 8, 1), SIGSEGV);
	CHECK(strstr(sim_last_signal.why, "address 0"));
	user_fault(s.mm, task_size_max(), FAULT_FLAG_USER, &res);
	CHECK(res.signo == SIGSEGV && !strcmp(res.why, "not a user address"));
	CHECK_EQ(mm_mprotect(s.mm, low - PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_GROWSDOWN),
		 -ENOMEM);
	space_end(&s);
}
