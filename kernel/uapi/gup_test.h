/* /sys/kernel/debug/gup_test: get_user_pages as a program can call it. Linux's mm/gup_test.h. */
#pragma once
#include "kernel/uapi/ioctl.h"
#include "kernel/uapi/types.h"

#define GUP_FAST_BENCHMARK	_IOWR('g', 1, struct gup_test)
#define PIN_FAST_BENCHMARK	_IOWR('g', 2, struct gup_test)
#define PIN_LONGTERM_BENCHMARK	_IOWR('g', 3, struct gup_test)
#define GUP_BASIC_TEST		_IOWR('g', 4, struct gup_test)
#define PIN_BASIC_TEST		_IOWR('g', 5, struct gup_test)
#define DUMP_USER_PAGES_TEST	_IOWR('g', 6, struct gup_test)
#define PIN_LONGTERM_TEST_START	_IOW('g', 7, struct pin_longterm_test)
#define PIN_LONGTERM_TEST_STOP	_IO('g', 8)
#define PIN_LONGTERM_TEST_READ	_IOW('g', 9, __u64)

#define GUP_TEST_MAX_PAGES_TO_DUMP	8

/* test_flags: what DUMP_USER_PAGES_TEST takes are pins. */
#define GUP_TEST_FLAG_DUMP_PAGES_USE_PIN	0x1

/*
 * The pages of [addr, addr + size) are taken, nr_pages_per_call at once, and given back. The call
 * succeeds even if they are not to be had: size then says how far it came. A call that gets fewer
 * pages than it asked for is the last one, and counts as a whole.
 */
struct gup_test {
	__u64 get_delta_usec;		/* out: microseconds for taking, */
	__u64 put_delta_usec;		/* and for giving back */
	__u64 addr;
	__u64 size;			/* bytes; out: as far as it came */
	__u32 nr_pages_per_call;
	__u32 gup_flags;		/* FOLL_ */
	__u32 test_flags;
	__u32 which_pages[GUP_TEST_MAX_PAGES_TO_DUMP];	/* to print: the first is 1; 0: none */
};

#define PIN_LONGTERM_TEST_FLAG_USE_WRITE	1
#define PIN_LONGTERM_TEST_FLAG_USE_FAST		2

/* The pages stay pinned until PIN_LONGTERM_TEST_STOP, or the file is closed. */
struct pin_longterm_test {
	__u64 addr;
	__u64 size;
	__u32 flags;
};
