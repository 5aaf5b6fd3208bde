/* arguments.c - values for the arguments of system calls: good ones, edges, nonsense. */
#include <stddef.h>
#include <string.h>

#include "tests/fuzz/calls/fuzz.h"
#include "tests/fuzz/random.h"
#include "user/files.h"

static const unsigned long edges[] = {
	0, 1, 7, 4095, 4096, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffff,
	1UL << 39, 0x7fffffffe000, 0x7fffffffefff, 0x7ffffffff000, 0x7fffffffffff, 1UL << 47,
	0xfffffffffff000, 1UL << 56, 0x7fffffffffffffff, 1UL << 63, 0xffff7fffffffffff,
	0xffff800000000000, 0xff00000000000000, 0xffffffff80000000, 0xffffffff80001000,
	-4096UL, -8UL, -1UL,
};

static long number(uint64_t *state)
{
	switch (random_below(state, 8)) {
	case 0: return (long)random_of(state, edges);
	case 1: return -(long)random_below(state, 16);
	case 2: return (long)(1UL << random_below(state, 64));
	case 3: return (long)((1UL << random_below(state, 64)) - 1);
	case 4: return (long)(random_below(state, 32) * PAGE_SIZE);
	case 5: return (long)random_next(state);
	default: return (long)random_below(state, 16);
	}
}

/* Descriptors 0 to 15 are often open; 16 and more less often. */
static long descriptor(uint64_t *state)
{
	static const long odd[] = { -1, AT_FDCWD, 255, 1023, 1024, 0x7fffffff, 1L << 32 };

	if (random_below(state, 16) == 0)
		return random_of(state, odd);
	return (long)random_below(state, random_below(state, 4) ? 16 : 24);
}

/*
 * A process: the caller, its group, its own children (small numbers that it knows), or none. A
 * number of the supervisor's or of init's never.
 */
static long process(struct worker *worker)
{
	static const int none[] = { 0x7fffffff, -0x7fffffff - 1, 0x3ffffff, -0x3ffffff };
	uint64_t *state = &worker->state;

	switch (random_below(state, 6)) {
	case 0: return sys_getpid();
	case 1: return sys_gettid();
	case 2: return -sys_getpid();
	case 3: return random_of(state, none);
	default: return 0;
	}
}

/* Words that make sense in the structures that calls read. */
static void fill(struct worker *worker, unsigned long *at, int words)
{
	uint64_t *state = &worker->state;

	for (int i = 0; i < words; i++) {
		switch (random_below(state, 6)) {
		case 0: at[i] = 0; break;
		case 1: at[i] = ROOM + random_below(state, ROOM_PAGES * PAGE_SIZE); break;
		case 2: at[i] = random_below(state, 16) | random_below(state, 8) << 32; break;
		case 3: at[i] = (unsigned long)number(state); break;
		case 4: at[i] = random_below(state, 4096); break;
		default: at[i] = ARENA + random_below(state, ARENA_PAGES) * PAGE_SIZE; break;
		}
	}
}

static unsigned long room_at(uint64_t *state)
{
	return ROOM + random_below(state, (ROOM_PAGES - 1) * PAGE_SIZE / 64) * 64;
}

static long memory(struct worker *worker)
{
	uint64_t *state = &worker->state;
	unsigned long at = room_at(state);

	switch (random_below(state, 16)) {
	case 0: return (long)random_of(state, edges);
	case 1: return 0;
	case 2: return (long)(ROOM + ROOM_PAGES * PAGE_SIZE - random_below(state, 128));
	case 3: return (long)(ROOM - random_below(state, 64));
	case 4:
	case 5: return (long)(ARENA + random_below(state, ARENA_PAGES * PAGE_SIZE));
	case 6: return (long)(at + random_below(state, 64));
	case 7: return (long)at;
	default:
		fill(worker, (unsigned long *)at, 8);
		return (long)at;
	}
}

/* Pairs of pointer and length, or lists of pointers that end in zero. */
static long pointers(struct worker *worker)
{
	uint64_t *state = &worker->state;
	unsigned long *at = (unsigned long *)room_at(state);
	bool lengths = random_below(state, 2);

	if (random_below(state, 8) == 0)
		return memory(worker);
	for (int i = 0; i < 7; i++)
		at[i] = (unsigned long)(i % 2 && lengths ? (long)random_below(state, 5000) :
							   memory(worker));
	at[7] = 0;
	return (long)at;
}

