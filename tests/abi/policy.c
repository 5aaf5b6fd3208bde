/*
 * policy.c - the scheduler's policies by sched_setattr and its kin; who may change
 * whose nice value.
 */
#include "kernel/uapi/resource.h"
#include "kernel/uapi/sched.h"
#include "user/child.h"
#include "user/linux.h"
#include "user/tap.h"

#include <string.h>

#define NOBODY		65534
#define NO_THREAD	(1 << 22)

static struct sched_attr attr;

static long get(int tid, void *to, size_t size)
{
	return syscall4(__NR_sched_getattr, tid, (long)to, (long)size, 0);
}

static long set(uint32_t policy, int nice, uint64_t flags)
{
	attr = (struct sched_attr){ .size = SCHED_ATTR_SIZE_VER0,
				    .sched_policy = policy,
				    .sched_nice = nice,
				    .sched_flags = flags };
	return syscall3(__NR_sched_setattr, 0, (long)&attr, 0);
}

static bool has(uint32_t policy, int nice, uint64_t flags)
{
	return get(0, &attr, sizeof(attr)) == 0 && attr.sched_policy == policy &&
	       attr.sched_nice == nice && attr.sched_flags == flags;
}

static int child_has(void *arg)
{
	const struct sched_attr *expected = arg;

	return has(expected->sched_policy, expected->sched_nice, expected->sched_flags) ? 0 : 1;
}

static void test_setting(void)
{
	struct sched_attr child = { .sched_policy = SCHED_BATCH, .sched_nice = 3 };

	is(set(SCHED_NORMAL, 1, 0), 0, "sched_setattr");
	ok(has(SCHED_NORMAL, 1, 0), "sched_getattr-tells-it");
	is(set(SCHED_BATCH, 3, 0), 0, "work-in-the-background");
	is(syscall1(__NR_sched_getscheduler, 0), SCHED_BATCH, "is-a-policy");
	ok_child_exits(child_has, &child, 0, "that-children-inherit");
	is(set(SCHED_IDLE, 9, 0), 0, "work-for-idle-times");
	is(syscall1(__NR_sched_getscheduler, 0), SCHED_IDLE, "is-another");
	is(set(SCHED_NORMAL, 5, SCHED_FLAG_KEEP_POLICY), 0, "keep-the-policy");
	is(syscall1(__NR_sched_getscheduler, 0), SCHED_IDLE, "it-stays");
	is(set(SCHED_BATCH, 6, SCHED_FLAG_RESET_ON_FORK), 0, "reset-on-fork");
	ok(has(SCHED_BATCH, 6, SCHED_FLAG_RESET_ON_FORK), "is-told");
	is(syscall1(__NR_sched_getscheduler, 0), SCHED_BATCH | SCHED_RESET_ON_FORK,
	   "by-the-old-call-too");
	child.sched_nice = 6;
	ok_child_exits(child_has, &child, 0, "and-does-not-stay-with-children");
	is(set(SCHED_NORMAL, 100, 0), 0, "more-than-the-nicest");
	ok(has(SCHED_NORMAL, NICE_MAX, 0), "is-the-nicest");
}

static void test_getting_errors(void)
{
	static uint8_t large[4097];

	is(get(0, &attr, 47), -EINVAL, "too-small-a-structure");
	is(get(0, large, 4097), -EINVAL, "too-large-a-one");
	is(get(0, large, 4096), 0, "the-largest");
	is(get(-1, &attr, 48), -EINVAL, "a-negative-number");
	is(get(NO_THREAD, &attr, 48), -ESRCH, "no-thread");
	is(get(0, NULL, 48), -EINVAL, "nowhere");
	is(get(0, (void *)8, 48), -EFAULT, "a-bad-pointer");
	is(syscall4(__NR_sched_getattr, 0, (long)&attr, 48, 1), -EINVAL, "get-with-flags");
}

static void test_setting_errors(void)
{
	struct { struct sched_attr attr; uint64_t more; } newer = { { .size = sizeof(newer) }, 0 };

	is(set(77, 0, 0), -EINVAL, "an-unknown-policy");
	is(set(0x80000000, 0, 0), -EINVAL, "a-negative-policy");
	is(set(SCHED_NORMAL, 19, 0x100), -EINVAL, "an-unknown-flag");
	attr = (struct sched_attr){ .size = 48, .sched_nice = 19, .sched_priority = 1 };
	is(syscall3(__NR_sched_setattr, 0, (long)&attr, 0), -EINVAL,
	   "a-priority-without-its-policy");
	is(syscall3(__NR_sched_setattr, 0, (long)&attr, 1), -EINVAL, "set-with-flags");
	is(syscall3(__NR_sched_setattr, 0, 0, 0), -EINVAL, "from-nowhere");
	is(syscall3(__NR_sched_setattr, 0, 8, 0), -EFAULT, "from-a-bad-pointer");
	is(syscall3(__NR_sched_setattr, -1, (long)&attr, 0), -EINVAL, "of-a-negative-number");
	attr.sched_priority = 0;
	is(syscall3(__NR_sched_setattr, NO_THREAD, (long)&attr, 0), -ESRCH, "of-no-thread");
	attr.size = 47;
	is(syscall3(__NR_sched_setattr, 0, (long)&attr, 0), -E2BIG, "too-small-to-set");
	ok(attr.size >= sizeof(attr), "the-size-known-is-told");
	newer.attr.sched_nice = 19;
	is(syscall3(__NR_sched_setattr, 0, (long)&newer, 0), 0, "a-structure-with-more-that-is-0");
	newer.more = 1;
	is(syscall3(__NR_sched_setattr, 0, (long)&newer, 0), -E2BIG, "or-is-not");
}

