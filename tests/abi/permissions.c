/*
 * permissions.c - what files' owners and modes allow to somebody who is not root: the program
 * gives root up for the cases (with a way back, to clean up), and programs with set-ID bits
 * give it to who runs them.
 */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/tap.h"

#include <stdio.h>
#include <string.h>

#define ME	54321	/* nobody else's numbers */
#define OTHER	54322
#define GROUP	777	/* one of mine */

static void put(const char *name, int mode, int uid, int gid)
{
	sys_close(make_file(name, "x"));
	syscall3(__NR_chown, P(name), uid, gid);
	sys_chmod(name, mode);
}

static void put_dir(const char *name, int mode, int uid, int gid)
{
	sys_mkdir(name, 0700);
	syscall3(__NR_chown, P(name), uid, gid);
	sys_chmod(name, mode);
}

static bool become(uint32_t uid)
{
	return syscall3(__NR_setresuid, uid, uid, 0) == 0;
}
static void become_root(void) { syscall3(__NR_setresuid, 0, 0, 0); }

static long try_open(const char *path, int flags)
{
	long fd = sys_open(path, flags, 0644);

	if (!is_error(fd))
		sys_close((int)fd);
	return is_error(fd) ? fd : 0;
}

static uint32_t mode_of(const char *path)
{
	struct __kernel_stat st = { 0 };

	sys_lstat(path, &st);
	return st.st_mode & 07777;
}
static bool owner_is(const char *path, uint32_t uid, uint32_t gid)
{
	struct __kernel_stat st = { 0 };

	return sys_lstat(path, &st) == 0 && st.st_uid == uid && st.st_gid == gid;
}

/* ---- the three classes ---- */

static const struct {
	const char *name;
	int mode;
	uint32_t uid, gid;
	int may;	/* bits: 4 read, 2 write */
} classes[] = {
	{ "own", 0600, ME, OTHER, 6 },		{ "own-none", 0077, ME, ME, 0 },
	{ "own-read", 0400, ME, OTHER, 4 },	{ "group", 0060, OTHER, ME, 6 },
	{ "group-none", 0606, OTHER, ME, 0 },	{ "other", 0006, OTHER, OTHER, 6 },
	{ "other-write", 0002, OTHER, OTHER, 2 }, { "supplementary", 0040, OTHER, GROUP, 4 },
	{ "root", 0644, 0, 0, 4 },		{ "root-only", 0600, 0, 0, 0 },
};

