/* What steps touch: between the files of the explorer. */
#pragma once
#include "arch/sim/explore.h"

/*
 * An item for an access to obj: how is an enum access, with ACCESS_PAGE or without. Word
 * 0: no part of the state.
 */
u32 item_of(const volatile void *obj, int how);
/* Can the order of the two accesses be told from the object? */
bool items_depend(u32 a, u32 b);

/* The decider `who` has touched it. */
void mark_seen(u32 item, unsigned int who);
/* Two actors touch it, one of them writing; with every point: always true. */
bool is_shared(u32 item);
bool item_known_shared(u32 item);
/* A search starts. every: objects of one actor are points too. */
void sharing_begin(bool every);
bool every_object(void);
/* Since then, or since the last call, an object has turned out to be shared. */
bool sharing_grew(void);
