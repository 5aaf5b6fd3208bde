/*
 * posix_timers.c - timer_create(2) and its kin: signals, values, overruns. Waits end
 * by signals, not by time.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"

#define PATIENCE	60000	/* ms that a signal may take on a busy machine */
#define MS		1000000L

static long create(int clock, struct __kernel_sigevent *event, int *id)
{
	return syscall3(__NR_timer_create, clock, (long)event, (long)id);
}
static long set(int id, int flags, long ns, long interval, struct __kernel_itimerspec *old)
{
	struct __kernel_itimerspec value = { { interval / 1000000000, interval % 1000000000 },
					     { ns / 1000000000, ns % 1000000000 } };

	return syscall4(__NR_timer_settime, id, flags, (long)&value, (long)old);
}
static long get(int id, struct __kernel_itimerspec *value)
{
	return syscall2(__NR_timer_gettime, id, (long)value);
}
static long delete(int id) { return syscall1(__NR_timer_delete, id); }
static long overrun(int id) { return syscall1(__NR_timer_getoverrun, id); }

static int make(int notify, int signo, uint64_t value, int tid)
{
	struct __kernel_sigevent event = {
		.value = value, .signo = signo, .notify = notify, .tid = tid
	};
	int id = -1;

	if (create(CLOCK_MONOTONIC, &event, &id))
		bail("timer_create fails");
	return id;
}

static void test_once(void)
{
	int id = make(SIGEV_SIGNAL, SIGUSR1, 4711, 0);
	struct __kernel_siginfo info = { 0 };
	struct __kernel_itimerspec left;

	is(set(id, 0, MS, 0, NULL), 0, "a-timer-is-set");
	is(signal_wait(SIGNAL_BIT(SIGUSR1), &info, PATIENCE), SIGUSR1, "its-signal-comes");
	is(info.si_code, SI_TIMER, "it-says-that-it-is-a-timer's");
	is(info.timer.timer, id, "which-one's");
	is((long)info.timer.value, 4711, "with-the-value-that-was-asked-for");
	is(info.timer.overrun, 0, "nothing-was-missed");
	is(get(id, &left), 0, "it-can-be-read");
	ok(!left.it_value.tv_sec && !left.it_value.tv_nsec, "and-is-not-set-any-more");
	is(overrun(id), 0, "getoverrun-says-so");
	is(delete(id), 0, "it-is-deleted");
	is(delete(id), -EINVAL, "but-once");
}

static void test_default(void)
{
	struct __kernel_siginfo info = { 0 };
	int id = -1;

	is(create(CLOCK_REALTIME, NULL, &id), 0, "without-an-event");
	is(set(id, TIMER_ABSTIME, MS, 0, NULL), 0, "a-time-that-is-past");
	is(signal_wait(SIGNAL_BIT(SIGALRM), &info, PATIENCE), SIGALRM, "sends-SIGALRM-at-once");
	is((long)info.timer.value, id, "with-its-number-as-the-value");
	is(delete(id), 0, "deleted");
}

/* The signal is blocked: it waits, and what comes after it is counted. */
static void test_interval(void)
{
	int id = make(SIGEV_SIGNAL, SIGRTMIN, 7, 0);
	struct __kernel_siginfo info = { 0 };
	int64_t begin = now_ns();
	struct __kernel_itimerspec old;

	set(id, 0, MS, MS, NULL);
	while (now_ns() - begin < 50 * MS)
		sleep_ms(1);
	is(signal_wait(SIGNAL_BIT(SIGRTMIN), &info, PATIENCE), SIGRTMIN,
	   "an-interval-timer's-signal");
	ok(info.timer.overrun >= 40, "says-how-many-it-stands-for");
	is(overrun(id), info.timer.overrun, "and-so-does-getoverrun");
	is(signal_wait(SIGNAL_BIT(SIGRTMIN), &info, PATIENCE), SIGRTMIN, "it-comes-again");
	is(set(id, 0, 0, 0, &old), 0, "it-is-stopped");
	is(old.it_interval.tv_nsec, MS, "the-old-interval-is-told");
	signal_wait(SIGNAL_BIT(SIGRTMIN), &info, 0);	/* what had come by then */
	sleep_ms(3);
	is(signal_wait(SIGNAL_BIT(SIGRTMIN), &info, 0), -EAGAIN, "nothing-comes-any-more");
	delete(id);
}

