/*
 * lab_cow_two.c - two threads, on two CPUs where there are, write the same shared pages at once,
 * round after round: each must find all that both wrote, and the child nothing of it.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#include <string.h>

enum { PAGES = 16, ROUNDS = 25 };

static char *mem;
static uint32_t *turn;			/* shared with the child */
static uint32_t ready, go;		/* between the two threads */

static void write_column(int column)
{
	for (size_t i = 0; i < PAGES; i++)
		mem[i * PAGE_SIZE + (size_t)column] = (char)(column + 1);
}

/*
 * Has written to the pages before fork, so that its CPU knows them as writable, and does not leave
 * the CPU until it may write again.
 */
static void *writer(void *arg)
{
	(void)arg;
	pin_to_cpu(nth_cpu(cpu_count() > 1 ? 1 : 0));
	for (size_t i = 0; i < PAGES; i++)
		mem[i * PAGE_SIZE + 1] = 9;
	word_set(&ready, 1);
	while (!word_get(&go))
		sys_sched_yield();
	write_column(1);
	return NULL;
}

static int child_compares_later(void *arg)
{
	(void)arg;
	word_wait(turn, 1);
	return all_bytes(mem, 9, PAGES * PAGE_SIZE) ? 0 : 1;
}

/* Returns how many bytes of the two writers are missing. */
static int one_round(int *child_wrong)
{
	struct thread thread;
	int pid, lost = 0;

	memset(mem, 9, PAGES * PAGE_SIZE);
	*turn = ready = go = 0;
	thread_create(&thread, writer, NULL);
	word_wait(&ready, 1);
	pid = child_start(child_compares_later, NULL);
	word_set(&go, 1);
	write_column(0);
	thread_join(&thread);
	for (size_t i = 0; i < PAGES; i++)
		lost += (mem[i * PAGE_SIZE] != 1) + (mem[i * PAGE_SIZE + 1] != 2) +
			(mem[i * PAGE_SIZE + 2] != 9);
	word_set(turn, 1);
	*child_wrong += child_verdict(child_wait(pid)) != 0;
	return lost;
}

static int child_sees_shared_frames(void *arg)
{
	struct pleat_walk *parent = arg, here;

	if (sys_prctl(PR_PLEAT_WALK, (uintptr_t)mem, (uintptr_t)&here) != 0)
		return 2;
	return here.entry[0] >> 12 == parent->entry[0] >> 12 ? 0 : 1;
}

int main(void)
{
	int lost = 0, child_wrong = 0;
	struct pleat_walk walk;

	nth_cpu(0);
	pin_to_cpu(nth_cpu(0));
	mem = map_private(PAGES * PAGE_SIZE);
	turn = (uint32_t *)map_shared(PAGE_SIZE);
	memset(mem, 9, PAGES * PAGE_SIZE);
	tap_plan(3);
	if (sys_prctl(PR_PLEAT_WALK, (uintptr_t)mem, (uintptr_t)&walk) == 0)
		ok_child_exits(child_sees_shared_frames, &walk, 0, "fork-shares-frames");
	else
		skip("nobody tells the frames", "fork-shares-frames");
	for (int i = 0; i < ROUNDS; i++)
		lost += one_round(&child_wrong);
	is(lost, 0, "two-writers-at-once-lose-nothing");
	is(child_wrong, 0, "a-child-sees-neither-writer");
	return tap_done();
}
