/* priority.c - nice values and the one scheduling policy. */
#include "kernel/uapi/resource.h"
#include "kernel/uapi/sched.h"
#include "user/child.h"
#include "user/linux.h"
#include "user/tap.h"

static long get(int which, int who) { return syscall2(__NR_getpriority, which, who); }
static long set(int which, int who, int nice)
{
	return syscall3(__NR_setpriority, which, who, nice);
}

static int child_has(void *arg) { return get(PRIO_PROCESS, 0) == *(int *)arg ? 0 : 1; }

static int child_sets_its_own(void *arg)
{
	return set(PRIO_PROCESS, 0, 19) || get(PRIO_PROCESS, 0) != 1;
}

static void test_nice(void)
{
	int expected = 20 - 5;

	is(set(PRIO_PROCESS, 0, 0), 0, "nice-0");
	is(get(PRIO_PROCESS, 0), 20, "is-told-as-20");
	is(set(PRIO_PROCESS, 0, 5), 0, "nice-5");
	is(get(PRIO_PROCESS, 0), 15, "is-told-as-15");
	is(get(PRIO_PROCESS, (int)sys_getpid()), 15, "by-number-as-well");
	ok(get(PRIO_PGRP, 0) >= 15, "a-group-has-the-highest-of-its-members");
	ok_child_exits(child_has, &expected, 0, "a-child-inherits-it");
	ok_child_exits(child_sets_its_own, NULL, 0, "and-changes-only-its-own");
	is(get(PRIO_PROCESS, 0), 15, "its-parent-keeps-what-it-had");
	is(set(PRIO_PROCESS, 0, 100), 0, "more-than-the-nicest");
	is(get(PRIO_PROCESS, 0), 1, "is-the-nicest");
}

static void test_nice_errors(void)
{
	is(get(3, 0), -EINVAL, "get-of-something-unknown");
	is(set(-1, 0, 0), -EINVAL, "set-of-something-unknown");
	is(get(PRIO_PROCESS, 1 << 22), -ESRCH, "get-of-no-process");
	is(set(PRIO_PROCESS, 1 << 22, 0), -ESRCH, "set-of-no-process");
	is(get(PRIO_PGRP, 1 << 22), -ESRCH, "get-of-no-group");
	is(get(PRIO_USER, 54410), -ESRCH, "get-of-a-user-without-processes");
}

static void test_policy(void)
{
	uint32_t zero = 0, one = 1;
	const void *bad = (const void *)8;

	is(syscall3(__NR_sched_setscheduler, 0, SCHED_NORMAL, (long)&zero), 0,
	   "the-default-policy");
	is(syscall1(__NR_sched_getscheduler, 0), SCHED_NORMAL, "is-the-one-it-has");
	is(syscall2(__NR_sched_setparam, 0, (long)&zero), 0, "priority-0");
	is(syscall3(__NR_sched_setscheduler, 0, SCHED_NORMAL, (long)&one), -EINVAL, "priority-1");
	is(syscall2(__NR_sched_setparam, 0, (long)&one), -EINVAL, "setparam-priority-1");
	is(syscall3(__NR_sched_setscheduler, 0, 99, (long)&zero), -EINVAL, "an-unknown-policy");
	is(syscall3(__NR_sched_setscheduler, 0, -1, (long)&zero), -EINVAL, "a-negative-policy");
	is(syscall3(__NR_sched_setscheduler, -1, SCHED_NORMAL, (long)&zero), -EINVAL,
	   "a-negative-number");
	is(syscall3(__NR_sched_setscheduler, 1 << 22, SCHED_NORMAL, (long)&zero), -ESRCH,
	   "no-thread");
	is(syscall3(__NR_sched_setscheduler, 0, SCHED_NORMAL, 0), -EINVAL, "no-parameter");
	is(syscall3(__NR_sched_setscheduler, 0, SCHED_NORMAL, (long)bad), -EFAULT,
	   "a-bad-pointer");
	is(syscall2(__NR_sched_setparam, 0, (long)bad), -EFAULT, "setparam-with-a-bad-pointer");
}

int main(void)
{
	tap_plan(29);
	test_policy();
	test_nice_errors();
	test_nice();
	return tap_done();
}
