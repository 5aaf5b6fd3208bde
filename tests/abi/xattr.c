/*
 * xattr.c - extended attributes: three ways to a file, four things to do, and who may have which.
 */
#include "kernel/uapi/xattr.h"
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#include <stdio.h>
#include <string.h>

#define NOBODY	65534

static char buf[256];
static char dir[64];	/* in /dev/shm: a tmpfs on both kernels */

static long set(const char *path, const char *name, const char *value, int flags)
{
	return syscall5(__NR_setxattr, P(path), P(name), P(value), (long)strlen(value), flags);
}

static long get(const char *path, const char *name, size_t size)
{
	memset(buf, 0, sizeof(buf));
	return syscall4(__NR_getxattr, P(path), P(name), P(buf), (long)size);
}

static long drop(const char *path, const char *name)
{
	return syscall2(__NR_removexattr, P(path), P(name));
}

static long list(const char *path, size_t size)
{
	memset(buf, 0, sizeof(buf));
	return syscall3(__NR_listxattr, P(path), P(buf), (long)size);
}

static void test_values(void)
{
	is(get("f", "user.a", 9), -ENODATA, "nothing-is-there-at-first");
	is(list("f", 9), 0, "and-nothing-is-listed");
	is(set("f", "user.a", "one", 0), 0, "set");
	is(get("f", "user.a", 9), 3, "get-tells-the-size");
	ok(!strcmp(buf, "one"), "and-the-value");
	is(get("f", "user.a", 3), 3, "room-for-just-that");
	is(get("f", "user.a", 2), -ERANGE, "not-enough-room");
	is(get("f", "user.a", 0), 3, "a-size-of-0-asks-for-the-size");
	is(set("f", "user.a", "", XATTR_CREATE), -EEXIST, "create-what-is-there");
	is(set("f", "user.b", "", XATTR_REPLACE), -ENODATA, "replace-what-is-not");
	is(set("f", "user.a", "longer", XATTR_REPLACE), 0, "replace-what-is");
	is(get("f", "user.a", 9), 6, "has-the-new-value");
	is(set("f", "user.b", "", XATTR_CREATE), 0, "create-what-is-not");
	is(get("f", "user.b", 9), 0, "a-value-may-be-empty");
	is(list("f", 0), 14, "the-size-of-the-list");
	is(list("f", 13), -ERANGE, "and-too-little-room-for-it");
	is(list("f", 14), 14, "just-enough");
	ok(!memcmp(buf, "user.b\0user.a", 14) || !memcmp(buf, "user.a\0user.b", 14),
	   "both-names-with-their-nul");
	sys_link("f", "g");
	is(get("g", "user.a", 9), 6, "another-name-of-the-file-has-them-too");
	sys_unlink("g");
	is(drop("f", "user.a"), 0, "remove");
	is(drop("f", "user.a"), -ENODATA, "twice");
	is(list("f", 99), 7, "the-other-stays");
	drop("f", "user.b");
}

static void test_ways(int fd)
{
	is(syscall5(__NR_fsetxattr, fd, P("user.f"), P("x"), 1, 0), 0, "by-a-descriptor");
	is(syscall4(__NR_fgetxattr, fd, P("user.f"), P(buf), 9), 1, "get-by-it");
	is(syscall3(__NR_flistxattr, fd, P(buf), 99), 7, "list-by-it");
	is(syscall2(__NR_fremovexattr, fd, P("user.f")), 0, "remove-by-it");
	is(syscall4(__NR_fgetxattr, -1, P("user.f"), P(buf), 9), -EBADF, "by-none");
	sys_symlink("f", "l");
	is(set("l", "user.l", "x", 0), 0, "through-a-link");
	is(syscall4(__NR_lgetxattr, P("f"), P("user.l"), P(buf), 9), 1, "reaches-the-file");
	is(syscall4(__NR_lgetxattr, P("l"), P("user.l"), P(buf), 9), -ENODATA,
	   "the-link-itself-has-none");
	is(syscall5(__NR_lsetxattr, P("l"), P("user.l"), P("x"), 1, 0), -EPERM, "nor-may-it");
	is(syscall3(__NR_llistxattr, P("l"), P(buf), 99), 0, "list-of-it");
	is(syscall2(__NR_lremovexattr, P("l"), P("user.l")), -EPERM, "remove-of-it");
	is(syscall2(__NR_lremovexattr, P("f"), P("user.l")), 0, "of-the-file-without-following");
	sys_unlink("l");
}

