/* stack.c - the stack grows by itself, keeps away from its neighbour, and ends somewhere. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/start.h"
#include "user/tap.h"

#include <string.h>

#define MIB		(1UL << 20)
#define GUARD_GAP	(256 * PAGE_SIZE)	/* Linux's stack_guard_gap */

static int recurse(volatile char *above, int depth)
{
	volatile char frame[2048];

	frame[0] = (char)depth;
	frame[2047] = above ? above[0] : 0;
	if (depth > 0 && recurse(frame, depth - 1) < 0)
		return -1;
	return frame[0] == (char)depth ? 0 : -1;
}

static int child_recurses(void *arg)
{
	(void)arg;
	return recurse(NULL, 1024) == 0 ? 0 : 1;	/* more than 2 MiB deep */
}

/* The kernel grows the stack for any access in its reach, not only near the stack pointer. */
static int child_reaches_down(void *arg)
{
	volatile char *here = __builtin_frame_address(0);

	(void)arg;
	here[-(long)(2 * MIB)] = 5;
	return here[-(long)(2 * MIB)] == 5 && here[-(long)MIB] == 0 ? 0 : 1;
}

static int child_kernel_reaches_down(void *arg)
{
	char *here = __builtin_frame_address(0);
	char *below = here - 3 * MIB;
	int fds[2];

	(void)arg;
	sys_pipe(fds);
	sys_write(fds[1], "deep", 4);
	if (sys_read(fds[0], below, 4) != 4)
		return 1;
	return memcmp(below, "deep", 4) == 0 ? 0 : 2;
}

/* Below the guard gap of the first MiB as well. */
static int child_reaches_low(void *arg)
{
	volatile char *low = (volatile char *)0x80000;

	(void)arg;
	if (sys_mmap((uintptr_t)low, PAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0) != (long)low)
		return 1;
	low[-(long)PAGE_SIZE] = 5;
	return low[-(long)PAGE_SIZE] == 5 ? 0 : 2;
}

static void test_growth(void)
{
	ok_child_exits(child_recurses, NULL, 0, "recursion-of-2-MiB-works");
	ok_child_exits(child_reaches_down, NULL, 0, "access-far-below-the-stack-pointer-grows-it");
	ok_child_exits(child_kernel_reaches_down, NULL, 0, "the-kernel's-write-grows-it-too");
	ok_child_exits(child_reaches_low, NULL, 0, "one-at-a-low-address-grows-as-well");
}

/* Ends only if somebody writes a 1 into a frame, which nobody does. */
static int endless(volatile char *above)
{
	volatile char frame[4096];

	frame[0] = above[0];
	if (frame[0] == 1)
		return 0;
	return endless(frame) + frame[0];
}

static int child_endless(void *arg)
{
	struct rlimit64 limit = { 8 * MIB, 8 * MIB };
	volatile char start = 0;

	(void)arg;
	sys_prlimit64(0, RLIMIT_STACK, &limit, NULL);
	return endless(&start);
}

/* Touches the stack downwards, page by page, and notes in shared memory how far it came. */
static int child_descends(void *arg)
{
	volatile uintptr_t *lowest = arg;
	uintptr_t page = (uintptr_t)__builtin_frame_address(0) & ~(PAGE_SIZE - 1);

	for (; page; page -= PAGE_SIZE) {
		*(volatile char *)page = 1;
		*lowest = page;
	}
	return 0;
}

static void test_guard_gap(void)
{
	uintptr_t *lowest = (uintptr_t *)map_shared(PAGE_SIZE);
	uintptr_t sp = initial_stack() & ~(PAGE_SIZE - 1);
	uintptr_t wall = sp - 4 * MIB;
	long got = sys_mmap(wall, PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (!ok(got == (long)wall, "a-mapping-4-MiB-below-the-stack"))
		bail("nothing to run into: %ld", got);
	*(volatile char *)wall = 66;
	ok_child_dies(child_descends, lowest, SIGSEGV, "the-stack-does-not-grow-up-to-it");
	is((long)(*lowest - (wall + PAGE_SIZE)), (long)GUARD_GAP,
	   "the-gap-kept-free-is-256-pages");
	is(*(volatile char *)wall, 66, "the-mapping-is-untouched");
	unmap((void *)wall, PAGE_SIZE);
	unmap(lowest, PAGE_SIZE);
}

static int child_jumps_to_stack(void *arg)
{
	volatile unsigned char code[16] = { 0xc3 };

	(void)arg;
	((void (*)(void))(uintptr_t)code)();
	return 0;
}

static void test_contents(void)
{
	volatile char local = 3;
	int pid = (int)sys_fork();

	if (pid == 0) {
		local = 4;
		sys_exit_group(local);
	}
	is(child_verdict(child_wait(pid)), 4, "a-child-has-a-stack-of-its-own");
	is(local, 3, "the-parent's-stack-stays");
	ok_child_dies(child_jumps_to_stack, NULL, SIGSEGV, "the-stack-is-not-executable");
}

/* A program that is executed under a limit: it has from the start no more than that. */
static int child_executes(void *limit)
{
	struct rlimit64 both = { (uint64_t)limit, (uint64_t)limit };
	char *argv[] = { "stack", "reach", NULL }, *envp[] = { NULL };

	sys_prlimit64(0, RLIMIT_STACK, &both, NULL);
	return 100 + (int)-sys_execve("/proc/self/exe", argv, envp);
}

static int reach(void)
{
	((volatile char *)__builtin_frame_address(0))[-64 * 1024] = 1;
	return 0;
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return reach();
	tap_plan(14);
	test_growth();
	ok_child_dies(child_endless, NULL, SIGSEGV, "endless-recursion-dies");
	test_guard_gap();
	test_contents();
	ok_child_dies(child_executes, (void *)(32 * 1024), SIGSEGV,
		      "a-program-starts-with-no-more-stack-than-its-limit");
	ok_child_exits(child_executes, (void *)(256 * 1024), 0,
		       "with-a-higher-one-it-has-that-much");
	return tap_done();
}
