/*
 * read_only.c - a file system that is mounted read-only: EROFS for what would change it, and what
 * comes before that; when it can become so (EBUSY), and taking off what is in use.
 */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#include <stdio.h>
#include <string.h>

static long remount(unsigned long flags, const char *data)
{
	return sys_mount("none", "../fs", NULL, MS_REMOUNT | flags, data);
}

static bool mounts_say(const char *word)
{
	static char text[16384];
	int fd = (int)sys_open("/proc/mounts", O_RDONLY, 0);
	long n, len = 0;
	char *line;

	while ((n = sys_read(fd, text + len, sizeof(text) - 1 - (size_t)len)) > 0)
		len += n;
	sys_close(fd);
	text[len] = '\0';
	line = strstr(text, "/fs tmpfs ");
	return line && !strncmp(line + 10, word, strlen(word));
}

/* ---- what is refused ---- */

static long try_open(const char *path, int flags)
{
	long fd = sys_open(path, flags, 0644);

	if (!is_error(fd))
		sys_close((int)fd);
	return is_error(fd) ? fd : 0;
}

static void test_open(void)
{
	is(try_open("f", O_WRONLY), -EROFS, "no-file-is-opened-for-writing");
	is(try_open("f", O_RDWR), -EROFS, "nor-for-both");
	is(try_open("f", O_RDONLY | O_TRUNC), -EROFS, "nor-emptied");
	is(try_open("f", O_RDONLY), 0, "one-can-be-read");
	is(try_open("f", O_RDONLY | O_CREAT), 0, "also-with-O_CREAT-if-it-is-there");
	is(try_open("f", O_WRONLY | O_CREAT), -EROFS, "but-not-written");
	is(try_open("new", O_WRONLY | O_CREAT), -EROFS, "none-is-made");
	is(try_open("f", O_WRONLY | O_CREAT | O_EXCL), -EEXIST, "that-it-is-there-comes-first");
	is(try_open("none/new", O_WRONLY | O_CREAT), -ENOENT, "and-that-its-directory-is-not");
	is(try_open("d", O_WRONLY | O_CREAT), -EISDIR, "and-that-it-is-a-directory");
	is(try_open("new/", O_WRONLY | O_CREAT), -EISDIR, "or-would-be-one");
	is(try_open(".", O_RDWR | O_TMPFILE), -EROFS, "nor-one-without-a-name");
	is(try_open("null", O_RDWR), 0, "devices-are-no-part-of-it");
	is(try_open("p", O_RDWR), 0, "nor-what-is-in-a-FIFO");
	is(sys_truncate("f", 0), -EROFS, "truncate");
	is(sys_truncate("d", 0), -EISDIR, "truncate-of-a-directory");
	is(sys_truncate("p", 0), -EINVAL, "truncate-of-a-FIFO");
	is(sys_truncate("none", 0), -ENOENT, "truncate-of-nothing");
}

static void test_names(void)
{
	is(sys_mkdir("new", 0755), -EROFS, "mkdir");
	is(sys_mkdir("d", 0755), -EEXIST, "mkdir-of-what-is-there");
	is(sys_mkdir("none/d", 0755), -ENOENT, "mkdir-in-what-is-not");
	is(sys_mknod("new", S_IFREG | 0644, 0), -EROFS, "mknod");
	is(sys_mknod("f", S_IFREG | 0644, 0), -EEXIST, "mknod-of-what-is-there");
	is(sys_symlink("x", "new"), -EROFS, "symlink");
	is(sys_symlink("", "new"), -ENOENT, "symlink-to-nothing");
	is(sys_link("f", "new"), -EROFS, "link");
	is(sys_link("f", "d"), -EEXIST, "link-to-a-name-that-is-taken");
	is(sys_link("none", "new"), -ENOENT, "link-of-nothing");
	is(sys_link("d", "new"), -EROFS, "link-of-a-directory");
	is(sys_link("/proc/version", "new"), -EROFS, "link-of-what-lies-elsewhere");
	is(sys_unlink("f"), -EROFS, "unlink");
	is(sys_unlink("none"), -EROFS, "unlink-does-not-even-look");
	is(sys_unlink("."), -EISDIR, "but-for-dots");
	is(sys_rmdir("d"), -EROFS, "rmdir");
	is(sys_rmdir("f"), -EROFS, "rmdir-does-not-look-either");
	is(sys_rmdir("."), -EINVAL, "rmdir-of-a-dot");
	is(sys_rename("f", "new"), -EROFS, "rename");
	is(sys_rename("none", "new"), -EROFS, "rename-of-nothing");
	is(sys_rename(".", "new"), -EBUSY, "rename-of-a-dot");
	is(sys_rename("f", "../new"), -EXDEV, "rename-to-elsewhere");
	is(sys_renameat2("f", "g", RENAME_NOREPLACE), -EROFS, "renameat2");
}

