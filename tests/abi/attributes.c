/* attributes.c - what stat and its relatives say of files, and what changes it. */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

static struct __kernel_stat st;

static int mode_of(const char *path)
{
	return sys_stat(path, &st) ? -1 : (int)(st.st_mode & 07777);
}

static void test_modes(void)
{
	int fd;
	long old = sys_umask(027);

	sys_close(make_file("m", ""));
	is(mode_of("m"), 0640, "the-umask-is-taken-off-a-new-file");
	sys_mkdir("d", 0777);
	is(mode_of("d"), 0750, "and-off-a-directory");
	is(sys_umask(0), 027, "umask-tells-the-last-one");
	fd = (int)sys_open("all", O_RDWR | O_CREAT, 0777);
	is(mode_of("all"), 0777, "without-it-nothing-is");
	sys_umask((int)old);
	is(sys_chmod("m", 04755), 0, "chmod");
	is(mode_of("m"), 04755, "sets-all-bits");
	is(sys_fchmod(fd, 0600), 0, "fchmod");
	is(mode_of("all"), 0600, "as-well");
	is(sys_chmod("none", 0), -ENOENT, "chmod-of-nothing");
	is(syscall3(__NR_fchmodat, AT_FDCWD, P("m"), 0644), 0, "fchmodat");
	is(sys_fchmod(999, 0), -EBADF, "fchmod-of-no-file");
	is(sys_access("m", 0), 0, "access");
	is(sys_access("none", 0), -ENOENT, "to-nothing");
	is(sys_access("m", 99), -EINVAL, "in-no-way");
	is(sys_access("m", 1), -EACCES, "to-execute-needs-an-x-bit");
	is(sys_access("d", 1), 0, "a-directory-has-one");
	is(syscall4(__NR_faccessat2, AT_FDCWD, P("m"), 4, AT_EACCESS), 0, "faccessat2");
	is(syscall4(__NR_faccessat2, AT_FDCWD, P("m"), 4, 1), -EINVAL, "with-an-unknown-flag");
	sys_close(fd);
	sys_unlink("m");
	sys_unlink("all");
	sys_rmdir("d");
}

static void test_times(void)
{
	struct __kernel_timespec ts[2] = { { 1000, 5 }, { 2000, 6 } };
	struct __kernel_timespec omit[2] = { { 0, UTIME_OMIT }, { 3000, 7 } };
	struct __kernel_timespec bad[2] = { { 0, 1000000000 }, { 0, 0 } };
	struct __kernel_timespec now;
	int fd = make_file("t", "");

	is(sys_utimensat(AT_FDCWD, "t", ts, 0), 0, "utimensat");
	sys_stat("t", &st);
	ok(st.st_atime_sec == 1000 && st.st_atime_nsec == 5, "sets-the-time-of-access");
	ok(st.st_mtime_sec == 2000 && st.st_mtime_nsec == 6, "and-of-modification");
	is(sys_utimensat(AT_FDCWD, "t", omit, 0), 0, "one-may-be-left-out");
	sys_stat("t", &st);
	ok(st.st_atime_sec == 1000 && st.st_mtime_sec == 3000, "and-stays");
	is(sys_utimensat(AT_FDCWD, "t", bad, 0), -EINVAL, "a-bad-time");
	is(sys_utimensat(AT_FDCWD, "none", ts, 0), -ENOENT, "of-nothing");
	is(sys_utimensat(fd, NULL, NULL, 0), 0, "a-descriptor-now");
	sys_clock_gettime(CLOCK_REALTIME, &now);
	sys_stat("t", &st);
	ok((long)st.st_mtime_sec >= now.tv_sec - 5 && (long)st.st_mtime_sec <= now.tv_sec,
	   "is-now");
	sys_utimensat(AT_FDCWD, "t", ts, 0);
	sys_write(fd, "x", 1);
	sys_stat("t", &st);
	ok(st.st_mtime_sec > 2000 && st.st_ctime_sec > 2000, "a-write-changes-it");
	ok(st.st_atime_sec == 1000, "but-not-the-time-of-access");
	sys_close(fd);
	sys_unlink("t");
}

