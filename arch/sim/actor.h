/*
 * Actors, between the files that make a schedule: a task for each function of the scenario, and
 * for each CPU its interrupts. schedule.c runs them, tasks.c says which of the tasks of a CPU has
 * it, deadlock.c why none of them goes on.
 */
#pragma once
#include "arch/sim/explore.h"

#define MAX_READS 16

struct actor {
	void (*fn)(void);
	const struct wait_for *wait;
	unsigned int cpu;
	bool alive, relaxing, woken;
	bool off_cpu;	     /* it must be switched to before it goes on */
	bool yielding;	     /* another task of the CPU goes first, if one can */
	bool irqs_going_off; /* announced, but nothing has depended on it so far */
	unsigned int irq_point;
	unsigned int nr_reads;
	u32 reads[MAX_READS]; /* since the last cpu_relax() */
};
extern struct actor actors[MAX_ACTORS];
extern unsigned int nr_actors;

/* What arrives at a CPU. Busy: its handler waits for a lock, on a stack of its own. */
struct interrupts {
	bool started, busy;
	const struct wait_for *wait;
};
extern struct interrupts interrupts[MAX_ACTORS];

/* What the decider waits for; NULL: nothing. */
const struct wait_for *decider_wait(unsigned int who);
bool decider_alive(unsigned int who);
/* "A (CPU 0)", or "the interrupt of CPU 0". */
size_t decider_name(unsigned int who, char *text, size_t size);

/* ---- tasks.c ---- */

/* on: a digit for each actor, its CPU; NULL: CPU n for actor n. */
void tasks_begin(const char *on);
/* Could the CPU go on with this task? */
bool task_can_run(unsigned int task);
/* It goes on: the CPU is its own. */
void task_picked(unsigned int task);
/* As its first act, if another has run on the CPU since: what a context switch does to memory. */
void task_switch_in(struct actor *a);
/*
 * In the step of an interrupt: a CPU whose task has fallen asleep by now holds its
 * address space lazily.
 */
void cpu_may_be_idle(unsigned int cpu);
/* The task that runs on the CPU; -1: none. */
int cpu_runs(unsigned int cpu);

/* ---- deadlock.c ---- */

/* Nobody can go on: who waits for whom. */
void __noreturn deadlock(void);