static void test_attributes(int fd)
{
	struct statfs64 st;

	is(sys_chmod("f", 0600), -EROFS, "chmod");
	is(sys_chmod("none", 0600), -ENOENT, "chmod-of-nothing");
	is(sys_chmod("null", 0600), -EROFS, "a-device's-mode-is-part-of-it");
	is(sys_fchmod(fd, 0600), -EROFS, "fchmod");
	is(syscall3(__NR_chown, P("f"), 0, 0), -EROFS, "chown");
	is(syscall3(__NR_chown, P("f"), -1, -1), -EROFS, "chown-of-nobody");
	is(syscall3(__NR_fchown, fd, 0, 0), -EROFS, "fchown");
	is(sys_utimensat(AT_FDCWD, "f", NULL, 0), -EROFS, "utimensat");
	is(sys_utimensat(fd, NULL, NULL, 0), -EROFS, "futimens");
	is(sys_access("f", 2), -EROFS, "access-knows");
	is(sys_access("d", 2), -EROFS, "of-directories-too");
	is(sys_access("f", 4), 0, "reading-is-allowed");
	is(sys_access("null", 2), 0, "a-device-may-be-written-to");
	is(sys_access("p", 2), 0, "so-may-a-FIFO");
	is(sys_statfs(".", &st), 0, "statfs");
	is(st.f_flags & 1, 1, "says-ST_RDONLY");
}

static bool times_equal(const struct __kernel_stat *a, const struct __kernel_stat *b)
{
	return a->st_atime_sec == b->st_atime_sec && a->st_atime_nsec == b->st_atime_nsec;
}

static void test_reading(int fd)
{
	struct __kernel_stat before, after;
	char c;

	sys_stat("f", &before);
	is(sys_pread(fd, &c, 1, 0), 1, "a-file-is-read");
	sys_stat("f", &after);
	ok(times_equal(&before, &after), "which-does-not-change-when-it-was");
}

/* ---- when it becomes so ---- */

static void make_files(void)
{
	sys_close(make_file("f", "x"));
	sys_close(make_file("g", "y"));
	sys_mkdir("d", 0755);
	sys_mknod("p", S_IFIFO | 0644, 0);
	sys_mknod("null", S_IFCHR | 0666, 1 << 8 | 3);
}

static void test_busy(void)
{
	int fd = (int)sys_open("f", O_WRONLY, 0), other;
	long mem;

	is(remount(MS_RDONLY, NULL), -EBUSY, "while-a-file-is-open-for-writing-it-stays-writable");
	is(remount(MS_RDONLY | MS_BIND, NULL), -EBUSY, "so-does-the-mount");
	ok(mounts_say("rw"), "which-mounts-tells");
	other = (int)syscall1(__NR_dup, fd);
	sys_close(fd);
	is(remount(MS_RDONLY, NULL), -EBUSY, "another-descriptor-is-the-same-file");
	sys_close(other);
	fd = (int)sys_open("f", O_RDWR, 0);
	mem = sys_mmap(0, 1, PROT_READ, MAP_SHARED, fd, 0);
	sys_close(fd);
	is(remount(MS_RDONLY, NULL), -EBUSY, "a-shared-mapping-keeps-it-open");
	sys_munmap((uintptr_t)mem, PAGE_SIZE);
	fd = (int)sys_open("g", O_RDONLY, 0);
	sys_unlink("g");
	is(remount(MS_RDONLY, NULL), -EBUSY, "a-file-without-a-name-has-to-go-first");
	sys_close(fd);
	fd = (int)sys_open(".", O_RDWR | O_TMPFILE, 0600);
	other = (int)sys_open("null", O_RDWR, 0);
	is(remount(MS_RDONLY, NULL), -EBUSY, "also-one-that-never-had-any");
	sys_close(fd);
	is(remount(MS_RDONLY, NULL), 0, "then-it-becomes-read-only");
	is(remount(MS_RDONLY, NULL), 0, "again");
	is(sys_write(other, "x", 1), 1, "an-open-device-is-still-written-to");
	sys_close(other);
	ok(mounts_say("ro"), "mounts-tells-that");
}

