/*
 * openat2.c - openat2: its structure, the flags that it does not forgive, and
 * where a path may not lead.
 */
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#include <stdio.h>
#include <string.h>

#define MAGIC_TMPFILE	(O_TMPFILE & ~O_DIRECTORY)

static int dir;	/* "d", below which most paths begin */

/* 0, or the error. */
static long how_at(int fd, const char *path, const struct open_how *how, size_t size)
{
	long ret = syscall4(__NR_openat2, fd, P(path), P(how), (long)size);

	if (!is_error(ret))
		sys_close((int)ret);
	return is_error(ret) ? ret : 0;
}

static long try(const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	const struct open_how how = { flags, mode, resolve };

	return how_at(dir, path, &how, sizeof(how));
}

static long resolve(const char *path, uint64_t flags) { return try(path, O_RDONLY, 0, flags); }

static void test_structure(void)
{
	static struct { struct open_how how; char rest[8192]; } large;

	is(how_at(dir, "g", &large.how, 24), 0, "the-structure-as-it-is");
	is(how_at(dir, "g", &large.how, 0), -EINVAL, "an-empty-one");
	is(how_at(dir, "g", &large.how, 23), -EINVAL, "a-shorter-one");
	is(how_at(dir, "g", &large.how, 32), 0, "a-longer-one-of-zeros");
	is(how_at(dir, "g", &large.how, 4096), 0, "up-to-a-page");
	is(how_at(dir, "g", &large.how, 4097), -E2BIG, "and-not-above");
	large.rest[7] = 1;
	is(how_at(dir, "g", &large.how, 32), -E2BIG, "a-longer-one-that-says-something");
	is(how_at(dir, "g", NULL, 24), -EFAULT, "none");
	is(how_at(dir, NULL, &large.how, 24), -EFAULT, "no-path");
	is(how_at(dir, "", &large.how, 24), -ENOENT, "an-empty-path");
	is(how_at(99, "g", &large.how, 24), -EBADF, "no-directory");
}

static void test_flags(void)
{
	is(try("g", 1ull << 30, 0, 0), -EINVAL, "an-unknown-flag");
	is(try("g", 1ull << 40, 0, 0), -EINVAL, "one-that-open-could-not-even-be-given");
	is(try("g", 0, 0600, 0), -EINVAL, "a-mode-for-a-file-that-is-not-made");
	is(try("n", O_RDWR | O_CREAT, 0600, 0), 0, "a-file-is-made");
	is(try("g", O_RDWR | O_CREAT, 0100600, 0), -EINVAL, "its-mode-has-no-type");
	is(try("n", O_CREAT | O_EXCL, 0600, 0), -EEXIST, "nor-is-it-made-twice");
	is(try("g", 0, 0, 0x40), -EINVAL, "an-unknown-way");
	is(try("g", 0, 0, RESOLVE_BENEATH | RESOLVE_IN_ROOT), -EINVAL,
	   "two-that-exclude-each-other");
	is(try("g", O_PATH | O_RDWR, 0, 0), -EINVAL, "O_PATH-with-what-it-does-not-use");
	is(try("g", O_PATH | O_NOFOLLOW, 0, 0), 0, "O_PATH-with-what-it-does");
	is(try("n2", O_CREAT | O_DIRECTORY, 0600, 0), -EINVAL, "no-directory-is-made");
	is(try(".", O_TMPFILE | O_RDWR, 0600, 0), 0, "a-file-without-a-name");
	is(try(".", O_TMPFILE, 0600, 0), -EINVAL, "that-could-not-be-written");
	is(try(".", MAGIC_TMPFILE | O_RDWR, 0600, 0), -EINVAL, "or-is-only-half-asked-for");
}

static void test_links(void)
{
	char path[64];

	is(resolve("l", RESOLVE_NO_SYMLINKS), -ELOOP, "no-link-at-the-end");
	is(resolve("le/.", RESOLVE_NO_SYMLINKS), -ELOOP, "nor-on-the-way");
	is(try("l", O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS), 0,
	   "but-one-that-is-not-followed");
	is(try("l", O_CREAT | O_RDWR, 0600, RESOLVE_NO_SYMLINKS), -ELOOP, "also-with-O_CREAT");
	is(resolve("l", RESOLVE_NO_MAGICLINKS), 0, "links-of-text-are-no-magic");
	is(resolve("/proc/self/stat", RESOLVE_NO_MAGICLINKS), 0, "not-in-proc-either");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
	is(resolve(path, RESOLVE_NO_MAGICLINKS), -ELOOP, "those-to-open-files-are");
	is(resolve(path, 0), 0, "which-lead-there-otherwise");
}

static void test_mounts(void)
{
	is(resolve("g", RESOLVE_NO_XDEV), 0, "within-a-file-system");
	is(resolve("../f", RESOLVE_NO_XDEV), 0, "upwards-too");
	is(resolve("/proc/version", RESOLVE_NO_XDEV), -EXDEV, "not-into-another");
}

