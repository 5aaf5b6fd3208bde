/*
 * proc_memory.c - /proc about the machine's memory: what Linux has is there in its order, and each
 * number moves with what it counts. `proc_memory FILE` also changes the first 64 pages of a file
 * that lies on a device, which may be the disk itself (tests/boot/disk.t).
 */
#include "kernel/uapi/gup_test.h"
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/tap.h"
#include "user/thread.h"

#include <stdio.h>
#include <string.h>

#define RW	 (PROT_READ | PROT_WRITE)
#define PAGES	 64l
#define KB	 (4 * PAGES)
#define LEN	 ((size_t)PAGES * PAGE_SIZE)
#define PATIENCE 60000000000l	/* ns until a number that never moves is given up */

static long meminfo(const char *name) { return proc_field("/proc/meminfo", name); }
static long vmstat(const char *name) { return proc_field("/proc/vmstat", name); }
static long rollup(const char *name) { return proc_field("/proc/self/smaps_rollup", name); }
static bool flag(const void *mem, const char *name) { return smaps_flag((uintptr_t)mem, name); }

/* ---- what is there ---- */

/* Each of the names begins a line, in that order; others may lie between. */
static void test_order(const char *path, const char *names)
{
	char *at = proc_read(path), key[40];
	int used;

	for (; sscanf(names, " %30[^ ]%n", key, &used) == 1; names += used) {
		char line[42];

		snprintf(line, sizeof(line), "\n%s", key);
		at = strncmp(at, key, strlen(key)) == 0 ? at : strstr(at, line);
		if (!at)
			break;
		at += strlen(key);
	}
	ok(at, "%s-has-all-in-Linux's-order", path);
	if (!at)
		note("from %s on", key);
}

static void test_names(void)
{
	test_order("/proc/meminfo",
		   "MemTotal: MemFree: MemAvailable: Buffers: Cached: SwapCached: Unevictable: "
		   "Mlocked: SwapTotal: SwapFree: Dirty: Writeback: AnonPages: Mapped: Shmem: "
		   "KReclaimable: Slab: SReclaimable: SUnreclaim: KernelStack: PageTables: "
		   "SecPageTables: NFS_Unstable: Bounce: WritebackTmp: CommitLimit: "
		   "Committed_AS: VmallocTotal: VmallocUsed: VmallocChunk: Percpu: "
		   "AnonHugePages: ShmemHugePages: ShmemPmdMapped: FileHugePages: FilePmdMapped: "
		   "HugePages_Total: HugePages_Free: HugePages_Rsvd: HugePages_Surp: "
		   "Hugepagesize: Hugetlb: DirectMap4k: DirectMap2M: DirectMap1G:");
	test_order("/proc/vmstat",
		   "nr_free_pages nr_mlock nr_unevictable nr_slab_reclaimable "
		   "nr_slab_unreclaimable nr_anon_pages nr_mapped nr_file_pages nr_dirty "
		   "nr_writeback nr_shmem nr_shmem_hugepages nr_dirtied nr_written "
		   "nr_foll_pin_acquired nr_foll_pin_released nr_kernel_stack "
		   "nr_page_table_pages nr_swapcached pgpgin pgpgout pswpin pswpout "
		   "pgalloc_normal pgfree pgfault pgmajfault drop_pagecache drop_slab");
	test_order("/proc/self/smaps_rollup",
		   "Rss: Pss: Pss_Dirty: Pss_Anon: Pss_File: Pss_Shmem: Shared_Clean: "
		   "Shared_Dirty: Private_Clean: Private_Dirty: Referenced: Anonymous: LazyFree: "
		   "AnonHugePages: ShmemPmdMapped: FilePmdMapped: Shared_Hugetlb: "
		   "Private_Hugetlb: Swap: SwapPss: Locked:");
	test_order("/proc/self/smaps",
		   "Size: KernelPageSize: MMUPageSize: Rss: Pss: Pss_Dirty: Shared_Clean: "
		   "Shared_Dirty: Private_Clean: Private_Dirty: Referenced: Anonymous: LazyFree: "
		   "AnonHugePages: ShmemPmdMapped: FilePmdMapped: Shared_Hugetlb: "
		   "Private_Hugetlb: Swap: SwapPss: Locked: THPeligible: VmFlags:");
}

