/*
 * sequences FIRST COUNT - random programs, the same on every kernel: `FIRST` is a seed. One line
 * each with a checksum of its log, then how often each kind of step was made. The seeds that are
 * multiples of 4 are about files, the others about memory.
 * sequences SEED log [SKIP] - the log of one; SKIP has a 1 in the place of each step to leave out.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/sequences/sequence.h"
#include "tests/fuzz/random.h"
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

void say(struct sequence *s, const char *format, ...)
{
	struct log *log = s->log;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(log->text + log->used, LOG_SIZE - log->used, format, args);
	va_end(args);
	log->used += (size_t)n < LOG_SIZE - log->used ? (size_t)n : 0;
}

static bool about_files(uint64_t seed)
{
	return seed % 4 == 0;
}

static const struct step *steps;
static int nr_steps;

void run_steps(struct sequence *s, int from, int to)
{
	for (int i = from; i < to; i++) {
		int kind = (int)random_below(&s->state, (uint64_t)nr_steps);
		uint64_t after = random_next(&s->state);

		/* A step that is left out changes nothing for the others. */
		if (i >= (int)strlen(s->skip) || s->skip[i] != '1') {
			s->log->counts[(steps == file_steps ? KINDS / 2 : 0) + kind]++;
			say(s, "%.*s%d %s", s->depth, ">>>>", i, steps[kind].name);
			steps[kind].run(s);
			say(s, "\n");
		}
		s->state = after | 1;
	}
}

struct program {
	uint64_t seed;
	const char *skip;
	struct log *log;
};

static int child_program(void *arg)
{
	struct program *program = arg;
	struct sequence s = { .state = random_state(program->seed), .skip = program->skip,
			      .log = program->log };

	steps = about_files(program->seed) ? file_steps : memory_steps;
	nr_steps = about_files(program->seed) ? nr_file_steps : nr_memory_steps;
	scratch_enter();
	if (about_files(program->seed)) {
		files_begin(&s);
		run_steps(&s, 0, STEPS);
		files_end(&s);
	} else {
		memory_begin(&s);
		run_steps(&s, 0, STEPS);
		memory_end(&s);
	}
	scratch_leave();
	return 0;
}

static uint64_t checksum(const struct log *log)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (size_t i = 0; i < log->used; i++)
		sum = (sum ^ (unsigned char)log->text[i]) * 0x100000001b3;
	return sum;
}

/* Returns how the program ended; its log is in the buffer. */
static int run_program(struct log *log, uint64_t seed, const char *skip)
{
	struct program program = { seed, skip, log };

	log->used = 0;
	return child_verdict(child_run(child_program, &program));
}

static void print_counts(const struct log *log)
{
	for (int i = 0; i < nr_memory_steps; i++)
		printf("kind %s %u\n", memory_steps[i].name, log->counts[i]);
	for (int i = 0; i < nr_file_steps; i++)
		printf("kind %s %u\n", file_steps[i].name, log->counts[KINDS / 2 + i]);
}

int main(int argc, char **argv)
{
	struct log *log = (struct log *)map_shared(sizeof(*log));
	uint64_t first, count;

	if (argc < 3)
		return 1;
	first = strtoull(argv[1], NULL, 0);
	if (!strcmp(argv[2], "log")) {
		int verdict = run_program(log, first, argc > 3 ? argv[3] : "");

		printf("%.*sended with %d\n", (int)log->used, log->text, verdict);
		return 0;
	}
	count = strtoull(argv[2], NULL, 0);
	for (uint64_t seed = first; seed < first + count; seed++) {
		int verdict = run_program(log, seed, "");

		printf("%llu %d %016llx %lu\n", (unsigned long long)seed, verdict,
		       (unsigned long long)checksum(log), (unsigned long)log->used);
	}
	print_counts(log);
	return 0;
}
