/*
 * racing_calls.c - threads that make random system calls on the same memory and the same
 * descriptors, until the process is joined, exits, replaces itself or is killed. Nobody looks at
 * the results: nothing may crash, hang or be lost. Which calls each thread makes is the same in
 * every run, how they meet is not.
 *
 * With an argument: that many rounds, each with other calls.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#include <stdlib.h>

enum { THREADS = 4, CALLS = 400, AREA_PAGES = 64, FDS = 8, MARKS = 20000 };
enum { ENDS = 4 };

/*
 * Descriptors that the threads close and replace under each other; beyond those that their pipes
 * get: a copy of a pipe's end would let its reader wait for ever.
 */
enum { FIRST_FD = 40 };

#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

static char *self;
static uintptr_t area;			/* AREA_PAGES pages, in which all ranges begin */

/* ---- random arguments ---- */

static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static uintptr_t any_page(uint32_t *seed)
{
	return area + next(seed) % (AREA_PAGES - 8) * PAGE_SIZE;
}

static size_t any_length(uint32_t *seed)
{
	return (1 + next(seed) % 8) * PAGE_SIZE;
}

static int any_fd(uint32_t *seed)
{
	return FIRST_FD + (int)(next(seed) % FDS);
}

/* ---- calls ---- */

static void call_on_memory(uint32_t *seed)
{
	int prot = (int)(next(seed) % 8), type = next(seed) % 3 ? MAP_PRIVATE : MAP_SHARED;
	uintptr_t at = any_page(seed);
	size_t len = any_length(seed);

	switch (next(seed) % 7) {
	case 0:
		sys_mmap(at, len, prot, MAP_ANONYMOUS | MAP_FIXED | type, -1, 0);
		break;
	case 1:
		sys_mmap(at, len, prot, ANON | MAP_FIXED | MAP_POPULATE, -1, 0);
		break;
	case 2:
		sys_mmap(at, len, prot, MAP_PRIVATE | MAP_FIXED, FIRST_FD, 0);
		break;
	case 3:
		sys_munmap(at, len);
		break;
	case 4:
		sys_madvise(at, len, MADV_DONTNEED);
		break;
	default:
		sys_mprotect(at, len, prot);
	}
}

/* The kernel's own accesses fault in what the others map and unmap. */
static void call_that_copies(uint32_t *seed)
{
	static const struct __kernel_timespec soon = { 0, 50000 };
	uintptr_t at = any_page(seed);
	int fds[2];

	switch (next(seed) % 4) {
	case 0:
		sys_read(any_fd(seed), (void *)at, any_length(seed));
		break;
	case 1:
		sys_futex((void *)at, FUTEX_WAIT | (int)(next(seed) % 2 * FUTEX_PRIVATE_FLAG), 0,
			  &soon);
		break;
	case 2:
		sys_futex((void *)at, FUTEX_WAKE, 1, NULL);
		break;
	default:
		if (is_error(sys_pipe(fds)))
			break;
		sys_write(fds[1], (void *)at, PAGE_SIZE);
		sys_close(fds[1]);
		sys_read(fds[0], (void *)any_page(seed), PAGE_SIZE);
		sys_close(fds[0]);
	}
}

static void call_on_descriptors(uint32_t *seed)
{
	int fd = any_fd(seed);

	switch (next(seed) % 4) {
	case 0:
		sys_close(fd);
		break;
	case 1:
		syscall3(__NR_fcntl, fd, F_SETFD, FD_CLOEXEC);
		break;
	case 2:
		sys_lseek(fd, next(seed) % 65536, SEEK_SET);
		break;
	default:
		sys_close((int)sys_open(self, O_RDONLY, 0));
		sys_dup2(FIRST_FD, fd);
	}
}

static int child_reads_area(void *arg)
{
	uint32_t *seed = arg;

	for (int i = 0; i < 8; i++)
		sys_read(FIRST_FD, (void *)any_page(seed), any_length(seed));
	return 0;
}

static void random_call(uint32_t *seed)
{
	switch (next(seed) % 32) {
	case 0:
		child_wait(child_start(child_reads_area, seed));
		break;
	case 1:
		sys_mmap(1UL << (39 + next(seed) % 17), PAGE_SIZE, PROT_READ, ANON, -1, 0);
		break;
	default:
		if (next(seed) % 2)
			call_on_memory(seed);
		else if (next(seed) % 2)
			call_that_copies(seed);
		else
			call_on_descriptors(seed);
	}
}

/* ---- rounds ---- */

static void *caller(void *arg)
{
	uint32_t seed = (uint32_t)(uintptr_t)arg;

	for (int i = 0; i < CALLS; i++)
		random_call(&seed);
	return NULL;
}

static int child_races(void *arg)
{
	static struct thread threads[THREADS];
	char *const argv[] = { self, "0", NULL };
	uint32_t seed = 1 + *(uint32_t *)arg, end = *(uint32_t *)arg % ENDS;

	area = (uintptr_t)map_private(AREA_PAGES * PAGE_SIZE);
	sys_dup2((int)sys_open(self, O_RDONLY, 0), FIRST_FD);
	for (uint32_t i = 0; i < THREADS; i++) {
		uintptr_t theirs = seed * 2654435761u ^ (i + 1) * 40503u;

		if (thread_create(&threads[i], caller, (void *)theirs))
			return 1;
	}
	for (int i = 0; i < CALLS / 4; i++)
		random_call(&seed);
	if (end == 1)
		return 0;
	if (end == 2)
		sys_kill(sys_getpid(), SIGKILL);
	if (end == 3)
		return (int)-sys_execve(self, argv, argv + 2);
	for (int i = 0; i < THREADS; i++)
		thread_join(&threads[i]);
	return 0;
}

static void test_rounds(uint32_t rounds)
{
	static const char *const names[ENDS] = { "joins-its-threads", "exits-among-its-threads",
						 "is-killed", "replaces-itself" };

	for (uint32_t i = 0; i < rounds; i++)
		is(child_verdict(child_run(child_races, &i)), i % ENDS == 2 ? 128 + SIGKILL : 0,
		   "round-%u-%s", i, names[i % ENDS]);
}

/* ---- one race by itself ---- */

static uint32_t stop;

static void *marks(void *arg)
{
	(void)arg;
	while (!word_get(&stop))
		syscall3(__NR_fcntl, FIRST_FD, F_SETFD, FD_CLOEXEC);
	return NULL;
}

/* If a closed descriptor could be marked, its number would stay in use, without a file. */
static int child_marks_and_closes(void *arg)
{
	struct thread marker;

	(void)arg;
	if (thread_create(&marker, marks, NULL))
		return 1;
	for (int i = 0; i < MARKS; i++) {
		if (sys_dup2(1, FIRST_FD) != FIRST_FD)
			return 2;
		sys_close(FIRST_FD);
	}
	word_set(&stop, 1);
	thread_join(&marker);
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t rounds = argc > 1 ? (uint32_t)atoi(argv[1]) : 8;

	if (!rounds)
		return 0;		/* what a round has replaced itself with */
	self = argv[0];
	tap_plan((int)rounds + 1);
	ok_child_exits(child_marks_and_closes, NULL, 0,
		       "a-descriptor-that-another-thread-closes-is-not-marked");
	test_rounds(rounds);
	return tap_done();
}
