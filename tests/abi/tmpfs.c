/* tmpfs.c - files that are made, written, read, opened in every way, and removed. */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

static char page[4096], back[4096];

static void test_create(void)
{
	long fd = sys_open("new", O_RDWR | O_CREAT | O_EXCL, 0644);

	ok(!is_error(fd), "a-file-is-made");
	is(sys_open("new", O_RDWR | O_CREAT | O_EXCL, 0644), -EEXIST, "it-is-made-once-only");
	is(sys_write((int)fd, "hello", 5), 5, "a-write");
	is(sys_lseek((int)fd, 0, SEEK_SET), 0, "back-to-the-start");
	is(sys_read((int)fd, back, 100), 5, "it-is-read-to-its-end");
	ok(!memcmp(back, "hello", 5), "as-it-was-written");
	is(sys_close((int)fd), 0, "a-close");
	ok(file_holds("new", "hello"), "it-is-there-for-the-next-open");
	is(sys_unlink("new"), 0, "an-unlink");
	is(sys_open("new", O_RDONLY, 0), -ENOENT, "and-it-is-gone");
	is(sys_unlink("new"), -ENOENT, "nothing-is-unlinked-twice");
}

static void test_open_errors(void)
{
	is(sys_open("none/file", O_RDWR | O_CREAT, 0644), -ENOENT,
	   "no-file-without-its-directory");
	is(sys_open("slash/", O_RDWR | O_CREAT, 0644), -EISDIR, "a-new-file-with-a-slash");
	is(sys_open(".", O_RDWR | O_CREAT, 0644), -EISDIR, "the-directory-itself-cannot-be-made");
	is(sys_open(".", O_WRONLY, 0), -EISDIR, "a-directory-is-not-written");
	sys_close(make_file("file", "x"));
	is(sys_open("file", O_RDONLY | O_DIRECTORY, 0), -ENOTDIR, "a-file-is-no-directory");
	is(sys_open("file/", O_RDONLY, 0), -ENOTDIR, "nor-with-a-slash");
	is(sys_open("file/x", O_RDWR | O_CREAT, 0644), -ENOTDIR, "nothing-is-made-in-a-file");
	is(sys_open("d", O_CREAT | O_DIRECTORY | O_RDONLY, 0755), -EINVAL,
	   "open-makes-no-directories");
	is(sys_open("", O_RDWR | O_CREAT, 0644), -ENOENT, "an-empty-name");
	is(sys_open((char *)1, O_RDONLY, 0), -EFAULT, "a-bad-pointer");
	sys_unlink("file");
}

static void test_flags(void)
{
	int fd = make_file("f", "0123456789"), other;

	other = (int)sys_open("f", O_WRONLY | O_APPEND, 0);
	is(sys_write(other, "ab", 2), 2, "an-append");
	is(sys_lseek(other, 0, SEEK_SET), 0, "from-the-start-again");
	is(sys_write(other, "cd", 2), 2, "still-appends");
	ok(file_holds("f", "0123456789abcd"), "at-the-end");
	is(sys_read(other, back, 1), -EBADF, "what-is-open-for-writing-is-not-read");
	sys_close(other);
	is(sys_fcntl(fd, F_GETFL, 0) & O_ACCMODE, O_RDWR, "getfl-shows-the-access-mode");
	is(sys_fcntl(fd, F_SETFL, O_APPEND), 0, "append-may-be-set");
	is(sys_pwrite(fd, "X", 1, 0), 1, "pwrite-with-append");
	is(size_of("f"), 15, "appends-too");
	other = (int)sys_open("f", O_RDWR | O_TRUNC, 0);
	is(size_of("f"), 0, "o-trunc-empties-the-file");
	sys_close(other);
	sys_close(fd);
	sys_unlink("f");
}

static void test_unlinked(void)
{
	int fd = make_file("gone", "still here");
	struct __kernel_stat st;

	sys_unlink("gone");
	is(sys_fstat(fd, &st), 0, "an-unlinked-file-stays-open");
	is((long)st.st_nlink, 0, "it-has-no-name");
	is(sys_pread(fd, back, 100, 0), 10, "and-its-contents");
	is(sys_pwrite(fd, "more", 4, 100), 4, "it-can-be-written");
	is(sys_fstat(fd, &st), 0, "fstat-again");
	is(st.st_size, 104, "and-grows");
	sys_close(fd);
}

