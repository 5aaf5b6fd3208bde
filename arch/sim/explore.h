/*
 * The second way to drive the simulator: each CPU runs a fiber (an actor), and every access to
 * shared memory that mm/ announces is a point where another may go on instead. A run is a pure
 * function of its decisions: who goes on, which IPI arrives, what the TLB has kept. schedule.c
 * makes a run, search.c chooses the decisions; docs/races.md tells how to read them.
 */
#pragma once
#include "kernel/base/once.h"

#define MAX_ACTORS  4		     /* tasks, and CPUs */
#define NR_DECIDERS (2 * MAX_ACTORS) /* MAX_ACTORS + n: the interrupts of CPU n */

enum explore_mode { EXPLORE_SEARCH, EXPLORE_RANDOM, EXPLORE_PCT, EXPLORE_REPLAY };

struct explore_options {
	enum explore_mode mode;
	unsigned int bound; /* SEARCH: preemptions at most; UNBOUNDED */
	bool sleep;	    /* SEARCH: sleep sets; exact only without a bound */
	bool cache;	    /* SEARCH: the happens-before cache; exact with a bound */
	bool count;	    /* SEARCH, with the cache: explore_counted() */
	bool hash;	    /* SEARCH: explore_trace() without the cache, to compare */
	bool every_point;   /* branch on objects of one actor too */
	u64 seed;	    /* RANDOM, PCT */
	unsigned int depth, length; /* PCT: changes of priority + 1, and points of a run */
	const char *replay;
};
#define UNBOUNDED 1000u

enum explore_end { RUN_DONE, RUN_PRUNED, RUN_FAILED };

/* ---- a search ---- */

/* Forgets which objects are shared: before the first search of a scenario. */
void explore_reset(void);
/* Starts a search. */
void explore_begin(const struct explore_options *options);
/*
 * One schedule, from the state that the caller has prepared. on: a digit for each actor, the CPU
 * that it runs on; NULL: actor n has CPU n to itself.
 */
enum explore_end explore_run(void (*const fns[])(void), unsigned int nr, const char *on);
/*
 * More to search. False: all schedules have been seen. With *again set, an object turned out to be
 * shared that was not known to be: the search starts again.
 */
bool explore_next(bool *again);
/* Runs fn in a fiber of its own, alone; false: it panicked. */
bool explore_alone(void (*fn)(void));

/* ---- what a run was ---- */

const char *explore_failure(void); /* NULL: none */
/* Fails the schedule. */
void explore_fail(const char *message) __noreturn;
/* The same, where explore_failed_at is known already. */
void explore_fail_here(const char *message) __noreturn;
/* Where the last one failed: the place, its caller, and so on; 0 ends it. */
#define FAILED_AT 8
extern unsigned long explore_failed_at[FAILED_AT];
void note_failed_at(unsigned long pc, const unsigned long *frame);
/* From now on, a quarter of a second of processor time without any point fails the schedule. */
void explore_watchdog(void);
extern unsigned long explore_progress;
bool explore_running(void);   /* in a schedule or in explore_alone() */
unsigned int explore_steps(void);
unsigned int explore_preemptions(void);
/* With cache or hash: equal for runs that differ only in the order of independent steps. */
u64 explore_trace(void);
u64 explore_events(void);     /* of all events in their order */
bool explore_cache_full(void);
/* So many schedules has the tree without any reduction, as far as it was searched. */
unsigned long explore_counted(void);
/* Its decisions, as REPLAY= takes them. */
void explore_schedule(char *text, size_t size);
/* If set, called where a step touches an object that is known to be shared. */
extern void (*explore_on_point)(int how);
/* At the first preemption of a schedule: for a debugger. */
void first_preemption(void);

/*
 * If set: a byte for each byte of the program, 1 where a call returns to that was a point of a
 * schedule. Which points there are, the program's text says: tests/races/points.
 */
extern u8 *points_passed;
#define PROGRAM_MAX (8u << 20)

/* ---- between the simulator's files ---- */

/* The caller's caller has come to a point. */
#define POINT_HERE() point_passed(__builtin_return_address(0))
void point_passed(const void *pc);

/* A schedule is under way: what follows is for that case. */
bool exploring(void);
/* A point that is passed only when cond holds. */
struct wait_for {
	const volatile void *obj; /* what a change of cond writes to */
	bool (*cond)(void *arg);
	void (*describe)(void *arg, char *text, size_t size);
	u16 (*holders)(void *arg); /* deciders that keep it from holding,
				    * for the cycle of a deadlock */
	void *arg;
	bool sleeps; /* the CPU may run another task meanwhile, or be idle */
};
void explore_wait(int how, const struct wait_for *wait);
/* Who runs on this CPU: the number of the task; MAX_ACTORS + CPU: nobody. */
unsigned int explore_task(void);
/* The decider whose step it is. */
unsigned int explore_who(void);
/* The lock that the decider waits for, or NULL. */
const volatile void *explore_waits_for(unsigned int who);
/* Where a task that runs could be stopped by the end of its slice. */
void explore_edge(void);
/* A point, for whatever reason. */
void explore_yield(void);
/* Deciders that keep the CPU from taking an interrupt. */
u16 explore_occupants(unsigned int cpu);
/*
 * Plain accesses that the step makes: parts of it, but no points, and nothing that
 * cpu_relax() waits for.
 */
void explore_note_range(const volatile void *start, size_t size, int how);
/* Access to the whole page. */
#define ACCESS_PAGE 4
/* One of n possible outcomes: n >= 1. */
unsigned int explore_choice(unsigned int n);
void explore_relax(void);
/* Between them nothing is a point: handlers, checkers. */
void explore_atomic_begin(void);
void explore_atomic_end(void);
/* Interrupts of this CPU go off; on again. obj stands for the flag. */
void explore_irqs_off(const void *obj);
void explore_irqs_on(const void *obj);

/* ---- between schedule.c and search.c ---- */

/* What a step touched. An item is a word of the state << 4 | ACCESS_PAGE | enum access. */
#define MAX_ITEMS 48
struct footprint {
	u16 nr;
	bool any; /* too much to list: depends on everything */
	u32 item[MAX_ITEMS];
};
bool depends(const struct footprint *a, const struct footprint *b);
void footprint_add(struct footprint *fp, u32 item);

struct step {
	u8 actor;
	u64 choices, hash;
	struct footprint fp;
};
#define MAX_STEPS 4000
extern struct step explore_log[MAX_STEPS];

struct decision {
	u16 enabled;
	int last;	       /* the actor that ran last; -1: none */
	unsigned int steps;    /* made so far */
	const unsigned int *at; /* the point at which each actor stands */
	bool all_points;       /* out: no object is left out */
};
void search_begin(const struct explore_options *options);
void search_run_begin(void);
/* The step before the decision has ended. */
void search_step_ended(unsigned int steps);
/* Who goes on; -1: nothing new lies behind this decision. */
int search_decide(const struct decision *d);
unsigned int search_choose(unsigned int n);
bool search_next(void);
u64 search_trace(void);

/* ---- replay.c: the decisions as a line, and back ---- */

void record_begin(void);
/* at: the point at which each actor stands; 0: at its end. */
void record_decision(int who, const unsigned int *at);
void record_end_turn(const unsigned int *at);
void record_choice(unsigned int value);
void replay_begin(const char *text);
int replay_decide(const struct decision *d);
unsigned int replay_choose(unsigned int n);
