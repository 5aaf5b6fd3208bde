/*
 * futex_wake_op.c - FUTEX_WAKE_OP: each operation and comparison; robust lists that
 * are walked at the end.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#define PRIVATE	FUTEX_PRIVATE_FLAG

static uint32_t first, second;

static long wake_op(uint32_t *a, uint32_t *b, int nr, int nr2, uint32_t op)
{
	return syscall6(__NR_futex, (long)a, FUTEX_WAKE_OP | PRIVATE, nr, nr2, (long)b, (long)op);
}

static void test_operations(void)
{
	static const struct {
		uint32_t op, arg, before, after;
		const char *name;
	} cases[] = {
		{ FUTEX_OP_SET, 5, 9, 5, "set" },
		{ FUTEX_OP_ADD, 5, 9, 14, "add" },
		{ FUTEX_OP_ADD, 0xfff, 9, 8, "add-a-negative-number" },
		{ FUTEX_OP_OR, 6, 9, 15, "or" },
		{ FUTEX_OP_ANDN, 8, 9, 1, "and-not" },
		{ FUTEX_OP_XOR, 3, 9, 10, "xor" },
		{ FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT, 31, 1, 0x80000001, "or-of-a-bit" },
		{ FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT, 4, 1, 16, "set-to-a-bit" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		second = cases[i].before;
		wake_op(&first, &second, 0, 0, FUTEX_OP(cases[i].op, cases[i].arg, 0, 0));
		is(second, cases[i].after, "%s", cases[i].name);
	}
}

static void *waits(void *arg)
{
	return (void *)sys_futex(arg, FUTEX_WAIT | PRIVATE, *(uint32_t *)arg, NULL);
}

/* Wakes with the operation until both waiters (first, second) have been woken as expected. */
static bool wakes(uint32_t cmp, uint32_t cmparg, uint32_t value, bool expected)
{
	struct thread a, b;
	long woken = 0, tries = 0;

	first = 0;
	second = value;
	thread_create(&a, waits, &first);
	thread_create(&b, waits, &second);
	/* Setting the same value again leaves the word as it is. */
	while (woken < (expected ? 2 : 1) && tries++ < 60000) {
		woken += wake_op(&first, &second, 1, 1, FUTEX_OP(FUTEX_OP_ADD, 0, cmp, cmparg));
		sleep_ms(1);
	}
	for (int i = 0; i < 20 && !expected; i++)
		woken += wake_op(&first, &second, 1, 1, FUTEX_OP(FUTEX_OP_ADD, 0, cmp, cmparg));
	while (!expected && sys_futex(&second, FUTEX_WAKE | PRIVATE, 1, NULL) == 0)
		sleep_ms(1);
	thread_join(&a);
	thread_join(&b);
	return woken == (expected ? 2 : 1);
}

static void test_comparisons(void)
{
	ok(wakes(FUTEX_OP_CMP_EQ, 7, 7, true) && wakes(FUTEX_OP_CMP_EQ, 7, 8, false), "equal");
	ok(wakes(FUTEX_OP_CMP_NE, 7, 8, true) && wakes(FUTEX_OP_CMP_NE, 7, 7, false), "not-equal");
	ok(wakes(FUTEX_OP_CMP_LT, 7, 6, true) && wakes(FUTEX_OP_CMP_LT, 7, 7, false), "less");
	ok(wakes(FUTEX_OP_CMP_LE, 7, 7, true) && wakes(FUTEX_OP_CMP_LE, 7, 8, false), "not-more");
	ok(wakes(FUTEX_OP_CMP_GT, 7, 8, true) && wakes(FUTEX_OP_CMP_GT, 7, 7, false), "more");
	ok(wakes(FUTEX_OP_CMP_GE, 7, 7, true) && wakes(FUTEX_OP_CMP_GE, 7, 6, false), "not-less");
	ok(wakes(FUTEX_OP_CMP_LT, 0, 0x80000000, true), "words-have-a-sign-in-comparisons");
	ok(wakes(FUTEX_OP_CMP_EQ, 0xfff, ~0u, true), "and-so-have-arguments");
}

static void test_errors(void)
{
	char *page = map_private(PAGE_SIZE);

	is(wake_op(&first, &second, 1, 1, FUTEX_OP(5, 0, 0, 0)), -ENOSYS, "no-such-operation");
	is(wake_op(&first, &second, 1, 1, FUTEX_OP(0, 0, 6, 0)), -ENOSYS, "no-such-comparison");
	is(wake_op((void *)2, &second, 1, 1, 0), -EINVAL, "a-word-not-aligned");
	is(wake_op(&first, (void *)2, 1, 1, 0), -EINVAL, "a-second-word-not-aligned");
	is(wake_op(&first, (uint32_t *)page, 1, 1, FUTEX_OP(FUTEX_OP_SET, 3, 0, 0)), 0,
	   "a-page-not-there-yet");
	is(*(uint32_t *)page, 3, "is-brought-in");
	sys_mprotect((uintptr_t)page, PAGE_SIZE, PROT_READ);
	is(wake_op(&first, (uint32_t *)page, 1, 1, 0), -EFAULT, "a-page-not-writable");
	unmap(page, PAGE_SIZE);
	is(wake_op(&first, (uint32_t *)page, 1, 1, 0), -EFAULT, "a-page-that-is-none");
}

