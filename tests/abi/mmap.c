/* mmap.c - mmap(2) of anonymous memory: placement, flags, contents, errors. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#define RW		(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)
#define KERNEL_HALF	0xffff800000000000UL

static long anon(uintptr_t addr, size_t len, int flags)
{
	return sys_mmap(addr, len, RW, ANON | flags, -1, 0);
}

static void test_fresh_memory(void)
{
	size_t len = 3 * PAGE_SIZE;
	char *mem = map_private(len);

	is((long)mem & (long)(PAGE_SIZE - 1), 0, "mapping-starts-at-a-page");
	ok(all_bytes(mem, 0, len), "private-memory-reads-zero");
	mem[0] = 1;
	mem[len - 1] = 2;
	ok(mem[0] == 1 && mem[len - 1] == 2, "private-memory-keeps-what-is-written");
	ok(all_bytes(mem + 1, 0, len - 2), "bytes-between-stay-zero");
	unmap(mem, len);

	mem = map_shared(len);
	ok(all_bytes(mem, 0, len), "shared-memory-reads-zero");
	mem[PAGE_SIZE] = 3;
	ok(mem[PAGE_SIZE] == 3 && mem[0] == 0, "shared-memory-keeps-what-is-written");
	unmap(mem, len);
}

static void test_length(void)
{
	char *mem = (char *)anon(0, 1, 0);

	mem[PAGE_SIZE - 1] = 7;
	is(mem[PAGE_SIZE - 1], 7, "length-is-rounded-up-to-a-page");
	unmap(mem, PAGE_SIZE);
	is(anon(0, 0, 0), -EINVAL, "length-zero-is-refused");
	is(anon(0, ~0UL, 0), -ENOMEM, "length-that-wraps-is-refused");
	is(anon(0, 1UL << 63, 0), -ENOMEM, "length-of-half-the-address-space-is-refused");
	is(anon(0, 1UL << 57, 0), -ENOMEM, "length-beyond-user-addresses-is-refused");
}

static void test_flag_errors(void)
{
	is(sys_mmap(0, PAGE_SIZE, RW, MAP_ANONYMOUS, -1, 0), -EINVAL, "no-type-is-refused");
	is(sys_mmap(0, PAGE_SIZE, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE, -1, 0), -EINVAL,
	   "shared-validate-without-a-file-is-refused");
	is(sys_mmap(0, PAGE_SIZE, RW, MAP_ANONYMOUS | 0x0f, -1, 0), -EINVAL,
	   "unknown-type-is-refused");
	is(sys_mmap(0, PAGE_SIZE, RW, MAP_PRIVATE, -1, 0), -EBADF, "file-mapping-of-no-file");
	is(sys_mmap(0, PAGE_SIZE, RW, MAP_PRIVATE, 12345, 0), -EBADF,
	   "file-mapping-of-a-closed-file");
	is(sys_mmap(0, PAGE_SIZE, RW, ANON, -1, 1), -EINVAL, "unaligned-offset-is-refused");
}

static char *self;			/* this program: a file that can be mapped everywhere */

static void test_file_errors(void)
{
	const long far = (long)(1UL << 63);
	int fd = (int)sys_open(self, O_RDONLY, 0);

	is(sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 1), -EINVAL, "an-unaligned-offset");
	is(sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, far), -EOVERFLOW,
	   "an-offset-that-no-file-has");
	is(sys_mmap(0, 2 * PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, -(long)PAGE_SIZE), -EOVERFLOW,
	   "a-range-of-the-file-that-wraps");
	is(sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_HUGETLB, fd, 0), -EINVAL,
	   "huge-pages-of-a-file-that-has-none");
	is(sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0), -EOPNOTSUPP,
	   "shared-validate-refuses-what-the-file-cannot-do");
	sys_close(fd);
}

/* More than all memory, in one piece; only where the kernel counts at all. */
static void test_overcommit(void)
{
	const size_t much = 1UL << 45;
	long none = sys_mmap(0, much, PROT_NONE, ANON, -1, 0);

	if (anon(0, much, 0) != -ENOMEM) {
		skip("memory is not counted", "more-shared-memory-than-there-is");
		skip("memory is not counted", "more-memory-made-writable-than-there-is");
		skip("memory is not counted", "part-of-it-is-made-writable");
	} else {
		is(sys_mmap(0, much, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0), -ENOMEM,
		   "more-shared-memory-than-there-is");
		is(sys_mprotect((uintptr_t)none, much, RW), -ENOMEM,
		   "more-memory-made-writable-than-there-is");
		is(sys_mprotect((uintptr_t)none, PAGE_SIZE, RW), 0, "part-of-it-is-made-writable");
	}
	sys_munmap((uintptr_t)none, much);
}

