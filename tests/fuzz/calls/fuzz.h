/*
 * fuzz.h - the system-call fuzzer. A round is one seed: a worker process makes calls that the seed
 * decides, and is gone, with all that it started, before the next.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stdint.h>

enum {
	NR_CALLS = 470,			/* numbers 0 to here: a few more than Linux has */
	MAX_ARGS = 6,
	ROUND_CALLS = 400,		/* that a worker makes, if it lives so long */
	ROOM_PAGES = 16,		/* of `room` */
	ARENA_PAGES = 64,
	FIRST_DEVICE = 10,		/* descriptors that open_devices() makes, from here on */
};

/* Fixed addresses, so that a seed means the same everywhere. */
#define ROOM	0x200000000000UL	/* memory that calls read and write; stays mapped */
#define ARENA	0x210000000000UL	/* memory that calls map, unmap and protect */

/* Who makes calls: one to a thread. The supervisor sees it all. */
struct worker {
	uint64_t state;			/* of the random numbers */
	volatile uint64_t made;		/* calls so far: whoever stands still is stuck */
	volatile long nr;		/* the call that it is in */
	volatile long args[MAX_ARGS];
	int depth;			/* forks above it */
};

/* Shared between the supervisor and all of a round. */
struct board {
	struct worker workers[2];
	volatile uint64_t calls;	/* by all, in all rounds */
	volatile uint64_t good;		/* of them, those without an error */
	volatile uint64_t failures;
	volatile unsigned char seen[NR_CALLS];	/* numbers that did not answer -ENOSYS */
};
extern struct board *board;

/* The letters of a call's arguments (arguments.c), or NULL for one that is not to be made. */
const char *call_signature(long nr);
/* Calls that usually end their caller come seldom. */
bool call_is_deadly(long nr);
/* The value for a letter. */
long make_argument(struct worker *worker, char letter);
/* Instead of arguments by chance: an ioctl that one of the files of open_devices() may know. */
void aim_ioctl(struct worker *worker, long *args);
void open_devices(void);
/* In a new worker: memory at ROOM and ARENA, files, limits, a timer. */
void prepare_worker(void);
/* Makes so many calls. */
void make_calls(struct worker *worker, int count);
/* A process or thread that a call in a worker made ends at once, in syscall_safely(). */
long syscall_safely(long nr, const long *args);

#endif
