/* clone.c - clone(2) itself: what each flag shares, which combinations are refused. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"
#include "user/thread.h"

#define STACK_SIZE	(4 * PAGE_SIZE)

static volatile int word;
static uint32_t tid_word;
static int fd_of_child;

static char *stack_top(char *stack)
{
	return stack + STACK_SIZE;
}

static int writes_word(void *arg)
{
	word = *(int *)arg;
	return 5;
}

static void test_vm(char *stack)
{
	int value = 21;
	long pid;

	word = 0;
	pid = clone_call(SIGCHLD, stack_top(stack), writes_word, &value, NULL, NULL, NULL);
	is(child_verdict(child_wait((int)pid)), 5, "clone-with-a-stack-returns-the-status");
	is(word, 0, "without-clone-vm-the-child-has-its-own-memory");
	pid = clone_call(CLONE_VM | SIGCHLD, stack_top(stack), writes_word, &value, NULL, NULL,
			 NULL);
	child_wait((int)pid);
	is(word, 21, "with-clone-vm-the-memory-is-shared");
	word = 0;
	pid = clone_call(CLONE_VM | CLONE_VFORK | SIGCHLD, stack_top(stack), writes_word, &value,
			 NULL, NULL, NULL);
	is(word, 21, "with-clone-vfork-the-parent-waits");
	child_wait((int)pid);
}

static int opens_file(void *arg)
{
	int fds[2];

	(void)arg;
	sys_pipe(fds);
	fd_of_child = fds[0];
	return 0;
}

static void test_files(char *stack)
{
	long pid;

	fd_of_child = -1;
	pid = clone_call(CLONE_VM | SIGCHLD, stack_top(stack), opens_file, NULL, NULL, NULL, NULL);
	child_wait((int)pid);
	is(sys_close(fd_of_child), -EBADF, "without-clone-files-its-files-are-its-own");
	pid = clone_call(CLONE_VM | CLONE_FILES | SIGCHLD, stack_top(stack), opens_file, NULL,
			 NULL, NULL, NULL);
	child_wait((int)pid);
	is(sys_close(fd_of_child), 0, "with-clone-files-the-table-is-shared");
	sys_close(fd_of_child + 1);
}

static int compares_tid(void *arg)
{
	return *(uint32_t *)arg == (uint32_t)sys_gettid() ? 0 : 1;
}

static int exits(void *arg)
{
	(void)arg;
	return 0;
}

static void test_tids(char *stack)
{
	long pid;

	tid_word = 0;
	pid = clone_call(CLONE_VM | CLONE_PARENT_SETTID | SIGCHLD, stack_top(stack), compares_tid,
			 &tid_word, &tid_word, NULL, NULL);
	is(child_verdict(child_wait((int)pid)), 0, "parent-settid-stores-before-the-child-runs");
	is(tid_word, pid, "parent-settid-stores-the-result");
	tid_word = 0;
	pid = clone_call(CLONE_CHILD_SETTID | SIGCHLD, stack_top(stack), compares_tid, &tid_word,
			 NULL, &tid_word, NULL);
	is(child_verdict(child_wait((int)pid)), 0, "child-settid-stores-in-the-child");
	is(tid_word, 0, "child-settid-does-not-store-in-the-parent");
	tid_word = 1;
	pid = clone_call(CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD, stack_top(stack), exits, NULL,
			 NULL, &tid_word, NULL);
	word_wait(&tid_word, 0);
	ok(true, "child-cleartid-clears-and-wakes");
	child_wait((int)pid);
}

static int own_tls(void *arg)
{
	unsigned long first;

	__asm__ volatile("mov %%fs:0, %0" : "=r"(first));
	return first == (unsigned long)arg ? 0 : 1;
}

static void test_tls(char *stack)
{
	uintptr_t block[8] = { 0x1234567 };
	long pid = clone_call(CLONE_SETTLS | SIGCHLD, stack_top(stack), own_tls,
			      (void *)0x1234567, NULL, NULL, block);

	is(child_verdict(child_wait((int)pid)), 0, "settls-gives-the-child-its-fs");
}

static long refused(unsigned long flags)
{
	return syscall5(__NR_clone, (long)flags, 0, 0, 0, 0);
}

static void test_errors(void)
{
	is(refused(CLONE_THREAD | SIGCHLD), -EINVAL, "thread-without-sighand-is-refused");
	is(refused(CLONE_SIGHAND | SIGCHLD), -EINVAL, "sighand-without-vm-is-refused");
	is(refused(CLONE_THREAD | CLONE_VM | SIGCHLD), -EINVAL,
	   "thread-with-vm-but-without-sighand-is-refused");
	is(syscall5(__NR_clone, CLONE_SETTLS | SIGCHLD, 0, 0, 0, (long)(1UL << 63)), -EPERM,
	   "tls-outside-user-addresses-is-refused");
}

static int without_signal_exits(void *arg)
{
	(void)arg;
	return 9;
}

/* A child that sends no signal at its end is only found with __WALL or __WCLONE. */
static void test_no_signal(char *stack)
{
	long pid = clone_call(CLONE_VM, stack_top(stack), without_signal_exits, NULL, NULL, NULL,
			      NULL);
	int status = 0;

	is(sys_wait4((int)pid, &status, WNOHANG, NULL), -ECHILD,
	   "a-child-without-a-signal-is-hidden-from-wait");
	is(sys_wait4((int)pid, &status, (int)__WALL, NULL), pid, "wall-finds-it");
	is(WEXITSTATUS(status), 9, "with-its-status");
}

/* The number is taken as it is; at the end of the child nothing is sent. */
static void test_no_such_signal(char *stack)
{
	long pid = clone_call(CLONE_VM | 0x76, stack_top(stack), without_signal_exits, NULL, NULL,
			      NULL, NULL);

	ok(pid > 0, "clone-takes-a-number-that-is-no-signal");
	is(sys_wait4((int)pid, NULL, (int)__WCLONE, NULL), pid, "its-child-is-waited-for");
	is((long)signal_waiting(), 0, "and-has-sent-nothing");
}

int main(void)
{
	char *stack = map_private(STACK_SIZE);

	tap_plan(22);
	test_vm(stack);
	test_files(stack);
	test_tids(stack);
	test_tls(stack);
	test_errors();
	test_no_signal(stack);
	test_no_such_signal(stack);
	return tap_done();
}
