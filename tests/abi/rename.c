/* rename.c - names: directories, links, renames, and what may not be done to them. */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

static void test_directories(void)
{
	is(sys_mkdir("a", 0755), 0, "mkdir");
	is(sys_mkdir("a", 0755), -EEXIST, "not-twice");
	is(sys_mkdir("b/", 0755), 0, "with-a-slash");
	is(sys_mkdir("none/c", 0755), -ENOENT, "not-where-nothing-is");
	is(sys_mkdir(".", 0755), -EEXIST, "the-directory-itself-is-there");
	is(links_of("a"), 2, "a-directory-has-two-links");
	is(sys_mkdir("a/sub", 0755), 0, "a-directory-within");
	is(links_of("a"), 3, "is-another-link-to-it");
	is(sys_rmdir("a"), -ENOTEMPTY, "what-is-not-empty-stays");
	is(sys_unlink("a"), -EISDIR, "unlink-removes-no-directory");
	is(sys_rmdir("a/sub/."), -EINVAL, "a-dot-cannot-be-removed");
	is(sys_rmdir("a/sub/.."), -ENOTEMPTY, "nor-what-is-above");
	is(sys_rmdir("/"), -EBUSY, "nor-the-root");
	is(sys_unlinkat(AT_FDCWD, "a/sub", AT_REMOVEDIR), 0, "unlinkat-removes-directories");
	is(sys_unlinkat(AT_FDCWD, "a", 1), -EINVAL, "an-unknown-flag");
	is(sys_rmdir("a"), 0, "rmdir");
	is(sys_rmdir("a"), -ENOENT, "not-twice-either");
	sys_close(make_file("f", "x"));
	is(sys_rmdir("f"), -ENOTDIR, "a-file-is-no-directory");
	is(sys_unlink("f/"), -ENOTDIR, "nor-with-a-slash");
	is(sys_mkdir("f/x", 0755), -ENOTDIR, "nothing-is-made-below-a-file");
	sys_unlink("f");
	sys_rmdir("b");
}

static void test_cwd(void)
{
	char buf[256], before[256];
	int fd;

	sys_getcwd(before, sizeof(before));
	sys_mkdir("here", 0755);
	is(sys_chdir("here"), 0, "chdir");
	ok(sys_getcwd(buf, sizeof(buf)) > 0 && strlen(buf) == strlen(before) + 5 &&
		   !strcmp(buf + strlen(buf) - 5, "/here"),
	   "getcwd-says-where");
	is(sys_getcwd(buf, 3), -ERANGE, "a-short-buffer");
	is(sys_getcwd((char *)1, 256), -EFAULT, "a-bad-buffer");
	fd = (int)sys_open("..", O_RDONLY, 0);
	is(sys_rmdir("../here"), 0, "the-current-directory-may-be-removed");
	is(sys_getcwd(buf, sizeof(buf)), -ENOENT, "then-it-has-no-name");
	is(sys_open("new", O_RDWR | O_CREAT, 0644), -ENOENT, "nothing-can-be-made-there");
	is(sys_mkdir("new", 0755), -ENOENT, "no-directory-either");
	is(sys_fchdir(fd), 0, "fchdir");
	sys_getcwd(buf, sizeof(buf));
	ok(!strcmp(buf, before), "leads-back");
	is(sys_chdir("none"), -ENOENT, "chdir-to-nothing");
	sys_close(make_file("f", ""));
	is(sys_chdir("f"), -ENOTDIR, "chdir-to-a-file");
	sys_close(fd);
	fd = (int)sys_open("f", O_RDONLY, 0);
	is(sys_fchdir(fd), -ENOTDIR, "fchdir-to-a-file");
	sys_close(fd);
	sys_unlink("f");
}