static void test_errors(void)
{
	static char longest[258];
	const char *bad = (const char *)8;

	memset(longest, 'x', 256);
	memcpy(longest, "user.", 5);
	is(get("f", longest, 9), -ERANGE, "a-name-of-256");
	longest[255] = '\0';
	is(get("f", longest, 9), -ENODATA, "a-name-of-255");
	is(get("f", "", 9), -ERANGE, "no-name");
	is(get("f", "user.", 9), -EINVAL, "nothing-but-a-class");
	is(get("f", "other.a", 9), -EOPNOTSUPP, "a-class-that-is-none");
	is(set("f", "plain", "", 0), -EOPNOTSUPP, "no-class");
	is(get("none", "user.a", 9), -ENOENT, "of-no-file");
	is(set("none", "user.a", "", 8), -EINVAL, "flags-come-before-the-file");
	is(syscall5(__NR_setxattr, P("none"), P("user.a"), 0, 65537, 0), -E2BIG,
	   "so-does-the-size");
	is(syscall5(__NR_setxattr, P("f"), P("user.a"), P(bad), 1, 0), -EFAULT, "a-bad-value");
	is(list("f", 99), 0, "leaves-nothing-behind");
	is(syscall5(__NR_setxattr, P("f"), P(bad), 0, 0, 0), -EFAULT, "a-bad-name");
	is(syscall5(__NR_setxattr, P(bad), P("user.a"), 0, 0, 0), -EFAULT, "a-bad-path");
	is(syscall5(__NR_setxattr, 0, P("user.a"), 0, 0, 0), -EFAULT, "no-path");
	set("f", "user.a", "v", 0);
	is(syscall4(__NR_getxattr, P("f"), P("user.a"), P(bad), 9), -EFAULT,
	   "a-bad-place-for-the-value");
	is(syscall3(__NR_listxattr, P("f"), P(bad), 99), -EFAULT, "or-the-list");
	drop("f", "user.a");
	is(set("/proc/version", "user.a", "", 0), -EOPNOTSUPP, "a-file-system-without-them");
	is(list("/proc/version", 9), 0, "lists-none");
	sys_mknod("p", S_IFIFO | 0600, 0);
	is(set("p", "user.a", "", 0), -EPERM, "not-on-a-fifo");
	is(get("p", "user.a", 9), -ENODATA, "which-has-none");
	sys_unlink("p");
}

/* As nobody: what is the system's stays so. */
static int not_for_everybody(void *arg)
{
	if (syscall1(__NR_setgid, NOBODY) || syscall1(__NR_setuid, NOBODY))
		return 10;
	if (set("f", "trusted.a", "", 0) != -EPERM || drop("f", "trusted.t") != -EPERM)
		return 1;
	if (get("f", "trusted.t", 9) != -ENODATA || list("f", 99) != 7)
		return 2;
	if (get("f", "user.u", 9) != 1)
		return 3;
	if (set("f", "security.a", "", 0) != -EPERM)
		return 4;
	return set("f", "user.b", "", 0) == -EACCES ? 0 : 5;
}

static void test_classes(void)
{
	long trusted = set("f", "trusted.t", "t", 0);

	if (trusted == -EPERM) {
		skip("this user has no privilege", "trusted-attributes");
		return;
	}
	set("f", "user.u", "u", 0);
	is(get("f", "trusted.t", 9), 1, "trusted-attributes");
	is(list("f", 99), 17, "are-listed-for-root");
	ok_child_exits(not_for_everybody, NULL, 0, "and-for-nobody-else");
	is(drop("f", "trusted.t"), 0, "root-removes-them");
}

/* What a file may have together is limited; what does not fit changes nothing. */
static void test_space(void)
{
	static char value[4096];
	char name[16];
	long ret = 0;
	int n;

	for (n = 0; !ret && n < 64; n++) {
		snprintf(name, sizeof(name), "user.%d", n);
		ret = syscall5(__NR_setxattr, P("f"), P(name), P(value), (long)sizeof(value), 0);
	}
	ok(n > 1, "some-kilobytes-fit");
	ok(!ret || ret == -ENOSPC, "what-does-not-is-refused");
	is(get("f", "user.0", 0), (long)sizeof(value), "what-was-there-stays");
}

int main(void)
{
	int fd;

	snprintf(dir, sizeof(dir), "/dev/shm/xattr.%ld", sys_getpid());
	if (sys_mkdir(dir, 0755) || sys_chdir(dir))
		bail("no directory in /dev/shm");
	fd = (int)sys_open("f", O_RDWR | O_CREAT, 0644);
	if (set("f", "user.a", "", 0) == -EOPNOTSUPP) {
		skip("tmpfs has no user attributes here", "extended-attributes");
	} else {
		drop("f", "user.a");
		test_values();
		test_ways(fd);
		test_errors();
		test_classes();
		test_space();
	}
	sys_unlink("f");
	sys_chdir("/");
	sys_rmdir(dir);
	return tap_finish();
}
