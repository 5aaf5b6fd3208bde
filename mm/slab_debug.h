/*
 * How an object lies in its slab, and what debug builds check of it:
 *
 *	release:	[object]				the link is its first word
 *	debug:		[red zone][object][red zone][meta]	the link is in meta
 *
 * Between slab.c and slab_debug.c.
 */
#pragma once
#include "mm/slab.h"
#include "mm/stackdepot.h"

#define SLAB_ALIGN    16ul

/* What only its own CPU pushes and pops; the lock is for those who empty it. */
#define MAGAZINE_SIZE 30

struct magazine {
	spinlock_t lock; /* LOCK_SLAB, before the cache's */
	unsigned int count;
	void *objs[MAGAZINE_SIZE];
} __cacheline_aligned;

struct kmem_cache {
	struct magazine magazines[NR_CPUS];

	const char *name;
	unsigned int object_size; /* as asked for */
	unsigned int stride;	  /* from one object to the next */
	unsigned int offset;	  /* of the first object in its slab, and in its stride */
	unsigned int link;	  /* of the free link, from the object */
	unsigned int order;	  /* of a slab */
	unsigned int per_slab;
	unsigned int batch; /* half of what a magazine holds */

	spinlock_t lock;	  /* LOCK_SLAB: all below */
	struct page_list partial; /* slabs with a free object, the empty ones last */
	struct page_list full;
	unsigned long slabs, empty;
	unsigned long taken;  /* objects out of slabs: in use or in magazines */
	unsigned long marked; /* objects in use at slab_mark() */
	TAILQ_ENTRY(kmem_cache) list;
};

void kmalloc_init(void);

/* The i-th object of a slab. */
static inline void *slab_object(const struct kmem_cache *cache, const struct page *slab,
				unsigned int i)
{
	return (u8 *)page_address(slab) + cache->offset + (size_t)i * cache->stride;
}

#if CONFIG_DEBUG
/* Chooses stride, offset and link. */
void slab_debug_layout(struct kmem_cache *cache, size_t align);
/* A slab is new: every object becomes a free one. */
void slab_debug_new_slab(struct kmem_cache *cache, struct page *slab);
void slab_debug_free_slab(struct kmem_cache *cache, struct page *slab);
/* An object leaves or enters the magazine: check it, and mark who has it. */
void slab_debug_alloc(struct kmem_cache *cache, void *obj);
void slab_debug_free(struct kmem_cache *cache, void *obj);
/* Names who allocated the objects of a slab since the last leak_mark(), a few of them. */
void slab_debug_report(struct kmem_cache *cache, struct page *slab, unsigned int *left);
#else
static inline void slab_debug_layout(struct kmem_cache *cache, size_t align)
{
	cache->stride = ALIGN_UP(cache->object_size, (unsigned int)align);
}
static inline void slab_debug_new_slab(struct kmem_cache *cache, struct page *slab) {}
static inline void slab_debug_free_slab(struct kmem_cache *cache, struct page *slab) {}
static inline void slab_debug_alloc(struct kmem_cache *cache, void *obj) {}
static inline void slab_debug_free(struct kmem_cache *cache, void *obj) {}
static inline void slab_debug_report(struct kmem_cache *cache, struct page *slab,
				     unsigned int *left)
{
}
#endif