static void test_beneath(void)
{
	char path[128], here[64];

	sys_getcwd(here, sizeof(here));
	snprintf(path, sizeof(path), "%s/d/g", here);
	is(resolve("g", RESOLVE_BENEATH), 0, "beneath-a-directory");
	is(resolve(".", RESOLVE_BENEATH), 0, "is-itself");
	is(resolve("e/../g", RESOLVE_BENEATH), 0, "and-what-leads-back-to-it");
	is(resolve("l", RESOLVE_BENEATH), 0, "links-within");
	is(resolve("../f", RESOLVE_BENEATH), -EXDEV, "not-what-is-above");
	is(resolve("..", RESOLVE_BENEATH), -EXDEV, "or-next-to-it");
	is(resolve("e/../../d/g", RESOLVE_BENEATH), -EXDEV, "even-if-it-comes-back");
	is(resolve(path, RESOLVE_BENEATH), -EXDEV, "no-absolute-path");
	is(resolve("abs", RESOLVE_BENEATH), -EXDEV, "nor-a-link-that-is-one");
	is(resolve("up", RESOLVE_BENEATH), -EXDEV, "or-leads-up");
	is(resolve("none", RESOLVE_BENEATH), -ENOENT, "what-is-not-there");
	is(try("../new", O_CREAT | O_RDWR, 0600, RESOLVE_BENEATH), -EXDEV,
	   "nothing-is-made-above");
	is(sys_access("new", 0), -ENOENT, "indeed");
}

static void test_in_root(void)
{
	const struct open_how how = { O_RDONLY, 0, RESOLVE_IN_ROOT };
	struct open_how other = { O_RDONLY, 0, RESOLVE_BENEATH };
	int fds = (int)sys_open("/proc/self/fd", O_RDONLY | O_DIRECTORY, 0);
	char name[16];

	is(resolve("/g", RESOLVE_IN_ROOT), 0, "in-a-root-of-its-own");
	is(resolve("../../g", RESOLVE_IN_ROOT), 0, "nothing-is-above");
	is(resolve("/", RESOLVE_IN_ROOT), 0, "the-root");
	is(resolve("rg", RESOLVE_IN_ROOT), 0, "links-begin-there");
	is(resolve("up", RESOLVE_IN_ROOT), -ENOENT, "and-end-there");
	is(resolve("abs", RESOLVE_IN_ROOT), -ENOENT, "all-of-them");
	is(try("/../new", O_CREAT | O_RDWR, 0600, RESOLVE_IN_ROOT), 0, "a-file-is-made");
	is(sys_access("d/new", 0), 0, "within");
	is(how_at(AT_FDCWD, "/f", &how, sizeof(how)), 0, "the-current-directory-as-the-root");
	snprintf(name, sizeof(name), "%d", dir);
	is(how_at(fds, name, &how, sizeof(how)), -EXDEV, "an-open-file's-link-is-no-way-out");
	is(how_at(fds, name, &other, sizeof(other)), -EXDEV, "of-either");
	other.resolve = RESOLVE_NO_XDEV;
	is(how_at(fds, name, &other, sizeof(other)), -EXDEV, "or-to-another-file-system");
	sys_close(fds);
}

static void test_cached(void)
{
	is(resolve("g", RESOLVE_CACHED), 0, "what-is-in-memory");
	is(try("new2", O_CREAT | O_RDWR, 0600, RESOLVE_CACHED), -EAGAIN, "nothing-is-made");
	is(try("g", O_TRUNC | O_RDWR, 0, RESOLVE_CACHED), -EAGAIN, "or-emptied");
}

/* What open() says that it opened: a large file; pipes and their like are none. */
static void test_large_files(void)
{
	const struct open_how how = { O_RDONLY, 0, 0 };
	int fds[2], fd = (int)sys_open("f", O_RDWR, 0);

	is(sys_fcntl(fd, F_GETFL, 0), O_RDWR | O_LARGEFILE, "open-adds-O_LARGEFILE");
	sys_close(fd);
	fd = (int)syscall4(__NR_openat2, dir, P("g"), P(&how), sizeof(how));
	is(sys_fcntl(fd, F_GETFL, 0), O_LARGEFILE, "openat2-too");
	sys_close(fd);
	fd = (int)sys_memfd_create("m", 0);
	is(sys_fcntl(fd, F_GETFL, 0), O_RDWR | O_LARGEFILE, "and-memfd_create");
	sys_close(fd);
	fd = (int)sys_open("f", O_PATH, 0);
	is(sys_fcntl(fd, F_GETFL, 0), O_PATH, "a-place-is-no-large-file");
	sys_close(fd);
	if (sys_pipe(fds))
		bail("there is no pipe");
	is(sys_fcntl(fds[0], F_GETFL, 0), O_RDONLY, "nor-a-pipe");
	is(sys_fcntl(fds[1], F_GETFL, 0), O_WRONLY, "of-which-this-is-the-other-end");
	sys_close(fds[0]);
	sys_close(fds[1]);
	fd = (int)syscall2(__NR_eventfd2, 0, 0);
	is(sys_fcntl(fd, F_GETFL, 0), O_RDWR, "nor-an-eventfd");
	sys_close(fd);
}

int main(void)
{
	char here[64], target[128];

	scratch_enter();
	sys_getcwd(here, sizeof(here));
	snprintf(target, sizeof(target), "%s/f", here);
	sys_close(make_file("f", "x"));
	sys_mkdir("d", 0755);
	sys_mkdir("d/e", 0755);
	sys_close(make_file("d/g", "x"));
	sys_symlink("g", "d/l");
	sys_symlink("e", "d/le");
	sys_symlink("../f", "d/up");
	sys_symlink("/g", "d/rg");
	sys_symlink(target, "d/abs");
	dir = (int)sys_open("d", O_RDONLY | O_DIRECTORY, 0);
	test_structure();
	test_flags();
	test_links();
	test_mounts();
	test_beneath();
	test_in_root();
	test_cached();
	test_large_files();
	sys_close(dir);
	scratch_leave();
	return tap_finish();
}
