/* file_mmap.c - mappings of files, coherent with read, write, truncation and holes. */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

#define RW (PROT_READ | PROT_WRITE)

static char page[4096];

static char *map_fd(int fd, int prot, int flags, size_t pages)
{
	long at = sys_mmap(0, pages * PAGE_SIZE, prot, flags, fd, 0);

	return is_error(at) ? NULL : (char *)at;
}

/* A file of that many pages, each filled with its letter. */
static int letters(const char *name, int pages)
{
	int fd = make_file(name, "");

	for (int i = 0; i < pages; i++) {
		memset(page, 'a' + i, PAGE_SIZE);
		sys_write(fd, page, PAGE_SIZE);
	}
	return fd;
}

static void test_coherent(void)
{
	int fd = letters("c", 2);
	char *shared = map_fd(fd, RW, MAP_SHARED, 2),
	     *other = map_fd(fd, PROT_READ, MAP_SHARED, 2);
	char *copy = map_fd(fd, RW, MAP_PRIVATE, 2);

	ok(shared[0] == 'a' && shared[PAGE_SIZE] == 'b', "a-mapping-shows-the-file");
	shared[1] = 'X';
	is(other[1], 'X', "one-mapping-sees-another's-store");
	is(copy[1], 'X', "so-does-a-private-one-that-was-not-written");
	sys_pread(fd, page, 10, 0);
	is(page[1], 'X', "and-read");
	sys_pwrite(fd, "W", 1, 2);
	ok(shared[2] == 'W' && other[2] == 'W' && copy[2] == 'W',
	   "a-write-is-seen-by-all-mappings");
	copy[3] = 'P';
	is(shared[3], 'a', "a-private-store-stays-private");
	sys_pwrite(fd, "V", 1, 4);
	is(copy[4], 'a', "after-which-the-copy-does-not-follow-the-file");
	is(syscall3(__NR_msync, P(shared), 2 * PAGE_SIZE, MS_SYNC), 0, "msync");
	is(syscall3(__NR_msync, P(shared), PAGE_SIZE, MS_SYNC | MS_ASYNC), -EINVAL,
	   "msync-not-both-ways");
	is(syscall3(__NR_msync, P(shared + 1), PAGE_SIZE, MS_SYNC), -EINVAL, "msync-not-aligned");
	sys_close(fd);
	is(shared[PAGE_SIZE], 'b', "a-mapping-outlives-its-descriptor");
	sys_unlink("c");
	is(other[PAGE_SIZE], 'b', "and-its-name");
	unmap(shared, 2 * PAGE_SIZE);
	unmap(other, 2 * PAGE_SIZE);
	unmap(copy, 2 * PAGE_SIZE);
}

static void test_truncate(void)
{
	int fd = letters("t", 3);
	char *shared = map_fd(fd, RW, MAP_SHARED, 4), *copy = map_fd(fd, RW, MAP_PRIVATE, 4);

	copy[2 * PAGE_SIZE] = 'P';
	is(shared[2 * PAGE_SIZE], 'c', "before");
	ok_child_dies(child_reads, shared + 3 * PAGE_SIZE, SIGBUS, "beyond-the-file-is-sigbus");
	is(sys_ftruncate(fd, PAGE_SIZE + 100), 0, "ftruncate");
	ok_child_dies(child_reads, shared + 2 * PAGE_SIZE, SIGBUS, "a-truncated-page-is-gone");
	ok_child_dies(child_reads, copy + 2 * PAGE_SIZE, SIGBUS, "a-private-copy-of-it-too");
	is(shared[PAGE_SIZE + 99], 'b', "what-is-left-of-the-last-page");
	is(shared[PAGE_SIZE + 100], 0, "is-followed-by-zeros");
	is(sys_ftruncate(fd, 3 * PAGE_SIZE), 0, "it-grows-again");
	is(shared[PAGE_SIZE + 100], 0, "what-comes-back-is-zero");
	is(shared[2 * PAGE_SIZE], 0, "a-page-that-comes-back");
	is(copy[2 * PAGE_SIZE], 0, "in-the-private-mapping-too");
	is(sys_ftruncate(fd, 0), 0, "to-nothing");
	ok_child_dies(child_writes, shared, SIGBUS, "nothing-can-be-written");
	is(sys_pwrite(fd, "new", 3, 0), 3, "a-write-brings-it-back");
	is(shared[0], 'n', "seen-by-the-mapping");
	is(sys_truncate("t", 1), 0, "truncate-by-name");
	is(shared[1], 0, "cuts-it-too");
	is(sys_truncate("none", 1), -ENOENT, "truncate-of-nothing");
	is(sys_truncate(".", 1), -EISDIR, "of-a-directory");
	is(sys_truncate("t", -1), -EINVAL, "to-less-than-nothing");
	is(sys_ftruncate(999, 1), -EBADF, "of-no-descriptor");
	sys_close(fd);
	fd = (int)sys_open("t", O_RDONLY, 0);
	is(sys_ftruncate(fd, 1), -EINVAL, "of-what-is-open-for-reading");
	sys_close(fd);
	sys_unlink("t");
	unmap(shared, 4 * PAGE_SIZE);
	unmap(copy, 4 * PAGE_SIZE);
}

