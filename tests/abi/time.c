/* time.c - clock_gettime(2) and nanosleep(2). How late a sleeper wakes is not judged. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

static void test_clocks(void)
{
	struct __kernel_timespec now = { -1, -1 };
	int64_t last = 0;
	int backwards = 0;

	is(sys_clock_gettime(CLOCK_MONOTONIC, &now), 0, "the-monotonic-clock");
	ok(now.tv_sec >= 0 && now.tv_nsec >= 0 && now.tv_nsec < 1000000000, "its-form");
	is(sys_clock_gettime(CLOCK_REALTIME, &now), 0, "the-clock-of-the-day");
	is(sys_clock_gettime(12345, &now), -EINVAL, "an-unknown-clock");
	for (int i = 0; i < 2000; i++) {
		int64_t time = now_ns();

		backwards += time < last;
		last = time;
	}
	is(backwards, 0, "the-monotonic-clock-never-goes-back");
}

/* Nor does it when the reader moves from CPU to CPU. */
static void test_across_cpus(void)
{
	uint64_t all = cpu_mask();
	int64_t last = 0;
	int backwards = 0;

	for (int i = 0; i < 40; i++) {
		int64_t time;

		pin_to_cpu(nth_cpu(i % cpu_count()));
		sys_sched_setaffinity(0, sizeof(all), &all);
		time = now_ns();
		backwards += time < last;
		last = time;
	}
	is(backwards, 0, "not-even-on-another-cpu");
}

static int64_t slept(int64_t nanoseconds)
{
	struct __kernel_timespec span = { nanoseconds / 1000000000, nanoseconds % 1000000000 };
	int64_t start = now_ns();

	if (sys_nanosleep(&span, NULL) != 0)
		return -1;
	return now_ns() - start;
}

static void test_sleep(void)
{
	struct __kernel_timespec span = { 0, 1000 }, rest = { 7, 7 };

	ok(slept(0) >= 0, "a-sleep-of-nothing");
	ok(slept(1) >= 1, "a-sleep-of-a-nanosecond");
	ok(slept(20000000) >= 20000000, "a-sleep-of-20-ms-lasts-20-ms");
	is(sys_nanosleep(&span, &rest), 0, "a-sleep-with-a-place-for-the-rest");
	ok(rest.tv_sec == 7 && rest.tv_nsec == 7, "a-full-sleep-leaves-it-alone");
}

static void test_sleep_errors(void)
{
	struct __kernel_timespec span = { 0, 1000000000 };

	is(sys_nanosleep(&span, NULL), -EINVAL, "a-billion-nanoseconds");
	span = (struct __kernel_timespec){ 0, -1 };
	is(sys_nanosleep(&span, NULL), -EINVAL, "negative-nanoseconds");
	span = (struct __kernel_timespec){ -1, 0 };
	is(sys_nanosleep(&span, NULL), -EINVAL, "negative-seconds");
}

/* The argument in milliseconds; too short a sleep is the result. */
static void *sleeps(void *arg)
{
	int64_t span = (int64_t)(long)arg * 1000000;

	return (void *)(long)(slept(span) < span);
}

/* The shortest sleeper starts last: its timer goes in front of those that are there. */
static void test_many_sleepers(void)
{
	struct thread threads[4];
	long too_short = 0;

	for (long i = 0; i < 4; i++)
		thread_create(&threads[i], sleeps, (void *)(40 - 10 * i));
	for (int i = 0; i < 4; i++)
		too_short += (long)thread_join(&threads[i]);
	is(too_short, 0, "four-sleepers-at-once-all-sleep-long-enough");
}

/* ---- CPU time, by clocks that are made of numbers ---- */

#define CLOCK_OF(pid, kind)	((int)((~(unsigned int)(pid) << 3) | (kind)))
#define SUM			2	/* all of a process's time */

static void test_cpu_clocks(void)
{
	int self = (int)sys_getpid(), parent = (int)sys_getppid(), none = 1 << 22;
	struct __kernel_timespec ts;

	is(sys_clock_gettime(CLOCK_OF(self, SUM), &ts), 0, "the-time-of-the-own-process");
	ok(ts.tv_sec || ts.tv_nsec, "has-begun");
	is(sys_clock_gettime(CLOCK_OF(0, SUM), &ts), 0, "0-is-the-own-process");
	is(sys_clock_gettime(CLOCK_OF(parent, SUM), &ts), 0, "the-time-of-another");
	is(sys_clock_gettime(CLOCK_OF(sys_gettid(), SUM | CPUCLOCK_PERTHREAD), &ts), 0,
	   "of-a-thread");
	is(sys_clock_gettime(CLOCK_OF(0, SUM | CPUCLOCK_PERTHREAD), &ts), 0, "of-the-own-thread");
	is(sys_clock_gettime(CLOCK_OF(parent, SUM | CPUCLOCK_PERTHREAD), &ts), -EINVAL,
	   "not-of-others'-threads");
	is(sys_clock_gettime(CLOCK_OF(none, SUM), &ts), -EINVAL, "of-no-process");
	is(sys_clock_gettime(CLOCK_OF(self, 3), &ts), -EINVAL, "of-an-unknown-kind");
	is(syscall2(__NR_clock_getres, CLOCK_OF(self, SUM), 0), 0, "how-exact-it-is");
	is(syscall2(__NR_clock_getres, CLOCK_OF(none, SUM), 0), -EINVAL, "and-without-a-process");
	is(sys_clock_gettime(CLOCK_OF(self, SUM), (void *)8), -EFAULT, "to-a-bad-pointer");
	is(sys_clock_gettime(CLOCK_TAI, &ts), 0, "atomic-time");
}

int main(void)
{
	tap_plan(28);
	test_clocks();
	test_cpu_clocks();
	test_across_cpus();
	test_sleep();
	test_sleep_errors();
	test_many_sleepers();
	return tap_done();
}
