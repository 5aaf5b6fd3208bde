/* futex.c - futex(2) WAIT and WAKE: who sleeps, who is woken, errors. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

static const struct __kernel_timespec ms20 = { 0, 20000000 };

static void test_wait(void)
{
	uint32_t word = 5;
	int64_t start = now_ns();

	is(sys_futex(&word, FUTEX_WAIT, 6, NULL), -EAGAIN, "wait-for-another-value");
	is(sys_futex(&word, FUTEX_WAIT, 5, &ms20), -ETIMEDOUT, "wait-with-a-timeout");
	ok(now_ns() - start >= 20000000, "the-timeout-is-no-shorter");
	is(sys_futex(&word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 5, &ms20), -ETIMEDOUT,
	   "private-wait-with-a-timeout");
	is(sys_futex(&word, FUTEX_WAKE, 1, NULL), 0, "wake-of-nobody");
}

static void test_errors(void)
{
	static uint32_t words[2];
	struct __kernel_timespec bad = { 0, 1000000000 };
	char *gone = map_private(PAGE_SIZE), *none;

	unmap(gone, PAGE_SIZE);
	is(sys_futex((char *)words + 1, FUTEX_WAIT, 0, &ms20), -EINVAL, "an-unaligned-word");
	is(sys_futex((char *)words + 2, FUTEX_WAKE, 1, NULL), -EINVAL, "wake-of-an-unaligned-word");
	is(sys_futex(gone, FUTEX_WAIT, 0, &ms20), -EFAULT, "an-unmapped-word");
	is(sys_futex((void *)0xffff800000000000UL, FUTEX_WAIT, 0, &ms20), -EFAULT,
	   "a-word-in-the-kernel-half");
	is(sys_futex(words, FUTEX_WAIT, 0, &bad), -EINVAL, "a-timeout-of-a-billion-nanoseconds");
	bad = (struct __kernel_timespec){ -1, 0 };
	is(sys_futex(words, FUTEX_WAIT, 0, &bad), -EINVAL, "a-negative-timeout");
	is(sys_futex(words, FUTEX_WAIT, 0, (void *)8), -EFAULT, "a-bad-timeout-pointer");
	is(sys_futex(words, 77, 0, NULL), -ENOSYS, "an-unknown-operation");
	is(sys_futex(words, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL), -ENOSYS,
	   "a-clock-where-there-is-nothing-to-time");
	none = (char *)sys_mmap(0, PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	is(sys_futex(none, FUTEX_WAKE, 1, NULL), -EFAULT, "wake-of-an-inaccessible-word");
	unmap(none, PAGE_SIZE);
}

enum { SLEEPERS = 6 };

static uint32_t gate, asleep, awake;
static struct thread threads[SLEEPERS];

static void *sleeps_at_gate(void *arg)
{
	(void)arg;
	word_add(&asleep);
	while (sys_futex(&gate, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, NULL) != 0)
		;
	word_add(&awake);
	return NULL;
}

/* Wakes exactly n sleepers, however long they take to get to sleep. */
static long wake_exactly(uint32_t n)
{
	long woken = 0;

	while (woken < (long)n) {
		woken += sys_futex(&gate, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, n - (uint32_t)woken,
				   NULL);
		sleep_ms(1);
	}
	return woken;
}

static void test_wake_counts(void)
{
	for (int i = 0; i < SLEEPERS; i++)
		thread_create(&threads[i], sleeps_at_gate, NULL);
	word_wait(&asleep, SLEEPERS);
	is(wake_exactly(1), 1, "wake-of-one");
	word_wait(&awake, 1);
	is(wake_exactly(2), 2, "wake-of-two");
	word_wait(&awake, 3);
	is(word_get(&awake), 3, "nobody-else-woke");
	is(wake_exactly(3), 3, "wake-of-the-rest");
	for (int i = 0; i < SLEEPERS; i++)
		thread_join(&threads[i]);
	is(word_get(&awake), SLEEPERS, "everybody-woke-once");
}

static int child_waits(void *arg)
{
	uint32_t *words = arg;

	word_set(&words[1], 1);
	return sys_futex(&words[0], FUTEX_WAIT, 0, NULL) == 0 ? 0 : 1;
}

/* Shared memory: the same word in two address spaces. */
static void test_processes(void)
{
	uint32_t *words = (uint32_t *)map_shared(PAGE_SIZE);
	int pid = child_start(child_waits, words);
	long woken = 0;

	word_wait(&words[1], 1);
	while (woken == 0) {
		woken = sys_futex(&words[0], FUTEX_WAKE, 1, NULL);
		sleep_ms(1);
	}
	is(woken, 1, "a-process-wakes-another");
	is(child_verdict(child_wait(pid)), 0, "which-goes-on");
	unmap(words, PAGE_SIZE);
}

static uint32_t own_word;

static int child_waits_alone(void *arg)
{
	word_set(arg, 1);
	return sys_futex(&own_word, FUTEX_WAIT, 0, &ms20) == -ETIMEDOUT ? 0 : 1;
}

/* Private memory after fork: the same address is another word. */
static void test_private(void)
{
	uint32_t *turn = (uint32_t *)map_shared(PAGE_SIZE);
	int pid = child_start(child_waits_alone, turn);

	word_wait(turn, 1);
	is(sys_futex(&own_word, FUTEX_WAKE, 1, NULL), 0,
	   "a-child's-private-word-is-not-the-parent's");
	is(child_verdict(child_wait(pid)), 0, "the-child-sleeps-on");
	unmap(turn, PAGE_SIZE);
}

static struct mutex mutex;
static int counter;

static void *increments(void *arg)
{
	(void)arg;
	for (int i = 0; i < 500; i++) {
		int before;

		mutex_lock(&mutex);
		before = counter;
		if (i % 50 == 0)
			sys_sched_yield();
		counter = before + 1;
		mutex_unlock(&mutex);
	}
	return NULL;
}

static void test_mutex(void)
{
	struct thread workers[4];

	for (int i = 0; i < 4; i++)
		thread_create(&workers[i], increments, NULL);
	for (int i = 0; i < 4; i++)
		thread_join(&workers[i]);
	is(counter, 2000, "a-mutex-over-futex-excludes");
	ok(mutex_trylock(&mutex) && !mutex_trylock(&mutex), "a-taken-mutex-is-not-taken-again");
	mutex_unlock(&mutex);
}

int main(void)
{
	tap_plan(26);
	test_wait();
	test_errors();
	test_wake_counts();
	test_processes();
	test_private();
	test_mutex();
	return tap_done();
}
