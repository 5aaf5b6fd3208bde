/*
 * hostile_arguments.c - calls with pointers, lengths, descriptors and numbers that make no sense.
 * Whatever they return: the caller lives, or dies of what it did to its own memory, and the
 * machine goes on. Calls and arguments are the same in every run; only calls that can harm
 * nobody but their caller are among them, since this also runs on Linux.
 *
 * With an argument: that many rounds, each with other arguments.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#include <stdlib.h>
#include <string.h>

enum { CALLS = 500, ARGUMENTS = 6, FILES = 5 };

/*
 * A letter for each argument: p any pointer, l any length, k one that is small or wraps, f a
 * descriptor, n any number, a an advice, w a futex operation that does not sleep, m a page of
 * ours, 0-9 that number.
 */
static const struct call {
	long nr;
	const char *arguments;
} calls[] = {
	{ __NR_read, "fpl" },		{ __NR_write, "fpl" },		{ __NR_pread64, "fpln" },
	{ __NR_pwrite64, "fpln" },	{ __NR_readv, "fpn" },		{ __NR_writev, "fpn" },
	{ __NR_lseek, "fnn" },		{ __NR_fstat, "fp" },		{ __NR_getdents64, "fpl" },
	{ __NR_poll, "pn0" },		{ __NR_dup, "f" },		{ __NR_dup2, "fn" },
	{ __NR_dup3, "fnn" },		{ __NR_pipe, "p" },
	{ __NR_pipe2, "pn" },		{ __NR_mmap, "mknnfn" },	{ __NR_munmap, "mk" },
	{ __NR_mprotect, "mkn" },	{ __NR_madvise, "mka" },	{ __NR_madvise, "pka" },
	{ __NR_munmap, "nk" },		{ __NR_mprotect, "nkn" },	{ __NR_brk, "n" },
	{ __NR_futex, "pwnnpn" },	{ __NR_execve, "ppp" },		{ __NR_stat, "pp" },
	{ __NR_access, "pn" },		{ __NR_readlink, "ppl" },	{ __NR_wait4, "np1p" },
	{ __NR_clock_gettime, "np" },	{ __NR_getrandom, "pln" },	{ __NR_uname, "p" },
	{ __NR_sysinfo, "p" },		{ __NR_getrusage, "np" },	{ __NR_times, "p" },
	{ __NR_rt_sigaction, "n0p8" },	{ __NR_rt_sigprocmask, "npp8" },
	{ __NR_sigaltstack, "pp" },	{ __NR_set_robust_list, "pl" },
	{ __NR_set_tid_address, "p" },	{ __NR_sched_getaffinity, "0lp" },
	{ __NR_getcpu, "pp" },		{ __NR_prlimit64, "0n0p" },
	{ __NR_gettimeofday, "pp" },
};

static char *mem;			/* two pages, before one that allows nothing */

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static long number(uint64_t *seed)
{
	switch (next(seed) % 6) {
	case 0:
		return (long)(next(seed) % 16);
	case 1:
		return -(long)(next(seed) % 16);
	case 2:
		return (long)(1UL << next(seed) % 64);
	case 3:
		return (long)((1UL << next(seed) % 64) - 1);
	case 4:
		return (long)(next(seed) % 32 * PAGE_SIZE);
	default:
		return (long)next(seed);
	}
}

static long pointer(uint64_t *seed)
{
	static const unsigned long edges[] = {
		0, 1, 0x7fffffffff, 1UL << 39, 0x7ffffffff000, 0x7fffffffffff, 1UL << 47,
		1UL << 56, ~0UL >> 1, 1UL << 63, 0xffff800000000000, 0xffffffff80000000, ~0UL - 7,
	};
	long end = (long)mem + 2 * (long)PAGE_SIZE;

	switch (next(seed) % 4) {
	case 0:
		return (long)edges[next(seed) % (sizeof(edges) / sizeof(edges[0]))];
	case 1:
		return end - (long)(next(seed) % 32);
	default:
		return (long)mem + (long)(next(seed) % (2 * PAGE_SIZE));
	}
}

static long argument(char kind, uint64_t *seed)
{
	switch (kind) {
	case 'p':
		return pointer(seed);
	case 'l':
		return next(seed) % 2 ? (long)(next(seed) % (2 * PAGE_SIZE)) : number(seed);
	case 'k':
		return (long)(next(seed) % (2 * PAGE_SIZE)) - (next(seed) % 4 ? 0 : 1L << 32);
	case 'f':		/* no pipe, which a read would wait for */
		return next(seed) % 8 ? (long)(next(seed) % FILES) : number(seed) | 1 << 20;
	case 'a':
		return (long)(next(seed) % 5);
	case 'w':
		return (long[]){ FUTEX_WAKE, FUTEX_REQUEUE, FUTEX_CMP_REQUEUE }[next(seed) % 3];
	case 'm':
		return (long)(mem + next(seed) % 3 * PAGE_SIZE);
	case 'n':
		return number(seed);
	default:
		return kind - '0';
	}
}

static void random_call(uint64_t *seed)
{
	const struct call *call = &calls[next(seed) % (sizeof(calls) / sizeof(calls[0]))];
	long args[ARGUMENTS] = { 0 };

	for (int i = 0; call->arguments[i]; i++)
		args[i] = argument(call->arguments[i], seed);
	syscall6(call->nr, args[0], args[1], args[2], args[3], args[4], args[5]);
}

/* Descriptors 0 to FILES - 1, whatever they were: nothing that is printed, nothing that waits. */
static void open_files(char *path)
{
	int null = (int)sys_open("/dev/null", O_RDWR, 0);
	int file = (int)sys_open(path, O_RDONLY, 0);
	int directory = (int)sys_open("/", O_RDONLY | O_DIRECTORY, 0);

	/* By way of numbers that none of them has yet. */
	sys_dup2(null, 20);
	sys_dup2(file, 21);
	sys_dup2(directory, 22);
	for (int fd = 0; fd < FILES; fd++)
		sys_dup2(fd < 3 ? 20 : fd + 18, fd);
}

static char *self;

static int child_calls(void *arg)
{
	uint64_t seed = (1 + *(uint32_t *)arg) * 0x9e3779b97f4a7c15;

	open_files(self);
	/* What lies above is out of reach of any copy into it. */
	mem = (char *)sys_mmap(0, 4UL << 30, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	sys_mprotect((uintptr_t)mem, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	for (int i = 0; i < CALLS; i++)
		random_call(&seed);
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t rounds = argc > 1 ? (uint32_t)atoi(argv[1]) : 20;

	self = argv[0];
	tap_plan((int)rounds);
	for (uint32_t i = 0; i < rounds; i++) {
		int verdict = child_verdict(child_run(child_calls, &i));

		ok(verdict == 0 || verdict == 128 + SIGSEGV || verdict == 128 + SIGBUS,
		   "round-%u-ends-by-itself-or-its-own-fault", i);
	}
	return tap_done();
}