/* How often a line of the file begins with that. */
static long lines_of(const char *path, const char *begin)
{
	char *at = proc_read(path);
	long n = 0;

	for (; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		n += !strncmp(at, begin, strlen(begin));
	return n;
}

/* What holds whatever the machine does. */
static void test_sums(void)
{
	const long ratio = proc_word("/proc/sys/vm/overcommit_ratio", 0);
	const long limit = meminfo("CommitLimit") - proc_same_field("SwapTotal"),
		   pages = proc_same_field("MemTotal") / 4;

	if (proc_word("/proc/sys/vm/overcommit_kbytes", 0))
		is(limit, proc_word("/proc/sys/vm/overcommit_kbytes", 0),
		   "CommitLimit-is-what-was-set");
	else
		is(limit, pages * ratio / 100 * 4, "CommitLimit-is-a-part-of-memory");
	proc_read("/proc/meminfo");
	ok(proc_same_field("DirectMap4k") + proc_same_field("DirectMap2M") +
			   proc_same_field("DirectMap1G") >=
		   proc_same_field("MemTotal"),
	   "the-kernel-maps-all-memory");
	is(proc_same_field("Slab"),
	   proc_same_field("SReclaimable") + proc_same_field("SUnreclaim"),
	   "Slab-is-of-two-kinds");
	ok(proc_same_field("VmallocUsed") > 0 &&
		   proc_same_field("VmallocUsed") < proc_same_field("VmallocTotal"),
	   "VmallocUsed-of-VmallocTotal");
	ok(lines_of("/proc/zoneinfo", "        min      ") >= 1, "a-zone-has-a-lowest-watermark");
	ok(lines_of("/proc/zoneinfo", "    cpu: ") >= cpu_count(),
	   "and-pages-at-hand-on-each-CPU");
	is(lines_of("/proc/zoneinfo", "              batch:    "),
	   lines_of("/proc/zoneinfo", "    cpu: "), "which-move-in-batches");
	ok(proc_word("/proc/sys/vm/min_free_kbytes", 0) > 0, "min_free_kbytes");
}

/* ---- numbers that others move, too ---- */

struct change {
	long (*field)(const char *);
	const char *name;
	long by;
};

/* Does what can be undone move the number as far as half of what it should, at least once? */
static bool moves(struct change change, void *(*act)(void), void (*undo)(void *))
{
	for (int64_t end = now_ns() + PATIENCE; now_ns() < end;) {
		const long before = change.field(change.name);
		void *done = act();
		const long after = change.field(change.name);

		undo(done);
		if (before < 0)
			return false;
		if (after - before >= change.by / 2)
			return true;
	}
	return false;
}

static void *map_much(void) { return map_private(64 * LEN); }
static void unmap_much(void *mem) { unmap(mem, 64 * LEN); }
static void *share_much(void) { return map_shared(64 * LEN); }
static void *fill(void) { return memset(map_private(LEN), 1, LEN); }
static void drop(void *mem) { unmap(mem, LEN); }
static void drop_at_once(void *mem) { (void)mem; }
static void *lock(void)
{
	char *mem = map_private(LEN);

	if (syscall2(__NR_mlock, P(mem), LEN))
		bail("mlock fails");
	return mem;
}
static void *come_and_go(void)
{
	drop(fill());
	return NULL;
}

static long frames_given(const char *prefix)
{
	static const char *const zones[] = { "dma", "dma32", "normal", "movable" };
	char name[32];
	long sum = 0;

	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s_%s", prefix, zones[i]);
		sum += vmstat(name) > 0 ? vmstat(name) : 0;
	}
	return sum;
}

static uint32_t go_on;
static struct thread threads[16];

static void *waits(void *arg)
{
	word_wait(&go_on, 1);
	return arg;
}

