/* sched.c - on which CPU a thread runs, and that everybody gets his turn. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

static void test_affinity(void)
{
	uint64_t all = cpu_mask(), one = 1ULL << nth_cpu(0), now = 0, words[128] = { 0 };
	long len = sys_sched_getaffinity(0, sizeof(words), words);

	ok(len > 0 && len % 8 == 0, "getaffinity-tells-the-size-of-the-mask");
	ok(all != 0, "there-is-a-cpu");
	is(sys_sched_setaffinity(0, sizeof(one), &one), 0, "setaffinity-to-one-cpu");
	now = cpu_mask();
	ok(now == one, "getaffinity-gives-it-back");
	is(sys_sched_setaffinity(0, sizeof(all), &all), 0, "setaffinity-to-all");
	ok(cpu_mask() == all, "getaffinity-gives-all-back");
}

static void test_errors(void)
{
	uint64_t none = 0, all = cpu_mask(), absent = 1ULL << 63, word;

	is(sys_sched_setaffinity(0, sizeof(none), &none), -EINVAL, "an-empty-mask");
	is(sys_sched_setaffinity(0, sizeof(absent), &absent), -EINVAL, "a-cpu-that-is-not-there");
	is(sys_sched_setaffinity(1 << 22, sizeof(all), &all), -ESRCH,
	   "a-thread-that-is-not-there");
	is(sys_sched_getaffinity(1 << 22, 128, &word), -ESRCH, "asking-about-no-thread");
	is(sys_sched_getaffinity(0, 3, &word), -EINVAL, "a-mask-of-3-bytes");
	ok(cpu_mask() == all, "none-of-these-changed-anything");
}

static void test_each_cpu(void)
{
	uint64_t all = cpu_mask();
	int wrong = 0, count = cpu_count();

	if (is_error(current_cpu())) {
		skip("no getcpu(2)", "a-bound-thread-runs-on-its-cpu");
		return;
	}
	for (int i = 0; i < count; i++) {
		wrong += pin_to_cpu(nth_cpu(i)) != 0;
		wrong += current_cpu() != nth_cpu(i);
		sys_sched_yield();
		wrong += current_cpu() != nth_cpu(i);
	}
	sys_sched_setaffinity(0, sizeof(all), &all);
	is(wrong, 0, "a-bound-thread-runs-on-its-cpu");
}

static int child_tells_mask(void *arg)
{
	return cpu_mask() == *(uint64_t *)arg ? 0 : 1;
}

static void *thread_tells_mask(void *arg)
{
	return (void *)(long)child_tells_mask(arg);
}

static void test_inheritance(void)
{
	uint64_t all = cpu_mask(), last = 1ULL << nth_cpu(cpu_count() - 1);
	struct thread thread;

	sys_sched_setaffinity(0, sizeof(last), &last);
	ok_child_exits(child_tells_mask, &last, 0, "a-child-inherits-the-mask");
	thread_create(&thread, thread_tells_mask, &last);
	ok(thread_join(&thread) == NULL, "a-thread-inherits-the-mask");
	sys_sched_setaffinity(0, sizeof(all), &all);
}

static uint32_t spin_stop, spinner_tid, spinner_up;

static void *binds_itself(void *arg)
{
	(void)arg;
	spinner_tid = (uint32_t)sys_gettid();
	word_set(&spinner_up, 1);
	word_wait(&spin_stop, 1);
	return (void *)(long)__builtin_popcountll(cpu_mask());
}

static void test_other_thread(void)
{
	uint64_t one = 1ULL << nth_cpu(0);
	struct thread thread;

	thread_create(&thread, binds_itself, NULL);
	word_wait(&spinner_up, 1);
	is(sys_sched_setaffinity((int)spinner_tid, sizeof(one), &one), 0,
	   "binding-another-thread");
	word_set(&spin_stop, 1);
	is((long)thread_join(&thread), 1, "that-thread-has-the-mask");
	is(cpu_count() > 0 && cpu_mask() != 0, 1, "the-caller-keeps-its-own");
}

static volatile uint64_t counters[2];
static volatile int done;

static void *counts(void *arg)
{
	pin_to_cpu(nth_cpu(0));
	while (!done)
		counters[(long)arg]++;
	return NULL;
}

/*
 * Two threads that never yield share one CPU with this one, which only ever sleeps: all get on
 * by preemption alone, or this never ends.
 */
static void test_preemption(void)
{
	struct thread threads[2];

	for (long i = 0; i < 2; i++)
		thread_create(&threads[i], counts, (void *)i);
	pin_to_cpu(nth_cpu(0));
	while (counters[0] < 1000 || counters[1] < 1000)
		sleep_ms(1);
	done = 1;
	for (int i = 0; i < 2; i++)
		thread_join(&threads[i]);
	ok(true, "threads-that-never-yield-share-a-cpu");
}

static int sleeps_long(void *arg)
{
	(void)arg;
	pin_to_cpu(nth_cpu(0));
	sleep_ms(600000);
	return 0;
}

static void compute_for_ms(int ms)
{
	int64_t until = now_ns() + ms * 1000000ll;

	while (now_ns() < until)
		;
}

static uint32_t question, answer;

static void *answers(void *arg)
{
	pin_to_cpu(nth_cpu(0));
	for (uint32_t i = 1; i <= 40; i++) {
		word_wait(&question, i);
		word_set(&answer, i);
	}
	return arg;
}

/*
 * Who is woken beside a thread that never sleeps gets his turn when that one's time is over, and
 * not only when the CPU's timer has another reason: here, the sleep of a third, which is long.
 */
static void test_turn(void)
{
	int pid = child_start(sleeps_long, NULL);
	struct thread thread;
	int64_t start;

	pin_to_cpu(nth_cpu(0));
	thread_create(&thread, answers, NULL);
	sleep_ms(10);
	start = now_ns();
	for (uint32_t i = 1; i <= 40; i++) {
		word_set(&question, i);
		while (word_get(&answer) != i)
			;
		compute_for_ms(30);	/* until nobody's turn is to end */
	}
	ok(now_ns() - start < 60 * 1000000000ll,
	   "who-is-woken-beside-one-that-never-sleeps-gets-his-turn");
	thread_join(&thread);
	sys_kill(pid, SIGKILL);
	child_wait(pid);
}

static void *yields(void *arg)
{
	(void)arg;
	for (int i = 0; i < 200; i++)
		sys_sched_yield();
	return NULL;
}

static void test_yield(void)
{
	struct thread threads[4];

	is(sys_sched_yield(), 0, "yield");
	for (int i = 0; i < 4; i++)
		thread_create(&threads[i], yields, NULL);
	for (int i = 0; i < 4; i++)
		thread_join(&threads[i]);
	ok(true, "four-threads-yield-to-each-other");
}

int main(void)
{
	nth_cpu(0);			/* remembers the mask of the start */
	tap_plan(22);
	test_affinity();
	test_errors();
	test_each_cpu();
	test_inheritance();
	test_other_thread();
	test_yield();
	test_preemption();
	test_turn();
	return tap_done();
}
