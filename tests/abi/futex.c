/* futex.c - futex(2) WAIT and WAKE: who sleeps, who is woken, errors. */
#include "user/child.h"
#include "user/files.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

static const struct __kernel_timespec ms20 = { 0, 20000000 }, ms1 = { 0, 1000000 };

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
	is(sys_futex((char *)words + 2, FUTEX_WAKE, 1, NULL), -EINVAL,
	   "wake-of-an-unaligned-word");
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

/* ---- whose word it is, where processes share it ---- */

static char *map(int prot, int flags, int fd)
{
	return (char *)sys_mmap(0, PAGE_SIZE, prot, flags, fd, 0);
}

/* The word can be waited for, and woken: 0; or it is -EFAULT for both, and for a move. */
static long shared_word(char *word)
{
	long wake = sys_futex(word, FUTEX_WAKE, 1, NULL);
	long wait = sys_futex(word, FUTEX_WAIT, 0, &ms1);
	long move = syscall6(__NR_futex, P(word), FUTEX_REQUEUE, 1, 1, P(word + 4), 0);

	if (wake == 0 && wait == -ETIMEDOUT && move == 0)
		return 0;
	return wake == wait && wake == move ? wake : 1;
}

/* Changes the second word and wakes. */
static long wake_op(char *word)
{
	return syscall6(__NR_futex, P(word), FUTEX_WAKE_OP, 1, 1, P(word + 4), 0);
}

enum { ANON = MAP_PRIVATE | MAP_ANONYMOUS, R = PROT_READ, RW = PROT_READ | PROT_WRITE };

/* A word of the process's own has to be writable; a file's only to be there. */
static void test_shared_words(void)
{
	int fd = (int)syscall2(__NR_memfd_create, P("words"), 0);
	char *touched = map(RW, ANON, -1), *beyond;

	syscall2(__NR_ftruncate, fd, PAGE_SIZE);
	touched[0] = 0;
	sys_mprotect((uintptr_t)touched, PAGE_SIZE, R);
	is(shared_word(map(RW, ANON, -1)), 0, "private-memory-that-nobody-has-touched");
	is(shared_word(map(R, ANON, -1)), -EFAULT, "the-same-to-be-read-only");
	is(shared_word(touched), -EFAULT, "nor-once-it-has-been-written-to");
	is(sys_futex(touched, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL), 0,
	   "by-address-it-may-be-woken");
	is(shared_word(map(R, MAP_SHARED | MAP_ANONYMOUS, -1)), 0,
	   "shared-memory-to-be-read-only");
	is(shared_word(map(R, MAP_SHARED, fd)), 0, "a-file-to-be-read-only");
	is(shared_word(map(R, MAP_PRIVATE, fd)), 0, "a-private-one");
	is(shared_word(map(RW, MAP_PRIVATE, fd)), 0, "a-private-one-to-be-written-to");
	is(shared_word(map(PROT_WRITE, MAP_SHARED, fd)), 0, "to-be-written-only");
	is(shared_word(map(PROT_EXEC, MAP_SHARED, fd)), -EFAULT, "to-be-executed-only");
	is(shared_word(map(PROT_NONE, MAP_SHARED, fd)), -EFAULT, "not-to-be-accessed");
	is(wake_op(map(RW, MAP_SHARED, fd)), 0, "a-word-to-be-changed");
	is(wake_op(map(R, MAP_SHARED, fd)), -EFAULT, "which-it-cannot-be");
	beyond = (char *)sys_mmap(0, 2 * PAGE_SIZE, RW, MAP_SHARED, fd, 0) + PAGE_SIZE;
	is(shared_word(beyond), -EFAULT, "beyond-the-end-of-the-file");
	sys_close(fd);
}

static int waits_in_mapping(void *arg) { return sys_futex(arg, FUTEX_WAIT, 0, NULL) == 0 ? 0 : 1; }

/* Until it is woken, which is at most once. */
static long wake_one(void *word)
{
	long woken = 0;

	for (int i = 0; i < 30000 && !woken; i++) {
		woken = sys_futex(word, FUTEX_WAKE, 1, NULL);
		sleep_ms(1);
	}
	return woken;
}

/* Both ways lead to the file's page; one that was written to does not any more. */
static void test_ways_to_a_word(void)
{
	int fd = (int)syscall2(__NR_memfd_create, P("words"), 0), pid;
	char *shared, *reads, *copy;

	syscall2(__NR_ftruncate, fd, PAGE_SIZE);
	shared = map(RW, MAP_SHARED, fd);
	reads = map(R, MAP_PRIVATE, fd);
	copy = map(RW, MAP_PRIVATE, fd);
	pid = child_start(waits_in_mapping, reads);
	is(wake_one(shared), 1, "who-waits-in-a-private-view-of-a-file-is-woken-by-the-file");
	is(child_verdict(child_wait(pid)), 0, "which-is-seen");
	pid = child_start(waits_in_mapping, shared);
	is(wake_one(reads), 1, "and-the-other-way-round");
	child_wait(pid);
	pid = child_start(waits_in_mapping, shared);
	is(sys_futex(copy, FUTEX_WAKE, 1, NULL), 0, "a-copy-of-the-page-is-another-word");
	is(wake_one(shared), 1, "so-that-he-still-waits");
	child_wait(pid);
	sys_close(fd);
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
	tap_plan(45);
	test_wait();
	test_errors();
	test_wake_counts();
	test_processes();
	test_shared_words();
	test_ways_to_a_word();
	test_private();
	test_mutex();
	return tap_done();
}