static void *start_threads(void)
{
	word_set(&go_on, 0);
	for (int i = 0; i < 16; i++)
		if (thread_create(&threads[i], waits, NULL))
			bail("there is no thread %d", i);
	return NULL;
}

static void end_threads(void *arg)
{
	(void)arg;
	word_set(&go_on, 1);
	for (int i = 0; i < 16; i++)
		thread_join(&threads[i]);
}

/* A child whose stack, which execve() has made for its parent, grows by `by` kB: does that? */
static int stack_is_promised(void *arg)
{
	const long by = (long)arg, before = meminfo("Committed_AS");
	volatile char *here = __builtin_frame_address(0);

	here[-by * 1024] = 1;
	return meminfo("Committed_AS") - before >= by / 2 ? 0 : 1;
}

/* At least once, for others come and go. */
static bool grown_stack_is_promised(void)
{
	for (int64_t end = now_ns() + PATIENCE; now_ns() < end;) {
		int verdict = child_verdict(child_run(stack_is_promised, (void *)6000L));

		if (verdict != 1)
			return verdict == 0;
	}
	return false;
}

static void test_moves(void)
{
	ok(moves((struct change){ meminfo, "Mlocked", KB }, lock, drop),
	   "Mlocked-grows-by-what-is-locked");
	ok(moves((struct change){ vmstat, "nr_mlock", PAGES }, lock, drop), "so-does-nr_mlock");
	ok(moves((struct change){ meminfo, "Committed_AS", 64 * KB }, map_much, unmap_much),
	   "Committed_AS-grows-by-what-can-be-written-to");
	ok(moves((struct change){ meminfo, "Committed_AS", 64 * KB }, share_much, unmap_much),
	   "and-shared");
	ok(grown_stack_is_promised(), "and-by-what-a-stack-grows");
	ok(moves((struct change){ meminfo, "KernelStack", 16 * 8 }, start_threads, end_threads),
	   "KernelStack-grows-with-each-thread");
	ok(moves((struct change){ vmstat, "pgfree", PAGES }, come_and_go, drop_at_once),
	   "pgfree-counts-what-goes");
	ok(moves((struct change){ frames_given, "pgalloc", PAGES }, fill, drop),
	   "pgalloc-what-comes");
}

/* ---- of one program ---- */

static void test_parts(void)
{
	long anon = rollup("Pss_Anon"), shmem = rollup("Pss_Shmem"), all, rest;
	char *mem = fill(), *shared = map_shared(LEN);

	memset(shared, 1, LEN);
	is(rollup("Pss_Anon") - anon, KB, "Pss_Anon-grows-by-private-memory");
	is(rollup("Pss_Shmem") - shmem, KB, "Pss_Shmem-by-shared");
	all = rollup("Pss");
	rest = all - proc_same_field("Pss_Anon") - proc_same_field("Pss_File") -
	       proc_same_field("Pss_Shmem");
	ok(rest >= 0 && rest <= 3, "with-Pss_File-that-is-all");
	is(smaps_field((uintptr_t)mem, "LazyFree"), 0, "nothing-is-free-for-the-taking");
	is(smaps_field((uintptr_t)mem, "AnonHugePages"), 0, "and-nothing-huge");
	unmap(shared, LEN);
	drop(mem);
}

static char *map_flags(int prot, int flags)
{
	long at = sys_mmap(0, LEN, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (is_error(at))
		bail("mmap: %ld", at);
	return (char *)at;
}

/* Between pages that it cannot be joined with. */
static char *guarded(int prot, int flags)
{
	char *room = map_flags(PROT_NONE, 0) + PAGE_SIZE;

	sys_mmap((uintptr_t)room, PAGE_SIZE, prot, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | flags,
		 -1, 0);
	return room;
}

static void test_flags(void)
{
	char *mem = guarded(PROT_READ, 0);

	ok(!flag(mem, "ac"), "what-can-only-be-read-is-not-accounted");
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, RW);
	ok(flag(mem, "ac"), "once-it-can-be-written-to-it-is");
	*mem = 1;
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_READ);
	ok(flag(mem, "ac"), "and-stays-so-once-it-was");
	ok(flag(guarded(RW, 0), "ac"), "private-memory-is");
	if (proc_word("/proc/sys/vm/overcommit_memory", 0) == 2) {
		skip("there is no overcommit", "but-not-with-MAP_NORESERVE");
		skip("there is no overcommit", "which-is-told");
		return;
	}
	mem = guarded(RW, MAP_NORESERVE);
	ok(!flag(mem, "ac"), "but-not-with-MAP_NORESERVE");
	ok(flag(mem, "nr"), "which-is-told");
}

