/* threads.c - threads over clone(2): one memory, many stacks, an orderly end. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#include <stdlib.h>
#include <string.h>

static void *returns_its_argument(void *arg)
{
	return arg;
}

static void test_many(void)
{
	enum { COUNT = 32 };
	static struct thread threads[COUNT];
	int wrong = 0;

	for (long i = 0; i < COUNT; i++)
		wrong += thread_create(&threads[i], returns_its_argument, (void *)(i * 3)) != 0;
	is(wrong, 0, "32-threads-start");
	for (long i = 0; i < COUNT; i++)
		wrong += thread_join(&threads[i]) != (void *)(i * 3);
	is(wrong, 0, "each-returns-its-own-result");
	for (long i = 0; i < 100; i++) {
		thread_create(&threads[0], returns_its_argument, (void *)i);
		wrong += thread_join(&threads[0]) != (void *)i;
	}
	is(wrong, 0, "100-threads-one-after-another");
}

static struct {
	long pid, tid, ppid;
} ids;

static void *tells_ids(void *arg)
{
	(void)arg;
	ids.pid = sys_getpid();
	ids.tid = sys_gettid();
	ids.ppid = sys_getppid();
	return NULL;
}

static void test_ids(void)
{
	struct thread thread;

	thread_create(&thread, tells_ids, NULL);
	thread_join(&thread);
	is(ids.pid, sys_getpid(), "a-thread-has-the-process's-pid");
	ok(ids.tid > 0 && ids.tid != sys_gettid(), "and-a-tid-of-its-own");
	is(ids.ppid, sys_getppid(), "and-the-process's-parent");
	is(sys_gettid(), sys_getpid(), "the-first-thread's-tid-is-the-pid");
}

static int plain[1000];
static char *mapped_by_thread;
static uint32_t stage;

static void *stores(void *arg)
{
	(void)arg;
	for (int i = 0; i < 1000; i++)
		plain[i] = i;
	mapped_by_thread = map_private(PAGE_SIZE);
	mapped_by_thread[0] = 44;
	word_set(&stage, 1);
	word_wait(&stage, 2);
	return (void *)(long)(sys_madvise((uintptr_t)mapped_by_thread, PAGE_SIZE,
					  MADV_DONTNEED));
}

static void test_memory(void)
{
	struct thread thread;
	int wrong = 0;

	thread_create(&thread, stores, NULL);
	word_wait(&stage, 1);
	for (int i = 0; i < 1000; i++)
		wrong += plain[i] != i;
	is(wrong, 0, "a-thread's-stores-are-visible");
	is(mapped_by_thread[0], 44, "memory-mapped-by-a-thread-is-everybody's");
	unmap(mapped_by_thread, PAGE_SIZE);
	word_set(&stage, 2);
	is((long)thread_join(&thread), -ENOMEM, "memory-unmapped-here-is-gone-there");
}

static __thread int own = 5;
static __thread int own_zero;

static void *changes_its_own(void *arg)
{
	int start = own * 10 + own_zero;

	own = (int)(long)arg;
	own_zero = own;
	sys_sched_yield();
	return (void *)(long)(own == (int)(long)arg && own_zero == own ? start : -1);
}

static void test_thread_local(void)
{
	struct thread threads[4];
	int wrong = 0;

	own = 99;
	for (long i = 0; i < 4; i++)
		thread_create(&threads[i], changes_its_own, (void *)(i + 1));
	for (int i = 0; i < 4; i++)
		wrong += thread_join(&threads[i]) != (void *)50L;
	is(wrong, 0, "thread-local-variables-start-fresh-in-each-thread");
	ok(own == 99 && own_zero == 0, "and-are-not-shared");
}

static void *allocates(void *arg)
{
	unsigned char value = (unsigned char)(long)arg;
	long wrong = 0;

	for (int round = 0; round < 100; round++) {
		size_t size = (size_t)(50 + round * 7 + value);
		unsigned char *mem = malloc(size);

		if (!mem)
			return (void *)1L;
		memset(mem, value, size);
		if (round % 10 == 0)
			sys_sched_yield();
		wrong += !all_bytes(mem, value, size);
		free(mem);
	}
	return (void *)wrong;
}

static void test_malloc(void)
{
	struct thread threads[4];
	long wrong = 0;

	for (long i = 0; i < 4; i++)
		thread_create(&threads[i], allocates, (void *)(i + 1));
	for (int i = 0; i < 4; i++)
		wrong += (long)thread_join(&threads[i]);
	is(wrong, 0, "malloc-serves-four-threads");
}

static void *overflows(void *arg)
{
	volatile char *here = __builtin_frame_address(0);

	(void)arg;
	for (long i = 0; i < (1 << 17); i += 512)
		here[-i] = 1;
	return NULL;
}

static int child_overflows_thread_stack(void *arg)
{
	struct thread thread;

	thread_create(&thread, overflows, arg);
	thread_join(&thread);
	return 0;
}

static void *exits_process(void *arg)
{
	sys_exit_group((int)(long)arg);
}

static int child_ended_by_thread(void *arg)
{
	static uint32_t never;
	struct thread thread;

	thread_create(&thread, exits_process, arg);
	word_wait(&never, 1);
	return 1;
}

static void *outlives(void *arg)
{
	word_wait(&stage, 7);
	sleep_ms(10);
	*(char *)arg = 66;
	sys_exit(4);
}

/* The first thread ends alone; the process goes on to its last thread, whose status counts. */
static int child_leaves_thread(void *arg)
{
	static struct thread thread;

	thread_create(&thread, outlives, arg);
	word_set(&stage, 7);
	sys_exit(3);
}

