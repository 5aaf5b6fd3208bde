/*
 * usage.c - what a process has used, and what its children have: CPU time, the program's and
 * the kernel's apart, and the most memory. Ticks tell them apart, so that a burner goes on
 * until its number has moved.
 */
#include "user/child.h"
#include "user/files.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/signals.h"
#include "user/tap.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE	60000000000L	/* ns until a number that never moves is given up */
#define BURN_US		40000L
#define BIG		(16L << 20)
#define BIG_KB		((BIG >> 10) - 1024)	/* counters of each CPU may lag behind */

static struct __kernel_rusage usage(int who)
{
	struct __kernel_rusage u;

	memset(&u, 0xff, sizeof(u));
	syscall2(__NR_getrusage, who, (long)&u);
	return u;
}

static long us(struct __kernel_old_timeval tv) { return (long)(tv.tv_sec * 1000000 + tv.tv_usec); }
static long user_us(int who) { return us(usage(who).ru_utime); }
static long system_us(int who) { return us(usage(who).ru_stime); }

static long cpu_clock_us(void)
{
	struct __kernel_timespec ts;

	syscall2(__NR_clock_gettime, 2 /* CLOCK_PROCESS_CPUTIME_ID */, (long)&ts);
	return (long)(ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
}

/* The n-th field of /proc/self/stat as proc(5) counts them: hundredths of a second. */
static long stat_field(int n)
{
	char *at = strrchr(proc_read("/proc/self/stat"), ')');

	for (int field = 2; at && field < n; field++)
		at = strchr(at + 1, ' ');
	return at ? strtol(at + 1, NULL, 10) : -1;
}

/* ---- CPU time ---- */

static void spin(void)
{
	for (volatile int i = 0; i < 100000; i++)
		;
}

static void read_zeroes(void)
{
	static char buf[256 << 10];
	static long fd = -1;

	if (fd < 0)
		fd = sys_open("/dev/zero", O_RDONLY, 0);
	sys_read((int)fd, buf, sizeof(buf));
}

/* Until the number has moved by BURN_US; false if it never does. */
static bool burn(void (*work)(void), long (*number)(int), int who)
{
	long start = number(who);
	int64_t end = now_ns() + PATIENCE;

	while (number(who) - start < BURN_US) {
		if (now_ns() > end)
			return false;
		for (int i = 0; i < 10; i++)
			work();
	}
	return true;
}

static void test_apart(void)
{
	long utime, stime;

	ok(burn(spin, user_us, RUSAGE_SELF), "a-program-that-computes-uses-user-time");
	ok(burn(read_zeroes, system_us, RUSAGE_SELF), "one-that-reads-uses-system-time");
	ok(burn(read_zeroes, system_us, RUSAGE_THREAD), "and-so-does-the-thread");
	ok(burn(spin, user_us, RUSAGE_THREAD), "which-has-user-time-too");
	utime = user_us(RUSAGE_SELF);
	stime = system_us(RUSAGE_SELF);
	ok(utime >= BURN_US && stime >= BURN_US, "neither-takes-from-the-other");
}

/* All that was used is one or the other. */
static void test_sum(void)
{
	long before = cpu_clock_us(), sum, after;
	struct __kernel_rusage u = usage(RUSAGE_SELF);

	after = cpu_clock_us();
	sum = us(u.ru_utime) + us(u.ru_stime);
	ok(sum + 2 >= before && sum <= after, "the-sum-is-the-clock-of-cpu-time");
}

static void test_forward(void)
{
	struct __kernel_rusage last = usage(RUSAGE_SELF), now;
	bool forward = true;

	for (int i = 0; i < 400; i++) {
		if (i & 64)
			read_zeroes();
		else
			spin();
		now = usage(RUSAGE_SELF);
		forward &= us(now.ru_utime) >= us(last.ru_utime) &&
			   us(now.ru_stime) >= us(last.ru_stime);
		last = now;
	}
	ok(forward, "neither-ever-goes-back");
}

/* Does the number in hundredths of a second lie between two in microseconds? */
static bool agrees(long before, long hundredths, long after)
{
	return hundredths >= before / 10000 && hundredths <= after / 10000;
}

static void test_others_agree(void)
{
	struct __kernel_rusage before = usage(RUSAGE_SELF), after;
	long utime, stime;
	int64_t tms[4];

	syscall1(__NR_times, (long)tms);
	utime = stat_field(14);
	stime = stat_field(15);
	after = usage(RUSAGE_SELF);
	ok(agrees(us(before.ru_utime), (long)tms[0], us(after.ru_utime)),
	   "times-says-the-same-user-time");
	ok(agrees(us(before.ru_stime), (long)tms[1], us(after.ru_stime)),
	   "times-says-the-same-system-time");
	ok(agrees(us(before.ru_utime), utime, us(after.ru_utime)),
	   "so-does-stat-of-the-user-time");
	ok(agrees(us(before.ru_stime), stime, us(after.ru_stime)),
	   "so-does-stat-of-the-system-time");
}

static int burns_both(void *arg)
{
	(void)arg;
	return !burn(spin, user_us, RUSAGE_SELF) || !burn(read_zeroes, system_us, RUSAGE_SELF);
}

static int has_burning_child(void *arg)
{
	return child_verdict(child_run(burns_both, arg));
}

/* Each of the numbers has lost its nanoseconds. */
static bool is_about(long a, long b) { return a - b <= 2 && b - a <= 2; }

static void test_children(void)
{
	struct __kernel_rusage before = usage(RUSAGE_CHILDREN), u, after;
	int pid = child_start(has_burning_child, NULL), status = -1;
	int64_t tms[4];

	is(sys_wait4(pid, &status, 0, &u), pid, "a-child-whose-child-burned");
	is(status, 0, "it-burned");
	after = usage(RUSAGE_CHILDREN);
	ok(us(u.ru_utime) >= BURN_US && us(u.ru_stime) >= BURN_US, "wait4-says-what-both-used");
	ok(is_about(us(after.ru_utime) - us(before.ru_utime), us(u.ru_utime)),
	   "it-is-the-children's-user-time");
	ok(is_about(us(after.ru_stime) - us(before.ru_stime), us(u.ru_stime)), "and-system-time");
	syscall1(__NR_times, (long)tms);
	ok(agrees(us(after.ru_utime), (long)tms[2], us(after.ru_utime)) &&
		   agrees(us(after.ru_stime), (long)tms[3], us(after.ru_stime)),
	   "times-says-the-same-of-children");
	ok(stat_field(16) == (long)tms[2] && stat_field(17) == (long)tms[3], "and-so-does-stat");
}

static void test_ignored(void)
{
	struct __kernel_rusage before = usage(RUSAGE_CHILDREN), after;

	signal_set(SIGCHLD, SIG_IGN_ADDR);
	is(sys_wait4(child_start(burns_both, NULL), NULL, 0, NULL), -ECHILD,
	   "a-child-nobody-waits-for");
	after = usage(RUSAGE_CHILDREN);
	ok(us(before.ru_utime) == us(after.ru_utime) && us(before.ru_stime) == us(after.ru_stime),
	   "does-not-count");
	signal_set(SIGCHLD, SIG_DFL_ADDR);
}

/* ---- memory ---- */

static long maxrss(int who) { return (long)usage(who).ru_maxrss; }
static long status_kb(const char *name) { return proc_field("/proc/self/status", name); }

static long clear_refs(const char *what)
{
	int fd = (int)sys_open("/proc/self/clear_refs", O_WRONLY, 0);
	long n = sys_write(fd, what, 1);

	sys_close(fd);
	return n;
}

static int uses_memory(void *arg)
{
	char *mem = map_private(BIG);

	memset(mem, 1, BIG);
	if (arg)
		unmap(mem, BIG);
	return 0;
}

static void test_peak(void)
{
	long before = maxrss(RUSAGE_SELF), hwm;

	ok(before > 0, "some-memory-is-always-used");
	uses_memory("gives it back");
	hwm = status_kb("VmHWM");
	ok(hwm >= BIG_KB && status_kb("VmRSS") < BIG_KB, "the-peak-stays-when-the-memory-is-gone");
	ok(maxrss(RUSAGE_SELF) >= hwm, "getrusage-says-the-same");
	ok(maxrss(RUSAGE_SELF) < before + 2 * BIG_KB, "and-not-more");
	is(clear_refs("5"), 1, "clear-refs-5");
	ok(status_kb("VmHWM") < BIG_KB, "makes-the-peak-begin-anew");
	uses_memory("gives it back");
	ok(status_kb("VmHWM") >= BIG_KB, "it-rises-again");
}

/* Page by page, so that no single call unmaps much. */
static int goes_in_small_steps(void *arg)
{
	char *mem = map_private(BIG);
	long peak;

	(void)arg;
	memset(mem, 1, BIG);
	for (long at = 0; at < BIG; at += PAGE_SIZE)
		unmap(mem + at, PAGE_SIZE);
	peak = status_kb("VmHWM");
	return peak >= BIG_KB && status_kb("VmRSS") < BIG_KB ? 0 : 1;
}

static int uses_memory_and_execs(void *arg)
{
	char *argv[] = { "usage", "returns", NULL };

	uses_memory(NULL);
	(void)arg;
	return 100 + (int)-sys_execve("/proc/self/exe", argv, argv + 2);
}

/* ru_maxrss of a child that has ended with 0; -1. */
static long child_peak(child_main *main, void *arg)
{
	struct __kernel_rusage u;
	int status = -1, pid = child_start(main, arg);

	return sys_wait4(pid, &status, 0, &u) == pid && !status ? (long)u.ru_maxrss : -1;
}

static int returns(void *arg) { return arg ? 1 : 0; }

static void test_peak_of_children(void)
{
	long small = child_peak(returns, NULL), big;

	ok(small > 0 && small < BIG_KB, "a-small-child");
	ok(maxrss(RUSAGE_CHILDREN) < BIG_KB, "no-child-was-large");
	big = child_peak(uses_memory, NULL);
	ok(big >= BIG_KB, "one-that-ends-with-its-memory");
	is(maxrss(RUSAGE_CHILDREN), big, "is-the-largest-child");
	ok(child_peak(uses_memory, "gives it back") >= BIG_KB, "one-that-had-given-it-back");
	ok(child_peak(goes_in_small_steps, NULL) >= BIG_KB, "or-page-by-page");
	ok(child_peak(uses_memory_and_execs, NULL) >= BIG_KB, "or-executes-another-program");
	ok(child_peak(returns, NULL) < BIG_KB, "each-child-has-its-own");
	ok(maxrss(RUSAGE_CHILDREN) >= big, "of-children-the-largest-counts");
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 0;
	tap_plan(38);
	is(syscall2(__NR_getrusage, 2, 8), -EINVAL, "an-unknown-who");
	is(syscall2(__NR_getrusage, RUSAGE_SELF, 8), -EFAULT, "a-bad-address");
	test_apart();
	test_sum();
	test_forward();
	test_others_agree();
	test_peak_of_children();
	test_children();
	test_ignored();
	test_peak();
	return tap_done();
}
