/* signals.c - actions, masks, handlers and the frames they get. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"

#include <string.h>

static volatile int count, last_signo, depth, deepest, sent;
static struct __kernel_siginfo last_info;
static uint64_t mask_in_handler, mask_in_frame;

static void note_it(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	count++;
	last_signo = signo;
	last_info = *info;
	mask_in_frame = context->uc_sigmask;
	mask_in_handler = signal_mask(SIG_BLOCK, 0);
}

static long action(int signo, const void *act, void *old, size_t size)
{
	return syscall4(__NR_rt_sigaction, signo, (long)act, (long)old, (long)size);
}

static void test_action_errors(void)
{
	struct __kernel_sigaction act = { .handler = SIG_IGN_ADDR }, old;

	is(action(0, NULL, &old, 8), -EINVAL, "there-is-no-signal-0");
	is(action(65, NULL, &old, 8), -EINVAL, "there-is-no-signal-65");
	is(action(SIGUSR1, &act, NULL, 4), -EINVAL, "the-mask-has-eight-bytes");
	is(action(SIGKILL, &act, NULL, 8), -EINVAL, "sigkill-cannot-be-ignored");
	is(action(SIGSTOP, &act, NULL, 8), -EINVAL, "nor-can-sigstop");
	is(action(SIGKILL, NULL, &old, 8), 0, "but-its-action-can-be-read");
	is(action(SIGUSR1, (void *)8, NULL, 8), -EFAULT, "an-action-that-cannot-be-read");
	is(action(SIGUSR1, NULL, (void *)8, 8), -EFAULT, "an-old-action-that-cannot-be-written");
	is(action(0, (void *)8, NULL, 8), -EFAULT, "the-pointer-is-looked-at-first");
}

static void test_actions(void)
{
	struct __kernel_sigaction act = { .handler = (uintptr_t)note_it, .restorer = 77,
					  .flags = SA_RESTORER | SA_NODEFER | SA_SIGINFO,
					  .mask = ~0ULL };
	struct __kernel_sigaction old = { .handler = 5 };

	is(action(SIGUSR2, NULL, &old, 8), 0, "an-action-can-be-read");
	ok(old.handler == SIG_DFL_ADDR && !old.flags, "at-first-it-is-the-default");
	action(SIGUSR2, &act, NULL, 8);
	action(SIGUSR2, NULL, &old, 8);
	ok(old.handler == act.handler && old.flags == act.flags && old.restorer == 77,
	   "what-was-set-is-read-back");
	is((long)old.mask, (long)~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP)),
	   "without-what-cannot-be-blocked");
	signal_set(SIGUSR2, SIG_DFL_ADDR);
}

static void test_handler(void)
{
	long pid = sys_getpid();

	signal_handle(SIGUSR1, note_it, 0);
	is(sys_kill((int)pid, SIGUSR1), 0, "kill-succeeds");
	ok(count == 1 && last_signo == SIGUSR1, "and-the-handler-has-run");
	ok(last_info.si_signo == SIGUSR1 && last_info.si_code == SI_USER &&
	   last_info.kill.pid == pid && !last_info.kill.uid, "it-learns-who-sent-it");
	is((long)mask_in_handler, (long)SIGNAL_BIT(SIGUSR1), "the-signal-is-blocked-meanwhile");
	is((long)mask_in_frame, 0, "the-frame-has-the-mask-of-before");
	is((long)signal_mask(SIG_BLOCK, 0), 0, "which-is-back-afterwards");
	signal_self(SIGUSR1);
	is(last_info.si_code, SI_TKILL, "tgkill-has-a-code-of-its-own");
	signal_handle_masked(SIGUSR1, note_it, SA_NODEFER, SIGNAL_BIT(SIGUSR2));
	signal_self(SIGUSR1);
	is((long)mask_in_handler, (long)SIGNAL_BIT(SIGUSR2), "nodefer-blocks-only-its-mask");
	signal_handle(SIGUSR1, note_it, SA_RESETHAND);
	signal_self(SIGUSR1);
	ok_child_dies((child_main *)(void *)signal_self, (void *)SIGUSR1, SIGUSR1,
		      "resethand-is-the-default-after-one");
}

static void nests(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)info, (void)context;
	if (++depth > deepest)
		deepest = depth;
	if (sent++ < 4)
		signal_self(signo);
	depth--;
}

static void test_nesting(void)
{
	signal_handle(SIGUSR1, nests, SA_NODEFER);
	signal_self(SIGUSR1);
	is(deepest, 5, "with-nodefer-handlers-nest");
	deepest = sent = 0;
	signal_handle(SIGUSR1, nests, 0);
	signal_self(SIGUSR1);
	is(deepest, 1, "without-it-the-next-waits");
	signal_set(SIGUSR1, SIG_DFL_ADDR);
}

static void test_masks(void)
{
	uint64_t set = ~0ULL, old = 0;

	is(syscall4(__NR_rt_sigprocmask, SIG_SETMASK, (long)&set, (long)&old, 8), 0,
	   "all-signals-can-be-named");
	is((long)signal_mask(SIG_BLOCK, 0), (long)~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP)),
	   "all-but-two-are-blocked");
	is((long)signal_mask(SIG_UNBLOCK, ~SIGNAL_BIT(SIGUSR1)), (long)~0x40100UL, "unblock");
	is((long)signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGUSR2)), (long)SIGNAL_BIT(SIGUSR1), "block");
	is((long)signal_mask(SIG_SETMASK, 0), (long)(SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2)),
	   "set");
	is(syscall4(__NR_rt_sigprocmask, 3, (long)&set, 0, 8), -EINVAL, "there-are-three-ways");
	is(syscall4(__NR_rt_sigprocmask, 3, 0, (long)&old, 8), 0, "without-a-set-any-way-will-do");
	is(syscall4(__NR_rt_sigprocmask, SIG_BLOCK, (long)&set, 0, 4), -EINVAL, "a-short-set");
	is(syscall4(__NR_rt_sigprocmask, SIG_BLOCK, 8, 0, 8), -EFAULT, "a-bad-set");
	is(syscall4(__NR_rt_sigprocmask, SIG_BLOCK, 0, 8, 8), -EFAULT, "a-bad-old-set");
	is(syscall2(__NR_rt_sigpending, (long)&set, 9), -EINVAL, "pending-a-long-set");
	is(syscall2(__NR_rt_sigpending, 8, 8), -EFAULT, "pending-a-bad-set");
}

static void test_blocked(void)
{
	count = 0;
	signal_handle(SIGUSR1, note_it, 0);
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGUSR1));
	signal_self(SIGUSR1);
	signal_self(SIGUSR1);
	is(count, 0, "a-blocked-signal-waits");
	is((long)signal_waiting(), (long)SIGNAL_BIT(SIGUSR1), "and-is-pending");
	signal_mask(SIG_UNBLOCK, SIGNAL_BIT(SIGUSR1));
	is(count, 1, "two-of-them-are-one");
	is((long)signal_waiting(), 0, "and-then-none");
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGUSR1));
	signal_self(SIGUSR1);
	signal_set(SIGUSR1, SIG_IGN_ADDR);
	is((long)signal_waiting(), 0, "ignoring-forgets-what-is-pending");
	signal_self(SIGUSR1);
	is((long)signal_waiting(), (long)SIGNAL_BIT(SIGUSR1), "a-blocked-ignored-one-waits-yet");
	signal_mask(SIG_SETMASK, 0);
	is((long)signal_waiting(), 0, "until-it-is-unblocked");
	signal_set(SIGUSR1, SIG_DFL_ADDR);
}

static const int fatal[] = { SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE,
			     SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM,
			     SIGSTKFLT, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO, SIGPWR,
			     SIGSYS, SIGRTMIN, 64 };
static const int harmless[] = { SIGCHLD, SIGCONT, SIGURG, SIGWINCH };

static int child_kills_itself(void *arg)
{
	/* Whoever started us may have had it ignored. */
	signal_set((int)(long)arg, SIG_DFL_ADDR);
	signal_self((int)(long)arg);
	return 33;
}

