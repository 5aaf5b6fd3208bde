/* Between the files of the runner. */
#pragma once
#include "arch/sim/explore.h"
#include "tests/races/scenario.h"

/* The machine, and what the scenario sets up on it. */
void world_start(const struct race *race);
/* The scenario's probe, and what must always hold. */
void world_end(const struct race *race);
/* Equal for schedules that ended alike. */
u64 world_outcome(void);
/* Adds its memory to the state that is saved. */
void arena_add_to_snapshot(void);
