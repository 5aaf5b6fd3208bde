/* no_memory.c - no_memory.h. */
#include "user/no_memory.h"

#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

enum {
	FAILED = 100,	    /* + errno */
	START_FAILED = 127, /* a new program that got no memory for its own start */
	NTH_MAX = 400,
};

struct attempt {
	const struct operation *operation;
	unsigned long nth;
	unsigned long left; /* how many allocations later it would have failed */
};

static volatile bool *parent_is_ready; /* shared */

static long fail_nth(unsigned long n) { return sys_prctl(PR_PLEAT_FAIL_NTH, n, 0); }

/* A result as an exit status: 0, or FAILED + errno. */
static int status_of(long result) { return is_error(result) ? FAILED + (int)-result : 0; }

/*
 * Whoever allocates next has the failure: not the parent, which must have its own copies of its
 * pages by then.
 */
static int child_attempts(void *arg)
{
	struct attempt *attempt = arg;

	while (!*parent_is_ready)
		sys_sched_yield();
	fail_nth(attempt->nth);
	return status_of(attempt->operation->run());
}

static int attempt(struct attempt *attempt)
{
	int pid, verdict;

	scratch_enter();
	*parent_is_ready = false;
	pid = child_start(child_attempts, attempt);
	touch_own_memory();
	*parent_is_ready = true;
	verdict = child_verdict(child_wait(pid));
	attempt->left = (unsigned long)fail_nth(0);
	scratch_leave();
	return verdict;
}

static bool clean_end(int verdict)
{
	return verdict == 0 || verdict == START_FAILED || verdict == FAILED + ENOMEM ||
	       verdict == FAILED + EAGAIN || verdict == FAILED + ENOLCK ||
	       verdict == 128 + SIGKILL || verdict == 128 + SIGSEGV || verdict == 128 + SIGBUS;
}

/* All n. Returns how many there were, or 0 after an unclean end. */
static unsigned long attempt_all(const struct operation *operation)
{
	for (unsigned long nth = 1; nth < NTH_MAX; nth++) {
		struct attempt a = { operation, nth, 0 };
		int verdict = attempt(&a);

		if (a.left > 0 && verdict == 0)
			return nth;
		if (a.left > 0 || !clean_end(verdict)) {
			note("%s: allocation %lu: verdict %d", operation->name, nth, verdict);
			return 0;
		}
	}
	note("%s: still failing after %d allocations", operation->name, NTH_MAX);
	return 0;
}

static void test_operation(const struct operation *operation)
{
	struct usage before;

	attempt(&(struct attempt){ operation, 0, 0 }); /* fills the kernel's caches */
	before = usage_now();
	ok(attempt_all(operation) > 0, "%s-fails-cleanly-at-each-allocation", operation->name);
	ok(usage_returns(before), "%s-loses-nothing", operation->name);
}

void operations_fail(const struct operation *operations, int n)
{
	bool possible = fail_nth(0) >= 0;

	parent_is_ready = (bool *)map_shared(PAGE_SIZE);
	touch_own_memory();
	tap_plan(2 * n);
	for (int i = 0; i < n; i++) {
		if (possible) {
			test_operation(&operations[i]);
			continue;
		}
		skip("allocations cannot be made to fail", "%s-fails-cleanly-at-each-allocation",
		     operations[i].name);
		skip("allocations cannot be made to fail", "%s-loses-nothing", operations[i].name);
	}
}