static void test_classes(void)
{
	for (unsigned int i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		put(classes[i].name, classes[i].mode, (int)classes[i].uid, (int)classes[i].gid);
	become(ME);
	for (unsigned int i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		const char *name = classes[i].name;
		long reads = classes[i].may & 4 ? 0 : -EACCES,
		     writes = classes[i].may & 2 ? 0 : -EACCES;

		is(try_open(name, O_RDONLY), reads, "%s-is-read", name);
		is(try_open(name, O_WRONLY), writes, "%s-is-written", name);
		is(try_open(name, O_RDWR), reads ? reads : writes, "%s-for-both", name);
		is(sys_access(name, 4), reads, "%s-access-for-reading", name);
		is(sys_access(name, 2), writes, "%s-access-for-writing", name);
		is(sys_access(name, 1), -EACCES, "%s-access-for-execution", name);
		is(sys_truncate(name, 1), writes, "%s-is-truncated", name);
	}
	is(try_open("root", O_RDONLY | O_TRUNC), -EACCES, "emptying-is-writing");
	is(try_open("own-none", O_PATH), 0, "a-place-needs-no-permission");
	is(try_open("root", O_RDONLY | O_NOATIME), -EPERM, "O_NOATIME-is-the-owner's");
	is(try_open("own", O_RDONLY | O_NOATIME), 0, "for-whom-it-is-allowed");
	become_root();
	is(try_open("own-none", O_RDWR), 0, "root-may-all");
	is(sys_access("own-none", 1), 0, "also-run-what-somebody-may");
	is(sys_access("own", 1), -EACCES, "but-not-what-nobody-may");
}

/* ---- directories ---- */

static void make_directories(void)
{
	put_dir("no-x", 0644, ME, ME);
	put("no-x/f", 0666, 0, 0);
	put_dir("no-w", 0555, ME, ME);
	put("no-w/f", 0666, 0, 0);
	put_dir("no-r", 0711, 0, 0);
	put("no-r/f", 0644, 0, 0);
	put_dir("mine", 0755, ME, ME);
	put("mine/theirs", 0600, 0, 0);
	put_dir("mine/sub", 0755, OTHER, OTHER);
	put("mine/sub/f", 0644, OTHER, OTHER);
	put_dir("sticky", 01777, 0, 0);
	put("sticky/mine", 0644, ME, ME);
	put("sticky/theirs", 0666, OTHER, OTHER);
	put_dir("my-sticky", 01777, ME, ME);
	put("my-sticky/theirs", 0600, OTHER, OTHER);
	put_dir("set-gid", 02777, 0, GROUP);
}

static void test_search(void)
{
	int fd = (int)sys_open("no-x", O_RDONLY | O_DIRECTORY, 0);
	struct __kernel_stat st;

	ok(fd >= 0, "a-directory-that-is-not-searched-is-read");
	is(sys_stat("no-x/f", &st), -EACCES, "but-nothing-is-found-in-it");
	is(try_open("no-x/f", O_RDONLY), -EACCES, "or-opened");
	is(try_open("no-x/f", O_PATH), -EACCES, "not-even-as-a-place");
	is(try_open("no-x/.", O_RDONLY), -EACCES, "not-itself");
	is(try_open("no-x/..", O_RDONLY), -EACCES, "and-not-what-is-above");
	is(try_open("no-x/", O_RDONLY), 0, "a-slash-looks-nothing-up");
	is(sys_chdir("no-x"), -EACCES, "nobody-goes-there");
	is(sys_fchdir(fd), -EACCES, "by-no-way");
	is(try_open("no-x/new", O_WRONLY | O_CREAT), -EACCES, "nothing-is-made-there");
	is(try_open("no-r", O_RDONLY), -EACCES, "a-directory-that-is-not-read");
	is(try_open("no-r/f", O_RDONLY), 0, "lets-names-be-looked-up");
	sys_close(fd);
}

static void test_names(void)
{
	is(try_open("no-w/new", O_WRONLY | O_CREAT), -EACCES, "no-file-is-made-without-w");
	is(try_open("no-w/f", O_WRONLY | O_CREAT), 0, "one-that-is-there-is-opened");
	is(sys_unlink("no-w/f"), -EACCES, "or-removed");
	is(sys_unlink("no-w/none"), -ENOENT, "what-is-not-there-is-not");
	is(sys_rename("no-w/f", "no-w/g"), -EACCES, "or-renamed");
	is(sys_rename("no-w/f", "mine/g"), -EACCES, "to-elsewhere-either");
	is(sys_mkdir("no-w/d", 0755), -EACCES, "mkdir");
	is(sys_mkdir("no-w/f", 0755), -EEXIST, "mkdir-of-what-is-there");
	is(sys_link("own", "no-w/l"), -EACCES, "link");
	is(sys_symlink("own", "no-w/l"), -EACCES, "symlink");
	is(sys_mknod("no-w/n", S_IFIFO | 0644, 0), -EACCES, "mknod");
	is(try_open("no-w", O_RDWR | O_TMPFILE), -EACCES, "no-file-without-a-name");
	is(sys_unlink("mine/theirs"), 0, "the-directory-decides-not-the-file");
	is(sys_rename("mine/sub", "mine/moved"), 0, "another's-directory-is-renamed");
	is(sys_rename("mine/moved", "set-gid/moved"), -EACCES,
	   "but-not-moved-for-that-changes-it");
	is(sys_rmdir("mine/moved"), -ENOTEMPTY, "or-removed-while-something-is-in-it");
	is(sys_mknod("mine/c", S_IFCHR | 0644, 1 << 8 | 3), -EPERM, "devices-are-made-by-root");
	is(sys_mknod("mine/p", S_IFIFO | 0644, 0), 0, "FIFOs-by-everybody");
}

static void test_sticky(void)
{
	is(sys_unlink("sticky/theirs"), -EPERM, "in-a-sticky-directory-others'-files-stay");
	is(sys_rename("sticky/theirs", "sticky/x"), -EPERM, "and-keep-their-names");
	is(sys_rename("sticky/mine", "sticky/theirs"), -EPERM, "and-are-not-replaced");
	is(try_open("sticky/theirs", O_WRONLY), 0, "but-are-files-like-all");
	is(sys_unlink("sticky/mine"), 0, "one's-own-go");
	is(sys_unlink("my-sticky/theirs"), 0, "as-does-all-in-one's-own-directory");
}

static void test_new(void)
{
	is(try_open("mine/new", O_WRONLY | O_CREAT), 0, "a-new-file");
	ok(owner_is("mine/new", ME, ME), "belongs-to-who-made-it");
	is(try_open("set-gid/new", O_WRONLY | O_CREAT), 0, "one-in-a-set-group-ID-directory");
	ok(owner_is("set-gid/new", ME, GROUP), "to-its-group");
	is(sys_mkdir("set-gid/d", 0755), 0, "so-does-a-directory");
	is(mode_of("set-gid/d"), 02755, "with-the-same-bit");
	is(try_open("mine/none", O_WRONLY | O_CREAT), 0, "who-makes-a-file");
	is(sys_chmod("mine/none", 0), 0, "and-takes-its-mode-away");
	is(try_open("mine/none", O_WRONLY), -EACCES, "has-no-right-to-it");
}

/* ---- attributes ---- */

static void make_owned(void)
{
	put("a", 0644, ME, ME);
	put("b", 06755, ME, ME);
	put("group-id", 0644, ME, OTHER);
	put("theirs", 0666, OTHER, OTHER);
	put("theirs-set", 06777, OTHER, OTHER);
	put("cut", 06777, OTHER, OTHER);
}

static long set_owner(const char *path, int uid, int gid)
{
	return syscall3(__NR_chown, P(path), uid, gid);
}

static void test_owners(void)
{
	is(sys_chmod("a", 0600), 0, "a-mode-is-its-owner's");
	is(sys_chmod("theirs", 0600), -EPERM, "and-nobody-else's");
	is(sys_chmod("a", 02755), 0, "a-set-group-ID-bit");
	is(mode_of("a"), 02755, "for-a-group-of-one's-own");
	is(sys_chmod("group-id", 02755), 0, "for-another-group");
	is(mode_of("group-id"), 0755, "is-not-set");
	is(set_owner("a", OTHER, -1), -EPERM, "a-file-is-not-given-away");
	is(set_owner("a", ME, -1), 0, "but-to-oneself");
	is(set_owner("a", -1, GROUP), 0, "its-group-may-be-one-of-one's-own");
	is(set_owner("a", -1, 888), -EPERM, "and-no-other");
	is(set_owner("theirs", -1, GROUP), -EPERM, "of-another's-file-not-even-that");
	is(set_owner("theirs", -1, -1), 0, "nothing-at-all-may-be-changed");
	is(set_owner("b", ME, ME), 0, "a-change-of-owner");
	is(mode_of("b"), 0755, "takes-the-set-ID-bits");
}

static void test_times(void)
{
	const struct __kernel_timespec when[2] = { { 1, 0 }, { 2, 0 } };
	const struct __kernel_timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	const struct __kernel_timespec half[2] = { { 0, UTIME_NOW }, { 0, UTIME_OMIT } };

	is(sys_utimensat(AT_FDCWD, "theirs", NULL, 0), 0, "who-may-write-sets-the-times-to-now");
	is(sys_utimensat(AT_FDCWD, "theirs", now, 0), 0, "said-in-both-ways");
	is(sys_utimensat(AT_FDCWD, "theirs", half, 0), -EPERM, "but-not-one-alone");
	is(sys_utimensat(AT_FDCWD, "theirs", when, 0), -EPERM, "or-to-another-time");
	is(sys_utimensat(AT_FDCWD, "a", when, 0), 0, "which-is-the-owner's");
	is(sys_utimensat(AT_FDCWD, "root", NULL, 0), -EACCES, "who-may-not-write-sets-nothing");
}

static void test_set_id_bits(void)
{
	int fd = (int)sys_open("theirs-set", O_WRONLY, 0);

	is(sys_write(fd, "y", 1), 1, "who-writes-to-a-program-with-set-ID-bits");
	is(mode_of("theirs-set"), 0777, "takes-them-away");
	sys_close(fd);
	is(sys_truncate("cut", 0), 0, "who-cuts-it");
	is(mode_of("cut"), 0777, "too");
}

static void test_links(void)
{
	const char *setting = "/proc/sys/fs/protected_hardlinks";

	if (!sys_access(setting, 4) && !proc_word(setting, 0)) {
		skip("this machine allows them", "links-to-others'-files");
		return;
	}
	is(sys_link("theirs", "mine/l"), 0, "a-link-to-what-one-may-write");
	is(sys_link("root", "mine/r"), -EPERM, "none-to-what-one-may-not");
	is(sys_link("own-none", "mine/o"), 0, "one-to-one's-own");
}

static void test_fcntl(void)
{
	int fd = (int)sys_open("root", O_RDONLY, 0), own = (int)sys_open("own", O_RDONLY, 0);

	is(sys_fcntl(fd, F_SETFL, O_NOATIME), -EPERM, "O_NOATIME-is-not-set-later-either");
	is(sys_fcntl(own, F_SETFL, O_NOATIME), 0, "but-by-the-owner");
	is(sys_fchmod(fd, 0600), -EPERM, "fchmod");
	sys_close(fd);
	sys_close(own);
}

/* ---- whose rights count ---- */

static void test_access(void)
{
	syscall3(__NR_setresuid, ME, 0, 0);
	is(sys_access("root-only", 4), -EACCES, "access-asks-for-the-real-user");
	is(syscall4(__NR_faccessat2, AT_FDCWD, P("root-only"), 4, AT_EACCESS), 0,
	   "AT_EACCESS-for-the-effective");
	is(try_open("root-only", O_RDONLY), 0, "as-open-does");
	become_root();
	is(syscall1(__NR_setfsuid, OTHER), 0, "setfsuid-says-who-it-was");
	is(syscall1(__NR_setfsuid, -1), OTHER, "and-is");
	is(try_open("root-only", O_RDONLY), -EACCES, "files-are-for-that-user");
	is(syscall0(__NR_geteuid), 0, "all-else-is-root's");
	is(syscall1(__NR_setfsgid, GROUP), 0, "setfsgid");
	is(try_open("mine/by-fs", O_WRONLY | O_CREAT), -EACCES, "another's-directory");
	is(try_open("sticky/by-fs", O_WRONLY | O_CREAT), 0, "everybody's-directory");
	ok(owner_is("sticky/by-fs", OTHER, GROUP), "whose-file-it-is");
	syscall1(__NR_setfsgid, 0);
	become_root();
	is(syscall1(__NR_setfsuid, -1), 0, "setting-the-users-sets-that-one-too");
}

static void test_proc(int parent)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", parent);
	is(try_open(path, O_RDONLY), -EACCES, "another's-maps");
	snprintf(path, sizeof(path), "/proc/%d/environ", parent);
	is(try_open(path, O_RDONLY), -EACCES, "environ");
	snprintf(path, sizeof(path), "/proc/%d/fd", parent);
	is(try_open(path, O_RDONLY), -EACCES, "and-open-files");
	snprintf(path, sizeof(path), "/proc/%d/exe", parent);
	is(sys_readlink(path, path, sizeof(path)), -EACCES, "its-program");
	snprintf(path, sizeof(path), "/proc/%d/stat", parent);
	is(try_open(path, O_RDONLY), 0, "what-it-does-is-for-all");
	is(try_open("/proc/sys/vm/overcommit_memory", O_WRONLY), -EACCES, "settings-are-root's");
}