static void test_links(void)
{
	int fd = make_file("one", "same");

	is(sys_link("one", "two"), 0, "link");
	is(links_of("one"), 2, "counts");
	ok(ino_of("one") == ino_of("two"), "both-names-are-one-file");
	sys_pwrite(fd, "S", 1, 0);
	ok(file_holds("two", "Same"), "seen-by-both");
	is(sys_link("one", "two"), -EEXIST, "a-name-that-is-taken");
	is(sys_link("none", "x"), -ENOENT, "a-file-that-is-not-there");
	is(sys_link("one", "none/x"), -ENOENT, "a-directory-that-is-not-there");
	sys_mkdir("d", 0755);
	is(sys_link("d", "dd"), -EPERM, "directories-have-one-name");
	is(sys_unlink("one"), 0, "the-first-name-goes");
	ok(file_holds("two", "Same"), "the-other-stays");
	is(links_of("two"), 1, "and-is-the-only-one");
	is(sys_linkat(AT_FDCWD, "two", AT_FDCWD, "x", 1), -EINVAL, "an-unknown-flag-of-linkat");
	sys_close(fd);
	sys_unlink("two");
	sys_rmdir("d");
}

static void test_symlinks(void)
{
	char buf[64];
	int fd;

	sys_close(make_file("target", "aim"));
	is(sys_symlink("target", "l"), 0, "symlink");
	ok(file_holds("l", "aim"), "is-followed");
	is(sys_readlink("l", buf, sizeof(buf)), 6, "readlink");
	ok(!memcmp(buf, "target", 6), "tells-the-target");
	is(sys_readlink("l", buf, 3), 3, "cut-to-the-buffer");
	is(sys_readlink("l", buf, 0), -EINVAL, "an-empty-buffer");
	is(sys_readlink("target", buf, 10), -EINVAL, "a-file-is-no-link");
	is(size_of("l"), 6, "its-size-is-the-target's-length");
	is(sys_open("l", O_RDONLY | O_NOFOLLOW, 0), -ELOOP, "o-nofollow-does-not-follow");
	fd = (int)sys_open("l", O_PATH | O_NOFOLLOW, 0);
	is(syscall4(__NR_readlinkat, fd, P(""), P(buf), 64), 6, "o-path-opens-the-link-itself");
	sys_close(fd);
	sys_unlink("target");
	is(sys_open("l", O_RDONLY, 0), -ENOENT, "one-that-leads-nowhere");
	is(sys_open("l", O_RDWR | O_CREAT | O_EXCL, 0644), -EEXIST, "is-there-for-o-excl");
	fd = (int)sys_open("l", O_RDWR | O_CREAT, 0644);
	ok(fd > 0 && ino_of("target") > 0, "open-makes-what-it-leads-to");
	sys_close(fd);
	sys_symlink("loop2", "loop1");
	sys_symlink("loop1", "loop2");
	is(sys_open("loop1", O_RDONLY, 0), -ELOOP, "a-loop");
	is(sys_open("loop1", O_RDWR | O_CREAT, 0644), -ELOOP, "nothing-is-made-through-a-loop");
	is(sys_symlink("", "empty"), -ENOENT, "an-empty-target");
	is(sys_symlink("x", "l"), -EEXIST, "a-link-that-is-there");
	is(sys_mkdir("l", 0755), -EEXIST, "mkdir-does-not-follow-it");
	is(sys_unlink("l"), 0, "unlink-removes-the-link");
	ok(ino_of("target") > 0, "and-not-the-target");
	sys_unlink("loop1");
	sys_unlink("loop2");
	sys_unlink("target");
}

