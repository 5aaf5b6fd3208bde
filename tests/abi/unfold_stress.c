/*
 * unfold_stress.c - a thousand unfoldings, each while another thread, on another CPU where
 * there is one, faults and stores in the same address space. An address space never folds back,
 * so each round is a forked child, which unfolds as often as the machine has levels.
 *
 * With an argument: that many unfoldings, however long they take. Without one they end after ten
 * seconds: each waits several times for another CPU, which on a busy host may have to wait for its
 * own. Without Pleat's counters it is an ordinary, shorter test of mmap against a thread that
 * faults.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#include <stdlib.h>

enum { PAGES = 8, BURSTS = 200, ROUNDS_ELSEWHERE = 50, ROUNDS_LEAST = 50 };

#define ENOUGH_NS	10000000000L

static const uintptr_t beyond[] = {
	(5UL << 39) + 0x10000,		/* needs a fourth level */
	(3UL << 47) + 0x10000,		/* needs a fifth */
};

static int first, steps;		/* from which of these a child goes how many */

/* What the two threads of a round share. */
static struct {
	char *mem;			/* PAGES pages */
	uint32_t laps;			/* how often the peer went over all of them */
	uint32_t stop;
	uintptr_t high;			/* a page that the peer writes too, once it is mapped */
	int wrong;
} round_state;

/* A store to the page beyond the old reach, if there is one yet. */
static void touch_high(char value)
{
	uintptr_t high = __atomic_load_n(&round_state.high, __ATOMIC_ACQUIRE);
	volatile char *byte = (volatile char *)high + 1;

	if (!high)
		return;
	*byte = value;
	round_state.wrong += *byte != value;
}

/*
 * One lap: stores that need nothing of the kernel, so that this CPU may be taken unawares by a
 * new root; then one page is dropped, so that there are faults as well.
 */
static void lap(char value)
{
	char *mem = round_state.mem;
	char *dropped = mem + (size_t)(value % PAGES) * PAGE_SIZE;

	for (int burst = 0; burst < BURSTS; burst++) {
		for (int i = 0; i < PAGES; i++)
			mem[(size_t)i * PAGE_SIZE] = value;
		for (int i = 0; i < PAGES; i++)
			round_state.wrong += mem[(size_t)i * PAGE_SIZE] != value;
		touch_high(value);
	}
	sys_madvise((uintptr_t)dropped, PAGE_SIZE, MADV_DONTNEED);
	round_state.wrong += dropped[0] != 0;
}

static void *peer(void *arg)
{
	char value = 1;

	(void)arg;
	pin_to_cpu(nth_cpu(cpu_count() > 1 ? 1 : 0));
	while (!word_get(&round_state.stop)) {
		lap(value);
		value = (char)(value % 100 + 1);
		word_add(&round_state.laps);
		sys_sched_yield();
	}
	return NULL;
}

static void wait_for_lap(void)
{
	uint32_t seen = word_get(&round_state.laps);

	while (word_get(&round_state.laps) == seen)
		sys_futex(&round_state.laps, FUTEX_WAIT, seen, NULL);
}

/* Maps a page that needs another level, and uses it. Returns whether all was well. */
static bool unfold_to(uintptr_t address)
{
	volatile char *page = (volatile char *)address;
	long got = sys_mmap(address, PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (got != (long)address)
		return false;
	__atomic_store_n(&round_state.high, address, __ATOMIC_RELEASE);
	if (page[0] != 0)
		return false;
	page[0] = 7;
	wait_for_lap();
	return page[0] == 7;
}

static int child_round(void *arg)
{
	struct thread thread;
	bool good = true;

	(void)arg;
	round_state.mem = map_private(PAGES * PAGE_SIZE);
	if (thread_create(&thread, peer, NULL) != 0)
		return 2;
	wait_for_lap();
	for (int i = 0; i < steps; i++)
		good &= unfold_to(beyond[first + i]);
	word_set(&round_state.stop, 1);
	thread_join(&thread);
	return good && round_state.wrong == 0 ? 0 : 1;
}

/* How many rounds there were, until that moment at least ROUNDS_LEAST; -1: one was bad. */
static int run_rounds(int rounds, int64_t end)
{
	int bad = 0, i;

	for (i = 0; i < rounds && (i < ROUNDS_LEAST || now_ns() < end); i++)
		bad += child_verdict(child_run(child_round, NULL)) != 0;
	return bad ? -1 : i;
}

static void judge_unfolds(long unfolds, int wanted, int made)
{
	static const char name[] = "there-were-a-thousand-unfoldings";

	if (made < wanted && unfolds >= made) {
		skip("the host is busy", "%s", name);
		note("%ld of %d", unfolds, wanted);
	} else if (!ok(unfolds >= wanted, "%s", name)) {
		note("%ld of %d", unfolds, wanted);
	}
}

int main(int argc, char **argv)
{
	int64_t end = argc > 1 ? INT64_MAX : now_ns() + ENOUGH_NS;
	int wanted = argc > 1 ? atoi(argv[1]) : 1000;
	int levels = pleat_levels(), rounds = 0;
	long unfolds = pleat_counter(PLEAT_UNFOLDS, -1);
	long reloads = pleat_counter(PLEAT_ROOT_RELOADS, -1);

	nth_cpu(0);
	pin_to_cpu(nth_cpu(0));
	tap_plan(3);
	first = levels ? levels - 3 : 0;
	steps = levels ? pleat_hw_levels() - levels : 1;
	if (steps > 0) {
		rounds = levels ? (wanted + steps - 1) / steps : ROUNDS_ELSEWHERE;
		rounds = run_rounds(rounds, end);
		ok(rounds > 0, "no-store-is-lost-while-another-thread-unfolds");
	} else {
		skip("programs start with all levels",
		     "no-store-is-lost-while-another-thread-unfolds");
	}
	if (!levels || steps == 0) {
		skip("nothing to unfold", "there-were-a-thousand-unfoldings");
		skip("nothing to unfold", "no-fault-found-an-outgrown-root");
		return tap_done();
	}
	unfolds = pleat_counter(PLEAT_UNFOLDS, -1) - unfolds;
	reloads = pleat_counter(PLEAT_ROOT_RELOADS, -1) - reloads;
	judge_unfolds(unfolds, wanted, rounds * steps);
	if (sys_prctl(PR_PLEAT_LAZY_UNFOLD, 0, 0) == 1)
		skip("this kernel leaves it to faults", "no-fault-found-an-outgrown-root");
	else
		is(reloads, 0, "no-fault-found-an-outgrown-root");
	return tap_done();
}
