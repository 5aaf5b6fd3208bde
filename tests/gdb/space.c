/*
 * space.c - an address space with everything in it that the debugger has to show: a page of each
 * kind, pages shared by fork, a page-table tree of the depth that its argument says. At each
 * checkpoint() the debugger looks; without one the program ends once it has read a byte.
 *
 *	space [3|4|5]
 */
#include <stdlib.h>
#include <string.h>

#include "user/linux.h"

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

/* The debugger reads these by name. */
char *private, *zeroes, *none, *readonly, *shared, *high;
volatile long counter;
volatile int child;

static __attribute__((noinline, noclone)) void checkpoint(int n)
{
	__asm__ volatile("" : : "r"(n) : "memory");
}

static char *map(uintptr_t addr, size_t len, int prot, int flags)
{
	long mem = sys_mmap(addr, len, prot, flags, -1, 0);

	if (mem < 0 && mem > -4096)
		exit(3);
	return (char *)mem;
}

static void map_all(int levels)
{
	private = map(0, 8 * PAGE_SIZE, RW, ANON);
	zeroes = map(0, 4 * PAGE_SIZE, RW, ANON);
	none = map(0, 2 * PAGE_SIZE, PROT_NONE, ANON);
	readonly = map(0, 2 * PAGE_SIZE, RW, ANON);
	shared = map(0, 4 * PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS);
	high = map(levels == 3	 ? 0
		   : levels == 4 ? 1ul << 40
				 : 1ul << 50,
		   2 * PAGE_SIZE, RW, ANON | (levels == 3 ? 0 : MAP_FIXED));
}

static void touch_all(void)
{
	memset(private, 1, 3 * PAGE_SIZE);
	private[5 * PAGE_SIZE] = private[6 * PAGE_SIZE] = 1;
	sys_madvise((uintptr_t)private + 6 * PAGE_SIZE, PAGE_SIZE, MADV_HWPOISON);
	counter += zeroes[0] + zeroes[PAGE_SIZE];
	readonly[0] = 1;
	sys_mprotect((uintptr_t)readonly, 2 * PAGE_SIZE, PROT_READ);
	shared[0] = shared[PAGE_SIZE] = 1;
	high[0] = 1;
}

/* The store that copies, amid other instructions: the debugger can step up to it and over it. */
static __attribute__((noinline, noclone)) void store(char *at, char value)
{
	counter++;
	*at = value;
	counter--;
}

static void count(void)
{
	for (int i = 0; i < 5; i++)
		counter++;
}

/* Waits until the parent has looked; its pages are the parent's until it writes. */
static int be_child(const int gate[2])
{
	char byte;

	sys_read(gate[0], &byte, 1);
	store(private, 2);
	checkpoint(3);
	return 0;
}

int main(int argc, char **argv)
{
	int gate[2], status = 0;
	char byte;

	map_all(argc > 1 ? atoi(argv[1]) : 3);
	checkpoint(0);
	touch_all();
	checkpoint(1);
	sys_pipe(gate);
	child = (int)sys_fork();
	if (!child)
		return be_child(gate);
	checkpoint(2);
	sys_read(0, &byte, 1); /* until Enter: both processes sleep, and nothing changes */
	sys_write(gate[1], "g", 1);
	sys_wait4(child, &status, 0, NULL);
	store(private, 3);
	checkpoint(4);
	count();
	sys_munmap((uintptr_t)zeroes, 4 * PAGE_SIZE);
	checkpoint(5);
	return status;
}
