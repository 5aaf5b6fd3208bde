/* fork.c - fork(2), vfork(2), and what parent and child have in common. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#include <stdlib.h>
#include <string.h>

struct board {
	uint32_t turn;
	int pid, ppid;
	long word;
};

static struct board *board;

static int child_tells_ids(void *arg)
{
	(void)arg;
	board->pid = (int)sys_getpid();
	board->ppid = (int)sys_getppid();
	return 0;
}

static void test_ids(void)
{
	int pid = child_start(child_tells_ids, NULL);

	ok(pid > 0 && pid != sys_getpid(), "fork-gives-the-parent-another-pid");
	child_wait(pid);
	is(board->pid, pid, "the-child-has-that-pid");
	is(board->ppid, sys_getpid(), "the-child's-parent-is-the-parent");
}

static int child_closes(void *arg)
{
	return (int)sys_close(*(int *)arg);
}

static void test_files(void)
{
	int fds[2];
	char byte = 0;
	int pid;

	sys_pipe(fds);
	ok_child_exits(child_closes, &fds[1], 0, "child-closes-an-inherited-file");
	is(sys_write(fds[1], "x", 1), 1, "the-parent's-file-stays-open");
	pid = (int)sys_fork();
	if (pid == 0)
		sys_exit_group(sys_read(fds[0], &byte, 1) == 1 && byte == 'x' ? 0 : 1);
	is(child_verdict(child_wait(pid)), 0, "child-reads-from-an-inherited-pipe");
	sys_close(fds[0]);
	sys_close(fds[1]);
}

/* Registers that a call preserves must come through fork on both sides. */
static long fork_keeping_registers(void)
{
	long result;
	unsigned long wrong;

	__asm__ volatile("mov $0x1111, %%rbx\n\t"
			 "mov $0x2222, %%r12\n\t"
			 "mov $0x3333, %%r13\n\t"
			 "mov $0x4444, %%r14\n\t"
			 "mov $0x5555, %%r15\n\t"
			 "mov $0x6666, %%r8\n\t"
			 "syscall\n\t"
			 "sub $0x1111, %%rbx\n\t"
			 "sub $0x2222, %%r12\n\t"
			 "sub $0x3333, %%r13\n\t"
			 "sub $0x4444, %%r14\n\t"
			 "sub $0x5555, %%r15\n\t"
			 "sub $0x6666, %%r8\n\t"
			 "or %%r12, %%rbx\n\t"
			 "or %%r13, %%rbx\n\t"
			 "or %%r14, %%rbx\n\t"
			 "or %%r15, %%rbx\n\t"
			 "or %%r8, %%rbx\n\t"
			 "mov %%rbx, %1"
			 : "=a"(result), "=&d"(wrong)
			 : "a"(__NR_fork)
			 : "rbx", "rcx", "r8", "r11", "r12", "r13", "r14", "r15", "memory");
	if (result == 0)
		sys_exit_group(wrong ? 1 : 0);
	return wrong ? -1 : result;
}

static void test_registers(void)
{
	long pid = fork_keeping_registers();

	ok(pid > 0, "the-parent's-registers-survive-fork");
	is(pid > 0 ? child_verdict(child_wait((int)pid)) : -1, 0, "the-child-has-them-too");
}

static void test_many(void)
{
	enum { COUNT = 40 };
	int pids[COUNT], wrong = 0;

	for (int i = 0; i < COUNT; i++) {
		pids[i] = (int)sys_fork();
		if (pids[i] == 0) {
			word_wait(&board->turn, 1);
			sys_exit_group(i);
		}
		wrong += pids[i] < 0;
	}
	is(wrong, 0, "40-children-live-at-once");
	word_set(&board->turn, 1);
	for (int i = 0; i < COUNT; i++)
		wrong += child_verdict(child_wait(pids[i])) != i;
	is(wrong, 0, "each-returns-its-own-status");
	for (int i = 0; i < COUNT; i++) {
		for (int j = 0; j < i; j++)
			wrong += pids[i] == pids[j];
	}
	is(wrong, 0, "their-pids-differ");
}

static int generation(void *arg)
{
	long depth = (long)arg;

	if (depth == 0)
		return 7;
	return child_verdict(child_run(generation, (void *)(depth - 1)));
}

static void test_vfork(void)
{
	static volatile int seen;
	long pid = sys_vfork();

	if (pid == 0) {
		seen = 5;
		sys_exit_group(3);
	}
	ok(pid > 0, "vfork-returns-a-pid");
	is(seen, 5, "the-child-ran-first-and-in-the-parent's-memory");
	is(child_verdict(child_wait((int)pid)), 3, "its-status-can-be-waited-for");
}

/* malloc and its locks work in a child. */
static int child_allocates(void *arg)
{
	char *text = malloc(1000);

	(void)arg;
	if (!text)
		return 1;
	memset(text, 'a', 1000);
	free(text);
	return 0;
}

static int child_orphans(void *arg)
{
	long pid = sys_fork();

	(void)arg;
	if (pid == 0) {
		int old = (int)sys_getppid();

		word_set(&board->turn, 2);
		word_wait(&board->turn, 3);
		while (sys_getppid() == old)
			sleep_ms(1);
		board->ppid = old;
		word_set(&board->turn, 4);
		sys_exit_group(0);
	}
	word_wait(&board->turn, 2);
	return 0;
}

static void test_orphan(void)
{
	board->turn = 0;
	ok_child_exits(child_orphans, NULL, 0, "a-child-leaves-a-child-behind");
	word_set(&board->turn, 3);
	word_wait(&board->turn, 4);
	ok(board->ppid > 0, "the-orphan-gets-another-parent");
}

int main(void)
{
	board = (struct board *)map_shared(PAGE_SIZE);
	tap_plan(18);
	test_ids();
	test_files();
	test_registers();
	test_many();
	ok_child_exits(generation, (void *)12, 7, "twelve-generations-hand-a-status-up");
	test_vfork();
	ok_child_exits(child_allocates, NULL, 0, "malloc-works-in-a-child");
	test_orphan();
	return tap_done();
}
