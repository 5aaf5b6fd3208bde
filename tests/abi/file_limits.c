/*
 * file_limits.c - file systems that are full, mounted and taken off; and calls on files whose n-th
 * allocation fails: a clean error, and nothing half done.
 */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

enum { NTH_MAX = 100 };

static char page[4096];

static void test_full(void)
{
	struct __kernel_stat st;
	int fd;
	char *at;

	fd = make_file("fs/f", "");
	for (int i = 0; i < 8; i++)
		sys_pwrite(fd, page, 4096, i * 4096);
	sys_fstat(fd, &st);
	is(st.st_size, 8 * 4096, "a-small-file-system-is-filled");
	is(sys_pwrite(fd, page, 4096, 8 * 4096), -ENOSPC, "then-it-is-full");
	sys_fstat(fd, &st);
	is(st.st_size, 8 * 4096, "the-file-is-as-it-was");
	is(sys_pwrite(fd, page, 4096, 0), 4096, "what-is-there-can-be-written");
	is(sys_fallocate(fd, 0, 0, 9 * 4096), -ENOSPC, "fallocate-finds-no-room");
	is(sys_ftruncate(fd, 16 * 4096), 0, "a-hole-takes-none");
	at = (char *)sys_mmap(0, 16 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ok_child_dies(child_writes, at + 10 * 4096, SIGBUS, "a-store-that-finds-no-room");
	is(sys_ftruncate(fd, 4096), 0, "what-is-cut-off");
	is(sys_pwrite(fd, page, 4096, 12 * 4096), 4096, "makes-room-again");
	ok_child_exits(child_writes, at + 12 * 4096, 0, "for-a-store-too");
	unmap(at, 16 * 4096);
	sys_close(fd);
}

static void test_inodes(void)
{
	char name[] = "fs/i0";
	long ret = 0;

	sys_unlink("fs/f");
	for (int i = 0; i < 9 && ret >= 0; i++) {
		name[4] = (char)('0' + i);
		ret = sys_mkdir(name, 0755);
	}
	is(ret, -ENOSPC, "a-file-system-has-so-many-files");
	is(sys_open("fs/x", O_RDWR | O_CREAT, 0600), -ENOSPC, "and-no-more");
	is(sys_symlink("x", "fs/x"), -ENOSPC, "of-any-kind");
	is(sys_rmdir("fs/i0"), 0, "one-that-goes");
	is(sys_mkdir("fs/i0", 0755), 0, "leaves-its-place");
}

static void test_mount(void)
{
	int fd;
	long ret;

	sys_mkdir("fs", 0755);
	sys_close(make_file("fs/below", "x"));
	ret = sys_mount("none", "fs", "tmpfs", 0, "size=32k,nr_inodes=8");
	if (is_error(ret)) {
		for (int i = 0; i < 28; i++)
			skip("file systems cannot be mounted here", "mount-%d", i);
		sys_unlink("fs/below");
		sys_rmdir("fs");
		return;
	}
	is(sys_open("fs/below", O_RDONLY, 0), -ENOENT, "a-mount-covers-what-was-there");
	test_full();
	test_inodes();
	is(sys_rename("fs", "other"), -EBUSY, "a-mount-point-is-not-renamed");
	is(sys_rmdir("fs"), -EBUSY, "nor-removed");
	is(sys_rename("fs/i0", "i0"), -EXDEV, "no-name-leaves-its-file-system");
	fd = (int)sys_open("fs/i0", O_RDONLY, 0);
	is(sys_umount2("fs", 0), -EBUSY, "while-it-is-in-use-it-stays-mounted");
	sys_close(fd);
	is(sys_umount2("fs/i0", 0), -EINVAL, "only-its-root-is-a-mount");
	is(sys_umount2("fs", 0), 0, "umount");
	ok(file_holds("fs/below", "x"), "shows-again-what-was-there");
	is(sys_mount("none", "fs", "nosuchfs", 0, NULL), -ENODEV, "no-such-file-system");
	is(sys_mount("none", "none", "tmpfs", 0, NULL), -ENOENT, "no-such-directory");
	is(sys_mount("none", "fs/below", "tmpfs", 0, NULL), -ENOTDIR, "a-file-is-no-mount-point");
	is(sys_mount("none", "fs", "tmpfs", 0, "size=x"), -EINVAL, "a-wrong-option");
	if (pleat_hw_levels())
		is(sys_mount("none", "/proc/self/fd", "tmpfs", 0, NULL), -ENOENT,
		   "what-ends-by-itself-is-no-mount-point");
	else
		skip("on Linux it is one", "what-ends-by-itself-is-no-mount-point");
	sys_unlink("fs/below");
	sys_rmdir("fs");
}

/* ---- no memory ---- */

static long close_it(long fd) { return is_error(fd) ? fd : sys_close((int)fd); }

static long op_create(void) { return close_it(sys_open("new", O_RDWR | O_CREAT | O_EXCL, 0600)); }
static long op_mkdir(void) { return sys_mkdir("new", 0700); }
static long op_symlink(void) { return sys_symlink("somewhere/else/that/is/rather/long", "new"); }
static long op_link(void) { return sys_link("file", "new"); }
static long op_rename(void)
{
	return sys_rename("file", "a-name-that-does-not-fit-into-the-entry-itself");
}
static long op_open(void) { return close_it(sys_open("file", O_RDONLY, 0)); }
static long op_memfd(void) { return close_it(sys_memfd_create("m", 0)); }
static long op_mount(void)
{
	long ret = sys_mount("none", "dir", "tmpfs", 0, NULL);

	return ret ? ret : sys_umount2("dir", 0);
}
static long op_flock(void)
{
	int fd = (int)sys_open("file", O_RDONLY, 0);
	long ret = fd < 0 ? fd : sys_flock(fd, LOCK_EX);

	sys_close(fd);
	return ret;
}
static long op_write(void)
{
	int fd = (int)sys_open("file", O_RDWR, 0);
	long ret = fd < 0 ? fd : sys_pwrite(fd, page, 4096, 1l << 30);

	sys_close(fd);
	return ret < 0 ? ret : ret == 4096 ? sys_truncate("file", 0) : -EIO;
}

static void clean(void)
{
	sys_umount2("dir", 0);
	sys_unlink("new");
	sys_rmdir("new");
	sys_rename("a-name-that-does-not-fit-into-the-entry-itself", "file");
}

/* Is every failure -ENOMEM, and leaves what was there as it was? */
static void each_allocation(long (*op)(void), const char *name)
{
	long ret = 0, left = 0;
	int failures = 0;

	if (is_error(sys_prctl(PR_PLEAT_FAIL_NTH, 0, 0))) {
		skip("allocations cannot be made to fail", "%s-with-each-allocation-failing",
		     name);
		return;
	}
	for (int n = 1; n < NTH_MAX; n++) {
		sys_prctl(PR_PLEAT_FAIL_NTH, n, 0);
		ret = op();
		left = sys_prctl(PR_PLEAT_FAIL_NTH, 0, 0);
		if (left > 0)
			break;
		/* Some are done without what they could not get. */
		if ((ret < 0 && ret != -ENOMEM) || (ret < 0 && ino_of("new") != -ENOENT) ||
		    ino_of("file") < 0)
			break;
		failures += ret < 0;
		clean();
	}
	clean();
	ok(left > 0 && ret >= 0 && failures, "%s-with-each-allocation-failing", name);
}

int main(void)
{
	scratch_enter();
	tap_plan(38);
	test_mount();
	sys_close(make_file("file", ""));
	sys_mkdir("dir", 0755);
	each_allocation(op_create, "create");
	each_allocation(op_mkdir, "mkdir");
	each_allocation(op_symlink, "symlink");
	each_allocation(op_link, "link");
	each_allocation(op_rename, "rename");
	each_allocation(op_open, "open");
	each_allocation(op_memfd, "memfd");
	each_allocation(op_mount, "mount");
	each_allocation(op_flock, "flock");
	each_allocation(op_write, "write");
	scratch_leave();
	return tap_done();
}
