/* itimer.c - alarm, setitimer and getitimer; pause; RLIMIT_CPU. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"

#define PATIENCE_MS	60000	/* until what never comes is given up */

static volatile int count;
static struct __kernel_siginfo last;

static void on_alarm(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo, (void)context;
	count++;
	last = *info;
}

static long set(int which, long us, long interval_us, struct __kernel_itimerval *old)
{
	struct __kernel_itimerval value = {
		.it_value = { us / 1000000, us % 1000000 },
		.it_interval = { interval_us / 1000000, interval_us % 1000000 },
	};

	return syscall3(__NR_setitimer, which, (long)&value, (long)old);
}

static struct __kernel_itimerval get(int which)
{
	struct __kernel_itimerval value = { 0 };

	syscall2(__NR_getitimer, which, (long)&value);
	return value;
}

static bool is_zero(struct __kernel_itimerval v)
{
	return !v.it_value.tv_sec && !v.it_value.tv_usec && !v.it_interval.tv_sec &&
	       !v.it_interval.tv_usec;
}

static void test_errors(void)
{
	struct __kernel_itimerval value = { 0 };

	is(syscall2(__NR_getitimer, 3, (long)&value), -EINVAL, "there-are-three-timers");
	is(syscall2(__NR_getitimer, -1, (long)&value), -EINVAL, "from-0");
	is(syscall2(__NR_getitimer, 0, 8), -EFAULT, "getitimer-to-a-bad-address");
	is(syscall3(__NR_setitimer, 3, (long)&value, 0), -EINVAL, "setitimer-of-a-fourth");
	is(syscall3(__NR_setitimer, 0, 8, 0), -EFAULT, "setitimer-from-a-bad-address");
	is(syscall3(__NR_setitimer, 0, (long)&value, 8), -EFAULT, "an-old-value-to-a-bad-address");
	is(set(0, -1, 0, NULL), -EINVAL, "a-negative-time");
	value.it_value.tv_usec = 1000000;
	is(syscall3(__NR_setitimer, 0, (long)&value, 0), -EINVAL, "a-million-microseconds");
	value.it_value.tv_usec = 0;
	value.it_interval.tv_sec = -1;
	is(syscall3(__NR_setitimer, 0, (long)&value, 0), -EINVAL, "a-negative-interval");
}

static void test_real(void)
{
	struct __kernel_itimerval old;
	uint64_t none = 0;
	int64_t start;

	signal_handle(SIGALRM, on_alarm, 0);
	ok(is_zero(get(ITIMER_REAL)), "at-first-it-is-not-set");
	set(ITIMER_REAL, 100000000, 0, NULL);
	ok(get(ITIMER_REAL).it_value.tv_sec > 0, "it-runs");
	/* Blocked until somebody waits for it, however long he needs to get there. */
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGALRM));
	start = now_ns();
	is(set(ITIMER_REAL, 20000, 0, NULL), 0, "once");
	is(syscall2(__NR_rt_sigsuspend, (long)&none, 8), -EINTR, "who-waits-is-woken");
	ok(now_ns() - start >= 20000000, "not-before-its-time");
	signal_mask(SIG_UNBLOCK, SIGNAL_BIT(SIGALRM));
	ok(count == 1 && last.si_signo == SIGALRM && last.si_code == SI_KERNEL,
	   "sigalrm-comes-from-the-kernel");
	ok(is_zero(get(ITIMER_REAL)), "afterwards-it-is-not-set");
	set(ITIMER_REAL, 1000, 2000, NULL);
	is(syscall0(__NR_pause), -EINTR, "pause-ends-with-eintr");
	for (int tries = 0; count < 5 && tries < 10000; tries++)
		syscall0(__NR_pause);
	ok(count >= 5, "with-an-interval-it-comes-again");
	is(set(ITIMER_REAL, 0, 0, &old), 0, "it-can-be-stopped");
	is(old.it_interval.tv_usec, 2000, "and-says-what-it-was");
	ok(is_zero(get(ITIMER_REAL)), "then-it-is-not-set");
}

