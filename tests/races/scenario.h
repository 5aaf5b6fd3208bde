/* A scenario, as the runner sees it. */
#pragma once
#include "kernel/base/types.h"

#define RACE_CPUS 3

struct race {
	const char *name, *about;
	unsigned int levels; /* of the program's tree; the hardware
			      * has `deeper` more, at least 4 */
	unsigned int deeper;
	void (*setup)(void);		/* as CPU 0; every CPU runs race_mm */
	void (*cpu[RACE_CPUS])(void);	/* at once */
	const char *on;			/* the CPU of each, a digit; NULL: all have their own */
	void (*probe)(void);		/* afterwards, as CPU 0: what must hold */
	const char *too_large;		/* a pair that need not be searched to its end: why */
	struct race *next;
};
void race_register(struct race *race);