static void *crashes(void *arg)
{
	child_writes(arg);
	return NULL;
}

static int child_thread_crashes(void *arg)
{
	static uint32_t never;
	struct thread thread;

	thread_create(&thread, crashes, arg);
	word_wait(&never, 1);
	return 0;
}

static void *forks(void *arg)
{
	long pid = sys_fork();

	if (pid == 0)
		sys_exit_group(own == 5 && sys_getpid() == sys_gettid() ? 21 : 1);
	(void)arg;
	return (void *)(long)child_verdict(child_wait((int)pid));
}

static void test_ends(void)
{
	char *shared = map_shared(PAGE_SIZE);
	struct thread thread;

	ok_child_dies(child_overflows_thread_stack, NULL, SIGSEGV,
		      "a-thread's-stack-ends-at-its-guard-page");
	ok_child_exits(child_ended_by_thread, (void *)17, 17, "exit-group-in-a-thread-ends-all");
	ok_child_exits(child_leaves_thread, shared, 4, "the-first-thread-may-end-first");
	is(shared[0], 66, "the-others-go-on");
	ok_child_dies(child_thread_crashes, (void *)8, SIGSEGV, "a-crash-in-a-thread-ends-all");
	thread_create(&thread, forks, NULL);
	is((long)thread_join(&thread), 21, "fork-in-a-thread-copies-that-thread-only");
	unmap(shared, PAGE_SIZE);
}

static void *faults(void *arg)
{
	char *mem = arg;

	for (size_t at = 0; at < 64 * PAGE_SIZE; at += PAGE_SIZE)
		__atomic_add_fetch((int *)(mem + at), 1, __ATOMIC_RELAXED);
	return NULL;
}

/* All threads fault on the same pages at once: each page is made once. */
static void test_same_faults(void)
{
	struct thread threads[4];
	int wrong = 0;

	for (int round = 0; round < 10; round++) {
		char *mem = map_private(64 * PAGE_SIZE);

		for (int i = 0; i < 4; i++)
			thread_create(&threads[i], faults, mem);
		for (int i = 0; i < 4; i++)
			thread_join(&threads[i]);
		for (size_t at = 0; at < 64 * PAGE_SIZE; at += PAGE_SIZE)
			wrong += *(int *)(mem + at) != 4;
		unmap(mem, 64 * PAGE_SIZE);
	}
	is(wrong, 0, "threads-that-fault-on-one-page-get-one-page");
}

int main(void)
{
	tap_plan(20);
	test_many();
	test_ids();
	test_memory();
	test_thread_local();
	test_malloc();
	test_ends();
	test_same_faults();
	return tap_done();
}