static void test_reading(void)
{
	int id = make(SIGEV_NONE, 0, 0, 0);
	struct __kernel_itimerspec left;

	is(set(id, 0, 3600000 * MS, 5 * MS, NULL), 0, "a-timer-that-tells-nobody");
	is(get(id, &left), 0, "is-read");
	ok(left.it_value.tv_sec > 3000 && left.it_value.tv_sec <= 3600, "what-is-left-of-an-hour");
	is(left.it_interval.tv_nsec, 5 * MS, "and-its-interval");
	delete(id);
}

static void test_two(void)
{
	int first = make(SIGEV_SIGNAL, SIGUSR2, 1, 0), second = make(SIGEV_SIGNAL, SIGUSR2, 2, 0);
	struct __kernel_siginfo info = { 0 };
	long sum = 0;

	ok(first != second, "timers-have-numbers-of-their-own");
	set(first, 0, 1, 0, NULL);
	set(second, 0, 1, 0, NULL);
	for (int i = 0; i < 2; i++) {
		if (signal_wait(SIGNAL_BIT(SIGUSR2), &info, PATIENCE) == SIGUSR2)
			sum += (long)info.timer.value;
	}
	is(sum, 3, "each-of-two-is-heard-though-they-send-the-same-signal");
	delete(first);
	delete(second);
}

static void test_thread(void)
{
	int id = make(SIGEV_SIGNAL | SIGEV_THREAD_ID, SIGUSR1, 5, (int)sys_gettid());
	struct __kernel_siginfo info = { 0 };

	set(id, 0, MS, 0, NULL);
	is(signal_wait(SIGNAL_BIT(SIGUSR1), &info, PATIENCE), SIGUSR1, "a-thread's-timer");
	is((long)info.timer.value, 5, "with-its-value");
	delete(id);
}

static int child_has(void *arg) { return delete(*(int *)arg) == -EINVAL ? 0 : 1; }

static void test_errors(void)
{
	struct __kernel_sigevent event = { .signo = SIGUSR1, .notify = SIGEV_SIGNAL };
	struct __kernel_itimerspec value = { { 0, 0 }, { 0, 1000000000 } };
	int id = make(SIGEV_SIGNAL, SIGUSR1, 0, 0);

	ok_child_exits(child_has, &id, 0, "a-child-inherits-no-timer");
	is(create(99, &event, &id), -EINVAL, "a-clock-that-there-is-not");
	is(create(CLOCK_MONOTONIC_RAW, &event, &id), -EOPNOTSUPP, "a-clock-without-timers");
	is(create(CLOCK_MONOTONIC, (void *)8, &id), -EFAULT, "an-event-at-a-bad-address");
	is(create(CLOCK_MONOTONIC, &event, (void *)8), -EFAULT, "a-number-to-a-bad-address");
	event.signo = 0;
	is(create(CLOCK_MONOTONIC, &event, &id), -EINVAL, "signal-0");
	event.signo = 65;
	is(create(CLOCK_MONOTONIC, &event, &id), -EINVAL, "signal-65");
	event = (struct __kernel_sigevent){ .signo = SIGUSR1, .notify = 9 };
	is(create(CLOCK_MONOTONIC, &event, &id), -EINVAL, "an-unknown-way-to-notify");
	event = (struct __kernel_sigevent){ .signo = SIGUSR1,
					    .notify = SIGEV_THREAD_ID,
					    .tid = 1 };
	is(create(CLOCK_MONOTONIC, &event, &id), -EINVAL, "a-thread-of-another-process");
	is(syscall4(__NR_timer_settime, id, 0, (long)&value, 0), -EINVAL,
	   "a-thousand-million-nanoseconds");
	is(syscall4(__NR_timer_settime, id, 0, 0, 0), -EINVAL, "set-to-nothing");
	is(syscall4(__NR_timer_settime, id, 0, 8, 0), -EFAULT, "set-from-a-bad-address");
	is(syscall4(__NR_timer_settime, 999, 0,
		    (long)&(struct __kernel_itimerspec){ { 0, 0 }, { 0, 0 } }, 0),
	   -EINVAL, "set-of-no-timer");
	is(get(id, (void *)8), -EFAULT, "read-to-a-bad-address");
	is(get(999, &value), -EINVAL, "read-of-no-timer");
	is(overrun(999), -EINVAL, "overrun-of-no-timer");
	delete(id);
}

int main(void)
{
	tap_plan(47);
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2) | SIGNAL_BIT(SIGALRM) |
		    SIGNAL_BIT(SIGRTMIN));
	test_once();
	test_default();
	test_interval();
	test_reading();
	test_two();
	test_thread();
	test_errors();
	return tap_done();
}
