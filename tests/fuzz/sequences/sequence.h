/*
 * sequence.h - random programs whose log is the same on every kernel that keeps the rules: no
 * address, number or time in it is one that a kernel may choose.
 */
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LOG_SIZE = 128 << 10,
	STEPS = 50,			/* of one program */
	KINDS = 80,			/* of steps, in all */
	PAGES = 32,			/* that a program maps, unmaps and touches */
	FILE_PAGES = 8,
};

/* Shared by all processes of a program, and with the one that compares. */
struct log {
	size_t used;
	unsigned int counts[KINDS];	/* of steps that were made */
	char text[LOG_SIZE];
};

struct sequence {
	uint64_t state;			/* of the random numbers */
	uintptr_t base;			/* of the PAGES */
	int depth;			/* forks above */
	int file;			/* a file that is mapped, read and written */
	const char *skip;		/* a digit 1 for each step that
					 * is left out; may end early */
	struct log *log;
};

/* A step makes its call and logs what came of it. */
struct step {
	const char *name;
	void (*run)(struct sequence *s);
};
extern const struct step memory_steps[], file_steps[];
extern const int nr_memory_steps, nr_file_steps;

void say(struct sequence *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Steps `from` to `to` of a sequence; a fork within it makes some more in the child. */
void run_steps(struct sequence *s, int from, int to);

/* memory.c: before the first step, and everything that there is after the last. */
void memory_begin(struct sequence *s);
void memory_end(struct sequence *s);
void files_begin(struct sequence *s);
void files_end(struct sequence *s);

#endif