static void test_tmpfile(void)
{
	long fd = sys_open(".", O_TMPFILE | O_RDWR, 0600);
	char path[64];

	if (fd == -EOPNOTSUPP) {
		skip("no O_TMPFILE here", "a-file-without-a-name");
		return;
	}
	ok(!is_error(fd), "a-file-without-a-name");
	sys_write((int)fd, "t", 1);
	is(sys_open(".", O_TMPFILE | O_RDONLY, 0600), -EINVAL, "must-be-writable");
	is(sys_linkat((int)fd, "", AT_FDCWD, "named", AT_EMPTY_PATH), 0, "it-may-get-a-name");
	ok(file_holds("named", "t"), "by-which-it-is-found");
	sys_close((int)fd);
	(void)path;
	fd = sys_open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600);
	is(sys_linkat((int)fd, "", AT_FDCWD, "never", AT_EMPTY_PATH), -ENOENT,
	   "but-not-with-o-excl");
	sys_close((int)fd);
	sys_unlink("named");
}

static void test_o_path(void)
{
	int fd, dir;

	sys_close(make_file("p", "x"));
	fd = (int)sys_open("p", O_PATH, 0);
	is(sys_read(fd, back, 1), -EBADF, "o-path-does-not-read");
	is(sys_write(fd, "x", 1), -EBADF, "nor-write");
	is(sys_lseek(fd, 0, SEEK_SET), -EBADF, "nor-seek");
	is(sys_fchmod(fd, 0600), -EBADF, "nor-change");
	is(sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0), -EBADF, "nor-map");
	is(sys_fcntl(fd, F_GETFL, 0), O_PATH, "it-says-what-it-is");
	is(sys_dup2(fd, 30), 30, "it-may-be-duplicated");
	sys_close(30);
	sys_close(fd);
	sys_mkdir("dir", 0755);
	sys_close(make_file("dir/in", "y"));
	dir = (int)sys_open("dir", O_PATH | O_DIRECTORY, 0);
	fd = (int)syscall4(__NR_openat, dir, P("in"), O_RDONLY, 0);
	is(sys_read(fd, back, 10), 1, "openat-starts-from-it");
	sys_close(fd);
	sys_close(dir);
	sys_unlink("dir/in");
	sys_rmdir("dir");
	sys_unlink("p");
}

/* What begins nowhere is not there, even if that is no directory. */
static void test_empty_paths(void)
{
	static char st[256];
	static const struct { int nr; long args[5]; } calls[] = {
		{ __NR_openat, { 999, P("") } },
		{ __NR_mkdirat, { 999, P("") } },
		{ __NR_mknodat, { 999, P("") } },
		{ __NR_unlinkat, { 999, P("") } },
		{ __NR_symlinkat, { P("to"), 999, P("") } },
		{ __NR_linkat, { 999, P(""), 999, P("") } },
		{ __NR_renameat2, { 999, P(""), 999, P("") } },
		{ __NR_fchmodat, { 999, P("") } },
		{ __NR_fchownat, { 999, P("") } },
		{ __NR_faccessat, { 999, P("") } },
		{ __NR_readlinkat, { 999, P(""), P(st), 9 } },
		{ __NR_newfstatat, { 999, P(""), P(st) } },
		{ __NR_statx, { 999, P(""), 0, 0, P(st) } },
		{ __NR_utimensat, { 999, P("") } },
	};

	for (unsigned int i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const long *a = calls[i].args;
		/* That one takes "" for the link itself. */
		long expected = calls[i].nr == __NR_readlinkat ? -EBADF : -ENOENT;

		is(syscall5(calls[i].nr, a[0], a[1], a[2], a[3], a[4]), expected,
		   "call-%d-of-an-empty-path-at-no-directory", calls[i].nr);
	}
}

static void test_holes(void)
{
	int fd = make_file("sparse", "");
	struct __kernel_stat st;

	is(sys_pwrite(fd, "end", 3, 5 * 4096 + 10), 3, "a-write-far-behind-the-end");
	is(sys_pread(fd, page, 4096, 2 * 4096), 4096, "what-lies-between-is-read");
	ok(all_bytes(page, 0, 4096), "as-zeros");
	sys_fstat(fd, &st);
	is(st.st_size, 5 * 4096 + 13, "the-size-counts-all");
	is(st.st_blocks, 8, "the-blocks-only-what-is-there");
	is(sys_lseek(fd, 0, SEEK_DATA), 5 * 4096, "data-comes-after-the-hole");
	is(sys_lseek(fd, 0, SEEK_HOLE), 0, "the-hole-is-here");
	is(sys_lseek(fd, 5 * 4096 + 1, SEEK_DATA), 5 * 4096 + 1, "in-the-middle-of-data");
	is(sys_lseek(fd, 5 * 4096 + 1, SEEK_HOLE), 5 * 4096 + 13, "the-last-hole-is-the-end");
	is(sys_lseek(fd, 5 * 4096 + 13, SEEK_DATA), -ENXIO, "there-is-no-data-at-the-end");
	is(sys_lseek(fd, 5 * 4096 + 13, SEEK_HOLE), -ENXIO, "nor-a-hole");
	is(sys_lseek(fd, 1 << 20, SEEK_HOLE), -ENXIO, "nor-one-behind-it");
	is(sys_lseek(fd, -1, SEEK_DATA), -ENXIO, "nor-before-the-start");
	sys_close(fd);
	sys_unlink("sparse");
}