static void test_pins(void)
{
	const int fd = (int)sys_open("/sys/kernel/debug/gup_test", O_RDWR, 0);
	char *mem = fill();
	struct pin_longterm_test args = { (uintptr_t)mem, LEN, PIN_LONGTERM_TEST_FLAG_USE_WRITE };
	long taken = vmstat("nr_foll_pin_acquired"), given = vmstat("nr_foll_pin_released");

	if (fd < 0) {
		skip("no /sys/kernel/debug/gup_test", "nr_foll_pin_acquired");
		skip("no /sys/kernel/debug/gup_test", "nr_foll_pin_released");
	} else {
		for (int i = 0; i < 2; i++) {
			args.flags ^= PIN_LONGTERM_TEST_FLAG_USE_FAST;
			syscall3(__NR_ioctl, fd, PIN_LONGTERM_TEST_START, P(&args));
			syscall3(__NR_ioctl, fd, PIN_LONGTERM_TEST_STOP, 0);
		}
		ok(vmstat("nr_foll_pin_acquired") - taken >= 2 * PAGES, "nr_foll_pin_acquired");
		ok(vmstat("nr_foll_pin_released") - given >= 2 * PAGES, "nr_foll_pin_released");
		sys_close(fd);
	}
	drop(mem);
}

/* ---- overcommit ---- */

static long set(const char *name, const char *value)
{
	char path[64];
	long fd, ret;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	fd = sys_open(path, O_WRONLY, 0);
	if (fd < 0)
		return fd;
	ret = sys_write((int)fd, value, strlen(value));
	sys_close((int)fd);
	return ret < 0 ? ret : 0;
}

static void test_settings(void)
{
	static const char *const bad[] = { "3", "-1", "x", "" };
	const long fd = sys_open("/proc/sys/vm/overcommit_memory", O_WRONLY, 0),
		   mode = proc_word("/proc/sys/vm/overcommit_memory", 0);

	ok(mode >= 0 && mode <= 2, "overcommit-has-three-modes");
	for (int i = 0; i < 3; i++) {
		if (fd < 0)
			skip("settings cannot be changed", "and-none-is-called-%s", bad[i]);
		else
			is(set("overcommit_memory", bad[i]), -EINVAL, "and-none-is-called-%s",
			   bad[i]);
	}
	is(proc_word("/proc/sys/vm/overcommit_memory", 0), mode,
	   "what-is-refused-changes-nothing");
	if (fd >= 0)
		sys_close((int)fd);
}

static long map_pages(long pages, int flags)
{
	long at = sys_mmap(0, (size_t)pages * PAGE_SIZE, RW, MAP_ANONYMOUS | flags, -1, 0);

	if (!is_error(at))
		sys_munmap((uintptr_t)at, (size_t)pages * PAGE_SIZE);
	return is_error(at) ? at : 0;
}

static int forks(void *arg)
{
	(void)arg;
	return 0;
}

