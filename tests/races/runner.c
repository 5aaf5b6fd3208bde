/*
 * Searches the schedules of scenarios, each in a process of its own, and reports TAP, totals and
 * build/races.tsv. See usage() for what it takes.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "arch/sim/snapshot.h"
#include "kernel/base/trace.h"
#include "machine/percpu.h"
#include "tests/races/runner.h"

#define MAX_STATES (1u << 16)

static struct options {
	const char *only, *replay, *trace, *tsv;
	unsigned long samples; /* of each scenario, random and PCT */
	unsigned long cap;     /* schedules of one search that need not be exhausted */
	bool fast, list, check;
} options = { .samples = 4000, .cap = 30000 };

/* What a child reports. */
struct report {
	unsigned long schedules, pruned, sampled, restarts, states;
	unsigned int depth, exhausted; /* bound + 1; UNBOUNDED: all */
	unsigned int pages;
	double seconds;
	unsigned long failed_at; /* 0: no failure */
	unsigned int preemptions;
	bool complete;
	char message[512], replay[4096];
};

static struct race *races, **last_race = &races;

void race_register(struct race *race)
{
	*last_race = race;
	last_race = &race->next;
}

/* ---- one scenario: in the child ---- */

static const struct race *race;
static struct report *report;
static u64 states[MAX_STATES];

static double now(void)
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

/* Sums and counts of what complete runs were: two searches that agree have seen the same. */
static struct seen {
	unsigned long runs, traces, outcomes;
	u64 trace_sum, outcome_sum;
} seen;
static u64 seen_set[1u << 20];

static bool see(u64 value)
{
	unsigned int i = (unsigned int)(value % ARRAY_SIZE(seen_set));

	while (seen_set[i] && seen_set[i] != value)
		i = (i + 1) % ARRAY_SIZE(seen_set);
	if (seen_set[i])
		return false;
	seen_set[i] = value;
	return true;
}

static void see_run(void)
{
	u64 trace = explore_trace() | 1, result = (world_outcome() << 1 ^ 0x5555) & ~1ul;

	seen.runs++;
	if (see(trace)) {
		seen.traces++;
		seen.trace_sum += trace;
	}
	if (see(result)) {
		seen.outcomes++;
		seen.outcome_sum += result;
	}
}

static void end_of_world(void) { world_end(race); }

/* From the state that was saved to the invariants at the end. */
static enum explore_end run_one(void)
{
	enum explore_end end;

	snapshot_restore();
	end = explore_run(race->cpu, race->cpu[2] ? 3 : 2);
	if (end == RUN_DONE && !explore_alone(end_of_world))
		end = RUN_FAILED;
	if (end == RUN_DONE && options.check)
		see_run();
	if (end == RUN_DONE)
		add_state(world_outcome());
	return end;
}

static void note_failure(void)
{
	if (!report->failed_at)
		report->failed_at = report->schedules;
	report->preemptions = explore_preemptions();
	snprintf(report->message, sizeof(report->message), "%s", explore_failure());
	explore_schedule(report->replay, sizeof(report->replay));
}

/* False: it found a failure, or did not come to the end below the cap. */
static bool search(const struct explore_options *o, unsigned long cap)
{
	unsigned long n = 0;
	bool again = true, more = true;

	while (more && n < cap) {
		enum explore_end end;

		if (again)
			explore_begin(o);
		end = run_one();
		n++;
		report->schedules++;
		report->pruned += end == RUN_PRUNED;
		report->depth = report->depth > explore_steps() ? report->depth : explore_steps();
		if (end == RUN_FAILED) {
			note_failure();
			return false;
		}
		more = explore_next(&again);
		report->restarts += again;
	}
	return !more;
}

static bool search_bound(unsigned int bound, unsigned long cap)
{
	struct explore_options o = { .bound = bound, .cache = true };

	return search(&o, cap) && !explore_cache_full();
}

static bool search_all(unsigned long cap)
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

	for (unsigned int bound = 0; triple && bound <= 3 && !report->failed_at; bound++)
		if (search_bound(bound, options.cap * (options.fast ? 1 : 4)))
			report->exhausted = bound + 1;
	if (!report->failed_at)
		search_all(triple || options.fast ? options.cap : 20 * options.cap);
	if (report->exhausted != UNBOUNDED || options.samples > 4000)
		sample(options.samples);
	if (report->failed_at)
		shrink();
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

/* ---- the explorer against itself ---- */

#define FULL_MAX 200000ul /* schedules of an enumeration without any reduction */

