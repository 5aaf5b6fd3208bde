/*
 * Race points: places at which another CPU may be made to go on first, when the boot option seed=
 * asks for it (race.c). They stand where the simulator has its scheduling points. Release builds
 * have none; without a seed each is one predictable branch.
 */
#pragma once
#include "kernel/base/types.h"

#if CONFIG_DEBUG
extern bool race_points;	/* set once the CPUs run, cleared by a panic */

/* Lets other CPUs go on for a while, or not, as the seed says. Any context. */
void race_yield(void);

#define race_point() do { \
	if (unlikely(race_points)) \
		race_yield(); \
} while (0)
#else
#define race_points	false
static inline void race_yield(void) {}
#define race_point()	do { } while (0)
#endif
