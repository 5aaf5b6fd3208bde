/*
 * map_files.c - /proc/PID/map_files: links to the files that a process maps, named
 * by the addresses.
 */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#include <stdio.h>
#include <string.h>

#define SOMEBODY	54321	/* nobody else's number */

static char buf[8192];

static const char *name_of(const char *dir, uintptr_t start, uintptr_t end)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%lx-%lx", dir, (unsigned long)start, (unsigned long)end);
	return path;
}
static const char *own(const char *mem, size_t len)
{
	return name_of("/proc/self/map_files", (uintptr_t)mem, (uintptr_t)mem + len);
}

/* The file of 2 pages, mapped. */
static char *map_file(int fd, int prot, int flags)
{
	long mem = sys_mmap(0, 2 * PAGE_SIZE, prot, flags, fd, 0);

	if (is_error(mem))
		bail("mmap: %ld", mem);
	return (char *)mem;
}

static bool ends_with(long len, const char *end)
{
	return len >= (long)strlen(end) && !memcmp(buf + len - strlen(end), end, strlen(end));
}

/* Does the directory have that entry? Errors of reading it are returned. */
static long listed(const char *name)
{
	long fd = sys_open("/proc/self/map_files", O_RDONLY | O_DIRECTORY, 0), n, found = 0;

	if (is_error(fd))
		return fd;
	while ((n = syscall3(__NR_getdents64, fd, P(buf), sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			const struct linux_dirent64 *entry = (void *)(buf + at);

			found += !strcmp(entry->d_name, name) && entry->d_type == DT_LNK;
			at += entry->d_reclen;
		}
	}
	sys_close((int)fd);
	return n < 0 ? n : found;
}

static void test_link(int fd)
{
	char *mem = map_file(fd, PROT_READ, MAP_SHARED);
	const char *name = own(mem, 2 * PAGE_SIZE);
	struct __kernel_stat st;
	long other;

	is(listed(strrchr(name, '/') + 1), 1, "a-mapping-of-a-file-is-listed-by-its-addresses");
	ok(ends_with(sys_readlink(name, buf, sizeof(buf)), "/mapped"),
	   "the-link-says-the-file's-path");
	sys_lstat(name, &st);
	is(st.st_mode, S_IFLNK | 0600, "the-mode-of-one-that-is-open-for-reading-and-writing");
	other = sys_open(name, O_RDONLY, 0);
	is(sys_read((int)other, buf, 8), 8, "the-file-can-be-opened-by-it");
	ok(!memcmp(buf, "contents", 8), "and-is-the-same");
	sys_close((int)other);
	sys_unlink("mapped");
	ok(ends_with(sys_readlink(name, buf, sizeof(buf)), "/mapped (deleted)"),
	   "also-without-a-name");
	other = sys_open(name, O_RDWR, 0);
	is(sys_pwrite((int)other, "C", 1, 0), 1, "it-can-be-opened-still");
	is(mem[0], 'C', "and-what-is-written-is-seen-through-the-mapping");
	sys_close((int)other);
	sys_munmap((uintptr_t)mem, 2 * PAGE_SIZE);
	is(sys_readlink(name, buf, sizeof(buf)), -ENOENT, "the-link-goes-with-the-mapping");
	is(listed(strrchr(name, '/') + 1), 0, "from-the-directory-too");
}

static void test_ranges(int fd)
{
	char *mem = map_file(fd, PROT_READ, MAP_PRIVATE), *anon = map_private(PAGE_SIZE), name[64];
	uintptr_t at = (uintptr_t)mem;

	is(sys_readlink(own(mem, PAGE_SIZE), buf, 64), -ENOENT, "half-of-a-mapping-has-no-link");
	is(sys_readlink(own(mem + PAGE_SIZE, PAGE_SIZE), buf, 64), -ENOENT, "nor-the-other-half");
	snprintf(name, sizeof(name), "/proc/self/map_files/0%lx-%lx", (unsigned long)at,
		 (unsigned long)at + 2 * PAGE_SIZE);
	is(sys_readlink(name, buf, 64), -ENOENT, "a-leading-zero-is-another-name");
	is(sys_readlink("/proc/self/map_files/-", buf, 64), -ENOENT, "a-name-without-numbers");
	is(sys_readlink("/proc/self/map_files/1", buf, 64), -ENOENT, "a-name-of-one-number");
	is(sys_readlink("/proc/self/map_files/1-2x", buf, 64), -ENOENT,
	   "a-name-with-more-behind-it");
	is(sys_readlink(own(anon, PAGE_SIZE), buf, 64), -ENOENT,
	   "memory-without-a-file-has-no-link");
	sys_mprotect(at, PAGE_SIZE, PROT_READ | PROT_WRITE);
	ok(sys_readlink(own(mem, PAGE_SIZE), buf, 64) > 0, "a-split-mapping-has-two");
	ok(sys_readlink(own(mem + PAGE_SIZE, PAGE_SIZE), buf, 64) > 0,
	   "of-which-this-is-the-other");
	is(sys_access("/proc/thread-self/map_files", 0), -ENOENT,
	   "threads-have-no-such-directory");
	sys_munmap(at, 2 * PAGE_SIZE);
	unmap(anon, PAGE_SIZE);
}

static void test_read_only(void)
{
	int fd = (int)sys_open("other", O_RDONLY, 0);
	char *mem = map_file(fd, PROT_READ, MAP_PRIVATE);
	struct __kernel_stat st;

	is(sys_lstat(own(mem, 2 * PAGE_SIZE), &st), 0, "a-file-that-is-open-for-reading-only");
	is(st.st_mode, S_IFLNK | 0400, "shows-so-in-the-mode-of-the-link");
	sys_munmap((uintptr_t)mem, 2 * PAGE_SIZE);
	sys_close(fd);
}

static int looks(void *arg)
{
	const char *name = own(arg, 2 * PAGE_SIZE);
	char path[64];

	syscall1(__NR_setuid, SOMEBODY);
	sys_prctl(PR_SET_DUMPABLE, 1, 0);
	if (sys_readlink(name, buf, 64) <= 0)
		return 1;
	if (sys_open(name, O_RDONLY, 0) != -EPERM)
		return 2;
	snprintf(path, sizeof(path), "/proc/%ld/map_files", sys_getppid());
	return sys_readlink(name_of(path, (uintptr_t)arg, (uintptr_t)arg + 2 * PAGE_SIZE), buf,
			    64) != -EACCES;
}

static void test_permission(int fd)
{
	char *mem = map_file(fd, PROT_READ, MAP_PRIVATE);

	if (syscall0(__NR_geteuid))
		skip("it takes root to become somebody else",
		     "others-may-read-their-own-links-only");
	else
		ok_child_exits(looks, mem, 0, "others-may-read-their-own-links-only");
	sys_munmap((uintptr_t)mem, 2 * PAGE_SIZE);
}

int main(void)
{
	int mapped, other;

	if (sys_access("/proc/self/map_files", 0))
		bail("there is no map_files");
	scratch_enter();
	mapped = make_file("mapped", "contents");
	other = make_file("other", "others");
	sys_ftruncate(mapped, 2 * PAGE_SIZE);
	sys_ftruncate(other, 2 * PAGE_SIZE);
	test_link(mapped);
	test_ranges(other);
	test_read_only();
	test_permission(other);
	sys_close(mapped);
	sys_close(other);
	scratch_leave();
	return tap_finish();
}
