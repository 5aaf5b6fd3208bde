/* One scenario: which searches it gets, and what they found. It runs in a process of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "arch/sim/clocks.h"
#include "arch/sim/footprint.h"
#include "arch/sim/snapshot.h"
#include "tests/races/runner.h"

#define MAX_STATES (1u << 16)

const struct race *race;
struct report *report;
static u64 states[MAX_STATES];

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void add_state(u64 state)
{
	unsigned int i = (unsigned int)(state % MAX_STATES);

	state += !state;
	while (states[i] && states[i] != state)
		i = (i + 1) % MAX_STATES;
	if (states[i] || report->states >= MAX_STATES / 2)
		return;
	states[i] = state;
	report->states++;
}

static void end_of_world(void) { world_end(race); }

enum explore_end run_one(void)
{
	enum explore_end end;

	snapshot_restore();
	end = explore_run(race->cpu, race->cpu[2] ? 3 : 2, race->on);
	if (end == RUN_DONE && !explore_alone(end_of_world))
		end = RUN_FAILED;
	if (end == RUN_DONE && options.check)
		check_see_run();
	if (end == RUN_DONE)
		add_state(world_outcome());
	return end;
}

void note_failure(void)
{
	if (!report->failed_at)
		report->failed_at = report->schedules;
	report->preemptions = explore_preemptions();
	snprintf(report->message, sizeof(report->message), "%s", explore_failure());
	explore_schedule(report->replay, sizeof(report->replay));
	memcpy(report->failed_in, explore_failed_at, sizeof(report->failed_in));
	report->race = race_found;
}

/* Now and then, how far it has come: over one line on a terminal, and otherwise as a comment. */
static void tell_progress(const struct explore_options *o)
{
	static const char *const modes[] = { "searching", "at random", "by priorities", "replay" };
	static double last;
	static int terminal = -1;
	char bound[24] = "";

	if (terminal < 0) {
		terminal = isatty(STDOUT_FILENO);
		last = now();
	}
	if (now() - last < (terminal ? 0.3 : 10))
		return;
	last = now();
	if (o->mode == EXPLORE_SEARCH && o->bound != UNBOUNDED)
		snprintf(bound, sizeof(bound), ", bound %u", o->bound);
	printf("%s# %s: %lu schedules, %s%s%s", terminal ? "\r\033[K" : "", race->name,
	       report->schedules, modes[o->mode], bound, terminal ? "" : "\n");
	fflush(stdout);
}

bool search(const struct explore_options *o, unsigned long cap)
{
	unsigned long n = 0;
	bool again = true, more = true;

	/* What was counted is the last search's until this one has begun. */
	while (more && n < cap && (again || explore_counted() <= cap)) {
		enum explore_end end;

		if (again)
			explore_begin(o);
		end = run_one();
		n++;
		if (!(++report->schedules & 255))
			tell_progress(o);
		report->pruned += end == RUN_PRUNED;
		report->depth = report->depth > explore_steps() ? report->depth : explore_steps();
		/*
		 * While it was not known what is shared, an IPI may have come where
		 * interrupts were off already: that is no schedule of the machine. If the
		 * failure is real it comes again.
		 */
		again = end == RUN_FAILED && sharing_grew();
		if (end == RUN_FAILED && !again) {
			note_failure();
			return false;
		}
		more = again || explore_next(&again);
		report->restarts += again;
	}
	return !more;
}

static bool search_bound(unsigned int bound, unsigned long cap)
{
	struct explore_options o = { .bound = bound, .cache = true };

	return search(&o, cap) && !explore_cache_full();
}

bool search_all(unsigned long cap)
{
	struct explore_options o = { .bound = UNBOUNDED, .sleep = true };

	if (!search(&o, cap))
		return false;
	report->exhausted = UNBOUNDED;
	return true;
}

