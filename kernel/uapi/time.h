/* time.h - clocks and time spans. */
#ifndef UAPI_TIME_H
#define UAPI_TIME_H

#include "kernel/uapi/types.h"

#define CLOCK_REALTIME			0
#define CLOCK_MONOTONIC			1
#define CLOCK_PROCESS_CPUTIME_ID	2
#define CLOCK_THREAD_CPUTIME_ID		3
#define CLOCK_MONOTONIC_RAW		4
#define CLOCK_REALTIME_COARSE		5
#define CLOCK_MONOTONIC_COARSE		6
#define CLOCK_BOOTTIME			7

#define TIMER_ABSTIME			1

struct __kernel_timespec {
	__s64 tv_sec;
	__s64 tv_nsec;			/* 0 ... 999,999,999 */
};

struct __kernel_old_timeval {
	__s64 tv_sec;
	__s64 tv_usec;
};

/* setitimer(2) */
#define ITIMER_REAL			0
#define ITIMER_VIRTUAL			1
#define ITIMER_PROF			2

struct __kernel_itimerval {
	struct __kernel_old_timeval it_interval, it_value;
};

#endif
