/* memfd.c - memfd_create() and seals. */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

#define RW    (PROT_READ | PROT_WRITE)
#define F_ALL (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static char buf[8192];

static int sealable(long size)
{
	int fd = (int)sys_memfd_create("test", MFD_ALLOW_SEALING);

	sys_ftruncate(fd, size);
	return fd;
}

static void test_create(void)
{
	char name[256];
	long fd = sys_memfd_create("name", 0);
	struct __kernel_stat st;

	ok(!is_error(fd), "memfd-create");
	is(sys_write((int)fd, "x", 1), 1, "it-is-written");
	sys_fstat((int)fd, &st);
	is(st.st_mode & S_IFMT, S_IFREG, "a-regular-file");
	is((long)st.st_nlink, 0, "without-a-name");
	is(sys_fcntl((int)fd, F_GETFD, 0), 0, "open-across-exec");
	is(sys_fcntl((int)fd, F_GET_SEALS, 0), F_SEAL_SEAL, "sealed-against-seals");
	is(sys_fcntl((int)fd, F_ADD_SEALS, F_SEAL_GROW), -EPERM, "so-that-none-is-added");
	sys_close((int)fd);
	fd = sys_memfd_create("", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	is(sys_fcntl((int)fd, F_GETFD, 0), FD_CLOEXEC, "closed-by-exec");
	is(sys_fcntl((int)fd, F_GET_SEALS, 0), 0, "without-seals");
	sys_close((int)fd);
	is(sys_memfd_create("x", 0x1000), -EINVAL, "an-unknown-flag");
	is(sys_memfd_create((char *)1, 0), -EFAULT, "a-bad-name");
	memset(name, 'n', 249);
	name[249] = '\0';
	fd = sys_memfd_create(name, 0);
	ok(!is_error(fd), "a-name-of-249-bytes");
	sys_close((int)fd);
	name[249] = 'n';
	name[250] = '\0';
	is(sys_memfd_create(name, 0), -EINVAL, "one-more-is-too-long");
}

static bool in_memory(void)
{
	struct statfs64 st;

	return !sys_statfs(".", &st) && st.f_type == TMPFS_MAGIC;
}

static void test_other_files(void)
{
	int fd = make_file("plain", ""), reader = (int)sys_open("plain", O_RDONLY, 0), ends[2];
	bool tmpfs = in_memory();

	is(sys_fcntl(reader, F_GET_SEALS, 0), tmpfs ? F_SEAL_SEAL : -EINVAL,
	   "other-files-cannot-be-sealed");
	is(sys_fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), tmpfs ? -EPERM : -EINVAL, "at-all");
	is(sys_fcntl(reader, F_ADD_SEALS, F_SEAL_GROW), -EPERM, "least-of-all-by-readers");
	is(sys_fcntl(fd, F_ADD_SEALS, 0x1000), -EINVAL, "with-what-is-no-seal");
	is(sys_ftruncate(fd, 100), 0, "and-they-grow");
	sys_close(fd);
	sys_close(reader);
	sys_unlink("plain");
	fd = (int)sys_open(".", O_RDONLY, 0);
	is(sys_fcntl(fd, F_GET_SEALS, 0), -EINVAL, "a-directory-has-no-seals");
	sys_close(fd);
	sys_pipe(ends);
	is(sys_fcntl(ends[1], F_GET_SEALS, 0), -EINVAL, "a-pipe-neither");
	is(sys_fcntl(ends[1], F_ADD_SEALS, F_SEAL_GROW), -EINVAL, "nor-gets-it-any");
	sys_close(ends[0]);
	sys_close(ends[1]);
}

static long mode_of(int fd)
{
	struct __kernel_stat st;

	sys_fstat(fd, &st);
	return st.st_mode & 07777;
}

/* Who may execute it stays as it is: Linux 6.3 and later. */
static void test_exec(void)
{
	int fd = (int)sys_memfd_create("data", MFD_NOEXEC_SEAL), program = sealable(0);

	if (fd < 0) {
		skip("MFD_NOEXEC_SEAL is unknown", "a-file-that-cannot-be-executed");
		return;
	}
	is(sys_fcntl(fd, F_GET_SEALS, 0), F_SEAL_EXEC, "a-file-that-cannot-be-executed");
	is(mode_of(fd), 0666, "is-nobody's-to-execute");
	is(sys_fchmod(fd, 0766), -EPERM, "nor-becomes-so");
	is(sys_fchmod(fd, 0600), 0, "other-permissions-change");
	is(mode_of(fd), 0600, "as-they-are-told");
	sys_close(fd);
	sys_fchmod(program, 0700);
	is(sys_fcntl(program, F_ADD_SEALS, F_SEAL_EXEC), 0, "one-that-can");
	is(sys_fchmod(program, 0755), -EPERM, "is-for-those-who-could");
	is(sys_fchmod(program, 0600), -EPERM, "and-stays-so");
	is(sys_fchmod(program, 0500), 0, "whoever-may-write-to-it");
	sys_close(program);
}