static void test_holes(void)
{
	int fd = letters("h", 4), ret;
	char *shared = map_fd(fd, RW, MAP_SHARED, 4), *copy = map_fd(fd, RW, MAP_PRIVATE, 4);
	struct __kernel_stat st;

	copy[PAGE_SIZE] = 'P';
	is(shared[PAGE_SIZE], 'b', "a-page-before-it-is-punched");
	ret = (int)sys_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE_SIZE - 10,
				 2 * PAGE_SIZE);
	is(ret, 0, "punch-hole");
	ok(shared[PAGE_SIZE - 11] == 'a' && shared[PAGE_SIZE - 10] == 0,
	   "the-page-before-is-zeroed-in-part");
	ok(all_bytes(shared + PAGE_SIZE, 0, PAGE_SIZE), "the-page-within-is-zero");
	ok(shared[3 * PAGE_SIZE - 11] == 0 && shared[3 * PAGE_SIZE - 10] == 'c',
	   "the-page-behind-in-part");
	is(copy[PAGE_SIZE], 'P', "a-private-copy-stays");
	sys_pread(fd, page, PAGE_SIZE, PAGE_SIZE);
	is(sys_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE_SIZE, PAGE_SIZE), 0,
	   "once-more");
	sys_fstat(fd, &st);
	is(st.st_size, 4 * PAGE_SIZE, "the-size-stays");
	is(st.st_blocks, 3 * 8, "the-page-is-given-back");
	is(sys_lseek(fd, 0, SEEK_HOLE), PAGE_SIZE, "and-is-a-hole");
	is(sys_fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, PAGE_SIZE), -EOPNOTSUPP,
	   "punch-hole-keeps-the-size");
	is(sys_fallocate(fd, 0, 0, 0), -EINVAL, "nothing-to-allocate");
	is(sys_fallocate(fd, 0, -1, 10), -EINVAL, "before-the-start");
	is(sys_fallocate(fd, 0, INT64_MAX, 10), -EFBIG, "beyond-all-files");
	is(sys_fallocate(fd, 0, 5 * PAGE_SIZE, PAGE_SIZE), 0, "fallocate");
	sys_fstat(fd, &st);
	is(st.st_size, 6 * PAGE_SIZE, "makes-the-file-larger");
	is(st.st_blocks, 4 * 8, "and-gives-it-pages");
	is(sys_fallocate(fd, FALLOC_FL_KEEP_SIZE, 6 * PAGE_SIZE, PAGE_SIZE), 0, "keep-size");
	sys_fstat(fd, &st);
	is(st.st_size, 6 * PAGE_SIZE, "keeps-it");
	sys_close(fd);
	fd = (int)sys_open("h", O_RDONLY, 0);
	is(sys_fallocate(fd, 0, 0, 1), -EBADF, "what-is-open-for-reading");
	sys_close(fd);
	sys_unlink("h");
	unmap(shared, 4 * PAGE_SIZE);
	unmap(copy, 4 * PAGE_SIZE);
}

