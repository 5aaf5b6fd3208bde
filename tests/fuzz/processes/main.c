/*
 * processes COUNT - so many processes, one after another: fork, execve, exit, wait; vfork takes
 * turns with fork. At the end nothing is lost. With `fork-bomb` or `memory-bomb` instead of a
 * number: processes that do nothing but fork, or take memory, until the kernel refuses; then
 * they are killed. Only on Pleat: it counts the whole machine's frames, and kills all processes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

enum { WARM_UP = 50, STEP = 5000, QUIET_TICKS = 25, TICK_MS = 20 };

static char *self;

/* ---- one after another ---- */

/* What a process's status is, so that none is taken for another's. */
static int status_for(long n)
{
	return (int)(n % 250) + 1;
}

static bool one_process(long n)
{
	char number[8];
	char *argv[] = { self, "exit", number, NULL }, *envp[] = { NULL };
	int status = 0;
	long pid;

	snprintf(number, sizeof(number), "%d", status_for(n));
	pid = n % 2 ? sys_vfork() : sys_fork();
	if (pid == 0) {
		sys_execve(self, argv, envp);
		sys_exit_group(255);
	}
	return !is_error(pid) && sys_wait4((int)pid, &status, 0, NULL) == pid &&
	       WIFEXITED(status) && WEXITSTATUS(status) == status_for(n);
}

static int many(long count)
{
	struct usage before;
	long failed = 0;

	for (long n = 0; n < WARM_UP; n++)
		one_process(n);
	before = usage_now();
	for (long n = 0; n < count; n++) {
		if (!one_process(n))
			failed++;
		if (n % STEP == 0)
			note("%ld processes", n);
	}
	tap_plan(2);
	is(failed, 0, "each-of-%ld-processes-ends-with-its-own-status", count);
	ok(usage_returns(before), "nothing-is-lost");
	return tap_done();
}

/* ---- bombs ---- */

struct board {
	volatile long made, refused;
};

static void __attribute__((noreturn)) forks_for_ever(struct board *board)
{
	for (;;) {
		long pid = sys_fork();

		if (is_error(pid)) {
			__atomic_fetch_add(&board->refused, 1, __ATOMIC_RELAXED);
			sleep_ms(100000);
		}
		if (pid == 0)
			__atomic_fetch_add(&board->made, 1, __ATOMIC_RELAXED);
	}
}

/* Eight of them: each takes all that it gets, page by page. */
static void __attribute__((noreturn)) takes_memory(struct board *board)
{
	for (int i = 0; i < 7; i++) {
		if (sys_fork() == 0)
			break;
	}
	for (;;) {
		long mem = sys_mmap(0, 256 * PAGE_SIZE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (is_error(mem)) {
			__atomic_fetch_add(&board->refused, 1, __ATOMIC_RELAXED);
			sleep_ms(100000);
		}
		memset((void *)mem, 1, 256 * PAGE_SIZE);
		__atomic_fetch_add(&board->made, 1, __ATOMIC_RELAXED);
	}
}

/* Until nothing changes any more. */
static void wait_until_quiet(const struct board *board)
{
	long seen = -1;

	for (int quiet = 0; quiet < QUIET_TICKS; quiet++) {
		if (board->made != seen)
			quiet = 0;
		seen = board->made;
		sleep_ms(TICK_MS);
	}
}

static void kill_all(void)
{
	while (sys_kill(-1, SIGKILL) != -ESRCH) {
		while (sys_wait4(-1, NULL, WNOHANG, NULL) > 0)
			;
		sleep_ms(2);
	}
	while (sys_wait4(-1, NULL, 0, NULL) > 0)
		;
}

static int bomb(void (*explode)(struct board *), const char *name)
{
	struct board *board = (struct board *)map_shared(PAGE_SIZE);
	struct usage before;

	board->made = 0;
	one_process(0);
	before = usage_now();
	if (sys_fork() == 0)
		explode(board);
	wait_until_quiet(board);
	kill_all();
	note("%ld made, %ld refused", board->made, board->refused);
	tap_plan(3);
	ok(board->made > 50, "a-%s-explodes", name);
	ok(usage_returns(before), "nothing-of-it-is-lost");
	ok(one_process(1), "afterwards-programs-start");
	return tap_done();
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 2)
		return atoi(argv[2]);
	if (argc < 2 || is_error(sys_prctl(PR_PLEAT_LEVELS, 0, 0)))
		return 0;
	touch_own_memory();
	if (!strcmp(argv[1], "fork-bomb"))
		return bomb(forks_for_ever, argv[1]);
	if (!strcmp(argv[1], "memory-bomb"))
		return bomb(takes_memory, argv[1]);
	return many(atol(argv[1]));
}