static void test_defaults(void)
{
	int wrong = 0;

	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
		int verdict = child_verdict(child_run(child_kills_itself, (void *)(long)fatal[i]));

		if (verdict != 128 + fatal[i])
			note("signal %d: %d", fatal[i], verdict), wrong++;
	}
	is(wrong, 0, "these-end-the-process");
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		wrong += child_verdict(child_run(child_kills_itself,
						 (void *)(long)harmless[i])) != 33;
	is(wrong, 0, "these-do-nothing");
}

/* The order of several that are unblocked at once: the last handler entered runs first. */
static int order[4], entered;

static void note_order(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)info, (void)context;
	if (entered < 4)
		order[entered++] = signo;
}

static void test_order(void)
{
	static const int some[] = { SIGTERM, SIGUSR1, SIGRTMIN + 2, SIGINT };
	uint64_t all = 0;

	for (int i = 0; i < 4; i++) {
		all |= SIGNAL_BIT(some[i]);
		signal_handle_masked(some[i], note_order, 0, ~0ULL);
	}
	signal_mask(SIG_BLOCK, all);
	for (int i = 0; i < 4; i++)
		signal_self(some[i]);
	signal_mask(SIG_UNBLOCK, all);
	ok(entered == 4 && order[0] == SIGINT && order[1] == SIGUSR1 && order[2] == SIGTERM &&
	   order[3] == SIGRTMIN + 2, "the-lowest-number-comes-first");
	for (int i = 0; i < 4; i++)
		signal_set(some[i], SIG_DFL_ADDR);
}

static void test_fork(void)
{
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGUSR1));
	signal_self(SIGUSR1);
	long pid = sys_fork();

	if (pid == 0)
		sys_exit_group(signal_waiting() == 0 &&
			       signal_mask(SIG_BLOCK, 0) == SIGNAL_BIT(SIGUSR1) ? 5 : 6);
	is(child_verdict(child_wait((int)pid)), 5, "a-child-has-the-mask-but-not-what-waits");
	signal_set(SIGUSR1, SIG_IGN_ADDR);
	signal_set(SIGUSR1, SIG_DFL_ADDR);
	signal_mask(SIG_SETMASK, 0);
}

int main(void)
{
	tap_plan(47);
	test_action_errors();
	test_actions();
	test_handler();
	test_nesting();
	test_masks();
	test_blocked();
	test_defaults();
	test_order();
	test_fork();
	return tap_done();
}
