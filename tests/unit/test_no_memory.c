/* The n-th allocation fails, for n = 1, 2, ...: a clean error, nothing leaked, nothing lost. */
#include "tests/unit/space.h"

static struct space s;
static unsigned long area;

static void start(unsigned int levels, unsigned int hw)
{
	s = space_start(levels, hw, 2);
	area = map(s.mm, 0x40000000, 8 * PAGE_SIZE, RW, ANON | MAP_FIXED);
	for (int i = 0; i < 4; i++)
		poke(area + i * PAGE_SIZE, i + 1);
}

/* What was there before the failures is there after them. */
static void check_contents(void)
{
	for (int i = 0; i < 4; i++)
		CHECK_EQ(peek(area + i * PAGE_SIZE), i + 1);
	space_end(&s);
}

static struct mm_struct *child;
static bool do_fork(void)
{
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child) || PTR_ERR(child) == -ENOMEM);
	return !IS_ERR(child);
}
static void end_child(void) { mmput(child); }

TEST("fork-fails-cleanly-at-every-allocation")
{
	start(3, 4);
	CHECK(unit_fail_each(do_fork, end_child) >= 5);
	check_contents();
}

TEST("fork-of-a-five-level-program-fails-cleanly-at-every-allocation")
{
	start(5, 5);
	map(s.mm, 1ul << 50, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(1ul << 50, 9);
	CHECK(unit_fail_each(do_fork, end_child) >= 9);
	check_contents();
}

static bool do_mmap(void)
{
	long ret = mm_mmap(s.mm, 0x50000000, PAGE_SIZE, PROT_READ, ANON | MAP_FIXED, NULL, 0);

	CHECK(ret == 0x50000000 || ret == -ENOMEM);
	return ret > 0;
}
static void undo_mmap(void) { CHECK_EQ(mm_munmap(s.mm, 0x50000000, PAGE_SIZE), 0); }

TEST("mmap-fails-cleanly-at-every-allocation")
{
	start(3, 4);
	CHECK(unit_fail_each(do_mmap, undo_mmap) >= 1);
	check_contents();
}

static bool do_mmap_high(void)
{
	long ret = mm_mmap(s.mm, 1ul << 50, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED,
			   NULL, 0);

	CHECK(ret == 1l << 50 || ret == -ENOMEM);
	return ret > 0;
}
static void nothing(void) {}

TEST("shared-mmap-that-unfolds-fails-cleanly-at-every-allocation")
{
	start(3, 5);
	CHECK(unit_fail_each(do_mmap_high, nothing) >= 3);
	check_contents();
}

static bool do_mmap_over(void)
{
	long ret = mm_mmap(s.mm, area + 2 * PAGE_SIZE, 4 * PAGE_SIZE, RW,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, NULL, 0);

	CHECK(ret == (long)area + 2 * (long)PAGE_SIZE || ret == -ENOMEM);
	for (int i = 0; i < 4 && ret < 0; i++)
		CHECK_EQ(peek(area + i * PAGE_SIZE), i + 1);
	return ret > 0;
}

TEST("what-a-new-mapping-would-replace-stays-at-every-failed-allocation")
{
	start(3, 4);
	CHECK(unit_fail_each(do_mmap_over, nothing) >= 3);
	CHECK_EQ(peek(area + PAGE_SIZE), 2);
	CHECK_EQ(peek(area + 2 * PAGE_SIZE), 0);
	space_end(&s);
}

static bool do_munmap_middle(void)
{
	long ret = mm_munmap(s.mm, area + 5 * PAGE_SIZE, PAGE_SIZE);

	CHECK(ret == 0 || ret == -ENOMEM);
	return ret == 0;
}

TEST("munmap-that-must-split-fails-cleanly")
{
	start(3, 4);
	CHECK(unit_fail_each(do_munmap_middle, nothing) >= 1);
	check_contents();
}

static bool do_mprotect_middle(void)
{
	long ret = mm_mprotect(s.mm, area + 5 * PAGE_SIZE, PAGE_SIZE, PROT_READ);

	CHECK(ret == 0 || ret == -ENOMEM);
	return ret == 0;
}
static void undo_mprotect(void)
{
	CHECK_EQ(mm_mprotect(s.mm, area + 5 * PAGE_SIZE, PAGE_SIZE, RW), 0);
}

TEST("mprotect-that-must-split-fails-cleanly")
{
	start(3, 4);
	CHECK(unit_fail_each(do_mprotect_middle, undo_mprotect) >= 2);
	check_contents();
}

static unsigned long fault_addr;
static int last_signal;
static bool do_fault(void)
{
	last_signal = sim_user_write(fault_addr, 1);
	CHECK(last_signal == 0 || last_signal == SIGKILL);
	return last_signal == 0;
}
static void undo_fault(void)
{
	CHECK_EQ(mm_madvise(s.mm, fault_addr, PAGE_SIZE, MADV_DONTNEED), 0);
}

/* Tables that a failed fault has made stay with the address space: only pages are counted here. */
static unsigned long fail_faults(void)
{
	unsigned long n = 0;

	for (;; n++) {
		fail_nth_set(n + 1);
		if (do_fault())
			break;
	}
	fail_nth_set(0);
	return n;
}

TEST("anonymous-fault-fails-cleanly-at-every-allocation")
{
	start(4, 4);
	fault_addr = map(s.mm, 0x7000000000, PAGE_SIZE, RW, ANON | MAP_FIXED);
	CHECK(fail_faults() >= 1);
	CHECK_EQ(peek(fault_addr), 1);
	undo_fault();
	check_contents();
}

TEST("cow-fault-fails-cleanly-at-every-allocation")
{
	start(3, 4);
	CHECK(do_fork());
	fault_addr = area + PAGE_SIZE;
	CHECK(unit_fail_each(do_fault, nothing) == 1);
	CHECK_EQ(peek(fault_addr), 1);
	poke(fault_addr, 2);
	end_child();
	check_contents();
}

TEST("shared-fault-fails-cleanly-at-every-allocation")
{
	start(3, 4);
	fault_addr = map(s.mm, 0x50000000, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	CHECK(fail_faults() >= 2);
	CHECK_EQ(peek(fault_addr), 1);
	check_contents();
}

TEST("a-copy-of-a-files-page-fails-cleanly-at-every-allocation")
{
	struct mmap_source source;

	start(3, 4);
	source = (struct mmap_source){ .mapping = shmem_mapping_create(PAGE_SIZE, false) };
	fault_addr = (unsigned long)mm_mmap(s.mm, 0, PAGE_SIZE, RW, MAP_PRIVATE, &source, 0);
	CHECK_EQ(peek(fault_addr), 0);
	undo_fault();
	CHECK(fail_faults() >= 1);
	CHECK_EQ(peek(fault_addr), 1);
	undo_fault();
	CHECK_EQ(peek(fault_addr), 0);
	CHECK_EQ(mm_munmap(s.mm, fault_addr, PAGE_SIZE), 0);
	mapping_put(source.mapping);
	check_contents();
}

static bool do_brk(void) { return mm_brk(s.mm, 0x10004000) == 0x10004000; }
static void undo_brk(void) { CHECK_EQ(mm_brk(s.mm, 0x10000000), 0x10000000); }

TEST("brk-fails-cleanly-at-every-allocation")
{
	start(3, 4);
	CHECK(unit_fail_each(do_brk, undo_brk) >= 1);
	check_contents();
}

static struct mm_struct *fresh;
static bool do_alloc(void)
{
	unsigned long top;

	fresh = mm_alloc(4);
	if (!fresh)
		return false;
	if (!mm_setup_stack(fresh, &(struct mm_random){ 0 }, &top))
		return true;
	mmput(fresh);
	return false;
}
static void undo_alloc(void) { mmput(fresh); }

TEST("a-new-address-space-fails-cleanly-at-every-allocation")
{
	start(3, 4);
	CHECK(unit_fail_each(do_alloc, undo_alloc) >= 3);
	check_contents();
}

TEST("memory-used-to-the-last-frame-kills-and-comes-back")
{
	unsigned long free, addr, n = 0;

	start(3, 4);
	free = mem_quiesce().frames;
	addr = map(s.mm, 0x50000000, 64ul << 20, RW, ANON | MAP_FIXED | MAP_NORESERVE);
	while (!sim_user_write(addr + n * PAGE_SIZE, n))
		n++;
	CHECK_EQ(sim_last_signal.signo, SIGKILL);
	CHECK(n > 1000);
	CHECK_EQ(mm_munmap(s.mm, addr, 64ul << 20), 0);
	CHECK_EQ(mem_quiesce().frames, free);
	check_contents();
}
