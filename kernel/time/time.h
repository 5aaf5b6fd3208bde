/* Times from and to programs. Inside, all times are nanoseconds since boot (clock_ns()). */
#pragma once
#include "kernel/uapi/time.h"
#include "kernel/base/types.h"

#define NSEC_PER_SEC	1000000000ull
#define NO_DEADLINE	(~0ull)

/* A span of time; -EFAULT, -EINVAL. Very long ones become the longest. */
int timespec_from_user(u64 *ns, const struct __kernel_timespec *user);
int timespec_to_user(struct __kernel_timespec *user, u64 ns);
/* The end of a span that starts now; NO_DEADLINE if that is beyond all times. */
u64 deadline_after(u64 ns);
/* CLOCK_REALTIME. */
u64 realtime_ns(void);
/* Sleeps until then. 0, or -EINTR: a signal came first. */
int sleep_until(u64 deadline);
static inline struct __kernel_old_timeval ns_to_timeval(u64 ns)
{
	return (struct __kernel_old_timeval){ .tv_sec = (s64)(ns / NSEC_PER_SEC),
					      .tv_usec = (s64)(ns % NSEC_PER_SEC / 1000) };
}
