/* membarrier.c - membarrier(2): what there is, registration, and the barrier itself. */
#include "kernel/uapi/membarrier.h"
#include "user/child.h"
#include "user/linux.h"
#include "user/tap.h"
#include "user/thread.h"

static long membarrier(int command, unsigned int flags)
{
	return syscall3(__NR_membarrier, command, flags, 0);
}

/* Dekker's beginning, with a plain side: without the barrier both may miss the other's store. */
static volatile uint32_t mine, yours;
static uint32_t round_of[2], missed;

static void *stores(void *arg)
{
	(void)arg;
	for (uint32_t i = 1; i <= 300; i++) {
		uint32_t seen;

		word_wait(&round_of[0], i);
		yours = i;
		__asm__ volatile("" ::: "memory");
		seen = mine;
		if (seen != i)
			__atomic_add_fetch(&missed, 1, __ATOMIC_SEQ_CST);
		word_set(&round_of[1], i);
	}
	return NULL;
}

static void test_barrier(void)
{
	struct thread thread;
	int both = 0;

	thread_create(&thread, stores, NULL);
	for (uint32_t i = 1; i <= 300; i++) {
		uint32_t seen, before = __atomic_load_n(&missed, __ATOMIC_SEQ_CST);

		word_set(&round_of[0], i);
		mine = i;
		membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0);
		seen = yours;
		word_wait(&round_of[1], i);
		both += seen != i && __atomic_load_n(&missed, __ATOMIC_SEQ_CST) != before;
	}
	thread_join(&thread);
	is(both, 0, "of-two-stores-one-is-seen");
}

int main(void)
{
	const int private = MEMBARRIER_CMD_PRIVATE_EXPEDITED;

	tap_plan(8);
	is(membarrier(MEMBARRIER_CMD_QUERY, 0) & 0x7f, 0x7f, "the-commands-are-there");
	is(membarrier(MEMBARRIER_CMD_QUERY, 5), -EINVAL, "there-are-no-flags");
	is(membarrier(1 << 20, 0), -EINVAL, "an-unknown-command");
	is(membarrier(private, 0), -EPERM, "who-is-not-registered-may-not");
	is(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0), 0, "registration");
	is(membarrier(private, 0), 0, "then-it-may");
	is(membarrier(MEMBARRIER_CMD_GLOBAL, 0), 0, "for-all-nobody-has-to-register");
	test_barrier();
	return tap_done();
}
