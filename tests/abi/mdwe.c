/*
 * mdwe.c - PR_SET_MDWE (prctl(2)): a program gives up memory that it can write to and execute. It
 * cannot take that back: each case is a child's.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/start.h"
#include "user/tap.h"

#include <string.h>

#define R	PROT_READ
#define RW	(PROT_READ | PROT_WRITE)
#define RX	(PROT_READ | PROT_EXEC)
#define RWX	(RW | PROT_EXEC)
#define GAIN	PR_MDWE_REFUSE_EXEC_GAIN
#define ALONE	(PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT)

static long set(long flags) { return syscall5(__NR_prctl, PR_SET_MDWE, flags, 0, 0, 0); }
static long get(void) { return syscall5(__NR_prctl, PR_GET_MDWE, 0, 0, 0, 0); }

static long map(uintptr_t at, int prot)
{
	return sys_mmap(at, PAGE_SIZE, prot, MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0),
			-1, 0);
}
static long protect(long mem, int prot) { return sys_mprotect((uintptr_t)mem, PAGE_SIZE, prot); }

static int bad_arguments(void *arg)
{
	(void)arg;
	EXPECT(1, get() == 0);
	EXPECT(2, set(PR_MDWE_NO_INHERIT) == -EINVAL && set(4) == -EINVAL && set(-1) == -EINVAL);
	EXPECT(3, syscall5(__NR_prctl, PR_SET_MDWE, GAIN, 1, 0, 0) == -EINVAL);
	EXPECT(4, syscall5(__NR_prctl, PR_SET_MDWE, GAIN, 0, 0, 1) == -EINVAL);
	EXPECT(5, syscall5(__NR_prctl, PR_GET_MDWE, 1, 0, 0, 0) == -EINVAL);
	EXPECT(6, syscall5(__NR_prctl, PR_GET_MDWE, 0, 0, 1, 0) == -EINVAL);
	EXPECT(7, set(0) == 0 && get() == 0);
	return 0;
}

static int no_way_back(void *arg)
{
	long flags = (long)arg;

	EXPECT(1, set(flags) == 0 && get() == flags);
	EXPECT(2, set(flags) == 0);
	EXPECT(3, set(0) == -EPERM && set(flags ^ PR_MDWE_NO_INHERIT) == -EPERM);
	EXPECT(4, get() == flags);
	return 0;
}

static int maps(void *arg)
{
	long old;

	set((long)arg);
	EXPECT(1, map(0, RWX) == -EACCES && map(0, PROT_WRITE | PROT_EXEC) == -EACCES);
	EXPECT(2, map(0, RW) > 0 && map(0, RX) > 0 && map(0, PROT_EXEC) > 0);
	old = map(0, RW);
	*(volatile char *)old = 5;
	EXPECT(3, map((uintptr_t)old, RWX) == -EACCES);
	EXPECT(4, *(volatile char *)old == 5);
	EXPECT(5, sys_mmap(0, PAGE_SIZE, RWX, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == -EACCES);
	return 0;
}

static int protects(void *arg)
{
	long data = map(0, RW), text = map(0, RX), both = map(0, RWX);

	set((long)arg);
	EXPECT(1, protect(data, RX) == -EACCES && protect(data, RWX) == -EACCES);
	EXPECT(2, protect(data, R) == 0 && protect(data, PROT_EXEC) == -EACCES);
	EXPECT(3, protect(data, RW) == 0 && (*(volatile char *)data = 1));
	EXPECT(4, protect(text, RWX) == -EACCES && protect(text, PROT_EXEC) == 0);
	EXPECT(5, protect(text, R) == 0 && protect(text, RX) == -EACCES);
	EXPECT(6, (*(volatile char *)both = 1) && protect(both, RWX) == -EACCES);
	EXPECT(7, protect(both, RX) == 0 && protect(both, RW) == 0);
	return 0;
}

/* The pages before the one that may not are changed, as with every error of mprotect(2). */
static int protects_some(void *arg)
{
	long mem = sys_mmap(0, 2 * PAGE_SIZE, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	protect(mem + (long)PAGE_SIZE, RW);
	set((long)arg);
	EXPECT(1, sys_mprotect((uintptr_t)mem, 2 * PAGE_SIZE, RX) == -EACCES);
	EXPECT(2, protect(mem, RX) == 0);
	*(volatile char *)(mem + (long)PAGE_SIZE) = 1;
	return 0;
}

static int told(void *arg)
{
	(void)arg;
	return (int)get();
}

static int forks(void *arg)
{
	set((long)arg);
	return child_verdict(child_run(told, NULL));
}

/* The program tells in its status what it has. */
static int execs(void *arg)
{
	char *argv[] = { "mdwe", "tells", NULL };

	set((long)arg);
	return 100 + (int)-sys_execve("/proc/self/exe", argv, argv + 2);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc == 2)
		return told(NULL);
	if (get() == -EINVAL) {
		skip("this kernel has no PR_SET_MDWE", "memory-is-not-writable-and-executable");
		return tap_finish();
	}
	ok_child_exits(bad_arguments, NULL, 0, "arguments-that-mean-nothing");
	ok_child_exits(no_way_back, (void *)GAIN, 0, "there-is-no-way-back");
	ok_child_exits(no_way_back, (void *)ALONE, 0, "nor-from-what-is-not-inherited");
	ok_child_exits(maps, (void *)GAIN, 0, "no-mapping-is-writable-and-executable");
	ok_child_exits(protects, (void *)GAIN, 0, "none-becomes-executable");
	ok_child_exits(protects, (void *)ALONE, 0, "also-if-it-is-not-inherited");
	ok_child_exits(protects_some, (void *)GAIN, 0, "what-may-change-before-it-does");
	ok_child_exits(forks, (void *)GAIN, GAIN, "a-child-inherits-it");
	ok_child_exits(forks, (void *)ALONE, 0, "or-does-not");
	ok_child_exits(execs, (void *)GAIN, GAIN, "so-does-the-next-program");
	ok_child_exits(execs, (void *)ALONE, 0, "or-that-does-not");
	ok_child_exits(told, NULL, 0, "without-it-nothing-is-refused");
	return tap_finish();
}
