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
void check_explorer(void)
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