static void test_sizes(void)
{
	int fd = sealable(4096);

	is(sys_fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0, "seal-shrink");
	is(sys_ftruncate(fd, 100), -EPERM, "it-does-not-shrink");
	is(sys_ftruncate(fd, 8192), 0, "but-grows");
	is(sys_fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0, "seal-grow");
	is(sys_ftruncate(fd, 9000), -EPERM, "it-does-not-grow");
	is(sys_pwrite(fd, "x", 1, 8192), -EPERM, "by-a-write-either");
	is(sys_pwrite(fd, buf, 4096, 8000), 192, "one-that-begins-before-the-end-stops-there");
	is(sys_pwrite(fd, buf, 8192, 4096), 4096, "whole-pages-before-the-end-are-written");
	is(sys_fallocate(fd, 0, 0, 10000), -EPERM, "nor-by-fallocate");
	is(sys_pwrite(fd, "x", 1, 8191), 1, "within-its-size-it-is-written");
	is(sys_fcntl(fd, F_GET_SEALS, 0), F_SEAL_SHRINK | F_SEAL_GROW, "both-seals-are-there");
	is(sys_fcntl(fd, F_ADD_SEALS, 0x100), -EINVAL, "an-unknown-seal");
	is(sys_fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0, "seal-seal");
	is(sys_fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -EPERM, "is-the-last");
	sys_close(fd);
}

static void test_write(void)
{
	int fd = sealable(4096);
	long at = sys_mmap(0, 4096, RW, MAP_SHARED, fd, 0), read_only;

	is(sys_fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -EBUSY, "not-while-it-is-mapped-for-writing");
	is(sys_fcntl(fd, F_GET_SEALS, 0), 0, "nothing-was-sealed");
	sys_mprotect((uintptr_t)at, 4096, PROT_READ);
	is(sys_fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -EBUSY, "or-could-be-written-again");
	*(char *)buf = 0;
	sys_munmap((uintptr_t)at, 4096);
	is(sys_fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0, "seal-write");
	is(sys_pwrite(fd, "x", 1, 0), -EPERM, "it-is-not-written");
	is(sys_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), -EPERM,
	   "nor-punched");
	is(sys_mmap(0, 4096, RW, MAP_SHARED, fd, 0), -EPERM, "nor-mapped-for-writing");
	read_only = sys_mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
	if (read_only == -EPERM) {
		skip("this kernel refuses all shared mappings", "mapped-for-reading-it-stays-so");
	} else {
		is(sys_mprotect((uintptr_t)read_only, 4096, RW), -EACCES,
		   "mapped-for-reading-it-stays-so");
		sys_munmap((uintptr_t)read_only, 4096);
	}
	at = sys_mmap(0, 4096, RW, MAP_PRIVATE, fd, 0);
	ok(!is_error(at), "a-private-mapping-is-not-the-file");
	*(char *)at = 'p';
	sys_pread(fd, buf, 1, 0);
	is(buf[0], 0, "and-does-not-change-it");
	sys_munmap((uintptr_t)at, 4096);
	is(sys_ftruncate(fd, 8192), 0, "its-size-is-not-sealed");
	sys_close(fd);
}

static void test_future_write(void)
{
	int fd = sealable(4096);
	char *at = (char *)sys_mmap(0, 4096, RW, MAP_SHARED, fd, 0);

	is(sys_fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), 0,
	   "seal-future-write-beside-a-mapping");
	at[0] = 'm';
	sys_pread(fd, buf, 1, 0);
	is(buf[0], 'm', "which-still-writes");
	is(sys_pwrite(fd, "x", 1, 0), -EPERM, "write-does-not");
	is(sys_mmap(0, 4096, RW, MAP_SHARED, fd, 0), -EPERM, "nor-do-new-mappings");
	unmap(at, 4096);
	sys_close(fd);
}

static int child_with_seal(void *arg)
{
	int fd = *(int *)arg;

	return sys_pwrite(fd, "x", 1, 0) == -EPERM && sys_fcntl(fd, F_GET_SEALS, 0) == F_ALL ? 0
											     : 1;
}

static void test_inherited(void)
{
	int fd = sealable(100);

	is(sys_fcntl(fd, F_ADD_SEALS, F_ALL), 0, "all-seals-at-once");
	ok_child_exits(child_with_seal, &fd, 0, "they-are-the-file's-for-everybody");
	is(sys_dup2(fd, 40), 40, "a-second-descriptor");
	is(sys_fcntl(40, F_GET_SEALS, 0), F_ALL, "shows-them");
	sys_close(40);
	sys_close(fd);
}

int main(void)
{
	scratch_enter();
	test_create();
	test_other_files();
	test_exec();
	test_sizes();
	test_write();
	test_future_write();
	test_inherited();
	scratch_leave();
	return tap_finish();
}
