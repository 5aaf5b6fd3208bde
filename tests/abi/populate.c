/*
 * populate.c - MADV_POPULATE_READ and MADV_POPULATE_WRITE: pages are there before they are used,
 * and what cannot be is said.
 */
#include "user/files.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/tap.h"

static long populate(const void *mem, size_t len, int advice)
{
	return sys_madvise((uintptr_t)mem, len, advice);
}

static int present(const void *mem, int pages) { return pages_present((uintptr_t)mem, pages); }
static long anonymous_kb(const void *mem) { return smaps_field((uintptr_t)mem, "Anonymous"); }

static void test_anonymous(void)
{
	char *mem = map_private(8 * PAGE_SIZE);
	long before = anonymous_kb(mem); /* it may have been joined with its neighbour above */

	is(populate(mem + PAGE_SIZE, 3 * PAGE_SIZE, MADV_POPULATE_READ), 0,
	   "read-of-anonymous-memory");
	is(present(mem, 8), 3, "brings-those-pages");
	is(anonymous_kb(mem) - before, 0, "of-zeroes");
	is(populate(mem + PAGE_SIZE, 3 * PAGE_SIZE, MADV_POPULATE_WRITE), 0,
	   "write-of-anonymous-memory");
	is(anonymous_kb(mem) - before, 12, "brings-pages-of-its-own");
	ok(all_bytes(mem, 0, 8 * PAGE_SIZE), "that-are-zero");
	mem[PAGE_SIZE] = 5;
	is(populate(mem, 8 * PAGE_SIZE, MADV_POPULATE_WRITE), 0, "write-of-what-is-partly-there");
	is(mem[PAGE_SIZE], 5, "keeps-contents");
	is(present(mem, 8), 8, "and-brings-the-rest");
	unmap(mem, 8 * PAGE_SIZE);
}

static void test_files(void)
{
	int fd = make_file("file", "hello");
	char *private, *shared;

	sys_ftruncate(fd, 2 * PAGE_SIZE);
	private = (char *)sys_mmap(0, 3 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	shared = (char *)sys_mmap(0, 3 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	is(populate(private, 2 * PAGE_SIZE, MADV_POPULATE_READ), 0,
	   "read-of-a-private-file-mapping");
	is(anonymous_kb(private), 0, "copies-nothing");
	is(populate(private, PAGE_SIZE, MADV_POPULATE_WRITE), 0, "write-of-it");
	is(anonymous_kb(private), 4, "copies");
	shared[0] = 'j';
	is(private[0], 'h', "so-that-the-file's-change-is-not-seen");
	is(populate(shared, 2 * PAGE_SIZE, MADV_POPULATE_WRITE), 0, "write-of-a-shared-one");
	is(populate(shared, 3 * PAGE_SIZE, MADV_POPULATE_READ), -EFAULT,
	   "beyond-the-end-of-a-file");
	is(present(shared, 2), 2, "what-lies-before-is-there");
	unmap(private, 3 * PAGE_SIZE);
	unmap(shared, 3 * PAGE_SIZE);
	sys_close(fd);
}

static void test_errors(void)
{
	char *mem = map_private(4 * PAGE_SIZE);

	sys_munmap((uintptr_t)mem + 2 * PAGE_SIZE, PAGE_SIZE);
	is(populate(mem, 4 * PAGE_SIZE, MADV_POPULATE_READ), -ENOMEM, "a-hole-is-reported");
	is(present(mem, 4), 2, "after-what-lies-before-it");
	is(populate(mem + 1, PAGE_SIZE, MADV_POPULATE_READ), -EINVAL,
	   "an-unaligned-address-is-refused");
	is(populate(mem, 0, MADV_POPULATE_READ), 0, "nothing-is-easily-done");
	is(populate(mem, 1, MADV_POPULATE_WRITE), 0, "a-length-is-rounded-up");
	sys_mprotect((uintptr_t)mem + PAGE_SIZE, PAGE_SIZE, PROT_READ);
	is(populate(mem, 2 * PAGE_SIZE, MADV_POPULATE_WRITE), -EINVAL,
	   "read-only-memory-is-not-written");
	is(populate(mem, 2 * PAGE_SIZE, MADV_POPULATE_READ), 0, "but-read");
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_NONE);
	is(populate(mem, PAGE_SIZE, MADV_POPULATE_READ), -EINVAL,
	   "memory-without-access-is-not-read");
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_EXEC);
	is(populate(mem, PAGE_SIZE, MADV_POPULATE_READ), -EINVAL, "nor-what-can-only-be-executed");
	is(populate((void *)0xffff800000000000, PAGE_SIZE, MADV_POPULATE_READ), -ENOMEM,
	   "kernel-addresses-are-a-hole");
	unmap(mem, 4 * PAGE_SIZE);
}

int main(void)
{
	tap_plan(27);
	scratch_enter();
	test_anonymous();
	test_files();
	test_errors();
	scratch_leave();
	return tap_done();
}
