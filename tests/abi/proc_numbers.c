/*
 * proc_numbers.c - the numbers of /proc are computed: the program changes the state, and each
 * field moves by as much. Others run meanwhile, so what belongs to the whole machine is only
 * asked to have moved as far.
 */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/tap.h"

#include <stdio.h>
#include <string.h>

#define PAGES	64
#define KB	(4L * PAGES)
#define LEN	(PAGES * PAGE_SIZE)
#define PATIENCE 60000000000L	/* ns until a number that never moves is given up */

static long status(const char *name) { return proc_field("/proc/self/status", name); }
static long meminfo(const char *name) { return proc_field("/proc/meminfo", name); }
static long rollup(const char *name) { return proc_field("/proc/self/smaps_rollup", name); }
static long statm(int n) { return proc_word("/proc/self/statm", n); }

/* The n-th field of /proc/PID/stat as proc(5) counts them; those behind the name. */
static unsigned long stat_of(const char *path, int n)
{
	char *at = strrchr(proc_read(path), ')');
	unsigned long value = 0;

	for (int field = 2; at && field < n; field++)
		at = strchr(at + 1, ' ');
	if (at)
		sscanf(at + 1, "%lu", &value);
	return value;
}
static long stat_field(int n) { return (long)stat_of("/proc/self/stat", n); }

/* ---- one's own memory ---- */

struct numbers {
	long size, rss, anon, shmem, data, statm_size, statm_rss, statm_shared, vsize, stat_rss;
	long pss, private_dirty, anonymous;
};

static struct numbers look(void)
{
	struct numbers n = {
		.size = status("VmSize"), .rss = status("VmRSS"), .anon = status("RssAnon"),
		.shmem = status("RssShmem"), .data = status("VmData"), .statm_size = statm(0),
		.statm_rss = statm(1), .statm_shared = statm(2), .vsize = stat_field(23),
		.stat_rss = stat_field(24), .pss = rollup("Pss"),
		.private_dirty = rollup("Private_Dirty"),
		.anonymous = rollup("Anonymous"),
	};

	return n;
}

static void test_private(void)
{
	struct numbers before, mapped, used, gone;
	char *mem;

	look();		/* touches what looking touches */
	before = look();
	mem = map_private(LEN);
	mapped = look();
	memset(mem, 1, LEN);
	used = look();
	unmap(mem, LEN);
	gone = look();
	is(mapped.size - before.size, KB, "VmSize-grows-by-what-is-mapped");
	is(mapped.data - before.data, KB, "VmData-by-what-can-be-written");
	is(mapped.statm_size - before.statm_size, PAGES, "statm's-size-counts-pages");
	is(mapped.vsize - before.vsize, (long)LEN, "stat's-vsize-bytes");
	is(mapped.rss - before.rss, 0, "VmRSS-does-not-count-what-is-untouched");
	is(used.rss - mapped.rss, KB, "VmRSS-grows-by-what-is-used");
	is(used.anon - mapped.anon, KB, "RssAnon-too");
	is(used.shmem - mapped.shmem, 0, "RssShmem-does-not");
	is(used.statm_rss - mapped.statm_rss, PAGES, "statm's-resident");
	is(used.statm_shared - mapped.statm_shared, 0, "but-not-its-shared");
	is(used.stat_rss - mapped.stat_rss, PAGES, "stat's-rss");
	is(used.pss - mapped.pss, KB, "Pss-of-pages-that-nobody-shares");
	is(used.private_dirty - mapped.private_dirty, KB, "Private_Dirty");
	is(used.anonymous - mapped.anonymous, KB, "Anonymous");
	is(gone.size - before.size, 0, "VmSize-is-back-after-munmap");
	is(gone.rss - before.rss, 0, "so-is-VmRSS");
	is(gone.anonymous - before.anonymous, 0, "and-Anonymous");
}

static void test_shared(void)
{
	struct numbers before, used;
	char *mem;

	look();
	before = look();
	mem = map_shared(LEN);
	memset(mem, 1, LEN);
	used = look();
	is(used.shmem - before.shmem, KB, "RssShmem-grows-by-shared-memory");
	is(used.anon - before.anon, 0, "RssAnon-does-not");
	is(used.data - before.data, 0, "nor-does-VmData");
	is(used.statm_shared - before.statm_shared, PAGES, "statm's-shared-does");
	is(used.anonymous - before.anonymous, 0, "nothing-of-it-is-Anonymous");
	unmap(mem, LEN);
}

static int sees_half(void *arg)
{
	long pss = smaps_field((uintptr_t)arg, "Pss"),
	     shared = smaps_field((uintptr_t)arg, "Shared_Dirty");

	memset(arg, 2, LEN);
	return pss != KB / 2 || shared != KB || smaps_field((uintptr_t)arg, "Pss") != KB ||
	       smaps_field((uintptr_t)arg, "Private_Dirty") != KB;
}

