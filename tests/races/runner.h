/* Between the files of the runner. */
#pragma once
#include "arch/sim/datarace.h"
#include "arch/sim/explore.h"
#include "tests/races/scenario.h"

/* The machine, and what the scenario sets up on it. */
void world_start(const struct race *scenario);
/* The scenario's probe, and what must always hold. */
void world_end(const struct race *scenario);
/* Equal for schedules that ended alike. */
u64 world_outcome(void);
/* Adds its memory to the state that is saved. */
void arena_add_to_snapshot(void);

/* ---- between runner.c, check.c, story.c and main.c ---- */

struct options {
	const char *only, *replay, *trace, *tsv, *passed;
	unsigned long samples; /* of each scenario, random and PCT */
	unsigned long cap;     /* schedules of one search that need not be exhausted */
	unsigned long limit;   /* not 0: so many in all, counted from bound 0 */
	unsigned int part, parts; /* every parts-th scenario only, from the part-th on */
	bool fast, list, check;
};
extern struct options options;

/* Three actors are searched with as many preemptions at most. */
#define MAX_BOUND 3

/* What a child reports. */
struct report {
	unsigned long schedules, pruned, sampled, restarts, states;
	unsigned int depth, exhausted; /* bound + 1; UNBOUNDED: all */
	unsigned int pages;
	double seconds;
	unsigned long failed_at; /* 0: no failure */
	unsigned int preemptions;
	bool complete;
	bool unfinished; /* a pair that had to be searched to its end, and was not */
	char message[512], replay[4096];
	unsigned long failed_in[FAILED_AT];
	struct race_found race; /* addr 0: it failed otherwise */
	u8 *passed; /* PROGRAM_MAX bytes: points_passed of the child */
};

/* In a process of its own: searches the scenario as the options say, and ends. */
void run_child(const struct race *which, struct report *shared) __noreturn;
double now(void);

/* The scenario of this process, and its report. */
extern const struct race *race;
extern struct report *report;

/* From the state that was saved to the invariants at the end. */
enum explore_end run_one(void);
/* False: it found a failure, or did not come to the end below the cap. */
bool search(const struct explore_options *o, unsigned long cap);
bool search_all(unsigned long cap);
void note_failure(void);

/* The explorer against itself. */
void check_explorer(void);
/* A schedule has come to its end. */
void check_see_run(void);

/* After a failure: the places that it names. */
void print_where(const struct report *r);

/* Replays the schedule of the options, with its trace. */
void replay(void);