/*
 * Paths stay below the scratch directory: `..` only behind a name, since what lies there came
 * from this list as well. What else can be named lies in /proc, where nothing can be
 * removed.
 */
static const char *const own_names[] = {
	"a", "b", "c", "d", "e", "l", "d/a", "d/b", "d/e", "d/e/a", "./a", "d/../b", "d/",
	"d/.", "", ".", "m", "m/a", "a/b", "l/a", "f", "p",
};

static long path(uint64_t *state)
{
	static const char *const other_names[] = {
		"/proc/self/maps", "/proc/self/status", "/proc/self/stat", "/proc/self/fd/4",
		"/proc/self/smaps", "/proc/self/pagemap", "/proc/meminfo",
		"/proc/self/mem", "/proc/self/fd", "/proc/self", "/proc/self/map_files",
		"/proc/self/clear_refs", "/proc/self/smaps_rollup", "/proc/kpagecount",
		"/proc/vmstat",
	};
	static char long_name[5000];

	if (random_below(state, 64) == 0) {
		for (unsigned int i = 0; i < sizeof(long_name) - 1; i++)
			long_name[i] = i % 250 == 249 ? '/' : 'n';
		return (long)long_name + (long)random_below(state, 5000);
	}
	if (random_below(state, 24) == 0)
		return (long)random_of(state, edges);
	return (long)(random_below(state, 3) ? random_of(state, own_names) :
					       random_of(state, other_names));
}

static long short_time(struct worker *worker)
{
	struct __kernel_timespec *span = (void *)room_at(&worker->state);

	if (random_below(&worker->state, 4) == 0)
		return memory(worker);
	span->tv_sec = 0;
	span->tv_nsec = (long)random_below(&worker->state, 100000);
	return (long)span;
}

static long map_address(uint64_t *state)
{
	if (random_below(state, 64) == 0)
		return (long)random_of(state, edges);
	if (random_below(state, 64) == 0)
		return (long)(ARENA + random_below(state, ARENA_PAGES * PAGE_SIZE));
	return (long)(ARENA + random_below(state, ARENA_PAGES) * PAGE_SIZE);
}

static long map_length(uint64_t *state)
{
	switch (random_below(state, 16)) {
	case 0: return number(state);
	case 1: return (long)random_below(state, 20000);
	default: return (long)((1 + random_below(state, 8)) * PAGE_SIZE);
	}
}

static long length(uint64_t *state)
{
	switch (random_below(state, 8)) {
	case 0: return number(state);
	case 1: return (long)random_below(state, 100000);
	case 2: return (long)random_below(state, 5000);
	default: return (long)random_below(state, 200);
	}
}

static long open_flags(uint64_t *state)
{
	static const long more[] = { 0, O_CREAT, O_CREAT | O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY,
				     O_NOFOLLOW, O_PATH, O_CLOEXEC, O_TMPFILE, O_CREAT | O_TRUNC };

	if (random_below(state, 16) == 0)
		return number(state);
	/* Mostly without waiting: a pipe of one's own has nobody at the other end. */
	return (long)random_below(state, 4) | random_of(state, more) |
	       (random_below(state, 8) ? O_NONBLOCK : 0);
}

static long clone_flags(uint64_t *state)
{
	static const long sets[] = {
		SIGCHLD, CLONE_VM | SIGCHLD, CLONE_VM | CLONE_VFORK | SIGCHLD,
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD,
		CLONE_FILES | SIGCHLD, CLONE_FS, CLONE_VM | CLONE_SIGHAND,
	};
	static const long more[] = { CLONE_PARENT_SETTID, CLONE_CHILD_SETTID,
				     CLONE_CHILD_CLEARTID, CLONE_SYSVSEM, 0, 0, 0 };

	if (random_below(state, 8) == 0)
		return number(state);
	return random_of(state, sets) | random_of(state, more);
}

/* Not the failing of allocations, which hits everybody: a round has it from the supervisor. */
static long prctl_operation(uint64_t *state)
{
	static const long ours[] = { PR_PLEAT_LEVELS, PR_PLEAT_HW_LEVELS, PR_PLEAT_COUNTER,
				     PR_PLEAT_WALK, PR_PLEAT_LAZY_UNFOLD, PR_PLEAT_FRAMES,
				     PR_SET_VMA };

	if (random_below(state, 3) == 0)
		return random_of(state, ours);
	return (long)random_below(state, 80);
}