/* A mapping between others that it cannot be joined with. */
static void test_smaps(void)
{
	char *room = map_private(LEN + 2 * PAGE_SIZE), *mem = room + PAGE_SIZE;

	sys_mprotect((uintptr_t)room, PAGE_SIZE, PROT_NONE);
	sys_mprotect((uintptr_t)mem + LEN, PAGE_SIZE, PROT_NONE);
	is(smaps_field((uintptr_t)mem, "Size"), KB, "smaps-Size");
	is(smaps_field((uintptr_t)mem, "Rss"), 0, "smaps-Rss-of-nothing");
	memset(mem, 1, LEN / 2);
	is(smaps_field((uintptr_t)mem, "Rss"), KB / 2, "smaps-Rss-of-half");
	is(smaps_field((uintptr_t)mem, "Referenced"), KB / 2, "smaps-Referenced");
	is(smaps_field((uintptr_t)mem, "Anonymous"), KB / 2, "smaps-Anonymous");
	is(smaps_field((uintptr_t)mem, "Private_Dirty"), KB / 2, "smaps-Private_Dirty");
	is(smaps_field((uintptr_t)mem, "Shared_Dirty"), 0,
	   "smaps-Shared_Dirty-of-what-is-not-shared");
	memset(mem, 1, LEN);
	ok_child_exits(sees_half, mem, 0, "a-forked-child-shares-Pss-until-it-writes");
	is(smaps_field((uintptr_t)mem, "Private_Dirty"), KB, "afterwards-all-is-private-again");
	unmap(room, LEN + 2 * PAGE_SIZE);
}

/* ---- the machine's memory ---- */

/*
 * A field that others move, too: has it moved as far as `by` at least once,
 * however long that takes?
 */
static bool moves(long (*field)(const char *), const char *name, bool shared, long by)
{
	for (int64_t end = now_ns() + PATIENCE; now_ns() < end;) {
		long before = field(name), after;
		char *mem = shared ? map_shared(16 * LEN) : map_private(16 * LEN);

		memset(mem, 1, 16 * LEN);
		after = field(name);
		unmap(mem, 16 * LEN);
		if (before < 0)
			return false;
		if (by > 0 ? after - before >= by / 2 : after - before <= by / 2)
			return true;
	}
	return false;
}

static long vmstat(const char *name) { return proc_field("/proc/vmstat", name); }

/* The pages of all orders that are free, as buddyinfo counts them. */
static long buddyinfo(const char *name)
{
	char *line = proc_read("/proc/buddyinfo");
	long pages = 0;

	(void)name;
	for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		char *at = strstr(line, "zone");
		long blocks;
		int used, order = 0;

		if (!at || sscanf(at, "zone %*s%n", &used) < 0)
			continue;
		for (at += used; sscanf(at, " %ld%n", &blocks, &used) == 1 && at[0] != '\n';
		     at += used)
			pages += blocks << order++;
	}
	return pages * 4;
}

/* The sum of one number over all zones, in pages; of "pages free" in kB, as moves() wants it. */
static long zones(const char *name)
{
	char *at = proc_read("/proc/zoneinfo");
	long sum = 0, n;

	while ((at = strstr(at, name))) {
		at += strlen(name);
		if (sscanf(at, " %ld", &n) == 1)
			sum += n;
	}
	return sum;
}
static long zones_kb(const char *name) { return zones(name) * 4; }

/* What a zone covers, what of that is there, and what is given out. */
static void test_zones(void)
{
	const long kb = 16 * KB;

	ok(!strncmp(proc_read("/proc/zoneinfo"), "Node 0, zone ", 13),
	   "zoneinfo-begins-with-a-zone");
	ok(moves(zones_kb, "pages free ", false, -kb), "zoneinfo's-free-pages-fall");
	ok(zones("  spanned ") >= zones("  present "), "zones-span-what-is-present");
	ok(zones("  present ") >= zones("  managed "), "of-which-some-is-managed");
	is(zones("  managed ") * 4, meminfo("MemTotal"), "which-is-all-of-MemTotal");
	ok(zones("pages free ") <= zones("  managed "), "no-more-is-free");
}

/* What a child that shares our memory reads. */
static long anon_with_vfork_child(void)
{
	static volatile long anon;
	long pid = sys_vfork();

	if (pid == 0) {
		anon = meminfo("AnonPages");
		sys_exit_group(0);
	}
	if (pid < 0 || child_verdict(child_wait((int)pid)))
		bail("there is no vfork child");
	return anon;
}

/*
 * Such a child, large as the memory is, adds none to the machine's: in one look at least, for
 * others come and go.
 */
