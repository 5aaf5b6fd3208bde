/*
 * racing_files.c - several processes change the same directories and files at once: each call does
 * what it says or fails as it may, and afterwards names, links and contents agree.
 */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#include <stdio.h>
#include <string.h>

enum { CHILDREN = 4, ROUNDS = 150 };

static volatile int *winners;

/* Runs one main in each of the children at once, with its number; the sum of their verdicts. */
static int together(child_main *main)
{
	static int numbers[CHILDREN];
	int pids[CHILDREN], sum = 0;

	for (int i = 0; i < CHILDREN; i++) {
		numbers[i] = i;
		pids[i] = child_start(main, &numbers[i]);
	}
	for (int i = 0; i < CHILDREN; i++)
		sum += child_verdict(child_wait(pids[i]));
	return sum;
}

static bool one_of(long ret, long a, long b, long c)
{
	return ret == 0 || ret == a || ret == b || ret == c;
}

/* c000, c001, ...; until the next one is asked for. */
static const char *name_of(int i)
{
	static char name[16];

	snprintf(name, sizeof(name), "c%03d", i);
	return name;
}

static int creates(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		long fd = sys_open(name_of(i), O_RDWR | O_CREAT | O_EXCL, 0600);

		if (fd >= 0)
			__atomic_add_fetch(winners, 1, __ATOMIC_SEQ_CST);
		else if (fd != -EEXIST)
			return 1;
		sys_close((int)fd);
	}
	return 0;
}

static int unlinks(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		long ret = sys_unlink(name_of(i));

		if (ret == 0)
			__atomic_add_fetch(winners, 1, __ATOMIC_SEQ_CST);
		else if (ret != -ENOENT)
			return 1;
	}
	return 0;
}

static int links(void *arg)
{
	char name[] = "l0";
	long ret;

	name[1] = (char)('0' + *(int *)arg);
	for (int i = 0; i < ROUNDS; i++) {
		ret = sys_link("file", name);
		if (ret || sys_unlink(name))
			return 1;
	}
	return 0;
}

/* Directories move in and out of each other; none is ever lost, and none is in itself. */
static int moves(void *arg)
{
	static const char *const pairs[CHILDREN][2] = {
		{ "a", "b/x" },
		{ "b/x", "a" },
		{ "b", "a/x" },
		{ "a/x", "b" },
	};
	int n = *(int *)arg;

	for (int i = 0; i < ROUNDS; i++) {
		long ret = sys_rename(pairs[n][0], pairs[n][1]);

		if (!one_of(ret, -ENOENT, -EINVAL, -ENOTEMPTY))
			return 1;
	}
	return 0;
}

static int exchanges(void *arg)
{
	bool up = *(int *)arg % 2;

	for (int i = 0; i < ROUNDS; i++) {
		if (sys_renameat2(up ? "p/one" : "q/two", up ? "q/two" : "p/one", RENAME_EXCHANGE))
			return 1;
	}
	return 0;
}

/* Makes a file in a directory that another removes: it is there and full, or neither. */
static int fills_and_removes(void *arg)
{
	bool fill = *(int *)arg % 2;
	long ret;

	for (int i = 0; i < ROUNDS; i++) {
		if (fill) {
			sys_mkdir("r", 0755);
			ret = sys_open("r/f", O_RDWR | O_CREAT, 0600);
			if (ret < 0 && ret != -ENOENT)
				return 1;
			if (ret >= 0 && !one_of(sys_unlink("r/f"), -ENOENT, -ENOENT, -ENOENT))
				return 2;
			sys_close((int)ret);
		} else if (!one_of(sys_rmdir("r"), -ENOENT, -ENOTEMPTY, -ENOTEMPTY)) {
			return 3;
		}
	}
	return 0;
}

static int appends(void *arg)
{
	int fd = (int)sys_open("log", O_WRONLY | O_APPEND, 0);
	char line[8] = "........";

	memset(line, 'a' + *(int *)arg, sizeof(line));
	for (int i = 0; i < ROUNDS; i++) {
		if (sys_write(fd, line, sizeof(line)) != sizeof(line))
			return 1;
	}
	return 0;
}

/* Two write to a mapping, two truncate and write: at most SIGBUS. */
static int truncates(void *arg)
{
	int fd = (int)sys_open("t", O_RDWR, 0), n = *(int *)arg;

	for (int i = 0; i < ROUNDS; i++) {
		if (n % 2 ? sys_ftruncate(fd, 0) || sys_ftruncate(fd, 8192)
			  : sys_pwrite(fd, "x", 1, 5000) != 1)
			return 1;
	}
	return 0;
}

static int stores(void *arg)
{
	volatile char *at = arg;

	for (int i = 0; i < 20000; i++)
		at[4096] = (char)i;
	return 0;
}

static bool log_is_whole(void)
{
	char line[8];
	int fd = (int)sys_open("log", O_RDONLY, 0);
	bool whole = size_of("log") == CHILDREN * ROUNDS * 8;

	while (sys_read(fd, line, 8) == 8)
		whole &= all_bytes(line, line[0], 8);
	sys_close(fd);
	return whole;
}

static void test_truncate(void)
{
	int fd = make_file("t", ""), pid, verdict;
	char *at;

	sys_ftruncate(fd, 8192);
	at = (char *)sys_mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pid = child_start(stores, at);
	is(together(truncates), 0, "truncation-beside-writes-and-a-mapping");
	verdict = child_verdict(child_wait(pid));
	ok(verdict == 0 || verdict == 128 + SIGBUS, "who-stores-goes-on-or-gets-sigbus");
	sys_ftruncate(fd, 8192);
	at[4096] = 'z';
	sys_pread(fd, at, 1, 4096);
	is(at[0], 'z', "file-and-mapping-are-one-in-the-end");
	unmap(at, 8192);
	sys_close(fd);
}

int main(void)
{
	scratch_enter();
	winners = (int *)map_shared(PAGE_SIZE);
	tap_plan(16);
	is(together(creates), 0, "the-same-files-are-made-by-all");
	is(*winners, ROUNDS, "each-by-one");
	*winners = 0;
	is(together(unlinks), 0, "and-removed-by-all");
	is(*winners, ROUNDS, "each-once");
	sys_close(make_file("file", ""));
	is(together(links), 0, "links-come-and-go");
	is(links_of("file"), 1, "and-are-counted");
	sys_mkdir("a", 0755);
	sys_mkdir("b", 0755);
	is(together(moves), 0, "directories-move-into-each-other");
	ok((ino_of("a") > 0) + (ino_of("b") > 0) + (ino_of("a/x") > 0) + (ino_of("b/x") > 0) == 2,
	   "and-both-are-still-there");
	sys_mkdir("p", 0755);
	sys_mkdir("q", 0755);
	sys_mkdir("p/one", 0755);
	sys_close(make_file("q/two", ""));
	is(together(exchanges), 0, "a-file-and-a-directory-change-places");
	is(links_of("p") + links_of("q"), 5, "with-one-link-for-the-directory");
	is(together(fills_and_removes), 0, "a-directory-is-filled-and-removed");
	sys_close(make_file("log", ""));
	is(together(appends), 0, "all-append-to-a-file");
	ok(log_is_whole(), "and-no-line-is-lost-or-cut");
	test_truncate();
	scratch_leave();
	return tap_done();
}
