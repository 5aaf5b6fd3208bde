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
#define CLOCK_TAI			11

/* The clock of a process or thread: its complemented number, and one of these. */
#define CPUCLOCK_PID(clock)		(~((clock) >> 3))
#define CPUCLOCK_VIRT			1	/* the program's own time; the
						 * others count all of it */
#define CPUCLOCK_KIND			3	/* 0 to 2 are times; 3 is another sort of clock */
#define CPUCLOCK_PERTHREAD		4

#define TIMER_ABSTIME			1

struct __kernel_timespec {
	__s64 tv_sec;
	__s64 tv_nsec;			/* 0 ... 999,999,999 */
};

struct __kernel_old_timeval {
	__s64 tv_sec;
	__s64 tv_usec;
};

/* timer_create(2) */
#define SIGEV_SIGNAL			0
#define SIGEV_NONE			1
#define SIGEV_THREAD			2	/* the C library's; here as SIGEV_SIGNAL */
#define SIGEV_THREAD_ID			4

struct __kernel_sigevent {
	__u64 value;
	__s32 signo;
	__s32 notify;
	__s32 tid;
	__s32 pad[11];			/* the whole is 64 bytes */
};

struct __kernel_itimerspec {
	struct __kernel_timespec it_interval, it_value;
};

/* setitimer(2) */
#define ITIMER_REAL			0
#define ITIMER_VIRTUAL			1
#define ITIMER_PROF			2

struct __kernel_itimerval {
	struct __kernel_old_timeval it_interval, it_value;
};

#endif
