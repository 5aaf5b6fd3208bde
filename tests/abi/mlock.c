/*
 * mlock.c - mlock(2), mlock2, munlock, mlockall, munlockall and MAP_LOCKED: what is locked is
 * there at once, is counted, and is not given away.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/tap.h"

#define KB	4	/* a page */

static long lock(const void *mem, size_t len)
{
	return syscall2(__NR_mlock, (long)mem, (long)len);
}

static long lock2(const void *mem, size_t len, int flags)
{
	return syscall3(__NR_mlock2, (long)mem, (long)len, flags);
}
static long unlock(const void *mem, size_t len)
{
	return syscall2(__NR_munlock, (long)mem, (long)len);
}

static long lock_all(int flags) { return syscall1(__NR_mlockall, flags); }
static long unlock_all(void) { return syscall0(__NR_munlockall); }

static long locked_kb(void) { return proc_field("/proc/self/status", "VmLck"); }
static int present(const void *mem, int pages) { return pages_present((uintptr_t)mem, pages); }

static char *map_as(size_t pages, int prot, int flags)
{
	long at = sys_mmap(0, pages * PAGE_SIZE, prot, MAP_ANONYMOUS | flags, -1, 0);

	if (at < 0 && at > -4096)
		bail("mmap fails: %ld", at);
	return (char *)at;
}

static void test_range(void)
{
	char *mem = map_private(8 * PAGE_SIZE);
	long before = locked_kb();

	is(present(mem, 8), 0, "nothing-is-there-before");
	is(lock(mem + 2 * PAGE_SIZE + 5, 2 * PAGE_SIZE), 0, "part-of-a-mapping-is-locked");
	is(present(mem, 8), 3, "every-page-that-the-range-touches-is-there");
	is(locked_kb() - before, 3 * KB, "VmLck-counts-them");
	is(smaps_field((uintptr_t)mem + 2 * PAGE_SIZE, "Size"), 3 * KB,
	   "they-are-a-mapping-of-their-own");
	is(smaps_field((uintptr_t)mem + 2 * PAGE_SIZE, "Locked"), 3 * KB, "smaps-counts-them");
	ok(smaps_flag((uintptr_t)mem + 2 * PAGE_SIZE, "lo"), "VmFlags-names-it");
	ok(!smaps_flag((uintptr_t)mem, "lo"), "but-not-for-its-neighbour");
	is(lock(mem + 3 * PAGE_SIZE, PAGE_SIZE), 0, "what-is-locked-can-be-locked-again");
	is(locked_kb() - before, 3 * KB, "and-does-not-count-twice");
	is(unlock(mem + 3 * PAGE_SIZE, PAGE_SIZE), 0, "one-page-is-unlocked");
	is(locked_kb() - before, 2 * KB, "VmLck-says-so");
	sys_munmap((uintptr_t)mem + 4 * PAGE_SIZE, PAGE_SIZE);
	is(locked_kb() - before, KB, "munmap-forgets-a-lock");
	sys_munmap((uintptr_t)mem, 8 * PAGE_SIZE);
	is(locked_kb(), before, "and-all-of-them");
}