/* ---- robust lists ---- */

struct lock {
	uint64_t next;
	uint32_t word, pad;
};

struct head {
	uint64_t next;
	int64_t offset;
	uint64_t pending;
};

#define WAITERS		0x80000000u
#define OWNER_DIED	0x40000000u

static struct shared {
	struct head head;
	struct lock locks[4];
	uint32_t go;
} *shared;

static long set_list(struct head *head, size_t size)
{
	return syscall2(__NR_set_robust_list, (long)head, (long)size);
}

/* A list of all the locks, of which the caller holds the first three. */
static void build_list(void)
{
	uint32_t tid = (uint32_t)sys_gettid();

	shared->head.offset = offsetof(struct lock, word);
	shared->head.next = (uintptr_t)&shared->locks[0];
	shared->head.pending = 0;
	for (int i = 0; i < 4; i++) {
		shared->locks[i].next =
			(uintptr_t)(i < 3 ? (void *)&shared->locks[i + 1] : (void *)&shared->head);
		shared->locks[i].word = i < 3 ? tid : 12345;
	}
	set_list(&shared->head, sizeof(struct head));
}

static int child_good(void *arg)
{
	(void)arg;
	build_list();
	shared->locks[1].word |= WAITERS;
	return 0;
}

static int child_loops(void *arg)
{
	(void)arg;
	build_list();
	shared->locks[3].next = (uintptr_t)&shared->locks[0];
	return 0;
}

static int child_breaks(void *arg)
{
	(void)arg;
	build_list();
	shared->locks[1].next = 8;
	return 0;
}

static int child_pends(void *arg)
{
	(void)arg;
	build_list();
	shared->head.next = (uintptr_t)&shared->head;
	shared->head.pending = (uintptr_t)&shared->locks[2];
	return 0;
}

static int child_bad_head(void *arg)
{
	(void)arg;
	build_list();
	set_list((struct head *)8, sizeof(struct head));
	return 0;
}

/* Where things lie in somebody else's memory is not for everybody. */
static int child_of_another_asks(void *arg)
{
	struct head *got;
	size_t size;

	(void)arg;
	syscall1(__NR_setuid, 1234);
	return syscall3(__NR_get_robust_list, sys_getppid(), (long)&got, (long)&size) == -EPERM ?
		       0 : 1;
}

static void test_robust(void)
{
	struct head *got = NULL;
	size_t size = 0;

	shared = (struct shared *)map_shared(PAGE_SIZE);
	is(set_list(&shared->head, 20), -EINVAL, "a-head-has-24-bytes");
	is(set_list(NULL, 24), 0, "there-may-be-none");
	is(syscall3(__NR_get_robust_list, 0, (long)&got, (long)&size), 0, "it-can-be-asked-for");
	ok(!got && size == 24, "and-is-what-was-set");
	is(syscall3(__NR_get_robust_list, 0, 8, (long)&size), -EFAULT, "but-not-to-anywhere");
	ok_child_exits(child_of_another_asks, NULL, 0, "nor-by-anybody");
	ok_child_exits(child_good, NULL, 0, "a-process-ends-with-locks");
	is(shared->locks[0].word, OWNER_DIED, "a-lock-says-that-its-owner-died");
	is(shared->locks[1].word, (long)(OWNER_DIED | WAITERS), "and-keeps-its-waiters");
	is(shared->locks[3].word, 12345, "somebody-else's-does-not");
	ok_child_exits(child_loops, NULL, 0, "a-list-without-end");
	is(shared->locks[2].word, OWNER_DIED, "is-walked-nevertheless");
	ok_child_exits(child_breaks, NULL, 0, "a-list-that-leads-nowhere");
	ok(shared->locks[1].word == OWNER_DIED && shared->locks[2].word != OWNER_DIED,
	   "is-walked-as-far-as-it-goes");
	ok_child_exits(child_pends, NULL, 0, "a-lock-about-to-be-taken");
	is(shared->locks[2].word, OWNER_DIED, "counts");
	ok_child_exits(child_bad_head, NULL, 0, "a-head-that-cannot-be-read");
	ok(shared->locks[0].word != OWNER_DIED, "is-left-alone");
}

int main(void)
{
	test_operations();
	test_comparisons();
	test_errors();
	test_robust();
	return tap_finish();
}