static void test_remount(void)
{
	struct statfs64 st;

	is(remount(0, NULL), 0, "and-writable-again");
	is(remount(0, NULL), 0, "twice");
	is(try_open("f", O_RDWR), 0, "files-are-written-again");
	is(remount(0, "size=1m"), 0, "its-size-is-changed");
	sys_statfs(".", &st);
	is((long)st.f_blocks, 256, "as-statfs-shows");
	is(remount(0, "nosuch=1"), -EINVAL, "a-wrong-option");
	is(sys_mount("none", "d", NULL, MS_REMOUNT, NULL), -EINVAL,
	   "what-is-no-mount-is-not-remounted");
	is(sys_mount("none", "none", NULL, MS_REMOUNT, NULL), -ENOENT, "nor-what-is-not-there");
}

/* ---- taking it off ---- */

static void test_umount(void)
{
	char buf[64] = "";
	int fd = (int)sys_open("d", O_RDONLY, 0);

	is(sys_umount2("../fs", 0), -EBUSY, "the-current-directory-keeps-it");
	sys_chdir("..");
	is(sys_umount2("fs", 0), -EBUSY, "so-does-an-open-one");
	sys_close(fd);
	is(sys_mount("none", "fs/d", "tmpfs", 0, NULL), 0, "another-is-mounted-in-it");
	is(sys_umount2("fs", 0), -EBUSY, "and-keeps-it-too");
	is(sys_umount2("fs", MNT_EXPIRE | MNT_DETACH), -EINVAL, "flags-that-exclude-each-other");
	is(sys_umount2("fs", 0x100), -EINVAL, "an-unknown-flag");
	sys_chdir("fs/d");
	sys_close(make_file("inner", "i"));
	is(sys_umount2("../../fs", MNT_DETACH), 0, "MNT_DETACH-takes-both-off");
	ok(!mounts_say("rw"), "they-are-gone-from-mounts");
	ok(file_holds("inner", "i"), "who-is-in-one-goes-on-there");
	is(sys_getcwd(buf, sizeof(buf)), 15, "at-a-place");
	ok(!strcmp(buf, "(unreachable)/"), "without-a-path");
	sys_mkdir("below", 0755);
	is(sys_mount("none", "below", "tmpfs", 0, NULL), -ENOENT, "nothing-can-be-mounted-in-it");
	is(sys_mount("none", ".", "tmpfs", 0, NULL), -ENOENT, "nor-on-it");
	is(sys_mount("none", ".", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), -EINVAL, "no-remount");
	is(sys_umount2(".", MNT_DETACH), -EINVAL, "it-is-not-mounted");
	sys_chdir("..");
	ok(file_holds("inner", "i"), "nothing-is-above-it");
}

static void test_expire(void)
{
	if (sys_mount("none", "fs", "tmpfs", MS_RDONLY, NULL))
		return;
	is(sys_mkdir("fs/d", 0755), -EROFS, "mounted-read-only-from-the-first");
	is(sys_umount2("fs", MNT_EXPIRE), -EAGAIN, "MNT_EXPIRE-marks-it");
	is(sys_access("fs/d", 0), -ENOENT, "it-is-used");
	is(sys_umount2("fs", MNT_EXPIRE), -EAGAIN, "so-it-is-marked-once-more");
	is(sys_umount2("fs", MNT_EXPIRE), 0, "now-it-goes");
	is(sys_umount2("fs", 0), -EINVAL, "and-is-gone");
}

int main(void)
{
	char home[64];
	int fd;

	scratch_enter();
	sys_getcwd(home, sizeof(home));
	sys_mkdir("fs", 0755);
	if (sys_mount("none", "fs", "tmpfs", 0, NULL)) {
		scratch_leave();
		bail("file systems cannot be mounted here");
	}
	sys_chdir("fs");
	make_files();
	test_busy();
	fd = (int)sys_open("f", O_RDONLY, 0);
	test_open();
	test_names();
	test_attributes(fd);
	test_reading(fd);
	sys_close(fd);
	test_remount();
	test_umount();
	sys_chdir(home);
	test_expire();
	scratch_leave();
	return tap_finish();
}
