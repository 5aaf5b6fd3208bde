/*
 * make races: searches the schedules of scenarios, each in a process of its own, and reports TAP,
 * totals and build/races.tsv. See usage() for what it takes.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/races/runner.h"

struct options options = { .samples = 4000, .cap = 12000, .part = 1, .parts = 1 };

extern const char __executable_start[];

static struct race *races, **last_race = &races;

void race_register(struct race *new)
{
	*last_race = new;
	last_race = &new->next;
}

static unsigned long total_schedules, total_failures, total_races, number;
static unsigned long total_pruned, total_sampled;
static const struct race *unexhausted[200]; /* not searched to their end, or to bound 3 */
static unsigned int nr_unexhausted;
static FILE *tsv, *passed;

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
	bool ok = r->complete && !r->failed_at && !r->unfinished;
	char text[32];

	printf("%s%s %lu - %s # %lu schedules, %lu pruned, %lu states, depth %u, %s, %.0f/s\n",
	       isatty(STDOUT_FILENO) ? "\r\033[K" : "", ok ? "ok" : "not ok", ++number,
	       which->name, r->schedules, r->pruned, r->states, r->depth,
	       exhausted_text(r, text, sizeof(text)),
	       r->seconds > 0 ? (double)r->schedules / r->seconds : 0);
	if (!r->complete)
		printf("# the process ended\n");
	if (r->unfinished)
		printf("# a pair is searched to its end, and this one was not: make it smaller (docs/races.md)\n");
	else if (!which->cpu[2] && which->too_large && r->exhausted != UNBOUNDED)
		printf("# not searched to its end: %s\n", which->too_large);
	if (r->failed_at)
		printf("# %s\n# found after %lu schedules, %u preemptions; again, with the story:\n"
		       "#   make races S=%s REPLAY=%s\n",
		       r->message, r->failed_at, r->preemptions, which->name, r->replay);
	if (r->failed_at && !options.check)
		print_where(r);
	if (tsv)
		fprintf(tsv, "%s\t%lu\t%lu\t%lu\t%u\t%d\t%s\t%lu\t%lu\t%u\t%.3f\n", which->name,
			r->schedules, r->pruned, r->states, r->depth, !ok,
			exhausted_text(r, text, sizeof(text)), r->sampled, r->restarts, r->pages,
			r->seconds);
	fflush(NULL);
}

static void write_passed(const struct race *which, const struct report *r)
{
	for (unsigned long at = 0; passed && at < PROGRAM_MAX; at++)
		if (r->passed[at])
			fprintf(passed, "%s\t%#lx\n", which->name,
				(unsigned long)__executable_start + at);
}

static void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("races");
		exit(2);
	}
	return memory;
}

static void run_race(const struct race *which)
{
	struct report *shared = shared_memory(sizeof(*shared));
	pid_t pid;
	int status;

	shared->passed = shared_memory(PROGRAM_MAX);
	if (fflush(NULL) || (pid = fork()) < 0) {
		perror("races");
		exit(2);
	}
	if (!pid)
		run_child(which, shared);
	waitpid(pid, &status, 0);
	print_report(which, shared);
	total_races++;
	if (!shared->failed_at && shared->exhausted < MAX_BOUND + 1 &&
	    nr_unexhausted < ARRAY_SIZE(unexhausted))
		unexhausted[nr_unexhausted++] = which;
	write_passed(which, shared);
	total_schedules += shared->schedules;
	total_pruned += shared->pruned;
	total_sampled += shared->sampled;
	total_failures += !shared->complete || shared->failed_at || shared->unfinished;
	munmap(shared->passed, PROGRAM_MAX);
	munmap(shared, sizeof(*shared));
}

/* Told plainly: what was only searched as far as the cap allows, and then sampled. */
static void print_unexhausted(void)
{
	if (!nr_unexhausted || options.fast || options.limit || options.check || options.replay)
		return;
	printf("# by a cap, and then sampled:");
	for (unsigned int i = 0; i < nr_unexhausted; i++)
		printf(" %s%s", unexhausted[i]->name, unexhausted[i]->cpu[2] ? "" : " (a pair)");
	putchar('\n');
}

static void usage(void)
{
	fprintf(stderr,
		"races [-s NAME] [-k PART/PARTS] [-n SAMPLES] [-m LIMIT] [-r SCHEDULE [-t TRACE]]"
		" [-o TSV] [-p PASSED] [-f] [-c] [-l]\n"
		"  -s  one scenario   -r  replay a schedule of it   -t  write its trace\n"
		"  -k  a part of the scenarios\n"
		"  -o  totals   -p  the points that were passed\n"
		"  -n  random schedules of each   -m  so many in all, from bound 0   -f  the fast part\n"
		"  -c  check the searches against each other   -l  list the scenarios\n");
	exit(2);
}

static void parse_part(const char *text)
{
	if (sscanf(text, "%u/%u", &options.part, &options.parts) != 2 || !options.part ||
	    options.part > options.parts)
		usage();
}

/* The n-th scenario. */
static bool wanted(const struct race *r, unsigned long n)
{
	return (!options.only || !strcmp(options.only, r->name)) &&
	       n % options.parts == options.part - 1;
}

static unsigned long number_of(char name, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end) {
		fprintf(stderr, "races: -%c %s: a number (N= of make)\n", name, text);
		exit(2);
	}
	return n;
}

static void parse(int argc, char **argv)
{
	for (int opt; (opt = getopt(argc, argv, "s:k:n:m:r:t:o:p:flc")) != -1;) {
		switch (opt) {
		case 's': options.only = optarg; break;
		case 'k': parse_part(optarg); break;
		case 'n': options.samples = number_of('n', optarg); break;
		case 'm': options.limit = number_of('m', optarg); break;
		case 'r': options.replay = optarg; break;
		case 't': options.trace = optarg; break;
		case 'o': options.tsv = optarg; break;
		case 'p': options.passed = optarg; break;
		case 'f': options.fast = true; break;
		case 'c': options.check = true; break;
		case 'l': options.list = true; break;
		default: usage();
		}
	}
	if (options.samples > 4000)
		options.cap = 60000; /* there is time: pairs to their end */
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
	unsigned long n = 0, at = 0;

	parse(argc, argv);
	tsv = options.tsv ? fopen(options.tsv, "w") : NULL;
	passed = options.passed ? fopen(options.passed, "w") : NULL;
	if (tsv)
		fprintf(tsv,
			"scenario\tschedules\tpruned\tstates\tdepth\tfailures\texhausted\t"
			"sampled\trestarts\tpages\tseconds\n");
	for (const struct race *r = races; r; r = r->next)
		n += wanted(r, at++);
	if (!n) {
		fprintf(stderr, "races: there is no scenario %s; `build/races/races -l` lists them\n",
			options.only ? options.only : "in that part");
		return 2;
	}
	at = 0;
	if (!options.list)
		printf("1..%lu\n", n);
	for (const struct race *r = races; r; r = r->next) {
		if (!wanted(r, at++))
			continue;
		if (options.list)
			printf("%-28s %s\n", r->name, r->about);
		else
			run_race(r);
	}
	print_unexhausted();
	if (!options.list)
		printf("# %lu scenarios, %lu schedules (%lu pruned, %lu sampled), %lu failures, %.1f s\n",
		       total_races, total_schedules, total_pruned, total_sampled, total_failures,
		       now() - start);
	if (passed)
		fclose(passed);
	return total_failures != 0;
}