static bool vfork_child_adds_none(void)
{
	char *mem = map_private(64 * LEN);
	bool found = false;

	memset(mem, 1, 64 * LEN);
	for (int64_t end = now_ns() + PATIENCE; !found && now_ns() < end;) {
		const long alone = meminfo("AnonPages");

		found = alone >= 64 * KB && anon_with_vfork_child() - alone < 64 * KB / 2;
	}
	unmap(mem, 64 * LEN);
	return found;
}

static void test_machine(void)
{
	const long kb = 16 * KB;

	ok(moves(meminfo, "MemFree", false, -kb), "MemFree-falls-by-what-is-used");
	ok(moves(meminfo, "MemAvailable", false, -kb), "so-does-MemAvailable");
	ok(moves(meminfo, "AnonPages", false, kb), "AnonPages-grows");
	ok(vfork_child_adds_none(), "but-not-by-what-a-vfork-child-shares");
	ok(moves(meminfo, "Shmem", true, kb), "Shmem-grows-by-shared-memory");
	ok(moves(meminfo, "Cached", true, kb), "which-is-cached");
	ok(moves(meminfo, "Mapped", true, kb), "and-mapped");
	ok(moves(meminfo, "PageTables", false, 4 * 2), "PageTables-grows");
	ok(moves(vmstat, "nr_anon_pages", false, kb / 4), "vmstat's-nr_anon_pages");
	ok(moves(vmstat, "nr_shmem", true, kb / 4), "vmstat's-nr_shmem");
	ok(moves(vmstat, "nr_free_pages", false, -kb / 4), "vmstat's-nr_free_pages");
	ok(moves(vmstat, "pgfault", false, kb / 4), "vmstat's-pgfault");
	ok(moves(buddyinfo, "", false, -kb), "buddyinfo-has-less");
	test_zones();
}

/* ---- processes and time ---- */

static int idle(void *arg)
{
	(void)arg;
	return 0;
}

static int waits(void *arg)
{
	char c;

	sys_read(*(int *)arg, &c, 1);
	return 0;
}

static int shows(void *arg)
{
	char name[17] = "renamed";

	(void)arg;
	sys_prctl(PR_SET_NAME, (uintptr_t)name, 0);
	if (strncmp(strchr(proc_read("/proc/self/stat"), '('), "(renamed) R ", 12) != 0)
		return 1;
	if (strncmp(proc_read("/proc/self/status"), "Name:\trenamed\n", 14) != 0)
		return 2;
	return status("PPid") != sys_getppid() || stat_field(4) != sys_getppid();
}

/* Numbers begin anew behind the largest, where who came early has a larger one than who comes. */
static int has_a_number_given(void *arg)
{
	(void)arg;
	return proc_word("/proc/loadavg", 4) < sys_getpid();
}

static bool numbers_are_given(void)
{
	for (int i = 0; i < 3; i++) {
		if (!child_verdict(child_run(has_a_number_given, NULL)))
			return true;
	}
	return false;
}

static long proc_stat(const char *name) { return proc_field("/proc/stat", name); }

static void test_processes(void)
{
	int pipes[2], pid;
	char path[64];
	long before = proc_stat("processes"), switches = proc_stat("ctxt"), nice;

	ok_child_exits(idle, NULL, 0, "a-child-comes-and-goes");
	ok(proc_stat("processes") > before, "stat's-processes-counts-it");
	ok(numbers_are_given(), "the-last-number-given-is-not-before-one's-own");
	ok(proc_stat("ctxt") > switches, "and-its-switches");
	ok(proc_stat("procs_running") >= 1, "who-asks-runs");
	ok_child_exits(shows, NULL, 0, "name-state-and-parent-are-told");
	if (syscall1(__NR_pipe, P(pipes)))
		bail("there is no pipe");
	pid = child_start(waits, &pipes[0]);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (!strstr(proc_read(path), ") S "))
		sleep_ms(1);
	ok(true, "a-child-that-waits-is-shown-asleep");
	nice = syscall3(__NR_setpriority, 0, pid, 7);
	ok(nice == 0 && stat_of(path, 19) == 7 && stat_of(path, 18) == 27, "nice-and-priority");
	sys_write(pipes[1], "x", 1);
	while (!strstr(proc_read(path), ") Z "))
		sleep_ms(1);
	ok(stat_of(path, 23) == 0 && stat_of(path, 24) == 0, "one-that-has-ended-has-no-memory");
	child_wait(pid);
	is(sys_open(path, O_RDONLY, 0), -ENOENT, "and-is-gone-when-it-was-waited-for");
	sys_close(pipes[0]);
	sys_close(pipes[1]);
}

int main(void)
{
	touch_own_memory();	/* so that only what is changed on purpose changes */
	test_private();
	test_shared();
	test_smaps();
	test_machine();
	test_processes();
	return tap_finish();
}