static void test_old_calls(void)
{
	uint32_t zero = 0;

	is(syscall3(__NR_sched_setscheduler, 0, SCHED_BATCH, (long)&zero), 0,
	   "sched_setscheduler");
	is(syscall2(__NR_sched_setparam, 0, (long)&zero), 0, "sched_setparam");
	is(syscall1(__NR_sched_getscheduler, 0), SCHED_BATCH, "leaves-the-policy-alone");
	is(syscall3(__NR_sched_setscheduler, 0, SCHED_NORMAL, (long)&zero), 0,
	   "back-to-the-default");
}

static void test_turn(void)
{
	struct __kernel_timespec ts = { -1, -1 };

	is(syscall2(__NR_sched_rr_get_interval, 0, (long)&ts), 0, "how-long-a-turn-is");
	ok(ts.tv_sec == 0 && ts.tv_nsec >= 0 && ts.tv_nsec < 1000000000, "not-long");
	is(syscall2(__NR_sched_rr_get_interval, -1, (long)&ts), -EINVAL,
	   "the-turn-of-a-negative-number");
	is(syscall2(__NR_sched_rr_get_interval, NO_THREAD, (long)&ts), -ESRCH,
	   "the-turn-of-no-thread");
	is(syscall2(__NR_sched_rr_get_interval, 0, 8), -EFAULT, "a-turn-to-a-bad-pointer");
}

/* ---- users ---- */

static int as_nobody(void *arg)
{
	const struct rlimit64 limit = { 10, 10 };	/* 20 - 10: as little nice as 10 */
	uint64_t all = ~0ul;
	uint32_t zero = 0;
	long parent = sys_getppid();
	/* Raising it needs a privilege. */
	bool limited = !sys_prlimit64(0, RLIMIT_NICE, &limit, NULL);

	syscall3(__NR_setpriority, PRIO_PROCESS, 0, 15);
	if (syscall1(__NR_setuid, NOBODY))
		return 10;
	if (syscall3(__NR_setpriority, PRIO_PROCESS, parent, 19) != -EPERM)
		return 1;
	if (syscall3(__NR_sched_setaffinity, parent, 8, (long)&all) != -EPERM)
		return 2;
	if (syscall3(__NR_sched_setscheduler, parent, SCHED_NORMAL, (long)&zero) != -EPERM)
		return 3;
	if (syscall3(__NR_setpriority, PRIO_PROCESS, 0, 9) != -EACCES)
		return 4;
	if (set(SCHED_NORMAL, 9, 0) != -EPERM)
		return 5;
	if (syscall3(__NR_setpriority, PRIO_PROCESS, 0, 10) != (limited ? 0 : -EACCES))
		return 6;
	if (syscall3(__NR_setpriority, PRIO_USER, 0, 17) ||
	    syscall2(__NR_getpriority, PRIO_USER, NOBODY) < 3)
		return 7;
	return set(SCHED_NORMAL, 18, SCHED_FLAG_RESET_ON_FORK) ||
			       set(SCHED_NORMAL, 18, 0) != -EPERM ?
		       8 : 0;
}

/* A user who was allowed nothing. */
static int as_plain_user(void *arg)
{
	struct rlimit64 limit;

	(void)arg;
	if (syscall1(__NR_setuid, NOBODY))
		return 10;
	if (sys_prlimit64(0, RLIMIT_NICE, NULL, &limit) || limit.rlim_max)
		return 1;
	return syscall3(__NR_setpriority, PRIO_PROCESS, 0, -1) == -EACCES ? 0 : 2;
}

static void test_users(void)
{
	struct rlimit64 limit = { 1, 1 };

	sys_prlimit64(0, RLIMIT_NICE, NULL, &limit);
	if (syscall0(__NR_geteuid) || (limit.rlim_max && limit.rlim_max <= 40))
		skip("another limit, or no privilege", "users-begin-with-no-right");
	else
		ok_child_exits(as_plain_user, NULL, 0, "users-begin-with-no-right");
	if (syscall0(__NR_geteuid))
		skip("this user has no privilege", "what-users-may-change");
	else
		ok_child_exits(as_nobody, NULL, 0, "what-users-may-change");
}

int main(void)
{
	test_setting();
	test_getting_errors();
	test_setting_errors();
	test_old_calls();
	test_turn();
	test_users();
	return tap_finish();
}
