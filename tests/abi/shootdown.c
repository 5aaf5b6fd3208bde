/*
 * shootdown.c - who is interrupted when memory is taken away: exactly the CPUs whose TLB may
 * hold it. Counted with Pleat's counters; elsewhere only that the memory is gone everywhere.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

enum { MAX_CPUS = 8, PAGES = 4, TRIES = 1000 };

static const char *missing;		/* what it takes to judge interrupts, if anything */
static int cpus;			/* as far as they matter here */
static int here, there;			/* where this thread and the other one run */

static uint32_t laps, stop;
static char *area;			/* what the other thread touches all the time */
static char *victim;			/* what it touches on demand */
static uint32_t touch, touched;

/* A case about interrupts: skipped where nobody counts them or nobody can be interrupted. */
static void judge(bool passed, const char *operation, const char *what)
{
	if (missing)
		skip(missing, "%s-%s", operation, what);
	else
		ok(passed, "%s-%s", operation, what);
}

/* Runs on the other CPU, in user mode most of the time, and yields: it is no idle CPU. */
static void *runner(void *arg)
{
	(void)arg;
	pin_to_cpu(there);
	while (!word_get(&stop)) {
		area[0]++;
		if (word_get(&touch)) {
			for (int i = 0; i < PAGES; i++)
				((volatile char *)victim)[(size_t)i * PAGE_SIZE]++;
			word_set(&touch, 0);
			word_add(&touched);
		}
		__atomic_add_fetch(&laps, 1, __ATOMIC_RELEASE);
		sys_sched_yield();
	}
	return NULL;
}

/* The flushes that each CPU was asked for since the last call. */
static void received(long delta[MAX_CPUS])
{
	static long last[MAX_CPUS];

	for (int i = 0; i < cpus; i++) {
		long now = pleat_counter(PLEAT_TLB_IPIS_RECEIVED, nth_cpu(i));

		delta[i] = now - last[i];
		last[i] = now;
	}
}

/* Fresh memory that both CPUs have in their TLBs. */
static void make_victim(void)
{
	uint32_t before = word_get(&touched);

	victim = map_private(PAGES * PAGE_SIZE);
	for (int i = 0; i < PAGES; i++)
		victim[(size_t)i * PAGE_SIZE] = 1;
	word_set(&touch, 1);
	while (word_get(&touched) == before)
		sleep_ms(1);
}

static int child_does_nothing(void *arg)
{
	(void)arg;
	return 0;
}

/* The operations that take something away. */

static void op_munmap(void) { unmap(victim, PAGES * PAGE_SIZE); }
static void op_protect(void) { sys_mprotect((uintptr_t)victim, PAGES * PAGE_SIZE, PROT_READ); }
static void op_discard(void) { sys_madvise((uintptr_t)victim, PAGES * PAGE_SIZE, MADV_DONTNEED); }
static void op_fork(void) { child_run(child_does_nothing, NULL); }

/* One operation, and whom it interrupted. */
static void interrupts(void (*operation)(void), bool *reaches, bool *leaves_others)
{
	long delta[MAX_CPUS];

	make_victim();
	received(delta);
	operation();
	received(delta);
	*reaches = delta[1] >= 1;
	*leaves_others = true;
	for (int i = 2; i < cpus; i++)
		*leaves_others &= delta[i] == 0;
}

/*
 * The other thread's CPU, and nobody else; once in some tries, since another CPU may be about
 * something of the kernel's own.
 */
static void test_target(void (*operation)(void), const char *name)
{
	bool reaches = false, leaves_others = false;

	for (int i = 0; i < TRIES && !(reaches && leaves_others); i++)
		interrupts(operation, &reaches, &leaves_others);
	judge(reaches, name, "reaches-the-cpu-that-uses-the-memory");
	if (cpus < 3)
		skip("fewer than 3 CPUs", "%s-leaves-idle-cpus-alone", name);
	else
		judge(leaves_others, name, "leaves-idle-cpus-alone");
}

/* What nobody has touched nobody can have in his TLB. */
static void test_untouched(void)
{
	char *mem = map_private(PAGES * PAGE_SIZE);
	long sent = pleat_counter(PLEAT_TLB_IPIS_SENT, -1);

	sys_mprotect((uintptr_t)mem, PAGES * PAGE_SIZE, PROT_READ);
	unmap(mem, PAGES * PAGE_SIZE);
	judge(pleat_counter(PLEAT_TLB_IPIS_SENT, -1) == sent, "untouched-memory",
	      "is-taken-away-without-interrupts");
}

