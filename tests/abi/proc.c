/*
 * proc.c - /proc/self as far as it is about memory and files: what a program does to itself shows
 * in the numbers, and in Linux's format.
 */
#include "kernel/uapi/socket.h"
#include "kernel/uapi/statfs.h"
#include "user/child.h"
#include "user/files.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT	(64 * 1024)

static char text[TEXT];
static char *self;			/* as it was started */

/* The whole file; its length. */
static long read_file(const char *path)
{
	int fd = (int)sys_open(path, O_RDONLY, 0);
	long n, len = 0;

	if (fd < 0)
		return fd;
	while ((n = sys_read(fd, text + len, TEXT - 1 - (size_t)len)) > 0)
		len += n;
	text[len] = '\0';
	sys_close(fd);
	return len;
}

/* The number behind "NAME:" in a file of /proc/self; -1. */
static long field(const char *path, const char *name)
{
	char key[64];
	const char *at;

	if (read_file(path) < 0)
		return -1;
	snprintf(key, sizeof(key), "%s:", name);
	at = strstr(text, key);
	return at ? atol(at + strlen(key)) : -1;
}

/* The line of maps or smaps for the mapping that starts there; NULL. */
static char *line_of(const char *path, uintptr_t start)
{
	char key[32];
	char *at;

	read_file(path);
	snprintf(key, sizeof(key), "%08lx-", (unsigned long)start);
	at = strstr(text, key);
	return at && (at == text || at[-1] == '\n') ? at : NULL;
}

static bool begins(const char *line, const char *with)
{
	return line && strncmp(line, with, strlen(with)) == 0;
}

/* ---- maps ---- */

static void test_maps(void)
{
	uintptr_t at = (uintptr_t)sys_mmap(0, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char expected[128];
	char *line, *end;

	sys_mprotect(at + PAGE_SIZE, PAGE_SIZE, PROT_READ);
	sys_mprotect(at + 2 * PAGE_SIZE, PAGE_SIZE, PROT_NONE);
	line = line_of("/proc/self/maps", at + PAGE_SIZE);
	snprintf(expected, sizeof(expected), "%08lx-%08lx r--p 00000000 00:00 0 \n",
		 at + PAGE_SIZE, at + 2 * PAGE_SIZE);
	ok(begins(line, expected), "an-anonymous-mapping-has-its-line");
	line = line_of("/proc/self/maps", at + 2 * PAGE_SIZE);
	ok(line && strncmp(line + strcspn(line, " "), " ---p ", 6) == 0, "no-access-is-dashes");
	sys_munmap(at, 4 * PAGE_SIZE);
	ok(!line_of("/proc/self/maps", at + 2 * PAGE_SIZE), "what-is-unmapped-is-gone");
	read_file("/proc/self/maps");
	line = strstr(text, "[stack]");
	for (end = line; line && line > text && line[-1] != '\n'; line--)
		;
	is(line ? end - line : -1, 73, "names-begin-in-column-73");
	ok(strstr(text, "/proc\n") != NULL, "the-program's-file-is-named");
}

static void test_file_mapping(void)
{
	struct __kernel_stat st;
	int fd = (int)sys_open(self, O_RDONLY, 0);
	uintptr_t at = (uintptr_t)sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, PAGE_SIZE);
	char expected[32];
	char *line = line_of("/proc/self/maps", at);

	sys_fstat(fd, &st);
	sys_close(fd);
	ok(line && strstr(line, " r--s 00001000 "), "a-shared-file-mapping-shows-its-offset");
	snprintf(expected, sizeof(expected), " %lu ", (unsigned long)st.st_ino);
	ok(line && strstr(line, expected), "and-the-inode's-number");
	sys_munmap(at, PAGE_SIZE);
}

/* ---- sizes ---- */