static void test_statx(void)
{
	struct statx x;
	int fd = make_file("x", "12345");

	is(sys_statx(AT_FDCWD, "x", 0, STATX_BASIC_STATS, &x), 0, "statx");
	sys_stat("x", &st);
	ok(x.stx_ino == st.st_ino && x.stx_size == 5 && x.stx_mode == st.st_mode,
	   "says-what-stat-says");
	ok((x.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS, "and-that-it-is-all-there");
	is(sys_statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &x), 0, "of-a-descriptor");
	ok(x.stx_ino == st.st_ino, "the-same-file");
	is(sys_statx(AT_FDCWD, "x", 0x10000000, 0, &x), -EINVAL, "an-unknown-flag");
	is(sys_statx(AT_FDCWD, "x", 0, 0x80000000u, &x), -EINVAL, "a-reserved-mask");
	is(sys_statx(AT_FDCWD, "", 0, 0, &x), -ENOENT, "an-empty-path");
	is(sys_statx(AT_FDCWD, "x", 0, 0, (void *)1), -EFAULT, "a-bad-buffer");
	is(syscall4(__NR_newfstatat, AT_FDCWD, P("x"), P(&st), 1), -EINVAL,
	   "newfstatat-with-an-unknown-flag");
	is(sys_stat("x", (void *)1), -EFAULT, "stat-to-nowhere");
	is(sys_stat((char *)1, &st), -EFAULT, "stat-of-nowhere");
	sys_close(fd);
	sys_unlink("x");
}

static void test_statfs(void)
{
	struct statfs64 before, after;
	int fd = make_file("s", "");

	is(sys_statfs(".", &before), 0, "statfs");
	ok(before.f_bsize == 4096 && before.f_namelen == 255, "sizes-of-blocks-and-names");
	sys_fallocate(fd, 0, 0, 64 * PAGE_SIZE);
	is(syscall2(__NR_fstatfs, fd, P(&after)), 0, "fstatfs");
	ok(after.f_bfree <= before.f_bfree - 64 || before.f_type != TMPFS_MAGIC,
	   "pages-in-use-are-not-free");
	is(sys_statfs("none", &after), -ENOENT, "statfs-of-nothing");
	is(sys_statfs(".", (void *)1), -EFAULT, "statfs-to-nowhere");
	sys_close(fd);
	sys_unlink("s");
}

/* How many entries there are, each name once. */
static int count_entries(int fd, size_t size, bool *twice)
{
	static char buf[4096], seen[100];
	int count = 0;
	long n;

	memset(seen, 0, sizeof(seen));
	while ((n = sys_getdents64(fd, buf, size)) > 0) {
		for (long at = 0; at < n; count++) {
			struct linux_dirent64 *entry = (void *)(buf + at);

			at += entry->d_reclen;
			if (entry->d_name[0] == 'e') {
				int i = (entry->d_name[1] - '0') * 10 + entry->d_name[2] - '0';

				*twice |= seen[i]++;
			}
		}
	}
	return n < 0 ? (int)n : count;
}

static void test_getdents(void)
{
	char name[4] = "e00", buf[64];
	bool twice = false;
	int fd;

	sys_mkdir("g", 0755);
	sys_chdir("g");
	for (int i = 0; i < 100; i++) {
		name[1] = (char)('0' + i / 10);
		name[2] = (char)('0' + i % 10);
		sys_close(make_file(name, ""));
	}
	fd = (int)sys_open(".", O_RDONLY | O_DIRECTORY, 0);
	is(count_entries(fd, 4096, &twice), 102, "all-entries-are-listed");
	ok(!twice, "each-once");
	is(sys_getdents64(fd, buf, 64), 0, "then-it-is-the-end");
	sys_lseek(fd, 0, SEEK_SET);
	is(count_entries(fd, 48, &twice), 102, "in-small-pieces-too");
	ok(!twice, "each-once-again");
	sys_lseek(fd, 0, SEEK_SET);
	is(sys_getdents64(fd, buf, 10), -EINVAL, "a-buffer-too-small-for-one");
	is(sys_getdents64(fd, (void *)1, 64), -EFAULT, "a-bad-buffer-for-entries");
	is(syscall3(__NR_getdents, fd, P(buf), 64) > 0, 1, "the-old-call");
	sys_lseek(fd, 0, SEEK_SET);
	sys_getdents64(fd, buf, 48);
	sys_unlink("e50");
	is(count_entries(fd, 4096, &twice), 99, "an-entry-that-goes-meanwhile-is-not-listed");
	sys_close(fd);
	fd = (int)sys_open("e00", O_RDONLY, 0);
	is(sys_getdents64(fd, buf, 64), -ENOTDIR, "a-file-has-no-entries");
	sys_close(fd);
	for (int i = 0; i < 100; i++) {
		name[1] = (char)('0' + i / 10);
		name[2] = (char)('0' + i % 10);
		sys_unlink(name);
	}
	fd = (int)sys_open(".", O_RDONLY, 0);
	sys_chdir("..");
	sys_rmdir("g");
	is(sys_getdents64(fd, buf, 64), -ENOENT, "a-directory-that-is-gone-has-none");
	sys_close(fd);
}

int main(void)
{
	scratch_enter();
	tap_plan(58);
	test_modes();
	test_times();
	test_statx();
	test_statfs();
	test_getdents();
	scratch_leave();
	return tap_done();
}
