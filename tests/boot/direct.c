/* direct.c - O_DIRECT on /dev/vda, whose every 8 bytes say where they are. TAP, without a plan. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 4 << 20, PAGE = 4096 };

static int direct, cached;
static char *mem;

static void ok(int passed, const char *name)
{
	printf("%sok - %s\n", passed ? "" : "not ", name);
	fflush(stdout);
}

static void is(long got, long expected, const char *name)
{
	long result = got < 0 ? -errno : got;

	ok(result == expected, name);
	if (result != expected)
		printf("# got %ld, expected %ld\n", result, expected);
}

/* Do n bytes say that they come from there? */
static int from(const char *buf, unsigned long pos, unsigned long n)
{
	for (unsigned long i = 0; i < n; i += 8) {
		unsigned long word;

		memcpy(&word, buf + i, 8);
		if (word != pos + i)
			return 0;
	}
	return 1;
}

static void test_reads(void)
{
	struct iovec vec[2] = { { mem, 512 }, { mem + PAGE, 1024 } };

	is(pread(direct, mem, 8 * PAGE, 0), 8 * PAGE, "reads-pages");
	ok(from(mem, 0, 8 * PAGE), "as-they-are-on-the-disk");
	is(pread(direct, mem + 512, 40 * PAGE, 1536), 40 * PAGE, "reads-sectors-across-pages");
	ok(from(mem + 512, 1536, 40 * PAGE), "in-order");
	is(preadv(direct, vec, 2, 512), 1536, "reads-a-vector");
	ok(from(mem, 512, 512) && from(mem + PAGE, 1024, 1024), "into-its-parts");
	is(pread(direct, mem, 2 * PAGE, SIZE - 512), 512, "stops-at-the-end");
	is(pread(direct, mem, PAGE, SIZE), 0, "finds-nothing-behind-it");
	is(pread(direct, mem, 0, 0), 0, "reads-nothing");
}

static void test_errors(void)
{
	struct iovec vec[2] = { { mem, 512 }, { mem + PAGE, 1000 } };
	char *hole = mem + 62 * PAGE;

	is(pread(direct, mem, 100, 0), -EINVAL, "a-length-of-no-whole-sectors");
	is(pread(direct, mem + 8, 512, 0), -EINVAL, "an-address-that-is-not-aligned");
	is(pread(direct, mem, 512, 100), -EINVAL, "a-position-that-is-not-aligned");
	is(pwrite(direct, mem, 100, 0), -EINVAL, "a-write-of-no-whole-sectors");
	is(preadv(direct, vec, 2, 0), -EINVAL, "a-vector-with-a-bad-part");
	is(pread(direct, (char *)PAGE, 512, 0), -EFAULT, "bad-memory");
	munmap(hole, PAGE);
	is(pread(direct, hole, 512, 0), -EFAULT, "a-hole");
	mprotect(mem, PAGE, PROT_READ);
	is(pread(direct, mem, 512, 0), -EFAULT, "memory-that-may-not-be-written");
	is(pwrite(direct, mem, 512, 512), 512, "which-may-be-written-from");
	mprotect(mem, PAGE, PROT_READ | PROT_WRITE);
	is(pwrite(direct, mem, 512, SIZE), -ENOSPC, "a-write-behind-the-end");
}

/* The page cache and the device tell the same. */
static void test_coherence(void)
{
	char buf[PAGE];

	memset(mem, 'd', PAGE);
	is(pread(cached, buf, PAGE, 16 * PAGE), PAGE, "a-page-in-the-cache");
	is(pwrite(direct, mem, 512, 16 * PAGE + 512), 512, "a-sector-of-it-is-overwritten");
	is(pread(cached, buf, PAGE, 16 * PAGE), PAGE, "a-reader-of-the-cache");
	ok(from(buf, 16 * PAGE, 512) && !memcmp(buf + 512, mem, 512), "sees-it");
	ok(from(buf + 1024, 16 * PAGE + 1024, PAGE - 1024), "and-the-rest-as-it-was");
	memset(buf, 'c', 700);
	is(pwrite(cached, buf, 700, 17 * PAGE), 700, "a-write-that-lies-in-the-cache");
	is(pread(direct, mem, PAGE, 17 * PAGE), PAGE, "is-on-the-device-when-that-is-read");
	ok(!memcmp(mem, buf, 700) && from(mem + 704, 17 * PAGE + 704, PAGE - 704), "whole");
	is(pwrite(cached, buf, 700, 18 * PAGE), 700, "a-write-that-lies-in-the-cache");
	memset(mem, 'D', 512);
	is(pwrite(direct, mem, 512, 18 * PAGE + 1024), 512, "is-not-lost-with-its-page");
	pread(cached, mem, PAGE, 18 * PAGE);
	ok(!memcmp(mem, buf, 700) && mem[1024] == 'D', "both-are-there");
}

/*
 * A mapping of the disk sees what is written past the cache, and what it stores is
 * seen by who reads so.
 */
static void test_mapping(void)
{
	char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, cached, 20 * PAGE);

	ok(map != MAP_FAILED && from(map, 20 * PAGE, 2 * PAGE), "a-mapping-of-the-disk");
	memset(mem, 'm', PAGE);
	is(pwrite(direct, mem, 512, 20 * PAGE), 512, "a-write-past-the-cache");
	ok(!memcmp(map, mem, 512) && from(map + 512, 20 * PAGE + 512, PAGE - 512),
	   "is-seen-there");
	map[PAGE] = 's';
	is(pread(direct, mem, PAGE, 21 * PAGE), PAGE, "a-read-past-the-cache");
	ok(mem[0] == 's', "sees-what-was-stored-there");
	map[600] = 't';
	is(pwrite(direct, mem + PAGE, 512, 20 * PAGE), 512, "a-write-beside-a-store");
	ok(map[600] == 't', "leaves-it");
	is(pread(direct, map + PAGE, PAGE, 22 * PAGE), PAGE, "a-read-into-the-mapping-itself");
	ok(from(map + PAGE, 22 * PAGE, PAGE), "arrives-there");
	munmap(map, 2 * PAGE);
	is(pread(direct, mem, PAGE, 21 * PAGE), PAGE, "and-on-the-disk");
	ok(from(mem, 22 * PAGE, PAGE), "in-its-place");
}

/* Memory that is shared by fork is the reader's own before the device writes to it. */
static void test_fork(void)
{
	int status;

	memset(mem, 'o', PAGE);
	if (!fork()) {
		pread(direct, mem, PAGE, 8 * PAGE);
		_exit(!from(mem, 8 * PAGE, PAGE));
	}
	wait(&status);
	ok(status == 0, "a-child-reads-into-what-it-shares");
	ok(mem[0] == 'o' && mem[PAGE - 1] == 'o', "its-parent-does-not-see-it");
}

static void test_flag(void)
{
	is(fcntl(cached, F_SETFL, O_DIRECT), 0, "the-flag-can-be-set-later");
	is(pread(cached, mem, 100, 0), -EINVAL, "and-is-obeyed");
	fcntl(cached, F_SETFL, 0);
	is(pread(cached, mem, 100, 0), 100, "until-it-is-gone");
}

int main(void)
{
	direct = open("/dev/vda", O_RDWR | O_DIRECT);
	cached = open("/dev/vda", O_RDWR);
	mem = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	is(direct >= 0, 1, "open");
	test_reads();
	test_errors();
	test_coherence();
	test_mapping();
	test_fork();
	test_flag();
	return 0;
}