/* False: it is too large to be compared. */
static bool search_and_see(const struct explore_options *o, unsigned long cap, struct seen *result)
{
	unsigned long restarts = report->restarts;
	bool whole;

	/* What is shared is found out first, so that nothing is counted twice. */
	do {
		restarts = report->restarts;
		memset(&seen, 0, sizeof(seen));
		memset(seen_set, 0, sizeof(seen_set));
		whole = search(o, cap);
	} while (!report->failed_at && restarts != report->restarts);
	*result = seen;
	return whole && !report->failed_at;
}

static void compare(const char *what, unsigned int bound, const struct seen *a, const struct seen *b)
{
	if (a->traces == b->traces && a->trace_sum == b->trace_sum && a->outcomes == b->outcomes &&
	    a->outcome_sum == b->outcome_sum)
		return;
	report->failed_at = report->schedules;
	snprintf(report->message, sizeof(report->message),
		 "%s, bound %u: %lu traces and %lu outcomes, without reduction %lu and %lu", what, bound, a->traces,
		 a->outcomes, b->traces, b->outcomes);
}

/*
 * The cache sees the same traces as the enumeration of all schedules, at every bound at which that is
 * feasible; sleep sets see those of the cache without a bound.
 */
static void check_explorer(void)
{
	static const unsigned int bounds[] = { 0, 1, 2, 3, UNBOUNDED };
	struct seen full, reduced;

	search_all(options.cap); /* finds out what is shared */
	report->exhausted = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(bounds) && !report->failed_at; i++) {
		struct explore_options all = { .bound = bounds[i], .hash = true };
		struct explore_options cached = { .bound = bounds[i], .cache = true };

		if (!search_and_see(&all, FULL_MAX, &full) || !search_and_see(&cached, FULL_MAX, &reduced))
			break;
		compare("cache", bounds[i], &reduced, &full);
		report->exhausted = bounds[i] == UNBOUNDED ? UNBOUNDED : bounds[i] + 1;
	}
	if (!report->failed_at) {
		struct explore_options cached = { .bound = UNBOUNDED, .cache = true };
		struct explore_options sleeping = { .bound = UNBOUNDED, .sleep = true, .hash = true };

		if (search_and_see(&cached, FULL_MAX, &full) && search_and_see(&sleeping, FULL_MAX, &reduced))
			compare("sleep sets", UNBOUNDED, &reduced, &full);
	}
}

/* ---- replay ---- */

static FILE *trace_file;
bool trace_on;

/* Without the kernel's rings, whose locks would be points of the schedule. */
void trace_emit(enum trace_event event, unsigned int level, u64 a, u64 b, u64 c)
{
	struct trace_record record = {
		.time = explore_steps() * 1000ull, .a = a, .b = b, .c = c, .task = this_cpu(),
		.event = (u8)event, .cpu = (u8)this_cpu(), .level = (u8)level,
	};

	if (trace_file && exploring())
		fwrite(&record, sizeof(record), 1, trace_file);
}

/* Where the step was announced, and by whom: the first three callers. */
__attribute__((no_sanitize("address"))) static void trace_point(int how)
{
	unsigned long *frame = __builtin_frame_address(0), pc[4] = { 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(pc) && frame; i++) {
		pc[i] = frame[1];
		frame = (unsigned long *)frame[0];
	}
	trace_emit(TRACE_POINT, (unsigned int)how, pc[1], pc[2], pc[3]);
}

static void replay(void)
{
	struct explore_options o = { .mode = EXPLORE_REPLAY, .replay = options.replay };

	snapshot_save();
	explore_begin(&o);
	run_one(); /* once, to know what is shared */
	if (options.trace) {
		trace_file = fopen(options.trace, "w");
		trace_on = trace_file != NULL;
		explore_on_point = trace_point;
	}
	explore_begin(&o);
	report->schedules = 1;
	if (run_one() == RUN_FAILED)
		note_failure();
	report->depth = explore_steps();
	if (trace_file)
		fclose(trace_file);
}

static volatile sig_atomic_t steps_seen;

/* A loop without any point would run for ever. */
static void watchdog(int sig)
{
	static char line[4096];

	(void)sig;
	if ((unsigned int)steps_seen == explore_steps() + 1 && explore_running()) {
		explore_schedule(line, sizeof(line));
		dprintf(2, "%s: a loop without a point: REPLAY=%s\n", race->name, line);
		_exit(3);
	}
	steps_seen = (int)explore_steps() + 1;
}

/* For sanitizers, which end the process: the schedule so far. */
void __asan_on_error(void);
void __asan_on_error(void)
{
	explore_schedule(report->replay, sizeof(report->replay));
	fprintf(stderr, "%s: REPLAY=%s\n", race->name, report->replay);
}

