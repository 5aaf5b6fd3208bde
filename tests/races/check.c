/* make races CHECK=1: the reductions of the search against plain enumeration. */
#include <stdio.h>
#include <string.h>
#include "tests/races/runner.h"

static const unsigned int bounds[] = { 0, 1, 2, 3, UNBOUNDED };
#define NR_BOUNDS ((unsigned int)ARRAY_SIZE(bounds))

/* Sums and counts of what complete runs were: two searches that agree have seen the same. */
struct seen {
	unsigned long runs, traces, outcomes;
	u64 trace_sum, outcome_sum;
};
/*
 * Of the search under way, for each bound: a run with so many preemptions is one of every
 * search that allows as many, so that one enumeration speaks for those with lower bounds as
 * well.
 */
static struct seen seen[NR_BOUNDS];
static struct value {
	u64 value;
	unsigned int search;	/* which has seen it: of an earlier one, the place is free */
	unsigned int from;	/* the first bound that has it */
} seen_set[1u << 20];
static unsigned int this_search;

/*
 * Sees the value with that bound. The bounds for which this is new end before the one that is
 * returned.
 */
static unsigned int see(u64 value, unsigned int from)
{
	unsigned int i = (unsigned int)(value % ARRAY_SIZE(seen_set)), old;

	while (seen_set[i].search == this_search && seen_set[i].value != value)
		i = (i + 1) % ARRAY_SIZE(seen_set);
	old = seen_set[i].search == this_search ? seen_set[i].from : NR_BOUNDS;
	seen_set[i] = (struct value){ value, this_search, min(old, from) };
	return old;
}

void check_see_run(void)
{
	u64 trace = explore_trace() | 1, result = (world_outcome() << 1 ^ 0x5555) & ~1ul;
	unsigned int from = 0, i, end;

	while (explore_preemptions() > bounds[from])
		from++;
	for (i = from; i < NR_BOUNDS; i++)
		seen[i].runs++;
	for (i = from, end = see(trace, from); i < end; i++) {
		seen[i].traces++;
		seen[i].trace_sum += trace;
	}
	for (i = from, end = see(result, from); i < end; i++) {
		seen[i].outcomes++;
		seen[i].outcome_sum += result;
	}
}

#define FULL_MAX  200000ul /* schedules of an enumeration without any reduction */
#define SLEEP_MAX 50000ul  /* of one with sleep sets */
#define CACHE_MAX 100000ul /* with the cache beside it, which needs some times as many */

/* False: it is too large to be compared. */
static bool search_and_see(const struct explore_options *o, unsigned long cap)
{
	unsigned long restarts;
	bool whole;

	/* What is shared is found out first, so that nothing is counted twice. */
	do {
		restarts = report->restarts;
		memset(&seen, 0, sizeof(seen));
		this_search++;
		whole = search(o, cap);
	} while (!report->failed_at && restarts != report->restarts);
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
 * How many schedules there are: the cache counts them without running them all. 0: an
 * enumeration would not come to its end, and is not even begun.
 */
static unsigned long count_schedules(unsigned int bound)
{
	struct explore_options o = { .bound = bound, .cache = true, .count = true };

	if (!search(&o, FULL_MAX))
		return 0;
	return explore_counted() <= FULL_MAX ? explore_counted() : 0;
}

/* What the searches of one scenario have seen. */
struct searches {
	unsigned int feasible;			/* so many bounds allow plain enumeration */
	unsigned long counted[NR_BOUNDS];	/* schedules with each of them */
	struct seen full[NR_BOUNDS], cached[NR_BOUNDS], asleep;
	bool few, unbounded; /* asleep, and the cache's without a bound, are whole */
};

static bool cache_and_see(struct searches *s, unsigned int i, unsigned long cap)
{
	struct explore_options o = { .bound = bounds[i], .cache = true };
	bool whole = search_and_see(&o, cap);

	s->cached[i] = seen[i];
	return whole;
}

/*
 * All schedules, with as many preemptions as can be enumerated; and the cache's, with each
 * bound up to that.
 */
static void search_bounds(struct searches *s)
{
	struct explore_options all = { .hash = true };
	unsigned int i;

	for (i = 0; i < NR_BOUNDS && (s->counted[i] = count_schedules(bounds[i])); i++)
		;
	s->feasible = i;
	if (!i)
		return;
	all.bound = bounds[i - 1];
	if (!search_and_see(&all, FULL_MAX + 1))
		s->feasible = 0;
	memcpy(s->full, seen, sizeof(seen));
	for (i = 0; i < s->feasible; i++)
		if (!cache_and_see(s, i, FULL_MAX))
			s->feasible = i;
}

/* False: something more turned out to be shared meanwhile. */
static bool search_scenario(struct searches *s)
{
	struct explore_options sleeping = { .bound = UNBOUNDED, .sleep = true, .hash = true };
	unsigned long restarts;

	memset(s, 0, sizeof(*s));
	s->few = search_and_see(&sleeping, SLEEP_MAX);	/* finds out what is shared */
	s->asleep = seen[NR_BOUNDS - 1];
	restarts = report->restarts;
	if (!report->failed_at)
		search_bounds(s);
	s->unbounded = s->feasible == NR_BOUNDS || (s->few && !report->failed_at &&
						    cache_and_see(s, NR_BOUNDS - 1, CACHE_MAX));
	return report->failed_at || restarts == report->restarts;
}

static void compare_bound(const struct searches *s, unsigned int i)
{
	compare("cache", bounds[i], &s->cached[i], &s->full[i]);
	if (s->counted[i] != s->full[i].runs)
		snprintf(report->message, sizeof(report->message),
			 "bound %u: %lu schedules, not %lu as counted", bounds[i],
			 report->failed_at = s->full[i].runs, s->counted[i]);
	report->exhausted = bounds[i] == UNBOUNDED ? UNBOUNDED : bounds[i] + 1;
}

/*
 * The cache sees the same traces as the enumeration of all schedules, at every bound at which
 * that is feasible; sleep sets see those of the cache without a bound.
 */
void check_explorer(void)
{
	static struct searches s;

	while (!search_scenario(&s))
		;	/* all of them with the same objects as points */
	for (unsigned int i = 0; i < s.feasible && !report->failed_at; i++)
		compare_bound(&s, i);
	if (s.few && s.unbounded && !report->failed_at)
		compare("sleep sets", UNBOUNDED, &s.asleep, &s.cached[NR_BOUNDS - 1]);
}
