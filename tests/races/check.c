/* make races CHECK=1: the reductions of the search against plain enumeration. */
#include <stdio.h>
#include <string.h>
#include "tests/races/runner.h"

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

void check_see_run(void)
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

#define FULL_MAX  200000ul /* schedules of an enumeration without any reduction */
#define SLEEP_MAX 50000ul  /* of one with sleep sets: the cache needs some times as many */

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

static void disagree(const char *what, unsigned int bound, const struct seen *a,
		     const struct seen *b)
{
	report->failed_at = report->schedules;
	snprintf(report->message, sizeof(report->message),
		 "%s, bound %u: %lu traces and %lu outcomes, without reduction %lu and %lu", what,
		 bound, a->traces, a->outcomes, b->traces, b->outcomes);
}

static void compare(const char *what, unsigned int bound, const struct seen *a,
		    const struct seen *b)
{
	if (a->traces != b->traces || a->trace_sum != b->trace_sum || a->outcomes != b->outcomes ||
	    a->outcome_sum != b->outcome_sum)
		disagree(what, bound, a, b);
}

/*
 * How many schedules there are: the cache counts them without running them all. An enumeration
 * that would not come to its end is not even begun.
 */
static unsigned long count_schedules(unsigned int bound)
{
	struct explore_options o = { .bound = bound, .cache = true, .count = true };

	if (!search(&o, FULL_MAX))
		return 0;
	return explore_counted() <= FULL_MAX ? explore_counted() : 0;
}

/* The cache against all schedules with so many preemptions. False: there are too many. */
static bool check_bound(unsigned int bound, struct seen *reduced)
{
	struct explore_options all = { .bound = bound, .hash = true };
	struct explore_options cached = { .bound = bound, .cache = true };
	unsigned long n = count_schedules(bound);
	struct seen full;

	if (!n || !search_and_see(&all, FULL_MAX + 1, &full) ||
	    !search_and_see(&cached, FULL_MAX, reduced))
		return false;
	compare("cache", bound, reduced, &full);
	if (n != full.runs)
		snprintf(report->message, sizeof(report->message),
			 "bound %u: %lu schedules, not %lu as counted", bound,
			 report->failed_at = full.runs, n);
	report->exhausted = bound == UNBOUNDED ? UNBOUNDED : bound + 1;
	return !report->failed_at;
}

/*
 * The cache sees the same traces as the enumeration of all schedules, at every bound at which that
 * is feasible; sleep sets see those of the cache without a bound.
 */
void check_explorer(void)
{
	static const unsigned int bounds[] = { 0, 1, 2, 3, UNBOUNDED };
	struct explore_options sleeping = { .bound = UNBOUNDED, .sleep = true, .hash = true };
	struct explore_options cached = { .bound = UNBOUNDED, .cache = true };
	struct seen reduced, asleep;
	bool feasible = true, few = search_all(SLEEP_MAX); /* finds out what is shared */

	report->exhausted = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(bounds) && feasible; i++)
		feasible = check_bound(bounds[i], &reduced);
	if (!few || report->failed_at || !search_and_see(&sleeping, SLEEP_MAX, &asleep))
		return;
	if (feasible || search_and_see(&cached, FULL_MAX, &reduced))
		compare("sleep sets", UNBOUNDED, &asleep, &reduced);
}