static void test_bad_buffers(void)
{
	int fd = make_file("b", "");
	char *mem = map_private(2 * PAGE_SIZE);

	unmap(mem + PAGE_SIZE, PAGE_SIZE);
	memset(mem, 'm', PAGE_SIZE);
	is(sys_write(fd, (void *)1, 10), -EFAULT, "a-write-from-nowhere");
	is(size_of("b"), 0, "leaves-the-file-empty");
	is(sys_write(fd, mem + PAGE_SIZE - 10, 20), 10, "a-buffer-that-ends-early");
	is(size_of("b"), 10, "gives-what-it-has");
	is(sys_pread(fd, (void *)1, 10, 0), -EFAULT, "a-read-to-nowhere");
	is(sys_pwrite(fd, "x", 1, -1), -EINVAL, "a-negative-offset");
	is(sys_pwrite(fd, "x", 1, INT64_MAX), -EINVAL, "beyond-all-offsets");
	sys_close(fd);
	sys_unlink("b");
	unmap(mem, PAGE_SIZE);
}

static int child_meets_limit(void *arg)
{
	struct rlimit64 limit = { 4096, 4096 };
	int fd = make_file("limited", "");

	(void)arg;
	sys_prlimit64(0, RLIMIT_FSIZE, &limit, NULL);
	if (sys_write(fd, page, 4096) != 4096 || sys_pwrite(fd, page, 4096, 4000) != 96)
		return 1;
	sys_write(fd, "x", 1); /* SIGXFSZ */
	return 2;
}

static void test_vectors(void)
{
	char a[4] = "", b[4] = "";
	struct iovec out[2] = { { "abc", 3 }, { "defg", 4 } };
	struct iovec in[2] = { { a, 2 }, { b, 3 } };
	struct iovec bad[2] = { { "ok", 2 }, { (void *)1, 2 } };
	int fd = make_file("v", "");

	is(syscall3(__NR_writev, fd, P(out), 2), 7, "writev");
	is(syscall5(__NR_preadv, fd, P(in), 2, 1, 0), 5, "preadv");
	ok(!memcmp(a, "bc", 2) && !memcmp(b, "def", 3), "fills-one-buffer-after-the-other");
	is(syscall5(__NR_pwritev, fd, P(out), 1, 100, 0), 3, "pwritev");
	is(syscall6(__NR_preadv2, fd, P(in), 1, -1, -1, 0), 2, "preadv2-at-the-file's-position");
	is(sys_lseek(fd, 0, SEEK_CUR), 9, "moves-it");
	is(syscall6(__NR_preadv2, fd, P(in), 1, 0, 0, 1 << 20), -EOPNOTSUPP, "an-unknown-flag");
	is(syscall3(__NR_writev, fd, P(bad), 2), 2, "a-bad-second-buffer-ends-a-writev");
	is(syscall3(__NR_writev, fd, P(out), 1025), -EINVAL, "too-many-buffers");
	sys_close(fd);
	sys_unlink("v");
}

/* Which error comes first where there are two. */
static void test_order_of_errors(void)
{
	sys_mkdir("dir", 0755);
	sys_close(make_file("file", ""));
	is(sys_fallocate(-1, 0, 0, 0), -EBADF, "fallocate-looks-at-the-descriptor-first");
	is(sys_link("dir", "file"), -EEXIST, "link-looks-for-the-new-name-first");
	is(sys_link("/proc/self/stat", "file"), -EEXIST, "even-on-another-file-system");
	is(sys_link("dir", "new"), -EPERM, "then-at-the-kind");
	is(sys_open(".", O_CREAT | O_EXCL, 0600), -EEXIST, "open-of-dot-exclusively");
	is(sys_open(".", O_CREAT, 0600), -EISDIR, "and-not-exclusively");
	is(sys_open("dir", O_RDONLY | O_TRUNC, 0), -EISDIR, "truncation-is-writing");
	sys_unlink("file");
	sys_rmdir("dir");
}

int main(void)
{
	scratch_enter();
	tap_plan(101);
	test_create();
	test_open_errors();
	test_flags();
	test_unlinked();
	test_tmpfile();
	test_o_path();
	test_empty_paths();
	test_holes();
	test_bad_buffers();
	ok_child_dies(child_meets_limit, NULL, SIGXFSZ, "a-file-larger-than-its-limit");
	sys_unlink("limited");
	test_vectors();
	test_order_of_errors();
	scratch_leave();
	return tap_done();
}
