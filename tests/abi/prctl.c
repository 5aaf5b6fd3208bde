/*
 * prctl.c - what a process says of itself: who may look, when it hears of its parent's end,
 * whose orphans it takes.
 */
#include "kernel/uapi/prctl.h"
#include "user/child.h"
#include "user/linux.h"
#include "user/signals.h"
#include "user/tap.h"

static int is_dumpable(void *arg) { return sys_prctl(PR_GET_DUMPABLE, 0, 0) != *(int *)arg; }

static void test_dumpable(void)
{
	int expected = 0;

	is(sys_prctl(PR_GET_DUMPABLE, 0, 0), 1, "a-program-is-dumpable");
	is(sys_prctl(PR_SET_DUMPABLE, 0, 0), 0, "until-it-says-no");
	is(sys_prctl(PR_GET_DUMPABLE, 0, 0), 0, "it-is-told-so");
	ok_child_exits(is_dumpable, &expected, 0, "a-child-inherits-it");
	is(sys_prctl(PR_SET_DUMPABLE, 1, 0), 0, "it-may-be-so-again");
	is(sys_prctl(PR_SET_DUMPABLE, 3, 0), -EINVAL, "more-than-that-it-cannot-be");
	is(sys_prctl(9999, 0, 0), -EINVAL, "an-unknown-operation");
}

static int signal_of_child(void *arg)
{
	int signo = -1;

	(void)arg;
	return sys_prctl(PR_GET_PDEATHSIG, (uintptr_t)&signo, 0) || signo != 0;
}

/* Ready is told by a byte; the result is written when the signal is there. */
static void waits_for_the_end(int ready, int to, long parent)
{
	struct __kernel_siginfo info = { 0 };
	char result;

	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGUSR1));
	sys_prctl(PR_SET_PDEATHSIG, SIGUSR1, 0);
	sys_write(ready, "r", 1);
	result = signal_wait(SIGNAL_BIT(SIGUSR1), &info, 60000) == SIGUSR1 &&
				 info.si_code == SI_USER && info.kill.pid == parent ?
			 'y' : 'n';
	sys_write(to, &result, 1);
	sys_exit_group(0);
}

/* The child ends when its own child is ready. */
static int ends_first(void *arg)
{
	const int *result = arg;
	long self = sys_getpid();
	int ready[2];
	char c;

	sys_pipe(ready);
	if (sys_fork() == 0)
		waits_for_the_end(ready[1], result[1], self);
	return sys_read(ready[0], &c, 1) == 1 ? 0 : 1;
}

static void test_parent_death(void)
{
	int ends[2], signo = -1;
	char c = 0;

	sys_pipe(ends);
	is(sys_prctl(PR_SET_PDEATHSIG, 65, 0), -EINVAL, "a-signal-that-is-none");
	is(sys_prctl(PR_SET_PDEATHSIG, SIGUSR2, 0), 0, "a-signal-for-the-parent's-end");
	is(sys_prctl(PR_GET_PDEATHSIG, (uintptr_t)&signo, 0), 0, "can-be-asked-for");
	is(signo, SIGUSR2, "and-is-told");
	is(sys_prctl(PR_GET_PDEATHSIG, 8, 0), -EFAULT, "not-to-a-bad-pointer");
	ok_child_exits(signal_of_child, NULL, 0, "a-child-has-none");
	sys_prctl(PR_SET_PDEATHSIG, 0, 0);
	ok_child_exits(ends_first, ends, 0, "a-parent-ends");
	is(sys_read(ends[0], &c, 1), 1, "its-child-says");
	is(c, 'y', "that-it-got-the-signal-from-its-parent");
}

/* ---- orphans ---- */

static void orphan(long parent, long heir)
{
	struct __kernel_timespec nap = { 0, 1000000 };

	while (sys_getppid() == parent)
		sys_nanosleep(&nap, NULL);
	sys_exit_group(sys_getppid() == heir ? 7 : 8);
}

