/*
 * layout.c - where execve(2) puts stack, mappings and heap: elsewhere each time, unless
 * personality(2) or the machine's setting says not.
 */
#include "kernel/uapi/personality.h"
#include "user/child.h"
#include "user/linux.h"
#include "user/proc_text.h"
#include "user/start.h"
#include "user/tap.h"

#include <string.h>

enum { STACK, MAPPINGS, HEAP, SEED, PARTS, RUNS = 4 };

static const char *const parts[SEED] = { "the-stack", "the-first-mapping", "the-heap" };
static char *self;

/* The program that is executed: tells where it is. */
static int tell(void)
{
	uint64_t at[PARTS] = {
		[STACK] = initial_stack(),
		[MAPPINGS] = (uint64_t)sys_mmap(0, PAGE_SIZE, PROT_NONE,
						MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		[HEAP] = (uint64_t)sys_brk(0),
	};

	memcpy(&at[SEED], (void *)auxv_value(AT_RANDOM), sizeof(at[SEED]));
	return sys_write(1, at, sizeof(at)) == sizeof(at) ? 0 : 1;
}

struct start {
	long personality;
	int out;
};

static int child_starts(void *arg)
{
	const struct start *s = arg;
	char *argv[] = { self, "tell", NULL }, *envp[] = { NULL };

	sys_dup2(s->out, 1);
	syscall1(__NR_personality, s->personality);
	return 100 + (int)-sys_execve(self, argv, envp);
}

static void run(long personality, uint64_t *at)
{
	struct start s = { .personality = personality };
	int fds[2];

	sys_pipe(fds);
	s.out = fds[1];
	if (child_verdict(child_run(child_starts, &s)) ||
	    sys_read(fds[0], at, PARTS * sizeof(*at)) != PARTS * sizeof(*at))
		bail("the program does not tell where it is");
	sys_close(fds[0]);
	sys_close(fds[1]);
}

/* Bit i: part i was not always where it was at first. */
static unsigned int moved(long personality)
{
	uint64_t first[PARTS], at[PARTS];
	unsigned int mask = 0;

	run(personality, first);
	for (int n = 1; n < RUNS; n++) {
		run(personality, at);
		for (int i = 0; i < PARTS; i++)
			mask |= (unsigned int)(at[i] != first[i]) << i;
	}
	return mask;
}

int main(int argc, char **argv)
{
	bool moves;
	unsigned int usual, still;

	self = argv[0];
	if (argc > 1)
		return tell();
	moves = proc_word("/proc/sys/kernel/randomize_va_space", 0) == 2;
	usual = moved(0);
	still = moved(ADDR_NO_RANDOMIZE);
	tap_plan(2 * PARTS);
	for (int i = 0; i < SEED; i++)
		is(usual >> i & 1, moves, "%s-%s", parts[i],
		   moves ? "moves" : "stays-where-it-is");
	ok(usual >> SEED & 1, "the-random-bytes-differ");
	for (int i = 0; i < SEED; i++)
		is(still >> i & 1, 0, "with-ADDR_NO_RANDOMIZE-%s-stays", parts[i]);
	ok(still >> SEED & 1, "and-the-random-bytes-differ");
	return tap_done();
}
