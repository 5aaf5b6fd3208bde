/* worker.c - the process that makes the calls of a round. */
#include <string.h>

#include "tests/fuzz/calls/fuzz.h"
#include "tests/fuzz/random.h"
#include "user/files.h"
#include "user/signals.h"
#include "user/tap.h"

enum { DEPTH_MAX = 3, TICK_US = 4000, CHILD_CALLS = 40 };

static void map_at(unsigned long at, unsigned long len, int prot, int flags)
{
	if (sys_mmap(at, len, prot, flags | MAP_FIXED | MAP_ANONYMOUS, -1, 0) != (long)at)
		bail("no memory at %#lx", at);
}

/* A little of everything: private, shared, read-only, none, a file's. */
static void map_arena(int file)
{
	map_at(ROOM, ROOM_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	map_at(ARENA, 16 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	map_at(ARENA + 16 * PAGE_SIZE, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED);
	map_at(ARENA + 24 * PAGE_SIZE, 4 * PAGE_SIZE, PROT_READ, MAP_PRIVATE);
	map_at(ARENA + 28 * PAGE_SIZE, 4 * PAGE_SIZE, PROT_NONE, MAP_PRIVATE);
	sys_mmap(ARENA + 32 * PAGE_SIZE, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, file, 0);
	sys_mmap(ARENA + 36 * PAGE_SIZE, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_FIXED, file, 0);
}

/* Descriptors 0 to 9, and devices; none is the terminal, which is everybody's. */
static void open_files(void)
{
	int fds[2], null = (int)sys_open("/dev/null", O_RDWR, 0);

	for (int fd = 0; fd < 3; fd++)
		sys_dup2(null, fd);
	for (int fd = 3; fd < 32; fd++)
		sys_close(fd);
	sys_mkdir("d", 0777);
	sys_open("a", O_RDWR | O_CREAT, 0666);
	sys_ftruncate(3, 20000);
	sys_open("d", O_RDONLY | O_DIRECTORY, 0);
	syscall2(__NR_pipe2, (long)fds, O_NONBLOCK);
	sys_memfd_create("memfd", 2);
	sys_open("/proc/self/maps", O_RDONLY, 0);
	sys_open("/dev/zero", O_RDWR, 0);
	open_devices();
}

static void ticks(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo;
	(void)info;
	(void)context;
}

/* Nobody sleeps long: a timer interrupts. The supervisor ends who has lost it. */
static void start_timer(void)
{
	struct __kernel_itimerval interval = { { 0, TICK_US }, { 0, TICK_US } };

	signal_handle(SIGALRM, ticks, 0);
	syscall3(__NR_setitimer, ITIMER_REAL, (long)&interval, 0);
}

static void limit(int resource, unsigned long value)
{
	struct rlimit64 limit = { value, value };

	sys_prlimit64(0, resource, &limit, NULL);
}

void prepare_worker(void)
{
	syscall2(__NR_setpgid, 0, 0);
	limit(RLIMIT_AS, 1UL << 46);
	limit(RLIMIT_DATA, 64UL << 20);
	limit(RLIMIT_FSIZE, 16UL << 20);
	open_files();
	map_arena(3);
	start_timer();
}

/* What no program may ever see: how the kernel tells itself to start a call again. */
static bool is_inner_error(long result)
{
	return result <= -512 && result >= -530;
}

static void judge(struct worker *worker, long result)
{
	bool error = result < 0 && result >= -4095;

	__atomic_fetch_add(&board->calls, 1, __ATOMIC_RELAXED);
	if (!error)
		__atomic_fetch_add(&board->good, 1, __ATOMIC_RELAXED);
	if (result != -ENOSYS)
		board->seen[worker->nr] = 1;
	if (is_inner_error(result)) {
		board->failures++;
		worker->made = ~0ULL >> 1;	/* the supervisor shows the call */
		sys_exit_group(99);
	}
}

/* In the child of a fork: some calls of its own, unless forks are deep enough. */
static void in_child(struct worker *worker)
{
	struct worker child = *worker;

	start_timer();
	child.depth++;
	child.state = random_state(child.state);
	if (child.depth <= DEPTH_MAX)
		make_calls(&child, CHILD_CALLS >> child.depth);
	sys_exit_group(0);
}

static long choose(struct worker *worker)
{
	for (;;) {
		long nr = (long)random_below(&worker->state, NR_CALLS);

		/* Calls that are there come more often than numbers that are not. */
		if (!call_signature(nr) || (*call_signature(nr) == '?' &&
					    random_below(&worker->state, 8)))
			continue;
		if (!call_is_deadly(nr) || random_below(&worker->state, 24) == 0)
			return nr;
	}
}

static void make_call(struct worker *worker)
{
	bool aimed = random_below(&worker->state, 32) == 0;
	long args[MAX_ARGS] = { 0 }, nr = aimed ? __NR_ioctl : choose(worker), result;
	const char *letters = call_signature(nr);

	if (aimed)
		aim_ioctl(worker, args);
	else
		for (int i = 0; i < MAX_ARGS && letters[i]; i++)
			args[i] = make_argument(worker, letters[i]);
	for (int i = 0; i < MAX_ARGS; i++)
		worker->args[i] = args[i];
	worker->nr = nr;
	result = syscall_safely(nr, args);
	if (nr == __NR_fork && result == 0)
		in_child(worker);
	judge(worker, result);
	worker->made++;
}

void make_calls(struct worker *worker, int count)
{
	for (int i = 0; i < count; i++)
		make_call(worker);
}