static void test_hint(void)
{
	char *area = map_private(16 * PAGE_SIZE);
	uintptr_t base = (uintptr_t)area;
	long got;

	unmap(area, 16 * PAGE_SIZE);
	is(anon(base + 4 * PAGE_SIZE, PAGE_SIZE, 0), (long)(base + 4 * PAGE_SIZE),
	   "free-hint-is-taken");
	is(anon(base + 8 * PAGE_SIZE + 5, PAGE_SIZE, 0), (long)(base + 8 * PAGE_SIZE),
	   "unaligned-hint-is-rounded-down");
	got = anon(base + 4 * PAGE_SIZE, PAGE_SIZE, 0);
	ok(!is_error(got) && got != (long)(base + 4 * PAGE_SIZE), "occupied-hint-is-moved");
	sys_munmap((uintptr_t)got, PAGE_SIZE);
	got = anon(KERNEL_HALF, PAGE_SIZE, 0);
	ok(!is_error(got), "hint-beyond-user-addresses-is-ignored");
	sys_munmap((uintptr_t)got, PAGE_SIZE);
	got = anon(5, PAGE_SIZE, 0);
	ok(!is_error(got) && got > 1 << 20, "a-hint-in-the-first-page-is-none");
	sys_munmap((uintptr_t)got, PAGE_SIZE);
	sys_munmap(base, 16 * PAGE_SIZE);
}

static void test_fixed(void)
{
	char *mem = map_private(3 * PAGE_SIZE);
	uintptr_t base = (uintptr_t)mem;

	for (int i = 0; i < 3; i++)
		mem[i * PAGE_SIZE] = (char)(i + 1);
	is(anon(base + PAGE_SIZE, PAGE_SIZE, MAP_FIXED), (long)(base + PAGE_SIZE),
	   "fixed-lies-where-asked");
	is(mem[PAGE_SIZE], 0, "fixed-replaces-what-was-there");
	ok(mem[0] == 1 && mem[2 * PAGE_SIZE] == 3, "fixed-leaves-the-neighbours");
	is(anon(base + 1, PAGE_SIZE, MAP_FIXED), -EINVAL, "fixed-at-an-unaligned-address");
	is(anon(KERNEL_HALF, PAGE_SIZE, MAP_FIXED), -ENOMEM, "fixed-in-the-kernel-half");
	is(anon(-PAGE_SIZE, PAGE_SIZE, MAP_FIXED), -ENOMEM, "fixed-in-the-last-page-of-all");
	is(anon(1UL << 60, PAGE_SIZE, MAP_FIXED), -ENOMEM, "fixed-at-a-non-canonical-address");
	unmap(mem, 3 * PAGE_SIZE);
}

static void test_noreplace(void)
{
	char *mem = map_private(4 * PAGE_SIZE);
	uintptr_t base = (uintptr_t)mem;

	sys_munmap(base + 2 * PAGE_SIZE, 2 * PAGE_SIZE);
	mem[PAGE_SIZE] = 9;
	is(anon(base + PAGE_SIZE, PAGE_SIZE, MAP_FIXED_NOREPLACE), -EEXIST,
	   "noreplace-refuses-an-occupied-page");
	is(anon(base + PAGE_SIZE, 2 * PAGE_SIZE, MAP_FIXED_NOREPLACE), -EEXIST,
	   "noreplace-refuses-a-partly-occupied-range");
	is(mem[PAGE_SIZE], 9, "noreplace-keeps-what-is-there");
	is(anon(base + 2 * PAGE_SIZE, PAGE_SIZE, MAP_FIXED_NOREPLACE),
	   (long)(base + 2 * PAGE_SIZE), "noreplace-takes-a-free-page");
	unmap(mem, 4 * PAGE_SIZE);
}

/* Faults while one byte in each page is written. */
static long faults_of_writing(char *mem, int pages)
{
	long before = fault_count();

	for (int i = 0; i < pages; i++)
		mem[(size_t)i * PAGE_SIZE] = 1;
	return before < 0 ? -1 : fault_count() - before;
}

