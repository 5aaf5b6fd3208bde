/*
 * Sections: physical memory is taken into use piece by piece, so that a large memory costs nothing
 * at boot. The arrays with a record for each frame are not even zeroed until then.
 */
#pragma once
#include "mm/page.h"

/*
 * Boot: an array with one record of `size` bytes for each frame below max_pfn. A record is zero
 * when its frame becomes page_initialised(), and must not be touched before.
 */
void *frame_array(size_t size);

/* Boot, once max_pfn is known and before anybody asks page_initialised(). */
void sections_init(void);

/*
 * Makes the next section with free frames page_initialised(), and calls add() for each run of free
 * frames in it, in order. Returns how many frames these are; 0: no section is left. Does not sleep
 * and takes no lock; the buddy allocator calls it under its own.
 */
unsigned long section_take_in(void (*add)(unsigned long start, unsigned long end));
/*
 * The end of the last section taken in: what boot memory has left over beyond it is still to come.
 */
unsigned long sections_end(void);