static void touch_and_unmap(void)
{
	victim = map_private(PAGE_SIZE);
	victim[0] = 1;
	unmap(victim, PAGE_SIZE);
}

static int child_alone(void *arg)
{
	long sent;
	char *mem;

	(void)arg;
	pin_to_cpu(here);
	mem = map_private(PAGES * PAGE_SIZE);
	mem[0] = mem[PAGE_SIZE] = 1;
	sent = pleat_counter(PLEAT_TLB_IPIS_SENT, here);
	sys_mprotect((uintptr_t)mem, PAGES * PAGE_SIZE, PROT_READ);
	unmap(mem, PAGES * PAGE_SIZE);
	return pleat_counter(PLEAT_TLB_IPIS_SENT, here) == sent ? 0 : 1;
}

/*
 * After its thread is gone, a CPU is asked at most once more: then it has let go of the memory. It
 * is gone some time after it can be joined.
 */
static void test_lazy(void)
{
	long sent, first, last = -1;

	sent = pleat_counter(PLEAT_TLB_IPIS_SENT, -1);
	touch_and_unmap();
	first = pleat_counter(PLEAT_TLB_IPIS_SENT, -1);
	judge(first - sent <= cpus - 1, "an-idle-cpu", "that-ran-a-thread-is-asked-once");
	for (int i = 0; i < TRIES && last != first; i++) {
		first = pleat_counter(PLEAT_TLB_IPIS_SENT, -1);
		for (int k = 0; k < 3; k++)
			touch_and_unmap();
		last = pleat_counter(PLEAT_TLB_IPIS_SENT, -1);
		if (last != first)
			sleep_ms(1);
	}
	judge(last == first, "an-idle-cpu", "is-never-asked-again");
}

static const struct {
	void (*operation)(void);
	const char *name;
} operations[] = {
	{ op_munmap, "munmap" },
	{ op_protect, "mprotect" },
	{ op_discard, "dontneed" },
	{ op_fork, "fork" },
};

enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

static void test_interrupts(void)
{
	struct thread thread;

	here = nth_cpu(0);
	there = nth_cpu(cpus > 1 ? 1 : 0);
	pin_to_cpu(here);
	area = map_private(PAGE_SIZE);
	thread_create(&thread, runner, NULL);
	while (word_get(&laps) < 2)
		sleep_ms(1);
	make_victim();			/* lets CPUs go that held this memory from earlier */
	op_munmap();
	for (int i = 0; i < OPERATIONS; i++)
		test_target(operations[i].operation, operations[i].name);
	test_untouched();
	ok_child_exits(child_alone, NULL, 0, "a-process-on-one-cpu-interrupts-nobody");
	word_set(&stop, 1);
	thread_join(&thread);
	test_lazy();
}

static uint32_t phase;
static int wrong;

/* Reads while the first thread changes what is mapped: never an old value after the change. */
static void *reader(void *arg)
{
	volatile int *mem = arg;

	pin_to_cpu(nth_cpu(cpus > 1 ? 1 : 0));
	for (uint32_t round = 1; round <= 60; round++) {
		wrong += *mem != (int)round;
		word_set(&phase, 2 * round);
		word_wait(&phase, 2 * round + 1);
	}
	return NULL;
}

static void test_no_stale_reads(void)
{
	struct thread thread;
	int *mem = (int *)map_private(PAGE_SIZE);

	*mem = 1;
	phase = 1;
	thread_create(&thread, reader, mem);
	for (uint32_t round = 1; round <= 60; round++) {
		word_wait(&phase, 2 * round);
		sys_mmap((uintptr_t)mem, PAGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		*mem = (int)round + 1;
		word_set(&phase, 2 * round + 1);
	}
	thread_join(&thread);
	is(wrong, 0, "no-thread-reads-a-page-that-was-replaced");
	unmap(mem, PAGE_SIZE);
}

int main(void)
{
	nth_cpu(0);
	cpus = cpu_count() < MAX_CPUS ? cpu_count() : MAX_CPUS;
	if (pleat_counter(PLEAT_TLB_IPIS_SENT, -1) < 0)
		missing = "no counters";
	else if (cpus < 2)
		missing = "one CPU";
	tap_plan(2 * OPERATIONS + 5);
	test_no_stale_reads();
	test_interrupts();
	return tap_done();
}