/* ---- programs ---- */

static void copy_with_ids(const char *name, int mode, int uid, int gid)
{
	copy_self(name, 0755);
	set_owner(name, uid, gid);
	sys_chmod(name, mode);
}

/* Of the auxiliary vector behind the environment. */
static unsigned long auxv(char **argv, unsigned long type)
{
	unsigned long *at;

	while (*argv++)
		;
	while (*argv++)
		;
	for (at = (unsigned long *)argv; at[0] != AT_NULL; at += 2) {
		if (at[0] == type)
			return at[1];
	}
	return ~0ul;
}

/*
 * The program with set-ID bits: which users has it? argv: effective user,
 * effective group, AT_SECURE.
 */
static int tells(char **argv)
{
	unsigned int uid, gid, secure;
	uint32_t r = 0, e = 0, s = 0;

	sscanf(argv[2], "%u,%u,%u", &uid, &gid, &secure);
	if (syscall0(__NR_getuid) != ME || syscall0(__NR_geteuid) != uid)
		return 1;
	if (syscall0(__NR_getegid) != gid || syscall0(__NR_getgid) != ME)
		return 2;
	syscall3(__NR_getresuid, P(&r), P(&e), P(&s));
	if (s != uid || syscall1(__NR_setfsuid, -1) != uid)
		return 3;
	if (auxv(argv, AT_SECURE) != secure || auxv(argv, AT_EUID) != uid ||
	    auxv(argv, AT_EGID) != gid)
		return 4;
	return auxv(argv, AT_UID) != ME || auxv(argv, AT_GID) != ME ? 5 : 0;
}

