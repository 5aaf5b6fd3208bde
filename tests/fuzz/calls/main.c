/*
 * calls SEED SECONDS ROUNDS - the system-call fuzzer: rounds with the seeds SEED, SEED + 1, ...
 * for so many seconds or so many rounds, whichever ends first; 0 is no end. The
 * seed of each is printed before it begins.
 *
 * After a round everything that it started is killed, its files are removed, and what the kernel
 * has in use must be what it was. Only on Pleat: it kills every process but init.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/uapi/mount.h"
#include "tests/fuzz/calls/fuzz.h"
#include "tests/fuzz/random.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"
#include "user/thread.h"

enum {
	TICK_MS = 20,
	STUCK_TICKS = 5,		/* without a call: asleep where no timer wakes it */
	DEATH_MS = 120000,		/* until a process that was killed is gone, on a
					 * host that is busy with others: else it hangs */
	SETTLE_TRIES = 200,
	MOUNTS_MAX = 300,		/* one over another */
	WARM_UP = 12,			/* rounds before anything is counted */
	SLABS_TEXT = 16384,
	PIDS = 32768,
	TRIES = 3,			/* of a seed that seemed to lose something */
};

struct board *board;
static char slabs_at_start[SLABS_TEXT];
static const char home[] = "/fuzz";

static void show_worker(const struct worker *worker)
{
	printf("# last call: number %ld (%#lx, %#lx, %#lx, %#lx, %#lx, %#lx)\n", worker->nr,
	       worker->args[0], worker->args[1], worker->args[2], worker->args[3],
	       worker->args[4], worker->args[5]);
}

/*
 * A small file, its end is a 0; false: there is none. /proc/slabinfo has lines
 * "NAME OBJECTS-IN-USE ...".
 */