/* Too short to be kept: it comes no faster than it is handled, and the machine goes on. */
static void test_shortest_interval(void)
{
	count = 0;
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGALRM));
	set(ITIMER_REAL, 1, 1, NULL);
	for (int i = 0; i < PATIENCE_MS && !signal_waiting(); i++)
		sleep_ms(1);
	ok(signal_waiting() == SIGNAL_BIT(SIGALRM), "an-interval-of-1-us-sends-a-signal");
	ok(get(ITIMER_REAL).it_value.tv_usec == 0 && get(ITIMER_REAL).it_interval.tv_usec == 1,
	   "and-waits-until-it-is-taken");
	for (int i = 0; i < 3; i++)
		is(signal_wait(SIGNAL_BIT(SIGALRM), NULL, -1), SIGALRM, "then-it-comes-again");
	set(ITIMER_REAL, 0, 0, NULL);
	signal_wait(SIGNAL_BIT(SIGALRM), NULL, 0);
	signal_mask(SIG_UNBLOCK, SIGNAL_BIT(SIGALRM));
}

/*
 * What is left of it, once the two calls have come with less than that between them. Who is kept
 * from the CPU for longer tries again.
 */
static long left_of(long us, int64_t within_ns)
{
	for (;;) {
		int64_t start = now_ns();
		long left;

		set(ITIMER_REAL, us, 0, NULL);
		left = syscall1(__NR_alarm, 0);
		if (now_ns() - start < within_ns)
			return left;
	}
}

static void test_alarm(void)
{
	is(syscall1(__NR_alarm, 100), 0, "alarm-answers-what-was-left");
	ok(get(ITIMER_REAL).it_value.tv_sec > 10, "it-is-the-real-timer");
	ok(syscall1(__NR_alarm, 50) > 10, "which-can-be-set-again");
	ok(syscall1(__NR_alarm, 0) <= 50, "0-stops-it");
	ok(is_zero(get(ITIMER_REAL)), "indeed");
	is(left_of(100000000, 400000000), 100, "to-the-nearest-second");
	is(left_of(100400000, 300000000), 100, "a-bit-more-is-no-more");
	is(left_of(100900000, 300000000), 101, "nearly-a-second-is-one");
	is(left_of(100000, 90000000), 1, "what-is-less-than-a-second-is-one");
}

static int child_has_none(void *arg)
{
	(void)arg;
	return is_zero(get(ITIMER_REAL)) ? 3 : 4;
}

static int child_dies(void *arg)
{
	(void)arg;
	signal_set(SIGALRM, SIG_DFL_ADDR);
	set(ITIMER_REAL, 1000, 0, NULL);
	for (;;)
		syscall0(__NR_pause);
	return 0;
}

static void test_children(void)
{
	set(ITIMER_REAL, 100000000, 0, NULL);
	ok_child_exits(child_has_none, NULL, 3, "a-child-has-no-timers");
	set(ITIMER_REAL, 0, 0, NULL);
	ok_child_dies(child_dies, NULL, SIGALRM, "without-a-handler-it-kills");
}

/* CPU time: it passes only while the program runs. */
static void test_cpu(int which, int signo, const char *name)
{
	struct __kernel_itimerval left;
	int64_t end = now_ns() + PATIENCE_MS * 1000000LL;

	signal_handle(signo, on_alarm, 0);
	is(set(which, 30000, 30000, NULL), 0, "%s", name);
	/* A machine that stands still amid the calls may count that as time that we ran. */
	do {
		set(which, 30000, 30000, NULL);
		count = 0;
		sleep_ms(40);
		left = get(which);
	} while (count && now_ns() < end);
	ok(count == 0 && left.it_value.tv_usec > 0 && left.it_interval.tv_usec == 30000,
	   "it-stands-still-in-a-sleep");
	while (count < 2 && now_ns() < end)
		;
	ok(count >= 2 && last.si_signo == signo && last.si_code == SI_KERNEL,
	   "and-comes-while-the-program-runs");
	set(which, 0, 0, &left);
	is(left.it_interval.tv_usec, 30000, "until-it-is-stopped");
}

static int child_runs(void *arg)
{
	struct rlimit64 limit = { 1, 2 };

	signal_handle(SIGXCPU, on_alarm, 0);
	count = 0;
	sys_prlimit64(0, RLIMIT_CPU, &limit, NULL);
	for (volatile long i = 0; i < 1000000000000L && (!arg || !count); i++)
		;
	return 5;
}

static void test_limit(void)
{
	ok_child_exits(child_runs, "stop", 5, "rlimit-cpu-sends-sigxcpu");
	ok_child_dies(child_runs, NULL, SIGKILL, "and-in-the-end-sigkill");
}

int main(void)
{
	test_errors();
	test_real();
	test_shortest_interval();
	test_alarm();
	test_children();
	test_cpu(ITIMER_VIRTUAL, SIGVTALRM, "the-virtual-timer-can-be-set");
	test_cpu(ITIMER_PROF, SIGPROF, "the-profiling-timer-can-be-set");
	test_limit();
	return tap_finish();
}
