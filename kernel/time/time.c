/* Clocks and sleeping. */
#include "kernel/time/time.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/process/usage.h"

int timespec_from_user(u64 *ns, const struct __kernel_timespec *user)
{
	struct __kernel_timespec ts;

	if (copy_from_user(&ts, user, sizeof(ts)))
		return -EFAULT;
	if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= (s64)NSEC_PER_SEC)
		return -EINVAL;
	if (__builtin_mul_overflow((u64)ts.tv_sec, NSEC_PER_SEC, ns) ||
	    __builtin_add_overflow(*ns, (u64)ts.tv_nsec, ns))
		*ns = NO_DEADLINE;
	return 0;
}

int timespec_to_user(struct __kernel_timespec *user, u64 ns)
{
	struct __kernel_timespec ts = { .tv_sec = (s64)(ns / NSEC_PER_SEC),
					.tv_nsec = (s64)(ns % NSEC_PER_SEC) };

	return copy_to_user(user, &ts, sizeof(ts)) ? -EFAULT : 0;
}

u64 deadline_after(u64 ns)
{
	u64 now = clock_ns();

	return ns > NO_DEADLINE - now ? NO_DEADLINE : now + ns;
}

u64 realtime_ns(void) { return clock_boot_realtime() * NSEC_PER_SEC + clock_ns(); }

int sleep_until(u64 deadline)
{
	struct waiter w = { .task = current_task() };
	struct wait_queue nobody;
	int ret = 0;

	wait_queue_init(&nobody);
	for (;;) {
		prepare_to_wait_interruptible(&nobody, &w);
		if (clock_ns() >= deadline)
			break;
		if (signal_pending()) {
			ret = -EINTR;
			break;
		}
		schedule_until(deadline);
	}
	finish_wait(&nobody, &w);
	return ret;
}

/* The time by a clock of clock_gettime(2); false if there is no such clock. */
static bool read_clock(int clock, u64 *ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_TAI: /* the leap seconds are 0 until somebody tells them */
		*ns = realtime_ns();
		return true;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*ns = clock_ns();
		return true;
	case CLOCK_PROCESS_CPUTIME_ID:
		*ns = process_run_ns(current_process());
		return true;
	case CLOCK_THREAD_CPUTIME_ID:
		*ns = task_run_ns(current_task());
		return true;
	default:
		return clock < 0 && cpu_clock_ns(clock, ns);
	}
}

SYSCALL_DEFINE2(clock_gettime, int, clock, struct __kernel_timespec *, user)
{
	u64 ns;

	return read_clock(clock, &ns) ? timespec_to_user(user, ns) : -EINVAL;
}

SYSCALL_DEFINE2(clock_getres, int, clock, struct __kernel_timespec *, user)
{
	u64 ns;

	if (!read_clock(clock, &ns))
		return -EINVAL;
	return user ? timespec_to_user(user, 1) : 0;
}

SYSCALL_DEFINE2(gettimeofday, struct __kernel_old_timeval *, user, u32 *, zone)
{
	struct __kernel_old_timeval tv = ns_to_timeval(realtime_ns());
	u32 utc[2] = { 0, 0 };

	if (user && copy_to_user(user, &tv, sizeof(tv)))
		return -EFAULT;
	return zone && copy_to_user(zone, utc, sizeof(utc)) ? -EFAULT : 0;
}

SYSCALL_DEFINE1(time, s64 *, user)
{
	s64 now = (s64)(realtime_ns() / NSEC_PER_SEC);

	return user && copy_to_user(user, &now, sizeof(now)) ? -EFAULT : now;
}

/* A span of time that a signal may cut into pieces: its end stays. */
static long sleep_restart(struct restart_block *restart)
{
	struct __kernel_timespec *remaining = restart->sleep.remaining;
	u64 now;

	if (!sleep_until(restart->deadline))
		return 0;
	now = clock_ns();
	if (now >= restart->deadline)
		return 0;
	restart->fn = sleep_restart;
	return remaining && timespec_to_user(remaining, restart->deadline - now) ?
	       -EFAULT : -ERESTART_RESTARTBLOCK;
}

static long sleep_for(u64 ns, struct __kernel_timespec *remaining)
{
	struct restart_block *restart = &current_task()->restart;

	restart->deadline = deadline_after(ns);
	restart->sleep.remaining = remaining;
	return sleep_restart(restart);
}

SYSCALL_DEFINE2(nanosleep, const struct __kernel_timespec *, request, struct __kernel_timespec *,
		remaining)
{
	u64 ns;
	int ret = timespec_from_user(&ns, request);

	return ret ? ret : sleep_for(ns, remaining);
}

SYSCALL_DEFINE4(clock_nanosleep, int, clock, int, flags, const struct __kernel_timespec *, request,
		struct __kernel_timespec *, remaining)
{
	u64 ns, now;
	int ret;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME &&
	    clock != CLOCK_TAI)
		return read_clock(clock, &now) ? -EOPNOTSUPP : -EINVAL;
	ret = timespec_from_user(&ns, request);
	if (ret)
		return ret;
	if (!(flags & TIMER_ABSTIME))
		return sleep_for(ns, remaining);
	read_clock(clock, &now);
	return ns > now && sleep_until(deadline_after(ns - now)) ? -ERESTARTNOHAND : 0;
}