static void sample(unsigned long n)
{
	unsigned long before = report->schedules;
	struct explore_options o = { .mode = EXPLORE_RANDOM, .seed = 1 };

	if (!report->failed_at)
		search(&o, n / 2);
	for (o.mode = EXPLORE_PCT, o.depth = 2; !report->failed_at && o.depth <= 4; o.depth++) {
		o.length = report->depth;
		o.seed++;
		search(&o, n / 6);
	}
	report->sampled = report->schedules - before;
}

/* The fewest preemptions that fail too, as far as the cap allows. */
static void shrink(void)
{
	struct report found = *report;

	for (unsigned int bound = 0; bound < found.preemptions; bound++) {
		search_bound(bound, options.cap);
		if (report->preemptions < found.preemptions) {
			memcpy(found.message, report->message, sizeof(found.message));
			memcpy(found.replay, report->replay, sizeof(found.replay));
			memcpy(found.failed_in, report->failed_in, sizeof(found.failed_in));
			found.race = report->race;
			found.preemptions = report->preemptions;
			break;
		}
	}
	*report = found;
}

/* Pairs: everything. Triples: bounds 0 to 3, then everything as far as the cap allows. */
static void explore(void)
{
	bool triple = race->cpu[2];

	for (unsigned int bound = 0; triple && bound <= MAX_BOUND && !report->failed_at; bound++)
		if (search_bound(bound, options.cap * (options.fast ? 1 : 4)))
			report->exhausted = bound + 1;
	if (!report->failed_at)
		search_all(triple || options.fast ? options.cap : 20 * options.cap);
	/* With plain accesses seen, there are more points than anybody has chosen. */
	report->unfinished = !triple && !options.fast && !clocks_on && !race->too_large &&
			     !report->failed_at && report->exhausted != UNBOUNDED;
	if (report->exhausted != UNBOUNDED || options.samples > 4000)
		sample(options.samples);
	if (report->failed_at)
		shrink();
}

/*
 * Is there a failure among the first so many schedules, counted from bound 0? The first one found
 * has the fewest preemptions.
 */
static void explore_limited(void)
{
	for (unsigned int bound = 0; bound <= MAX_BOUND && !report->failed_at; bound++)
		if (report->schedules < options.limit &&
		    search_bound(bound, options.limit - report->schedules))
			report->exhausted = bound + 1;
	if (!report->failed_at && report->schedules < options.limit)
		search_all(options.limit - report->schedules);
}

static bool replay_equal(const char *line, u64 *events)
{
	struct explore_options o = { .mode = EXPLORE_REPLAY, .replay = line };
	enum explore_end end;

	explore_begin(&o);
	end = run_one();
	if (*events && *events != explore_events())
		return false;
	*events = explore_events();
	return end == RUN_FAILED && !strcmp(explore_failure(), report->message);
}

/* A failure is one only if its line leads to it, every time. */
static void check_replay(void)
{
	u64 events = 0;

	for (int i = 0; i < 20; i++)
		if (!replay_equal(report->replay, &events))
			strncat(report->message, " [the replay line does not lead here]",
				sizeof(report->message) - strlen(report->message) - 1);
}

/* For sanitizers, which end the process: the schedule so far. */
void __asan_on_error(void);
void __asan_on_error(void)
{
	explore_schedule(report->replay, sizeof(report->replay));
	fprintf(stderr, "%s: REPLAY=%s\n", race->name, report->replay);
}

void run_child(const struct race *which, struct report *shared)
{
	double start;

	race = which;
	report = shared;
	world_start(race);
	arena_add_to_snapshot();
	snapshot_add_sections();
	explore_reset();
	points_passed = report->passed;
	explore_watchdog();
	if (options.replay) {
		replay();
	} else {
		snapshot_save();
		start = now();
		if (options.check)
			check_explorer();
		else if (options.limit)
			explore_limited();
		else
			explore();
		report->seconds = now() - start;
		if (report->failed_at && !options.check)
			check_replay();
	}
	report->pages = snapshot_pages();
	report->complete = true;
	_exit(0);
}