static int takes_orphans(void *arg)
{
	long self = sys_getpid();
	int status, sum = 0, value = 0;

	(void)arg;
	if (sys_prctl(PR_SET_CHILD_SUBREAPER, 1, 0))
		return 1;
	if (sys_prctl(PR_GET_CHILD_SUBREAPER, (uintptr_t)&value, 0) || value != 1)
		return 2;
	if (sys_fork() == 0) {
		long parent = sys_getpid();

		sys_prctl(PR_GET_CHILD_SUBREAPER, (uintptr_t)&value, 0);
		if (sys_fork() == 0)
			orphan(parent, self);
		sys_exit_group(value ? 16 : 32); /* the child is none itself */
	}
	while (sys_wait4(-1, &status, 0, NULL) > 0)
		sum += WEXITSTATUS(status);
	return sum;
}

/* ---- what is there to be asked ---- */

static int slack_of_child(void *arg)
{
	(void)arg;
	if (sys_prctl(PR_GET_TIMERSLACK, 0, 0) != 1234)
		return 1;
	sys_prctl(PR_SET_TIMERSLACK, 99, 0);
	if (sys_prctl(PR_GET_TIMERSLACK, 0, 0) != 99)
		return 2;
	sys_prctl(PR_SET_TIMERSLACK, 0, 0);
	return sys_prctl(PR_GET_TIMERSLACK, 0, 0) == 1234 ? 0 : 3;
}

static void test_timer_slack(void)
{
	long before = sys_prctl(PR_GET_TIMERSLACK, 0, 0);

	ok(before > 0, "timers-may-be-a-little-late");
	is(sys_prctl(PR_SET_TIMERSLACK, 1234, 0), 0, "by-so-much");
	is(sys_prctl(PR_GET_TIMERSLACK, 0, 0), 1234, "which-is-told");
	ok_child_exits(slack_of_child, NULL, 0, "a-child-begins-with-it-and-comes-back-to-it");
	is(sys_prctl(PR_SET_TIMERSLACK, 0, 0), 0, "as-in-the-beginning");
	is(sys_prctl(PR_GET_TIMERSLACK, 0, 0), before, "that-is-what-it-was");
}

static long thp_disable(int option, long value, long rest)
{
	return syscall5(__NR_prctl, option, value, 0, rest, 0);
}

static int thp_of_child(void *arg)
{
	(void)arg;
	return thp_disable(PR_GET_THP_DISABLE, 0, 0) == 1 ? 0 : 1;
}

static void test_answers(void)
{
	is(thp_disable(PR_GET_THP_DISABLE, 0, 0), 0, "huge-pages-are-not-refused");
	is(thp_disable(PR_SET_THP_DISABLE, 1, 0), 0, "they-are-now");
	is(thp_disable(PR_GET_THP_DISABLE, 0, 0), 1, "which-is-told");
	ok_child_exits(thp_of_child, NULL, 0, "a-child-refuses-them-too");
	is(thp_disable(PR_SET_THP_DISABLE, 0, 0), 0, "and-no-more");
	is(thp_disable(PR_SET_THP_DISABLE, 1, 1), -EINVAL, "there-is-nothing-else-to-say");
	is(thp_disable(PR_GET_THP_DISABLE, 1, 0), -EINVAL, "nor-to-ask");
	is(sys_prctl(PR_CAPBSET_READ, 0, 0), 1, "the-first-capability-is-not-out-of-reach");
	is(sys_prctl(PR_CAPBSET_READ, 200, 0), -EINVAL, "a-capability-that-is-none");
	is(sys_prctl(PR_GET_SECUREBITS, 0, 0), 0, "root-is-root");
	is(sys_prctl(PR_GET_KEEPCAPS, 0, 0), 0, "who-gives-root-up-keeps-nothing");
	is(sys_prctl(PR_GET_TIMING, 0, 0), PR_TIMING_STATISTICAL, "time-is-counted-by-ticks");
	is(sys_prctl(PR_SET_TIMING, PR_TIMING_STATISTICAL, 0), 0, "as-one-may-ask-for");
	is(sys_prctl(PR_SET_TIMING, 1, 0), -EINVAL, "but-for-nothing-else");
}

int main(void)
{
	test_timer_slack();
	test_answers();
	test_dumpable();
	test_parent_death();
	ok_child_exits(takes_orphans, NULL, 32 + 7, "a-reaper-gets-the-orphans-below-it");
	is(sys_prctl(PR_GET_CHILD_SUBREAPER, 8, 0), -EFAULT, "a-bad-pointer-for-the-answer");
	return tap_finish();
}