static void test_access(void)
{
	int fd, dir = (int)sys_open(".", O_RDONLY, 0);
	char *at;

	sys_close(letters("r", 1));
	fd = (int)sys_open("r", O_RDONLY, 0);
	is(sys_mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0), -EACCES,
	   "no-shared-writing-without-write-access");
	at = map_fd(fd, PROT_READ, MAP_SHARED, 1);
	ok(at, "shared-reading");
	is(sys_mprotect((uintptr_t)at, PAGE_SIZE, RW), -EACCES, "does-not-become-writing");
	unmap(at, PAGE_SIZE);
	at = map_fd(fd, RW, MAP_PRIVATE, 1);
	ok(at, "private-writing-needs-no-write-access");
	unmap(at, PAGE_SIZE);
	sys_close(fd);
	fd = (int)sys_open("r", O_WRONLY, 0);
	is(sys_mmap(0, PAGE_SIZE, PROT_WRITE, MAP_SHARED, fd, 0), -EACCES,
	   "writing-alone-maps-nothing");
	sys_close(fd);
	is(sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, dir, 0), -ENODEV,
	   "a-directory-is-not-mapped");
	sys_close(dir);
	sys_unlink("r");
}

static int child_stores(void *arg)
{
	*(char *)arg = 'K';
	return 0;
}

static void test_fork(void)
{
	int fd = letters("k", 2);
	char *shared = map_fd(fd, RW, MAP_SHARED, 2), *copy = map_fd(fd, RW, MAP_PRIVATE, 2);

	copy[0] = 'P';
	ok_child_exits(child_stores, shared, 0, "a-child-stores-to-the-file");
	is(shared[0], 'K', "the-parent-sees-it");
	ok_child_exits(child_stores, copy, 0, "and-to-its-copy");
	is(copy[0], 'P', "the-parent-does-not-see-that");
	is(copy[PAGE_SIZE], 'b', "untouched-pages-are-the-file's");
	sys_close(fd);
	sys_unlink("k");
	unmap(shared, 2 * PAGE_SIZE);
	unmap(copy, 2 * PAGE_SIZE);
}

static void test_dev_zero(void)
{
	int fd = (int)sys_open("/dev/zero", O_RDWR, 0);
	char *shared = map_fd(fd, RW, MAP_SHARED, 1), *private = map_fd(fd, RW, MAP_PRIVATE, 1);

	ok(shared && private, "dev-zero-is-mapped");
	ok_child_exits(child_stores, shared, 0, "a-child-stores");
	is(shared[0], 'K', "shared-memory-is-shared");
	ok_child_exits(child_stores, private, 0, "a-child-stores-to-private-memory");
	is(private[0], 0, "which-is-private");
	sys_close(fd);
	unmap(shared, PAGE_SIZE);
	unmap(private, PAGE_SIZE);
}

/* A program's own file, which came with the machine: what is written to it is as elsewhere. */
static void test_first_files(const char *self)
{
	int in = (int)sys_open(self, O_RDONLY, 0), out = make_file("copy", "");
	long n;

	while ((n = sys_read(in, page, PAGE_SIZE)) > 0)
		sys_write(out, page, (size_t)n);
	is(sys_lseek(out, 0, SEEK_END), sys_lseek(in, 0, SEEK_END), "a-copy-of-a-program");
	sys_pread(in, page, 4, 0);
	ok(!memcmp(page, "\177ELF", 4), "begins-as-programs-do");
	is(sys_fallocate(out, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE_SIZE), 0,
	   "a-hole-in-it");
	sys_pread(out, page, 4, 0);
	ok(all_bytes(page, 0, 4), "is-zero");
	sys_close(in);
	sys_close(out);
	sys_unlink("copy");
}

int main(int argc, char **argv)
{
	char self[256];

	(void)argc;
	strcpy(self, argv[0]);
	if (*self != '/') { /* before the directory changes */
		sys_getcwd(self, sizeof(self));
		strcat(strcat(self, "/"), argv[0]);
	}
	scratch_enter();
	tap_plan(74);
	test_coherent();
	test_truncate();
	test_holes();
	test_access();
	test_fork();
	test_dev_zero();
	test_first_files(self);
	scratch_leave();
	return tap_done();
}