/* Not F_SETOWN and F_SETOWN_EX: signals would go to whoever has the number, the supervisor too. */
static long fcntl_command(uint64_t *state)
{
	long command = (long)random_below(state, 17);

	if (random_below(state, 2))
		return 1024 + (long)random_below(state, 12);
	return command == F_SETOWN || command == F_SETOWN_EX ? F_GETOWN : command;
}

static long mode(uint64_t *state)
{
	static const long modes[] = { 0, 0644, 0777, 07777, S_IFIFO | 0600, S_IFREG | 0600,
				      S_IFDIR | 0700, S_IFCHR | 0600, 0170000 };

	return random_below(state, 16) ? random_of(state, modes) : number(state);
}

/* No device: one of these is the terminal. */
static long node_mode(uint64_t *state)
{
	static const long modes[] = { 0644, S_IFIFO | 0600, S_IFREG | 0600, S_IFDIR | 0700,
				      S_IFSOCK | 0600, 0170000 };

	return random_of(state, modes);
}

static long kind_of_files(uint64_t *state)
{
	static const char *const types[] = { "tmpfs", "proc", "devtmpfs", "sysfs", "none", "" };

	return (long)random_of(state, types);
}

static long execute(uint64_t *state)
{
	return random_below(state, 4) ? path(state) : (long)"/proc/self/exe";
}

static long ioctl_request(uint64_t *state)
{
	static const long requests[] = { 0x5401, 0x5402, 0x5403, 0x540b, 0x540e, 0x540f, 0x5410,
					 0x5413, 0x5414, 0x541b, 0x5421, 0x5450, 0x5451 };

	return random_below(state, 4) ? random_of(state, requests) : number(state);
}

static long map_flags(uint64_t *state)
{
	static const long kinds[] = { MAP_PRIVATE, MAP_SHARED, MAP_PRIVATE | MAP_ANONYMOUS,
				      MAP_SHARED | MAP_ANONYMOUS, MAP_SHARED_VALIDATE };
	static const long more[] = { MAP_FIXED, MAP_FIXED, MAP_FIXED, 0, MAP_FIXED_NOREPLACE,
				     MAP_FIXED | MAP_POPULATE, MAP_FIXED | MAP_GROWSDOWN,
				     MAP_FIXED | MAP_NORESERVE, MAP_32BIT };

	if (random_below(state, 16) == 0)
		return number(state);
	return random_of(state, kinds) | random_of(state, more);
}

long make_argument(struct worker *worker, char letter)
{
	static const char any[] = "pvslnfdFotcmkPMAuI";
	uint64_t *state = &worker->state;

	/* Whom a signal or a limit reaches, and what a node is, are never left to chance. */
	if (!strchr("iwKN", letter) && random_below(state, 40) == 0)
		letter = any[random_below(state, sizeof(any) - 1)];
	switch (letter) {
	case 'p': return memory(worker);
	case 'v': return pointers(worker);
	case 's': return path(state);
	case 'S': return execute(state);
	case 'l': return length(state);
	case 'f': return descriptor(state);
	case 'd': return random_below(state, 2) ? AT_FDCWD : descriptor(state);
	case 'F': return open_flags(state);
	case 'o': return mode(state);
	case 'K': return node_mode(state);
	case 'N': return (long)random_of(state, own_names);
	case 'i': return process(worker);
	case 'w': return random_below(state, 2) ? -1 : process(worker);
	case 'g': return random_below(state, 2) ? (long)random_below(state, 66) : SIGCHLD;
	case 't': return short_time(worker);
	case 'c': return (long)random_below(state, 14);
	case 'm': return map_address(state);
	case 'k': return map_length(state);
	case 'P': return random_below(state, 8) ? (long)random_below(state, 4) : number(state);
	case 'M': return map_flags(state);
	case 'A': return random_below(state, 8) ? (long)random_below(state, 26) : number(state);
	case 'C': return clone_flags(state);
	case 'u': return (long)(random_below(state, 14) | random_below(state, 4) << 7);
	case 'r': return prctl_operation(state);
	case 'e': return fcntl_command(state);
	case 'I': return ioctl_request(state);
	case 'y': return kind_of_files(state);
	case '?': return make_argument(worker, any[random_below(state, sizeof(any) - 1)]);
	case '8': return random_below(state, 16) ? 8 : number(state);
	default: return number(state);
	}
}