static void test_kinds(void)
{
	char *mem = map_as(2, PROT_READ, MAP_PRIVATE);
	char *shared = map_shared(2 * PAGE_SIZE);
	char *none = map_as(2, PROT_NONE, MAP_PRIVATE);

	is(lock(mem, 2 * PAGE_SIZE), 0, "read-only-memory-is-locked");
	is(present(mem, 2), 2, "its-pages-are-there");
	is(lock(shared, 2 * PAGE_SIZE), 0, "shared-memory-is-locked");
	is(present(shared, 2), 2, "and-there");
	is(lock(none, 2 * PAGE_SIZE), -ENOMEM, "what-allows-no-access-cannot-be-faulted-in");
	ok(smaps_flag((uintptr_t)none, "lo"), "but-is-locked");
	sys_mprotect((uintptr_t)mem, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	ok(pagemap_entry((uintptr_t)mem) << 9 != 0 &&
		   smaps_field((uintptr_t)mem, "Anonymous") == 2 * KB,
	   "locked-memory-that-becomes-writable-gets-pages-of-its-own");
	unmap(mem, 2 * PAGE_SIZE);
	unmap(shared, 2 * PAGE_SIZE);
	unmap(none, 2 * PAGE_SIZE);
}

static void test_on_fault(void)
{
	char *mem = map_private(4 * PAGE_SIZE);
	long before = locked_kb();

	is(lock2(mem, 4 * PAGE_SIZE, MLOCK_ONFAULT), 0, "mlock2-on-fault");
	is(present(mem, 4), 0, "brings-nothing");
	is(locked_kb() - before, 4 * KB, "but-counts");
	ok(smaps_flag((uintptr_t)mem, "lf"), "VmFlags-names-it-too");
	is(smaps_field((uintptr_t)mem, "Locked"), 0, "nothing-there-is-locked");
	mem[0] = 1;
	is(smaps_field((uintptr_t)mem, "Locked"), KB, "what-is-touched-is");
	is(lock2(mem, 4 * PAGE_SIZE, 0), 0, "mlock2-without-it");
	is(present(mem, 4), 4, "brings-the-rest");
	ok(!smaps_flag((uintptr_t)mem, "lf"), "and-the-flag-is-gone");
	is(lock2(mem, PAGE_SIZE, 2), -EINVAL, "mlock2-knows-no-other-flag");
	unmap(mem, 4 * PAGE_SIZE);
}

static void test_mmap(void)
{
	long before = locked_kb();
	char *mem = map_as(4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_LOCKED);

	is(present(mem, 4), 4, "MAP_LOCKED-brings-all");
	is(locked_kb() - before, 4 * KB, "and-counts");
	is(sys_madvise((uintptr_t)mem, PAGE_SIZE, MADV_DONTNEED), -EINVAL,
	   "locked-memory-is-not-given-back");
	is(present(mem, 4), 4, "it-is-still-there");
	mem[0] = 3;
	is(sys_madvise((uintptr_t)mem, PAGE_SIZE, MADV_DONTNEED_LOCKED), 0,
	   "unless-it-is-said-so");
	is(mem[0], 0, "and-then-it-is-zero");
	unlock(mem + PAGE_SIZE, PAGE_SIZE);
	mem[0] = mem[PAGE_SIZE] = mem[2 * PAGE_SIZE] = 3;
	is(sys_madvise((uintptr_t)mem + PAGE_SIZE, 3 * PAGE_SIZE, MADV_DONTNEED), -EINVAL,
	   "a-range-that-is-locked-further-on-is-refused-there");
	ok(mem[PAGE_SIZE] == 0 && mem[2 * PAGE_SIZE] == 3, "and-done-as-far-as-that");
	unmap(mem, 4 * PAGE_SIZE);
}

static void test_errors(void)
{
	char *mem = map_private(4 * PAGE_SIZE);

	sys_munmap((uintptr_t)mem + 2 * PAGE_SIZE, PAGE_SIZE);
	is(lock(mem, 4 * PAGE_SIZE), -ENOMEM, "a-hole-is-reported");
	ok(smaps_flag((uintptr_t)mem, "lo"), "what-lies-before-it-is-locked");
	ok(!smaps_flag((uintptr_t)mem + 3 * PAGE_SIZE, "lo"), "what-lies-behind-is-not");
	is(unlock(mem, 4 * PAGE_SIZE), -ENOMEM, "munlock-reports-it-too");
	is(lock(mem, 0), 0, "nothing-is-locked-easily");
	is(lock(mem, -PAGE_SIZE), -EINVAL, "a-range-that-wraps-is-refused");
	is(lock((void *)0xffff800000000000, PAGE_SIZE), -ENOMEM, "kernel-addresses-are-a-hole");
	is(lock_all(0), -EINVAL, "mlockall-of-nothing");
	is(lock_all(8), -EINVAL, "mlockall-with-an-unknown-flag");
	is(lock_all(MCL_ONFAULT), -EINVAL, "mlockall-on-fault-of-nothing");
	unmap(mem, 4 * PAGE_SIZE);
}

static int everything(void *arg)
{
	char *mem = map_private(2 * PAGE_SIZE), *more;
	uintptr_t brk = (uintptr_t)sys_brk(0);
	int failed = 0;

	(void)arg;
	failed |= lock_all(MCL_CURRENT) != 0 || present(mem, 2) != 2;
	more = map_private(2 * PAGE_SIZE);
	failed |= (present(more, 2) != 0) << 1;
	failed |= (lock_all(MCL_FUTURE) != 0 || present(more, 2) != 0) << 2;
	more = map_as(2, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	failed |= (present(more, 2) != 2 || !smaps_flag((uintptr_t)more, "lo")) << 3;
	brk = (uintptr_t)sys_brk(brk + 3 * PAGE_SIZE);
	failed |= (pages_present(brk - 2 * PAGE_SIZE, 2) != 2) << 4;
	failed |= (unlock_all() != 0 || locked_kb() != 0) << 5;
	more = map_as(8, PROT_READ | PROT_WRITE, MAP_SHARED);
	failed |= (present(more, 8) != 0) << 6;
	return failed;
}

static int everything_on_fault(void *arg)
{
	char *mem;

	(void)arg;
	if (lock_all(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		return 1;
	mem = map_as(4, PROT_READ | PROT_WRITE, MAP_SHARED);
	return present(mem, 4) || !smaps_flag((uintptr_t)mem, "lo");
}

static int child_has_none(void *arg)
{
	(void)arg;
	return (int)locked_kb();
}

static void test_all(void)
{
	char *mem = map_private(PAGE_SIZE);

	lock(mem, PAGE_SIZE);
	ok_child_exits(everything, NULL, 0, "mlockall-now-and-later");
	ok_child_exits(everything_on_fault, NULL, 0, "mlockall-on-fault");
	ok_child_exits(child_has_none, NULL, 0, "a-child-inherits-no-lock");
	unmap(mem, PAGE_SIZE);
}

int main(void)
{
	long before = locked_kb();

	if (before < 0)
		bail("/proc/self/status does not tell what is locked");
	tap_plan(52);
	test_range();
	test_kinds();
	test_on_fault();
	test_mmap();
	test_errors();
	test_all();
	return tap_done();
}
