/*
 * table_free.c - page tables come and go in one thread while another one runs in the same
 * address space: no CPU is interrupted for tables alone (docs/table-free.md). That all frames
 * come back is runtests' to say.
 */
#include "kernel/uapi/gup_test.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#include <stdlib.h>
#include <string.h>

#define RW	(PROT_READ | PROT_WRITE)
#define FIXED	(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE)
#define TABLE	(1ul << 21)	/* what a table of the lowest level maps */
#define AREA	0x5200000000ul
#define TABLES	8
#define ROUNDS	40

static uint32_t laps, stop;
static int gup = -1;
static char *page;

/* A counter of /proc/vmstat; -1: there is none of that name. */
static long counter(const char *name)
{
	static char text[16384];
	int fd = (int)sys_open("/proc/vmstat", O_RDONLY, 0);
	long n, len = 0;
	char *line;

	while (fd >= 0 && (n = sys_read(fd, text + len, sizeof(text) - 1 - (size_t)len)) > 0)
		len += n;
	sys_close(fd);
	text[len] = '\0';
	for (line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ' ')
			return atol(line + strlen(name));
	}
	return -1;
}

/* In the same address space: walks without a lock where there is gup_test, and computes. */
static void *walker(void *arg)
{
	struct gup_test args = { .addr = (uintptr_t)page,
				 .size = PAGE_SIZE,
				 .nr_pages_per_call = 1 };

	(void)arg;
	while (!word_get(&stop)) {
		if (gup >= 0)
			syscall3(__NR_ioctl, gup, GUP_FAST_BENCHMARK, (long)&args);
		page[0]++;
		word_add(&laps);
	}
	return NULL;
}

/* A page in each of some tables, and all of them again; false: not all was mapped, or was 0. */
static bool map_and_unmap(void)
{
	bool good = true;

	for (uintptr_t at = AREA; at < AREA + TABLES * TABLE; at += TABLE) {
		long got = sys_mmap(at, PAGE_SIZE, RW, FIXED, -1, 0);

		good &= got == (long)at && *(volatile char *)at == 0;
		if (got == (long)at)
			*(volatile char *)at = 1;
	}
	return !sys_munmap(AREA, TABLES * TABLE) && good;
}

static void judge(long now, long before, const char *name)
{
	if (before < 0)
		skip("nobody counts it", "%s", name);
	else
		is(now, before, "%s", name);
}

/*
 * In a build with grace periods each table waits for one, in any other none: all
 * of these, or none.
 */
static void judge_wait(long before)
{
	long waited;

	if (before < 0) {
		skip("nobody counts them", "each-table-waits-for-a-grace-period-or-none");
		return;
	}
	sys_prctl(PR_PLEAT_FRAMES, 0, 0); /* who counts frames ends the grace period under way */
	waited = counter("table_free_rcu") - before;
	ok(!waited || waited >= ROUNDS * TABLES, "each-table-waits-for-a-grace-period-or-none");
	note("%ld tables waited for a grace period", waited);
	note("%ld CPUs were interrupted for tables since boot", counter("table_free_ipis"));
}

int main(void)
{
	long ipis = counter("table_free_ipis"), waited = counter("table_free_rcu");
	struct thread thread;
	bool good = true;

	page = map_private(PAGE_SIZE);
	page[0] = 1;
	gup = (int)sys_open("/sys/kernel/debug/gup_test", O_RDWR, 0);
	map_and_unmap();
	is(thread_create(&thread, walker, NULL), 0, "a-second-thread-runs");
	while (!word_get(&laps))
		sys_sched_yield();
	for (int i = 0; i < ROUNDS; i++)
		good &= map_and_unmap();
	ok(good, "tables-come-and-go-beside-it");
	judge(counter("table_free_ipis"), ipis, "no-cpu-was-interrupted-for-tables-alone");
	word_set(&stop, 1);
	thread_join(&thread);
	ok(page[0] != 0 || word_get(&laps), "the-thread-kept-its-page");
	judge_wait(waited);
	return tap_finish();
}
