/*
 * The state of the machine, saved once and put back before each schedule: the arena and
 * the data of mm/, the simulator and the scenario, which the build of the races collects
 * in sections of their own.
 */
#pragma once
#include "kernel/base/types.h"

/*
 * Memory that belongs to the state. Page aligned memory is watched; other memory is always copied.
 */
void snapshot_add(void *start, size_t size);
/* Adds the sections mm_data and mm_bss, if the program has them. */
void snapshot_add_sections(void);
void snapshot_save(void);
void snapshot_restore(void);
/* The sanitizer's view of this memory changes, but perhaps not the memory. */
void snapshot_touch(const void *start, size_t size);
/* How many pages a restore copies. */
unsigned int snapshot_pages(void);

/* A number for the 4 bytes at p, the same in each run; 0: not part of the state. */
u32 snapshot_word(const volatile void *p);
#define SNAPSHOT_WORDS_PER_PAGE (4096 / 4)
/* One more than the largest number. */
u32 snapshot_words(void);
