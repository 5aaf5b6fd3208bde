/*
 * Switching stacks by hand costs a few nanoseconds, where swapcontext() saves the signal mask by a
 * system call. ASan is told of each switch, and of the bounds of the stack that it leads to.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include "arch/sim/fiber.h"

#ifdef __SANITIZE_ADDRESS__
#define STACK_SIZE (512 * 1024)
#else
#define STACK_SIZE (128 * 1024)
#endif

static struct fiber {
	void *sp; /* while it does not run */
	void *fake_stack;
	void (*fn)(void);
} fibers[MAX_FIBERS], main_fiber;

static u8 stacks[MAX_FIBERS][STACK_SIZE] __attribute__((aligned(64)));

/* What a function call may destroy is saved by the caller; the rest is kept on the stack. */
__attribute__((naked, noinline)) static void switch_stack(void **from, void *to)
{
	__asm__("push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"
		"mov %rsp, (%rdi)\n mov %rsi, %rsp\n"
		"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n ret");
}

static struct fiber *fiber_of(int n) { return n == MAIN_FIBER ? &main_fiber : &fibers[n]; }

#ifdef __SANITIZE_ADDRESS__
static void stack_bounds(int n, const void **low, size_t *size)
{
	static void *main_low;
	static size_t main_size;
	pthread_attr_t attr;

	if (!main_low && !pthread_getattr_np(pthread_self(), &attr)) {
		pthread_attr_getstack(&attr, &main_low, &main_size);
		pthread_attr_destroy(&attr);
	}
	*low = n == MAIN_FIBER ? main_low : stacks[n];
	*size = n == MAIN_FIBER ? main_size : STACK_SIZE;
}

static void before_switch(struct fiber *from, int to)
{
	const void *low;
	size_t size;

	stack_bounds(to, &low, &size);
	__sanitizer_start_switch_fiber(from ? &from->fake_stack : NULL, low, size);
}
static void after_switch(struct fiber *self)
{
	__sanitizer_finish_switch_fiber(self->fake_stack, NULL, NULL);
}
#else
static void before_switch(struct fiber *from, int to) { (void)from, (void)to; }
static void after_switch(struct fiber *self) { (void)self; }
#endif

static int starting;

static void enter(void)
{
	struct fiber *self = &fibers[starting];

	after_switch(self);
	self->fn();
	__builtin_trap();
}

void fiber_create(int n, void (*fn)(void))
{
	/* enter() finds the stack as after a call, and no frame above its own. */
	void **sp = (void **)(stacks[n] + STACK_SIZE - 64);

	ASAN_UNPOISON_MEMORY_REGION(stacks[n], STACK_SIZE);
	*--sp = NULL;
	*--sp = (void *)enter;
	for (int i = 0; i < 6; i++)
		*--sp = NULL;
	fibers[n] = (struct fiber){ .sp = sp, .fn = fn };
}

void fiber_switch(int from, int to)
{
	if (to != MAIN_FIBER)
		starting = to;
	before_switch(fiber_of(from), to);
	switch_stack(&fiber_of(from)->sp, fiber_of(to)->sp);
	after_switch(fiber_of(from));
}

void fiber_leave(int to)
{
	void *nowhere;

	if (to != MAIN_FIBER)
		starting = to;
	before_switch(NULL, to);
	switch_stack(&nowhere, fiber_of(to)->sp);
	__builtin_unreachable();
}