struct run {
	const char *path, *expected;
	bool no_new_privs;
};

static int runs(void *arg)
{
	const struct run *run = arg;
	char *argv[] = { (char *)run->path, "tells", (char *)run->expected, NULL };

	syscall3(__NR_setresgid, ME, ME, ME);
	syscall3(__NR_setresuid, ME, ME, ME);
	if (run->no_new_privs)
		syscall5(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)-sys_execve(run->path, argv, NULL);
}

static void test_run(const char *path, const char *expected, const char *name)
{
	struct run run = { path, expected, false };

	ok_child_exits(runs, &run, 0, name);
}

static void test_programs(void)
{
	struct run quiet = { "fs/set-uid", "54321,54321,0", true },
		   none = { "fs/none", "", false };
	struct run root_only = { "fs/root-only", "", false };

	sys_mkdir("fs", 0755);
	if (sys_mount("none", "fs", "tmpfs", 0, "mode=755")) {
		skip("file systems cannot be mounted here", "programs-with-set-ID-bits");
		return;
	}
	copy_with_ids("fs/plain", 0755, 0, 0);
	copy_with_ids("fs/set-uid", 04755, OTHER, OTHER);
	copy_with_ids("fs/set-gid", 02755, OTHER, OTHER);
	copy_with_ids("fs/set-root", 06755, 0, 0);
	copy_with_ids("fs/no-group-x", 02745, OTHER, OTHER);
	copy_with_ids("fs/root-only", 0700, 0, 0);
	copy_with_ids("fs/none", 0644, ME, ME);
	test_run("fs/plain", "54321,54321,0", "a-program-runs-as-who-runs-it");
	test_run("fs/set-uid", "54322,54321,1", "a-set-user-ID-program-as-its-owner");
	test_run("fs/set-gid", "54321,54322,1", "a-set-group-ID-program-as-its-group");
	test_run("fs/set-root", "0,0,1", "both-bits-give-root");
	test_run("fs/no-group-x", "54321,54321,0", "without-x-for-the-group-its-bit-is-none");
	ok_child_exits(runs, &quiet, 0, "no_new_privs-means-no-such-program");
	ok_child_exits(runs, &none, EACCES, "what-is-not-executable-is-not-run");
	ok_child_exits(runs, &root_only, EACCES, "nor-what-others-may-run");
	sys_umount2("fs", MNT_DETACH);
}

int main(int argc, char **argv)
{
	uint32_t groups[] = { GROUP };

	if (argc > 2 && !strcmp(argv[1], "tells"))
		return tells(argv);
	if (syscall0(__NR_geteuid))
		bail("it takes root to become somebody else");
	scratch_enter();
	sys_umask(022);
	sys_chmod(".", 0755);
	test_programs();
	make_directories();
	make_owned();
	syscall2(__NR_setgroups, 1, P(groups));
	syscall3(__NR_setresgid, ME, ME, 0);
	test_classes();
	become(ME);
	test_search();
	test_names();
	test_sticky();
	test_new();
	test_owners();
	test_times();
	test_set_id_bits();
	test_links();
	test_fcntl();
	test_proc((int)sys_getppid());
	become_root();
	syscall3(__NR_setresgid, 0, 0, 0);
	test_access();
	scratch_leave();
	return tap_finish();
}