static void test_rename(void)
{
	long ino;

	sys_close(make_file("from", "1"));
	ino = ino_of("from");
	is(sys_rename("from", "to"), 0, "rename");
	ok(ino_of("to") == ino && ino_of("from") == -ENOENT, "moves-the-name");
	is(sys_rename("from", "x"), -ENOENT, "of-what-is-there");
	sys_close(make_file("other", "2"));
	is(sys_rename("to", "other"), 0, "over-another-file");
	ok(file_holds("other", "1"), "which-it-replaces");
	sys_link("other", "same");
	is(sys_rename("other", "same"), 0, "between-two-names-of-one-file");
	ok(ino_of("other") == ino && ino_of("same") == ino, "nothing-happens");
	sys_mkdir("d", 0755);
	is(sys_rename("other", "d"), -EISDIR, "a-file-does-not-replace-a-directory");
	is(sys_rename("d", "other"), -ENOTDIR, "nor-a-directory-a-file");
	is(sys_rename("other", "d/in"), 0, "into-a-directory");
	is(sys_rename("d", "d/in2"), -EINVAL, "not-into-itself");
	sys_mkdir("e", 0755);
	is(sys_rename("e", "d"), -ENOTEMPTY, "over-a-directory-that-is-not-empty");
	is(sys_rename("d", "e"), 0, "over-an-empty-one");
	ok(file_holds("e/in", "1"), "takes-what-is-in-it-along");
	sys_mkdir("e/deep", 0755);
	is(sys_rename("e/deep", "e/deep/x"), -EINVAL, "deeper-into-itself");
	is(sys_rename("e/deep", "e"), -ENOTEMPTY, "over-what-is-above-it");
	is(links_of("e"), 3, "links-before");
	is(sys_rename("e/deep", "deep"), 0, "a-directory-moves-up");
	is(links_of("e"), 2, "and-takes-its-link-along");
	is(sys_rename("same", "."), -EBUSY, "to-a-dot");
	is(sys_rename("..", "x"), -EBUSY, "from-dots");
	is(sys_rename("same", "new/"), -ENOTDIR, "a-file-with-a-slash");
	is(sys_rename("deep", "dir/"), 0, "a-directory-with-a-slash");
	sys_unlink("same");
	sys_unlink("e/in");
	sys_rmdir("e");
	sys_rmdir("dir");
}

static void test_rename_flags(void)
{
	long a, b;

	sys_close(make_file("a", "A"));
	sys_close(make_file("b", "B"));
	is(sys_renameat2("a", "b", RENAME_NOREPLACE), -EEXIST, "noreplace-spares-what-is-there");
	is(sys_renameat2("a", "c", RENAME_NOREPLACE), 0, "and-moves-otherwise");
	is(sys_renameat2("c", "none", RENAME_EXCHANGE), -ENOENT, "exchange-needs-both");
	a = ino_of("c");
	b = ino_of("b");
	is(sys_renameat2("c", "b", RENAME_EXCHANGE), 0, "exchange");
	ok(ino_of("c") == b && ino_of("b") == a, "swaps-two-names");
	sys_mkdir("d", 0755);
	is(sys_renameat2("c", "d", RENAME_EXCHANGE), 0, "a-file-and-a-directory");
	is(sys_rmdir("c"), 0, "swap-kinds");
	is(sys_renameat2("d", "b", RENAME_EXCHANGE | RENAME_NOREPLACE), -EINVAL, "not-both-flags");
	is(sys_renameat2("d", "b", 64), -EINVAL, "an-unknown-flag-of-renameat2");
	sys_unlink("d");
	sys_unlink("b");
}

static void test_long_names(void)
{
	static char name[300], path[5000];

	memset(name, 'n', 255);
	sys_close(make_file(name, "long"));
	ok(file_holds(name, "long"), "a-name-of-255-bytes");
	is(sys_rename(name, "short"), 0, "becomes-a-short-one");
	is(sys_rename("short", name), 0, "and-long-again");
	ok(file_holds(name, "long"), "with-the-same-contents");
	sys_unlink(name);
	memset(name, 'n', 256);
	is(sys_open(name, O_RDWR | O_CREAT, 0644), -ENAMETOOLONG, "256-bytes-are-too-many");
	is(sys_mkdir(name, 0755), -ENAMETOOLONG, "for-a-directory-as-well");
	sys_close(make_file("x", ""));
	is(sys_rename("x", name), -ENAMETOOLONG, "and-for-a-rename");
	sys_unlink("x");
	memset(path, '/', 4999);
	is(sys_mkdir(path, 0755), -ENAMETOOLONG, "a-path-of-5000-bytes");
}