static void child(void)
{
	double start;

	world_start(race);
	arena_add_to_snapshot();
	snapshot_add_sections();
	explore_reset();
	signal(SIGALRM, watchdog);
	if (options.replay) {
		replay();
	} else {
		snapshot_save();
		start = now();
		if (options.check)
			check_explorer();
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

/* ---- all scenarios ---- */

static unsigned long total_schedules, total_failures, total_races, number;
static FILE *tsv;

static const char *exhausted_text(const struct report *r, char *text, size_t size)
{
	if (r->exhausted == UNBOUNDED)
		return "all";
	if (!r->exhausted)
		return "none";
	snprintf(text, size, "bound %u", r->exhausted - 1);
	return text;
}

static void print_report(const struct race *which, const struct report *r)
{
	bool ok = r->complete && !r->failed_at;
	char text[32];

	printf("%s %lu - %s # %lu schedules, %lu pruned, %lu states, depth %u, %s, %.0f/s\n",
	       ok ? "ok" : "not ok", ++number, which->name, r->schedules, r->pruned, r->states, r->depth,
	       exhausted_text(r, text, sizeof(text)), r->seconds > 0 ? (double)r->schedules / r->seconds : 0);
	if (!r->complete)
		printf("# the process ended\n");
	if (r->failed_at)
		printf("# %s\n# found after %lu schedules, %u preemptions; again, with the story:\n"
		       "#   make races S=%s REPLAY=%s\n",
		       r->message, r->failed_at, r->preemptions, which->name, r->replay);
	if (tsv)
		fprintf(tsv, "%s\t%lu\t%lu\t%lu\t%u\t%d\t%s\t%lu\t%lu\t%u\t%.3f\n", which->name, r->schedules,
			r->pruned, r->states, r->depth, !ok, exhausted_text(r, text, sizeof(text)), r->sampled,
			r->restarts, r->pages, r->seconds);
	fflush(NULL);
}

static void run_race(const struct race *which)
{
	struct report *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;
	int status;

	if (shared == MAP_FAILED || fflush(NULL) || (pid = fork()) < 0) {
		perror("races");
		exit(2);
	}
	race = which;
	report = shared;
	if (!pid)
		child();
	waitpid(pid, &status, 0);
	print_report(which, shared);
	total_races++;
	total_schedules += shared->schedules;
	total_failures += !shared->complete || shared->failed_at;
	munmap(shared, sizeof(*shared));
}

static void usage(void)
{
	fprintf(stderr, "races [-s NAME] [-n SAMPLES] [-r SCHEDULE [-t TRACE]] [-o TSV] [-f] [-c] [-l]\n"
			"  -s  one scenario   -r  replay a schedule of it   -t  write its trace\n"
			"  -n  random schedules of each   -f  the fast part   -c  check the searches against each other   -l  list the scenarios\n");
	exit(2);
}

static void parse(int argc, char **argv)
{
	for (int opt; (opt = getopt(argc, argv, "s:n:r:t:o:flc")) != -1;) {
		switch (opt) {
		case 's': options.only = optarg; break;
		case 'n': options.samples = strtoul(optarg, NULL, 10); break;
		case 'r': options.replay = optarg; break;
		case 't': options.trace = optarg; break;
		case 'o': options.tsv = optarg; break;
		case 'f': options.fast = true; break;
		case 'c': options.check = true; break;
		case 'l': options.list = true; break;
		default: usage();
		}
	}
	if (options.fast) {
		options.cap = 1500;
		options.samples = 500;
	}
	if (options.replay && !options.only)
		usage();
}

int main(int argc, char **argv)
{
	double start = now();
	unsigned long n = 0;

	parse(argc, argv);
	tsv = options.tsv ? fopen(options.tsv, "w") : NULL;
	if (tsv)
		fprintf(tsv, "scenario\tschedules\tpruned\tstates\tdepth\tfailures\texhausted\tsampled\trestarts\t"
			     "pages\tseconds\n");
	for (const struct race *r = races; r; r = r->next)
		n += !options.only || !strcmp(options.only, r->name);
	if (!options.list)
		printf("1..%lu\n", n);
	for (const struct race *r = races; r; r = r->next) {
		if (options.only && strcmp(options.only, r->name))
			continue;
		if (options.list)
			printf("%-28s %s\n", r->name, r->about);
		else
			run_race(r);
	}
	if (!n)
		fprintf(stderr, "races: no scenario %s; -l lists them\n", options.only);
	if (!options.list)
		printf("# %lu scenarios, %lu schedules, %lu failures, %.1f s\n", total_races, total_schedules,
		       total_failures, now() - start);
	return total_failures || !n;
}
