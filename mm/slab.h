/*
 * Objects smaller than a page. One kmem_cache per type; kmalloc for sizes up to 8 KiB that have no
 * type. Debug builds surround each object with red zones, fill free objects with poison and check
 * both. Not from interrupt handlers. Returned memory is aligned to 16 bytes (64 for caches that
 * ask for it).
 */
#pragma once
#include "mm/buddy.h"

struct kmem_cache;

/* name is kept, not copied. Panics if there is no memory. At boot, before other CPUs run. */
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align);
/* NULL: no memory. gfp as in buddy.h, which says what may sleep. */
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);
void kmem_cache_free(struct kmem_cache *cache, void *obj);

#define KMALLOC_MAX 8192
void *kmalloc(size_t size, gfp_t gfp); /* NULL also for size > KMALLOC_MAX */
static inline void *kzalloc(size_t size, gfp_t gfp) { return kmalloc(size, gfp | GFP_ZERO); }
void kfree(const void *obj); /* NULL is fine */

void slab_init(void);
/* Objects handed out, of all caches. */
unsigned long slab_objects(void);
/* Frames that are slabs now, of all caches. */
unsigned long slab_frames(void);
/* Gives empty slabs back to the buddy allocator. */
void slab_shrink(void);
/* Calls fn for each cache: for slabinfo and leak reports. */
void slab_for_each(void (*fn)(const char *name, size_t size, unsigned long in_use,
			      unsigned long slabs, void *arg),
		   void *arg);

/*
 * For leak.c: remember how many objects each cache has out, and name those that have more out now.
 */
void slab_mark(void);
void slab_report(void);