static void test_populate(void)
{
	int pages = 64;
	size_t len = (size_t)pages * PAGE_SIZE;
	char *mem = (char *)anon(0, len, MAP_POPULATE);
	long faults;

	ok(all_bytes(mem, 0, len), "populated-memory-reads-zero");
	unmap(mem, len);
	mem = (char *)anon(0, len, MAP_POPULATE);
	faults = faults_of_writing(mem, pages);
	if (faults < 0)
		skip("no fault counter", "populated-memory-is-written-without-faults");
	else
		ok(faults < pages / 2, "populated-memory-is-written-without-faults");
	unmap(mem, len);
	mem = (char *)anon(0, PAGE_SIZE, MAP_LOCKED | MAP_NONBLOCK);
	faults = faults_of_writing(mem, 1);
	if (faults < 0)
		skip("no fault counter", "locked-memory-is-populated-with-nonblock-too");
	else
		is(faults, 0, "locked-memory-is-populated-with-nonblock-too");
	unmap(mem, PAGE_SIZE);
	mem = (char *)sys_mmap(0, len, PROT_NONE, ANON | MAP_POPULATE, -1, 0);
	ok(!is_error((long)mem), "populate-of-inaccessible-memory-succeeds");
	unmap(mem, len);
}

static void test_protection(void)
{
	char *none = (char *)sys_mmap(0, PAGE_SIZE, PROT_NONE, ANON, -1, 0);
	char *readable = (char *)sys_mmap(0, PAGE_SIZE, PROT_READ, ANON, -1, 0);
	char *writable = (char *)sys_mmap(0, PAGE_SIZE, PROT_WRITE, ANON, -1, 0);

	ok_child_dies(child_reads, none, SIGSEGV, "read-of-prot-none-dies");
	ok_child_dies(child_writes, none, SIGSEGV, "write-to-prot-none-dies");
	ok_child_exits(child_reads, readable, 0, "read-of-read-only-memory-works");
	ok_child_dies(child_writes, readable, SIGSEGV, "write-to-read-only-memory-dies");
	ok_child_exits(child_writes, writable, 0, "write-only-memory-can-be-written");
	ok_child_exits(child_reads, writable, 0, "write-only-memory-can-be-read-on-x86");
	unmap(none, PAGE_SIZE);
	unmap(readable, PAGE_SIZE);
	unmap(writable, PAGE_SIZE);
}

/* Each of many mappings keeps a value of its own; they are unmapped in another order. */
static void test_many(void)
{
	enum { COUNT = 500 };
	static int *mem[COUNT];
	int wrong = 0;

	for (int i = 0; i < COUNT; i++) {
		int prot = i % 2 ? RW : RW | PROT_EXEC;	/* neighbours do not merge */

		mem[i] = (int *)sys_mmap(0, PAGE_SIZE, prot, ANON, -1, 0);
		*mem[i] = i;
	}
	for (int i = 0; i < COUNT; i++)
		wrong += *mem[i] != i;
	is(wrong, 0, "500-mappings-keep-their-own-values");
	for (int i = 0; i < COUNT; i++)
		wrong += is_error(sys_munmap((uintptr_t)mem[i * 7 % COUNT], PAGE_SIZE));
	is(wrong, 0, "500-mappings-are-unmapped-in-any-order");
}

static void test_sparse(void)
{
	size_t len = 1UL << 30;
	char *mem = (char *)anon(0, len, MAP_NORESERVE);

	if (!ok(!is_error((long)mem), "a-gibibyte-can-be-mapped-sparsely"))
		bail("no sparse mapping: %ld", (long)mem);
	for (size_t at = 0; at < len; at += len / 8)
		mem[at] = (char)(1 + at / (len / 8));
	ok(mem[0] == 1 && mem[len / 8 * 7] == 8 && mem[len / 2] == 5 && mem[len - 1] == 0,
	   "pages-far-apart-in-it-are-independent");
	unmap(mem, len);
}

int main(int argc, char **argv)
{
	(void)argc;
	self = argv[0];
	tap_plan(55);
	test_fresh_memory();
	test_length();
	test_flag_errors();
	test_file_errors();
	test_overcommit();
	test_hint();
	test_fixed();
	test_noreplace();
	test_populate();
	test_protection();
	test_many();
	test_sparse();
	return tap_done();
}
