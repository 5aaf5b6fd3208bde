/*
 * devices.c - files that do what an ioctl says: each has its descriptor in a worker,
 * and requests that fit.
 */
#include <stddef.h>

#include "kernel/uapi/async_fault.h"
#include "kernel/uapi/fs.h"
#include "kernel/uapi/gup_test.h"
#include "tests/fuzz/calls/fuzz.h"
#include "tests/fuzz/random.h"
#include "user/files.h"

#define NR_REQUESTS	12

static const struct device {
	const char *path;
	unsigned int requests[NR_REQUESTS];
} devices[] = {
	{ "/dev/async_fault", { ASYNC_FAULT_ASK } },
	{ "/sys/kernel/debug/gup_test",
	  { GUP_FAST_BENCHMARK, PIN_FAST_BENCHMARK, PIN_LONGTERM_BENCHMARK, GUP_BASIC_TEST,
	    PIN_BASIC_TEST, PIN_LONGTERM_TEST_START, PIN_LONGTERM_TEST_STOP,
	    PIN_LONGTERM_TEST_READ } },
	{ "/dev/vda",
	  { BLKROGET, BLKGETSIZE, BLKFLSBUF, BLKSSZGET, BLKIOMIN, BLKIOOPT, BLKALIGNOFF,
	    BLKPBSZGET, BLKBSZGET, BLKGETSIZE64, BLKZEROOUT, BLKDISCARD } },
	{ "/proc/self/pagemap", { 0 } },
	{ "/proc/kpageflags", { 0 } },
	{ "/proc/self/map_files", { 0 } },
};

#define NR_DEVICES	(sizeof(devices) / sizeof(devices[0]))

/*
 * With that descriptor, whatever else is open: a file that is not there is one that says nothing.
 */
void open_devices(void)
{
	for (unsigned int i = 0; i < NR_DEVICES; i++) {
		long fd = sys_open(devices[i].path, O_RDWR | O_NONBLOCK, 0);

		if (fd < 0)
			fd = sys_open(devices[i].path, O_RDONLY | O_NONBLOCK, 0);
		if (fd == FIRST_DEVICE + (long)i)
			continue;
		sys_dup2(fd < 0 ? 0 : (int)fd, FIRST_DEVICE + (int)i);
		if (fd > 2)
			sys_close((int)fd);
	}
}

/*
 * Two numbers in a row of a request's structure that make sense together: memory,
 * and a length of it.
 */
static void fill_range(uint64_t *state, unsigned long *at)
{
	at[0] = ARENA + random_below(state, ARENA_PAGES * PAGE_SIZE);
	at[1] = 1 + random_below(state, 8 * PAGE_SIZE);
}

/* A part of the disk, of whole sectors. */
static void fill_sectors(uint64_t *state, unsigned long *at)
{
	at[0] = random_below(state, 100) * 512;
	at[1] = random_below(state, 100) * 512;
}

void aim_ioctl(struct worker *worker, long *args)
{
	uint64_t *state = &worker->state;
	unsigned int n = (unsigned int)random_below(state, 3);
	unsigned int request = devices[n].requests[random_below(state, NR_REQUESTS)];
	unsigned long *at = (unsigned long *)make_argument(worker, 'p');

	if ((unsigned long)at - ROOM < (ROOM_PAGES - 1) * PAGE_SIZE) {
		if (random_below(state, 2))
			fill_range(state, n == 1 && request >> 30 == 3 ? at + 2 : at);
		if (n == 0 && random_below(state, 4))
			at[3] = random_below(state, 2);
		if (n == 1 && random_below(state, 4))
			at[4] = (1 + random_below(state, 20)) | random_below(state, 0x800) << 32;
		if (n == 2 && random_below(state, 4))
			fill_sectors(state, at);
	}
	args[0] = FIRST_DEVICE + (long)n;
	args[1] = (long)(request ? request : devices[n].requests[0]);
	args[2] = (long)at;
}