static void test_special(void)
{
	struct __kernel_stat st;

	is(sys_mknod("fifo", S_IFIFO | 0644, 0), 0, "mknod-makes-a-fifo");
	sys_lstat("fifo", &st);
	is(st.st_mode & S_IFMT, S_IFIFO, "of-that-kind");
	is(sys_mknod("reg", 0600, 0), 0, "or-a-file");
	sys_lstat("reg", &st);
	is(st.st_mode & (S_IFMT | 0777), S_IFREG | 0600, "a-regular-one");
	is(sys_mknod("reg", 0600, 0), -EEXIST, "mknod-replaces-nothing");
	is(sys_mknod("dir", S_IFDIR | 0755, 0), -EPERM, "directories-are-mkdir's");
	is(sys_mknod("odd", 0150000, 0), -EINVAL, "a-kind-that-is-none");
	sys_unlink("fifo");
	sys_unlink("reg");
}

/* Of twelve and twenty bits, in the order that they have come to have. */
static void test_device_numbers(void)
{
	struct __kernel_stat st = { 0 };
	struct statx x = { 0 };

	if (sys_mknod("device", S_IFCHR | 0600, 0x12345678)) {
		skip("this user makes no devices", "a-device-has-its-numbers");
		skip("this user makes no devices", "also-by-statx");
		return;
	}
	sys_lstat("device", &st);
	is((long)st.st_rdev, 0x12345678, "a-device-has-its-numbers");
	sys_statx(AT_FDCWD, "device", 0, STATX_BASIC_STATS, &x);
	ok(x.stx_rdev_major == 0x456 && x.stx_rdev_minor == 0x12378, "also-by-statx");
	sys_unlink("device");
}

/* What is moved leaves a character device 0, 0 behind. */
static void test_whiteout(void)
{
	struct __kernel_stat st;

	sys_close(make_file("wa", "a"));
	sys_close(make_file("wb", "b"));
	sys_mkdir("wd", 0755);
	is(sys_renameat2("wa", "wc", RENAME_WHITEOUT), 0, "rename-with-a-whiteout");
	is(sys_lstat("wa", &st), 0, "leaves-something-at-the-old-name");
	ok(st.st_mode == S_IFCHR && !st.st_rdev && st.st_nlink == 1, "a-device-that-is-none");
	is(sys_open("wa", O_RDONLY | O_PATH, 0) > 0, 1, "it-has-a-place");
	ok(file_holds("wc", "a"), "the-file-has-moved");
	is(sys_renameat2("wc", "wb", RENAME_WHITEOUT), 0, "also-over-another");
	ok(file_holds("wb", "a"), "which-is-replaced");
	is(sys_renameat2("wb", "wc", RENAME_WHITEOUT | RENAME_NOREPLACE), -EEXIST,
	   "a-whiteout-is-a-name-that-is-taken");
	is(sys_renameat2("wb", "we", RENAME_WHITEOUT | RENAME_NOREPLACE), 0, "a-free-name-is-not");
	is(sys_renameat2("we", "wb", RENAME_WHITEOUT | RENAME_EXCHANGE), -EINVAL,
	   "nothing-is-left-by-an-exchange");
	is(sys_renameat2("wd", "wd2", RENAME_WHITEOUT), 0, "a-directory");
	sys_lstat("wd", &st);
	is(st.st_mode, S_IFCHR, "leaves-one-too");
	is(sys_link("we", "wl"), 0, "of-two-names-of-one-file");
	is(sys_renameat2("we", "wl", RENAME_WHITEOUT), 0, "neither-moves");
	ok(file_holds("we", "a"), "so-nothing-is-left");
	is(sys_renameat2("none", "wx", RENAME_WHITEOUT), -ENOENT,
	   "what-is-not-there-leaves-nothing");
	is(sys_lstat("none", &st), -ENOENT, "indeed-nothing");
	is(sys_renameat2("we", "wl", 8), -EINVAL, "an-unknown-flag-of-renameat2");
}

int main(void)
{
	scratch_enter();
	tap_plan(132);
	test_directories();
	test_cwd();
	test_links();
	test_symlinks();
	test_rename();
	test_rename_flags();
	test_long_names();
	test_special();
	test_device_numbers();
	test_whiteout();
	scratch_leave();
	return tap_done();
}
