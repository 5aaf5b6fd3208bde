/* lib.c - memory, processes and threads for the benchmarks; nothing here is timed but touch(). */
#include "tests/bench/bench.h"

#define STACK_PAGES 16
#define THREAD_FLAGS \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | \
	 CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID)

/* user/threads.S */
long clone_call(unsigned long flags, void *stack_top, int (*entry)(void *), void *arg,
		uint32_t *parent_tid, uint32_t *child_tid, void *tls);

/*
 * What the compiler may call. One instruction each, so that it cannot turn them into themselves.
 */
void *memset(void *start, int c, size_t n);
void *memcpy(void *dst, const void *src, size_t n);

void *memset(void *start, int c, size_t n)
{
	void *p = start;

	__asm__ volatile("rep stosb" : "+D"(p), "+c"(n) : "a"(c) : "memory");
	return start;
}

void *memcpy(void *dst, const void *src, size_t n)
{
	void *p = dst;

	__asm__ volatile("rep movsb" : "+D"(p), "+S"(src), "+c"(n)::"memory");
	return dst;
}

bool same_text(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static char *map(u64 pages, int flags)
{
	long start = sys_mmap(0, pages * PAGE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);

	return is_error(start) ? NULL : (char *)start;
}

char *map_pages(u64 pages) { return map(pages, MAP_PRIVATE | MAP_ANONYMOUS); }
char *map_shared_pages(u64 pages) { return map(pages, MAP_SHARED | MAP_ANONYMOUS); }

void unmap_pages(void *start, u64 pages) { sys_munmap((uintptr_t)start, pages * PAGE_SIZE); }

/* One table more than asked for: where it begins is the kernel's choice. */
char *map_tables(u64 tables)
{
	char *start = map_pages((tables + 1) * PAGES_A_TABLE);

	for (u64 i = 0; start && i < tables; i++)
		touch(align_2m(start) + i * PAGES_A_TABLE * PAGE_SIZE, 1);
	return start;
}

void unmap_tables(void *start, u64 tables) { unmap_pages(start, (tables + 1) * PAGES_A_TABLE); }

long wait_for(long pid)
{
	int status = 0;
	long result = sys_wait4((int)pid, &status, 0, NULL);

	return is_error(result) ? result : status;
}

long fork_and_wait(void)
{
	long pid = sys_fork();

	if (is_error(pid))
		return pid;
	if (pid == 0)
		sys_exit_group(0);
	wait_for(pid);
	return 0;
}

void stay_on(unsigned int cpu)
{
	u64 mask = 1UL << cpu;

	sys_sched_setaffinity(0, sizeof(mask), &mask);
}

unsigned int allowed_cpus(void)
{
	u64 mask[16] = { 0 };
	unsigned int n = 0;

	if (is_error(sys_sched_getaffinity(0, sizeof(mask), mask)))
		return 1;
	for (; mask[0]; mask[0] &= mask[0] - 1)
		n++;
	return n;
}

long thread_start(struct thread *thread, int (*entry)(void *arg), void *arg)
{
	long result;

	thread->stack = map_pages(STACK_PAGES);
	if (!thread->stack)
		return -ENOMEM;
	touch(thread->stack, STACK_PAGES);
	result = clone_call(THREAD_FLAGS, thread->stack + STACK_PAGES * PAGE_SIZE, entry, arg,
			    &thread->tid, &thread->tid, NULL);
	if (!is_error(result))
		return 0;
	unmap_pages(thread->stack, STACK_PAGES);
	return result;
}

void thread_join(struct thread *thread)
{
	uint32_t tid;

	while ((tid = __atomic_load_n(&thread->tid, __ATOMIC_ACQUIRE)) != 0)
		sys_futex(&thread->tid, FUTEX_WAIT, tid, NULL);
	unmap_pages(thread->stack, STACK_PAGES);
}
