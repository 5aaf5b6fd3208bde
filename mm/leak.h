/*
 * The leak check: what is in use must be what was in use before. First it quiesces what is only
 * deferred: lazily held address spaces, per-CPU lists, cached stacks, empty slabs, unflushed
 * vmalloc areas.
 */
#pragma once
#include "kernel/base/types.h"

struct mem_usage {
	unsigned long frames;  /* in use after quiescing, but for
				* slabs and vmalloc's page tables */
	unsigned long objects; /* slab objects in use */
};

/* Register something that holds memory only for speed and can let go of it. At boot. */
void quiesce_register(void (*fn)(void));
/*
 * May sleep; exact only while no other task allocates. Slabs are not among the frames, since the
 * same objects may lie in fewer or more of them: each is in a slab of the CPU that asked for it.
 */
struct mem_usage mem_quiesce(void);
/*
 * Prints frames and caches whose use has grown since `before`, with the allocating backtraces
 * (debug).
 */
void leak_report(const struct mem_usage *before, const struct mem_usage *now);
/* From now on, allocations carry a new generation, so that the report names only the new ones. */
void leak_mark(void);
/* The generation of what is allocated now. */
u32 leak_generation(void);