static bool read_text(const char *path, char *text, size_t size)
{
	int fd = (int)sys_open(path, O_RDONLY, 0);
	size_t used = 0;
	long n;

	while ((n = sys_read(fd, text + used, size - 1 - used)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	sys_close(fd);
	return used != 0;
}

/* Those that are not as at the start. */
static void show_slabs(void)
{
	char now[SLABS_TEXT], name[32];
	unsigned long in_use;

	read_text("/proc/slabinfo", now, sizeof(now));
	for (char *line = now; (line = strchr(line, '\n')); line++) {
		const char *then;
		unsigned long before;

		if (sscanf(line, " %31s %lu", name, &in_use) != 2)
			continue;
		then = strstr(slabs_at_start, name);
		if (then && sscanf(then, "%*s %lu", &before) == 1 && before != in_use)
			printf("#   %s %lu -> %lu\n", name, before, in_use);
	}
}

/* Who is there beside init and this process: zombies, and who cannot be killed. */
static void show_processes(void)
{
	char path[32], line[512];

	for (int pid = 2; pid < PIDS; pid++) {
		sprintf(path, "/proc/%d/stat", pid);
		if (pid != sys_getpid() && read_text(path, line, sizeof(line)))
			printf("# %s", line);
	}
}

static void fail(uint64_t seed, const char *what)
{
	show_processes();
	for (int i = 0; i < 2; i++)
		show_worker(&board->workers[i]);
	printf("FAILED seed %llu: %s\n", (unsigned long long)seed, what);
	fflush(stdout);
	sys_exit_group(1);
}

/* ---- the worker ---- */

static void *second_thread(void *arg)
{
	make_calls(arg, ROUND_CALLS / 2);
	return NULL;
}

static void run_worker(uint64_t seed)
{
	static struct thread thread;
	struct worker *worker = &board->workers[0];
	uint64_t kind = seed % 4;

	prepare_worker();
	if (kind == 1)
		thread_create(&thread, second_thread, &board->workers[1]);
	else if (kind == 2 && sys_fork() == 0)
		worker = &board->workers[1];
	make_calls(worker, ROUND_CALLS);
	sys_exit_group(0);
}

static long start_worker(uint64_t seed)
{
	long pid;

	for (int i = 0; i < 2; i++) {
		memset(&board->workers[i], 0, sizeof(board->workers[i]));
		board->workers[i].state = random_state(seed * 2 + (uint64_t)i);
	}
	pid = sys_fork();
	if (pid == 0) {
		signal_mask(SIG_UNBLOCK, SIGNAL_BIT(SIGCHLD));
		run_worker(seed);
	}
	return pid;
}

/* ---- the end of a round ---- */

/* Waits until the worker has ended, or gets no further. */
static void watch(long pid)
{
	uint64_t made = 0;

	for (int quiet = 0; quiet < STUCK_TICKS; quiet++) {
		uint64_t now = board->workers[0].made + board->workers[1].made;

		if (sys_wait4((int)pid, NULL, WNOHANG, NULL) != 0)
			return;
		if (now != made)
			quiet = 0;
		made = now;
		signal_wait(SIGNAL_BIT(SIGCHLD), NULL, TICK_MS);
	}
}

/* Everything but init and this process dies; who does not is a bug of the kernel's. */
static void kill_all(uint64_t seed)
{
	int64_t end = now_ns() + DEATH_MS * 1000000LL;

	for (;;) {
		long left = sys_kill(-1, SIGKILL);

		while (sys_wait4(-1, NULL, WNOHANG, NULL) > 0)
			;
		if (left == -ESRCH) {
			/* The signal of the last child waits for us: an object in use. */
			while (signal_wait(SIGNAL_BIT(SIGCHLD), NULL, 0) > 0)
				;
			return;
		}
		if (now_ns() > end)
			fail(seed, "a process that was killed does not end");
		sleep_ms(1);
	}
}

/* The round's files lie on a file system of its own, which ends with it. */
static void enter_home(void)
{
	sys_chdir("/");
	sys_mkdir(home, 0777);
	if (sys_mount("none", home, "tmpfs", MS_NODEV, "size=32m") != 0 || sys_chdir(home) != 0)
		bail("no tmpfs for %s", home);
}

/* Takes off what a worker has mounted on names in the directory, and then the directory itself. */
static long unmount_top(void)
{
	static const char *const names[] = { "m", "d/e/a", "d/e", "d/a", "d/b", "d", "e", "a",
					     "b",     "c", "l", "f", "p", "m/a", "a/b", "l/a" };

	sys_chdir(home);
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		while (sys_umount2(names[i], MNT_DETACH) == 0)
			;
	}
	sys_chdir("/");
	return sys_umount2(home, MNT_DETACH);
}

/* More than one where something was mounted on `.`; in the end it is an ordinary directory. */
static void leave_home(uint64_t seed)
{
	for (int i = 0; i < MOUNTS_MAX; i++) {
		if (unmount_top() == -EINVAL)
			return;
	}
	fail(seed, "the scratch file system cannot be unmounted");
}

static void run_round(uint64_t seed)
{
	long pid;

	enter_home();
	pid = start_worker(seed);
	if (is_error(pid))
		fail(seed, "fork");
	if (seed % 4 == 3)
		sys_prctl(PR_PLEAT_FAIL_NTH, 1 + random_state(seed) % 2000, 0);
	watch(pid);
	sys_prctl(PR_PLEAT_FAIL_NTH, 0, 0);
	kill_all(seed);
	leave_home(seed);
	if (board->failures)
		fail(seed, "a call returned an error that is the kernel's own");
}

/* What may lag behind the end of a process is given a moment. */
static bool has_lost(const struct usage *before, struct usage *after)
{
	for (int i = 0; i < SETTLE_TRIES; i++) {
		*after = usage_now();
		if (after->frames <= before->frames && after->objects <= before->objects)
			return false;
		sleep_ms(2);
	}
	return true;
}

/*
 * One seed. What the kernel keeps once is no leak: only what the same seed loses again and again.
 */
static void judge_round(uint64_t seed, bool counted)
{
	struct usage before = usage_now(), after;

	for (int i = 0; i < TRIES; i++) {
		run_round(seed);
		if (!counted || !has_lost(&before, &after))
			return;
		printf("# seed %llu: frames %ld -> %ld, objects %ld -> %ld\n",
		       (unsigned long long)seed, before.frames, after.frames, before.objects,
		       after.objects);
		show_slabs();
		before = after;
	}
	fail(seed, "frames or objects were lost");
}

/* ---- all rounds ---- */

static void show(uint64_t seed, uint64_t rounds)
{
	printf("# seed %llu: round %llu, %llu calls\n", (unsigned long long)seed,
	       (unsigned long long)rounds, (unsigned long long)board->calls);
}

static int numbers_seen(void)
{
	int count = 0;

	for (int nr = 0; nr < NR_CALLS; nr++)
		count += board->seen[nr];
	return count;
}

static void prepare(void)
{
	board = (struct board *)map_shared(sizeof(*board) + PAGE_SIZE);
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGCHLD));
	setvbuf(stdout, NULL, _IOLBF, 0);
	touch_own_memory();
	for (int i = 0; i < WARM_UP; i++)
		judge_round((uint64_t)i, false);
	usage_now();
	read_text("/proc/slabinfo", slabs_at_start, sizeof(slabs_at_start));
}

int main(int argc, char **argv)
{
	uint64_t seed, seconds, limit, rounds = 0;
	int64_t end;

	/* A worker that executes this program gives it arguments of any kind. */
	if (argc < 4 || is_error(sys_prctl(PR_PLEAT_LEVELS, 0, 0)) || sys_getpid() > 100)
		return 0;
	seed = strtoull(argv[1], NULL, 0);
	seconds = strtoull(argv[2], NULL, 0);
	limit = strtoull(argv[3], NULL, 0);
	prepare();
	end = now_ns() + (int64_t)seconds * 1000000000;
	while ((!limit || rounds < limit) && (!seconds || now_ns() < end)) {
		show(seed, rounds);
		judge_round(seed++, true);
		rounds++;
	}
	printf("DONE %llu rounds, %llu calls, %llu of them without an error, "
	       "%d numbers answered\n",
	       (unsigned long long)rounds, (unsigned long long)board->calls,
	       (unsigned long long)board->good, numbers_seen());
	return 0;
}