/* Changes the whole machine for a moment, so only where that is the test's own. */
static void test_modes(void)
{
	const long all = meminfo("MemTotal") / 4;
	long much;
	char *mem;

	is(map_pages(all + 1, MAP_PRIVATE), -ENOMEM, "more-than-all-memory-is-refused");
	is(map_pages(all + 1, MAP_PRIVATE | MAP_NORESERVE), 0, "unless-it-need-not-be-there");
	is(set("overcommit_memory", "1\n"), 0, "always");
	is(map_pages(all + 1, MAP_PRIVATE), 0, "then-nothing-is-refused");
	is(set("overcommit_memory", "2"), 0, "never");
	much = (meminfo("CommitLimit") - meminfo("Committed_AS")) / 4;
	is(map_pages(much + 1, MAP_PRIVATE), -ENOMEM, "then-no-more-is-promised-than-the-limit");
	is(map_pages(much + 1, MAP_SHARED), -ENOMEM, "not-shared-either");
	is(map_pages(much + 1, MAP_PRIVATE | MAP_NORESERVE), -ENOMEM, "whatever-the-program-says");
	is(map_pages(much / 2, MAP_PRIVATE), 0, "but-less-is");
	mem = map_private((size_t)(much / 2 + 100) * PAGE_SIZE);
	is(syscall0(__NR_fork), -ENOMEM, "a-child-would-need-as-much-again");
	unmap(mem, (size_t)(much / 2 + 100) * PAGE_SIZE);
	ok_child_exits(forks, NULL, 0, "which-is-there-when-it-has-been-given-back");
	is(set("overcommit_kbytes", "8000"), 0, "the-limit-in-kilobytes");
	is(meminfo("CommitLimit"), 8000, "it-is-the-limit");
	is(proc_word("/proc/sys/vm/overcommit_ratio", 0), 0, "in-place-of-the-ratio");
	is(set("overcommit_ratio", "50"), 0, "and-the-other-way-round");
	is(proc_word("/proc/sys/vm/overcommit_kbytes", 0), 0, "there-is-one-limit");
	is(set("overcommit_memory", "0"), 0, "back-to-guessing");
}

/* ---- a file on a device ---- */

static char *device;	/* its first pages, mapped shared */

static void *dirty(void)
{
	memset(device, (int)now_ns(), LEN);
	return device;
}
static void sync_back(void *mem) { syscall3(__NR_msync, P(mem), LEN, MS_SYNC); }
static void *dirty_and_sync(void)
{
	sync_back(dirty());
	return NULL;
}

static void test_file(const char *path)
{
	int fd = (int)sys_open(path, O_RDWR, 0);
	struct __kernel_stat st;
	long at;

	if (fd < 0 || sys_fstat(fd, &st))
		bail("%s: %d", path, fd);
	at = sys_mmap(0, LEN, RW, MAP_SHARED, fd, 0);
	if (is_error(at))
		bail("%s cannot be mapped: %ld", path, at);
	device = (char *)at;
	if ((st.st_mode & S_IFMT) == S_IFBLK) {
		long in = vmstat("pgpgin"), waits_before = vmstat("pgmajfault"),
		     buffers = meminfo("Buffers");

		*(volatile char *)device;
		ok(vmstat("pgmajfault") > waits_before, "a-fault-that-reads-is-a-major-one");
		memcpy(map_private(LEN), device, LEN);
		ok(vmstat("pgpgin") - in >= KB, "pgpgin-counts-what-is-read");
		ok(meminfo("Buffers") - buffers >= KB, "which-are-buffers");
	}
	ok(moves((struct change){ meminfo, "Dirty", KB }, dirty, sync_back),
	   "Dirty-grows-by-what-is-changed");
	ok(moves((struct change){ vmstat, "nr_dirty", PAGES }, dirty, sync_back),
	   "so-does-nr_dirty");
	ok(moves((struct change){ vmstat, "nr_dirtied", PAGES }, dirty, sync_back),
	   "nr_dirtied-counts-it");
	ok(moves((struct change){ vmstat, "nr_written", PAGES }, dirty_and_sync, drop_at_once),
	   "nr_written-what-is-written-back");
	ok(moves((struct change){ vmstat, "pgpgout", KB }, dirty_and_sync, drop_at_once),
	   "pgpgout-too");
	sys_close(fd);
}

int main(int argc, char **argv)
{
	touch_own_memory();
	test_names();
	test_sums();
	test_moves();
	test_parts();
	test_flags();
	test_pins();
	test_settings();
	if (pleat_levels())
		test_modes();
	if (argc > 1)
		test_file(argv[1]);
	return tap_finish();
}