static void test_sizes(void)
{
	long size = field("/proc/self/status", "VmSize"), rss, data, before;
	uintptr_t at = (uintptr_t)sys_mmap(0, 64 * PAGE_SIZE, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	is(field("/proc/self/status", "VmSize") - size, 256, "VmSize-counts-what-is-mapped");
	data = field("/proc/self/status", "VmData");
	sys_mprotect(at, 32 * PAGE_SIZE, PROT_READ);
	is(data - field("/proc/self/status", "VmData"), 128, "VmData-counts-what-can-be-written");
	sys_mprotect(at, 32 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	rss = field("/proc/self/smaps_rollup", "Rss");
	before = field("/proc/self/smaps_rollup", "Anonymous");
	for (int i = 0; i < 16; i++)
		*(volatile char *)(at + (uintptr_t)i * PAGE_SIZE) = 1;
	is(field("/proc/self/smaps_rollup", "Rss") - rss, 64, "Rss-counts-what-is-there");
	is(field("/proc/self/smaps_rollup", "Anonymous") - before, 64, "as-anonymous-memory");
	sys_madvise(at, 16 * PAGE_SIZE, MADV_DONTNEED);
	is(field("/proc/self/smaps_rollup", "Rss") - rss, 0, "Rss-forgets-what-is-given-back");
	sys_munmap(at, 64 * PAGE_SIZE);
	is(field("/proc/self/status", "VmSize"), size, "VmSize-forgets-what-is-unmapped");
}

static int child_reports(void *arg)
{
	char *line = line_of("/proc/self/smaps", (uintptr_t)arg);
	char *shared = line ? strstr(line, "Shared_Dirty:") : NULL;
	char *pss = line ? strstr(line, "\nPss:") : NULL;

	return shared && atol(shared + 13) == 16 && atol(pss + 5) == 8 ? 0 : 1;
}

static void test_smaps(void)
{
	uintptr_t at = (uintptr_t)sys_mmap(0, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uintptr_t private = (uintptr_t)sys_mmap(0, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE,
						MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *line;

	for (int i = 0; i < 4; i++)
		*(volatile char *)(private + (uintptr_t)i * PAGE_SIZE) = 1;
	*(volatile char *)at = 1;
	line = line_of("/proc/self/smaps", at);
	ok(line && atol(strstr(line, "Size:") + 5) == 32, "smaps-Size");
	ok(line && atol(strstr(line, "Rss:") + 4) == 4, "smaps-Rss");
	ok(line && strstr(line, "VmFlags: rd wr sh "), "smaps-VmFlags");
	ok_child_exits(child_reports, (void *)private, 0,
		       "pages-shared-by-fork-count-half-in-Pss");
	sys_munmap(at, 8 * PAGE_SIZE);
	sys_munmap(private, 4 * PAGE_SIZE);
}

/* ---- pagemap ---- */

static uint64_t pagemap(uintptr_t addr)
{
	int fd = (int)sys_open("/proc/self/pagemap", O_RDONLY, 0);
	uint64_t entry = 0;

	sys_lseek(fd, (long)(addr / PAGE_SIZE * 8), SEEK_SET);
	if (sys_read(fd, &entry, 8) != 8)
		entry = 0;
	sys_close(fd);
	return entry;
}

#define PRESENT(e)	((e) >> 63 & 1)
#define OF_A_FILE(e)	((e) >> 61 & 1)
#define EXCLUSIVE(e)	((e) >> 56 & 1)

static int child_shares(void *arg)
{
	uint64_t before = pagemap((uintptr_t)arg), after;

	*(volatile char *)arg = 2;
	after = pagemap((uintptr_t)arg);
	return PRESENT(before) && !EXCLUSIVE(before) && EXCLUSIVE(after) ? 0 : 1;
}

static void test_pagemap(void)
{
	uintptr_t at = (uintptr_t)sys_mmap(0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char byte;

	is((long)(pagemap(at) >> 56), 0, "an-untouched-page-is-not-present");
	*(volatile char *)at = 1;
	ok(PRESENT(pagemap(at)) && !OF_A_FILE(pagemap(at)) && EXCLUSIVE(pagemap(at)),
	   "a-written-page-is-present-anonymous-and-exclusive");
	ok_child_exits(child_shares, (void *)at, 0, "after-fork-it-is-shared-until-it-is-copied");
	sys_munmap(at, 2 * PAGE_SIZE);
	is((long)pagemap(at), 0, "an-unmapped-page-is-not-present");
	is(sys_read((int)sys_open("/proc/self/pagemap", O_RDONLY, 0), &byte, 1), -EINVAL,
	   "entries-are-read-whole");
}

/* ---- the rest ---- */

static long readlink_of(const char *path, char link[256])
{
	return syscall3(__NR_readlink, (long)path, (long)link, 256);
}

static void test_names(void)
{
	char link[256];
	char again[256];
	long n = readlink_of("/proc/self/exe", link), m;
	int fd;

	/* It may have been started by a relative path: the end is the same. */
	ok(n > 0 && *link == '/' && strncmp(link + n - strlen("proc"), "proc", 4) == 0,
	   "exe-leads-to-the-program");
	fd = (int)sys_open(self, O_RDONLY, 0);
	snprintf(text, TEXT, "/proc/self/fd/%d", fd);
	m = readlink_of(text, again);
	ok(n == m && memcmp(link, again, (size_t)n) == 0, "fd-leads-to-the-same-file");
	sys_close(fd);
	is(readlink_of(text, link), -ENOENT, "a-closed-one-is-gone");
	read_file("/proc/self/cmdline");
	ok(strcmp(text, self) == 0, "cmdline-begins-with-the-program");
	read_file("/proc/self/stat");
	is(atol(text), sys_getpid(), "stat-begins-with-the-pid");
	is(field("/proc/self/status", "Pid"), sys_getpid(), "status-has-the-pid");
	is(field("/proc/self/status", "Threads"), 1, "and-the-threads");
	is(sys_open("/proc/999999", O_RDONLY, 0), -ENOENT, "a-process-that-is-not-there");
	is(sys_open("/proc/self/nosuch", O_RDONLY, 0), -ENOENT, "a-file-that-is-not-there");
}

static void test_system(void)
{
	long total, free;

	total = field("/proc/meminfo", "MemTotal");
	free = field("/proc/meminfo", "MemFree");
	ok(total > 0 && free > 0 && free < total, "meminfo-knows-total-and-free");
	ok(read_file("/proc/uptime") > 0 && atol(text) >= 0, "uptime-is-there");
	ok(read_file("/proc/mounts") > 0 && strstr(text, "proc /proc proc "), "mounts-lists-proc");
	ok(read_file("/proc/filesystems") > 0 && strstr(text, "nodev\ttmpfs\n"),
	   "filesystems-lists-tmpfs");
}

/* What has no name can be reached through a descriptor, and a pipe can be opened once more. */
static void test_descriptors(void)
{
	char path[32], target[64] = "";
	struct __kernel_stat st, again;
	int ends[2], socks[2], fd;

	sys_pipe(ends);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	sys_fstat(ends[0], &st);
	is(sys_stat(path, &again), 0, "stat-of-a-pipe");
	ok(st.st_ino == again.st_ino && st.st_dev == again.st_dev && st.st_mode == again.st_mode,
	   "is-its-own");
	fd = (int)sys_open(path, O_RDONLY, 0);
	ok(fd >= 0, "it-can-be-opened-for-reading");
	sys_write(ends[1], "x", 1);
	is(sys_read(fd, target, 1), 1, "and-has-what-the-pipe-has");
	is(sys_fcntl(fd, F_GETFL, 0) & O_ACCMODE, O_RDONLY, "as-it-was-opened");
	sys_close(ends[0]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	sys_readlink(path, target, sizeof(target) - 1);
	ok(!strncmp(target, "pipe:[", 6), "its-name-is-that-of-a-pipe");
	sys_close(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[1]);
	fd = (int)sys_open(path, O_WRONLY | O_NONBLOCK, 0);
	ok(fd >= 0, "without-a-reader-for-writing");
	is(sys_open(path, O_RDONLY | O_DIRECTORY, 0), -ENOTDIR, "not-as-a-directory");
	syscall4(__NR_socketpair, AF_UNIX, SOCK_STREAM, 0, P(socks));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", socks[0]);
	is(sys_open(path, O_RDWR, 0), -ENXIO, "a-socket-cannot-be-opened");
	is(sys_stat(path, &again), 0, "but-looked-at");
}

static void test_dev(void)
{
	struct statfs64 fs;
	char target[32] = "";

	is(sys_statfs("/dev/shm", &fs), 0, "there-is-a-place-for-shared-memory");
	is((long)fs.f_type, TMPFS_MAGIC, "which-is-a-tmpfs");
	sys_readlink("/dev/fd", target, sizeof(target) - 1);
	ok(!strcmp(target, "/proc/self/fd"), "dev-fd-leads-to-the-own-descriptors");
	ok(sys_readlink("/dev/stdin", target, sizeof(target) - 1) > 0, "dev-stdin-to-one");
}

static uint32_t go_on;

static void *waits(void *arg)
{
	word_wait(&go_on, 1);
	return arg;
}

/* As many of the names as are directories in there. */
static long directories(const char *dir)
{
	static const char *const names[] = { "attr", "fd", "fdinfo", "map_files",
					     "net",  "ns", "task" };
	struct __kernel_stat st;
	char path[64];
	long n = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		n += sys_lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == S_IFDIR;
	}
	return n;
}

static void test_links(void)
{
	struct thread thread;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%ld", sys_getpid());
	is(links_of("/proc/self/"), 2 + directories("/proc/self"),
	   "a-link-for-each-directory-in-it");
	is(links_of(path), 2 + directories(path), "of-a-thread-too");
	is(links_of("/proc/self/task"), 3, "and-for-each-thread");
	is(links_of("/proc/self/fd"), 2, "but-not-for-files");
	thread_create(&thread, waits, NULL);
	is(links_of("/proc/self/task"), 4, "with-a-second-thread-there-are-more");
	word_set(&go_on, 1);
	thread_join(&thread);
	ok(links_of("/proc") > 3, "and-of-proc-for-each-process");
}

int main(int argc, char **argv)
{
	(void)argc;
	self = argv[0];
	tap_plan(55);
	test_links();
	test_descriptors();
	test_dev();
	test_maps();
	test_file_mapping();
	test_sizes();
	test_smaps();
	test_pagemap();
	test_names();
	test_system();
	return tap_done();
}
