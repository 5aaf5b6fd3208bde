/*
 * soft_dirty.c - bit 55 of /proc/PID/pagemap: what is new, or has been written to, since "4"
 * was written to /proc/PID/clear_refs.
 */
#include "user/child.h"
#include "user/files.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/tap.h"

#include <string.h>

static char *area;	/* room for eight pages where nothing else is */

static bool soft_dirty(const void *mem) { return pagemap_entry((uintptr_t)mem) >> 55 & 1; }

static void forget(void)
{
	int fd = (int)sys_open("/proc/self/clear_refs", O_WRONLY, 0);

	if (sys_write(fd, "4", 1) != 1)
		bail("clear_refs takes no 4");
	sys_close(fd);
}

/* Pages of the area, from the n-th on. */
static char *map_at(int n, int pages, int prot)
{
	long at = sys_mmap((uintptr_t)area + (unsigned long)n * PAGE_SIZE,
			   (unsigned long)pages * PAGE_SIZE, prot,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (at < 0 && at > -4096)
		bail("mmap fails: %ld", at);
	return (char *)at;
}

static void reserve(void)
{
	area = map_private(8 * PAGE_SIZE);
	sys_munmap((uintptr_t)area, 8 * PAGE_SIZE);
}

static void test_new(void)
{
	char *shared = map_shared(PAGE_SIZE), *mem = map_at(0, 2, PROT_READ | PROT_WRITE);

	ok(soft_dirty(mem) && soft_dirty(mem + PAGE_SIZE),
	   "a-new-mapping-is-soft-dirty-without-a-page");
	ok(soft_dirty(shared), "and-so-is-shared-memory");
	ok(smaps_flag((uintptr_t)mem, "sd"), "smaps-says-so");
	ok(!soft_dirty(mem + 2 * PAGE_SIZE), "what-is-not-mapped-is-not");
	forget();
	ok(!soft_dirty(mem) && !soft_dirty(shared), "until-it-is-forgotten");
	ok(!smaps_flag((uintptr_t)mem, "sd"), "which-smaps-says-too");
	is(*(volatile char *)mem + *(volatile char *)shared, 0, "both-are-read");
	ok(!soft_dirty(mem) && !soft_dirty(shared), "what-is-read-is-not-soft-dirty");
	shared[0] = 1;
	mem[PAGE_SIZE] = 1;
	ok(soft_dirty(shared) && soft_dirty(mem + PAGE_SIZE), "what-is-written-is");
	ok(!soft_dirty(mem), "that-page-only");
	forget();
	sys_madvise((uintptr_t)mem, 2 * PAGE_SIZE, MADV_DONTNEED);
	ok(!soft_dirty(mem + PAGE_SIZE), "a-page-that-is-dropped-is-no-write");
	unmap(shared, PAGE_SIZE);
	unmap(mem, 2 * PAGE_SIZE);
}

static void test_joined(void)
{
	char *mem = map_at(2, 1, PROT_READ | PROT_WRITE);

	forget();
	map_at(3, 1, PROT_READ | PROT_WRITE);
	is(smaps_field((uintptr_t)mem, "Size"), 8, "a-new-mapping-joins-an-old-one");
	ok(soft_dirty(mem) && soft_dirty(mem + PAGE_SIZE), "and-all-of-it-is-soft-dirty");
	forget();
	mem = map_at(1, 1, PROT_READ | PROT_WRITE);
	is(smaps_field((uintptr_t)mem, "Size"), 12, "another-below");
	ok(soft_dirty(mem) && soft_dirty(mem + 2 * PAGE_SIZE), "makes-it-so-too");
	forget();
	sys_mprotect((uintptr_t)mem + PAGE_SIZE, PAGE_SIZE, PROT_READ);
	sys_mprotect((uintptr_t)mem + PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE);
	ok(!soft_dirty(mem) && !soft_dirty(mem + 2 * PAGE_SIZE),
	   "cutting-and-joining-is-nothing-new");
	unmap(mem, 3 * PAGE_SIZE);
}

static void test_break(void)
{
	long start = sys_brk(0), page = (start + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1l);

	sys_brk(page + PAGE_SIZE);
	ok(soft_dirty((void *)page), "the-break's-memory-is-soft-dirty");
	forget();
	ok(!soft_dirty((void *)page), "until-forgotten");
	sys_brk(page + 2 * PAGE_SIZE);
	ok(soft_dirty((void *)page) && soft_dirty((void *)(page + PAGE_SIZE)),
	   "it-grows-and-is-all-new");
	sys_brk(start);
}

/* Growing is nothing new: the pages that it brings are, if they are written to. */
static void test_stack(void)
{
	const uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(PAGE_SIZE - 1ul);
	volatile char *below = (char *)here - 64 * PAGE_SIZE;

	forget();
	is(below[0], 0, "the-stack-grows-by-a-read");
	ok(!soft_dirty((char *)below), "and-is-not-soft-dirty");
	below[-(long)PAGE_SIZE] = 1;
	ok(soft_dirty((char *)below - PAGE_SIZE), "by-a-write-it-is");
}

static int child_looks(void *arg)
{
	char *mem = arg;

	return soft_dirty(mem) | soft_dirty(mem + 2 * PAGE_SIZE) << 1;
}

static void test_fork(void)
{
	char *mem = map_at(0, 1, PROT_READ | PROT_WRITE);

	forget();
	map_at(2, 1, PROT_READ | PROT_WRITE);
	is(child_verdict(child_wait(child_start(child_looks, mem))), 2,
	   "a-child's-mappings-are-as-new-as-its-parent's");
	unmap(mem, PAGE_SIZE);
	unmap(mem + 2 * PAGE_SIZE, PAGE_SIZE);
}

int main(void)
{
	char *mem = map_private(PAGE_SIZE);

	mem[0] = 1;
	if (!soft_dirty(mem)) {
		skip("this kernel does not track it", "soft-dirty-memory");
		return tap_finish();
	}
	reserve();
	test_new();
	test_joined();
	test_break();
	test_stack();
	test_fork();
	return tap_finish();
}
