/*
 * A slab is a folio cut into equal objects: its struct page knows the cache, the free objects (a
 * list through the objects: `private`), those never yet handed out (`index`: how many were), and
 * how many are out (`slab_inuse`). In front of the slabs each CPU has a magazine, a stack of free
 * objects that takes and gives half of itself at a time; on the way from there to the caller no
 * list is touched.
 */
#include "kernel/base/string.h"
#include "mm/slab_debug.h"

#define MAX_SLAB_ORDER 3
#define MIN_OBJECTS    4 /* in a slab, if MAX_SLAB_ORDER allows it */
#define MAX_EMPTY      2 /* slabs that a cache keeps for later */

TAILQ_HEAD(cache_list, kmem_cache);

static struct cache_list caches = TAILQ_HEAD_INITIALIZER(caches);
static struct kmem_cache cache_cache; /* of the caches themselves */

/* ---- slabs: cache->lock held ---- */

static void **link_of(const struct kmem_cache *cache, void *obj)
{
	return (void **)((u8 *)obj + cache->link);
}

static struct page *slab_of(const void *obj) { return &page_folio(virt_to_page(obj))->page; }

static void *slab_take(struct kmem_cache *cache, struct page *slab)
{
	void *obj = (void *)slab->private;

	lockdep_assert_held(&cache->lock);
	if (obj)
		slab->private = (unsigned long)*link_of(cache, obj);
	else
		obj = slab_object(cache, slab, (unsigned int)slab->index++);
	if (slab->slab_inuse++ == 0)
		cache->empty--;
	if (slab->slab_inuse == cache->per_slab) {
		TAILQ_REMOVE(&cache->partial, slab, lru);
		TAILQ_INSERT_HEAD(&cache->full, slab, lru);
	}
	cache->taken++;
	return obj;
}

static void slab_destroy(struct kmem_cache *cache, struct page *slab)
{
	lockdep_assert_held(&cache->lock);
	TAILQ_REMOVE(&cache->partial, slab, lru);
	cache->slabs--;
	cache->empty--;
	slab_debug_free_slab(cache, slab);
	page_clear(slab, PG_slab);
	folio_free((struct folio *)slab);
}

static void slab_give(struct kmem_cache *cache, void *obj)
{
	struct page *slab = slab_of(obj);

	lockdep_assert_held(&cache->lock);
	BUG_MSG(!page_test(slab, PG_slab) || slab->slab_cache != cache,
		"%p is no object of cache %s", obj, cache->name);
	*link_of(cache, obj) = (void *)slab->private;
	slab->private = (unsigned long)obj;
	if (slab->slab_inuse == cache->per_slab) {
		TAILQ_REMOVE(&cache->full, slab, lru);
		TAILQ_INSERT_HEAD(&cache->partial, slab, lru);
	}
	cache->taken--;
	if (--slab->slab_inuse)
		return;
	/* Empty ones go to the end, so that the others fill up first. */
	TAILQ_REMOVE(&cache->partial, slab, lru);
	TAILQ_INSERT_TAIL(&cache->partial, slab, lru);
	if (cache->empty++ >= MAX_EMPTY)
		slab_destroy(cache, slab);
}

/* ---- magazines: their lock held ---- */

static __noinline void magazine_fill(struct kmem_cache *cache, struct magazine *mag)
{
	struct page *slab;

	lockdep_assert_held(&mag->lock);
	spin_lock_nested(&cache->lock, LOCK_NESTED);
	while (mag->count < cache->batch && (slab = TAILQ_FIRST(&cache->partial)))
		mag->objs[mag->count++] = slab_take(cache, slab);
	spin_unlock(&cache->lock);
}

/* Gives the n objects that have been here longest back to their slabs. */
static __noinline void magazine_spill(struct kmem_cache *cache, struct magazine *mag,
				      unsigned int n)
{
	spin_lock_nested(&cache->lock, LOCK_NESTED);
	for (unsigned int i = 0; i < n; i++)
		slab_give(cache, mag->objs[i]);
	spin_unlock(&cache->lock);
	mag->count -= n;
	memmove(mag->objs, mag->objs + n, mag->count * sizeof(*mag->objs));
}

static __always_inline void magazine_push(struct kmem_cache *cache, struct magazine *mag,
					  void *obj)
{
	lockdep_assert_held(&mag->lock);
	if (unlikely(mag->count >= 2 * cache->batch))
		magazine_spill(cache, mag, cache->batch);
	mag->objs[mag->count++] = obj;
}

/* ---- objects ---- */

/*
 * All slabs are full: a new one, and an object of it. No lock is held while a frame is allocated.
 */
static __noinline void *alloc_from_new_slab(struct kmem_cache *cache, gfp_t gfp)
{
	struct folio *folio = folio_alloc(gfp & ~GFP_ZERO, cache->order);
	struct page *slab;
	void *obj;

	if (!folio)
		return NULL;
	slab = &folio->page;
	page_set(slab, PG_slab);
	slab->slab_cache = cache;
	slab->slab_inuse = 0;
	slab->private = 0;
	slab->index = 0;
	slab_debug_new_slab(cache, slab);
	spin_lock(&cache->lock);
	cache->slabs++;
	cache->empty++;
	TAILQ_INSERT_HEAD(&cache->partial, slab, lru);
	obj = slab_take(cache, slab);
	spin_unlock(&cache->lock);
	return obj;
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	struct magazine *mag = &cache->magazines[this_cpu()];
	void *obj = NULL;

	if (should_fail(gfp))
		return NULL;
	spin_lock(&mag->lock);
	if (unlikely(!mag->count))
		magazine_fill(cache, mag);
	if (likely(mag->count))
		obj = mag->objs[--mag->count];
	spin_unlock(&mag->lock);
	if (unlikely(!obj))
		obj = alloc_from_new_slab(cache, gfp);
	if (unlikely(!obj))
		return NULL;
	slab_debug_alloc(cache, obj);
	if (gfp & GFP_ZERO)
		memset(obj, 0, cache->object_size);
	return obj;
}

void kmem_cache_free(struct kmem_cache *cache, void *obj)
{
	struct magazine *mag = &cache->magazines[this_cpu()];

	slab_debug_free(cache, obj);
	spin_lock(&mag->lock);
	magazine_push(cache, mag, obj);
	spin_unlock(&mag->lock);
}

/* ---- caches ---- */

/* The smallest slab with enough objects that wastes at most an eighth. */
static void choose_order(struct kmem_cache *cache)
{
	for (cache->order = 0;; cache->order++) {
		size_t room = PAGE_SIZE << cache->order, waste = room % cache->stride;

		cache->per_slab = (unsigned int)(room / cache->stride);
		if (cache->order == MAX_SLAB_ORDER ||
		    (cache->per_slab >= MIN_OBJECTS && waste * 8 <= room))
			return;
	}
}

static void cache_setup(struct kmem_cache *cache, const char *name, size_t size, size_t align)
{
	cache->name = name;
	cache->object_size = (unsigned int)max(size, sizeof(void *));
	slab_debug_layout(cache, max(align, SLAB_ALIGN));
	choose_order(cache);
	BUG_MSG(!cache->per_slab, "objects of cache %s are too large: %zu bytes", name, size);
	/* Magazines of large objects would only hoard. */
	cache->batch = size <= 512 ? MAGAZINE_SIZE / 2 : size <= 2048 ? 4 : 1;
	spin_lock_init(&cache->lock, LOCK_SLAB);
	TAILQ_INIT(&cache->partial);
	TAILQ_INIT(&cache->full);
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		spin_lock_init(&cache->magazines[cpu].lock, LOCK_SLAB);
	TAILQ_INSERT_TAIL(&caches, cache, list);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align)
{
	struct kmem_cache *cache = kmem_cache_alloc(&cache_cache, GFP_ZERO | GFP_NOFAIL);

	cache_setup(cache, name, size, align);
	return cache;
}

void slab_init(void)
{
	cache_setup(&cache_cache, "kmem_cache", sizeof(struct kmem_cache), 64);
	kmalloc_init();
}

static unsigned long objects_in_use(const struct kmem_cache *cache)
{
	unsigned long n = READ_ONCE(cache->taken);

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		n -= READ_ONCE(cache->magazines[cpu].count);
	return n;
}

unsigned long slab_objects(void)
{
	const struct kmem_cache *cache;
	unsigned long n = 0;

	TAILQ_FOREACH(cache, &caches, list)
		n += objects_in_use(cache);
	return n;
}

static void cache_shrink(struct kmem_cache *cache)
{
	struct page *slab, *before;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		struct magazine *mag = &cache->magazines[cpu];

		spin_lock(&mag->lock);
		magazine_spill(cache, mag, mag->count);
		spin_unlock(&mag->lock);
	}
	spin_lock(&cache->lock);
	TAILQ_FOREACH_REVERSE_SAFE(slab, &cache->partial, page_list, lru, before) {
		if (slab->slab_inuse)
			break;
		slab_destroy(cache, slab);
	}
	spin_unlock(&cache->lock);
}

void slab_shrink(void)
{
	struct kmem_cache *cache;

	TAILQ_FOREACH(cache, &caches, list)
		cache_shrink(cache);
}

unsigned long slab_frames(void)
{
	const struct kmem_cache *cache;
	unsigned long frames = 0;

	TAILQ_FOREACH(cache, &caches, list)
		frames += READ_ONCE(cache->slabs) << cache->order;
	return frames;
}

void slab_for_each(void (*fn)(const char *name, size_t size, unsigned long in_use,
			      unsigned long slabs, void *arg),
		   void *arg)
{
	const struct kmem_cache *cache;

	TAILQ_FOREACH(cache, &caches, list)
		fn(cache->name, cache->object_size, objects_in_use(cache), READ_ONCE(cache->slabs),
		   arg);
}

/* ---- leaks ---- */

void slab_mark(void)
{
	struct kmem_cache *cache;

	TAILQ_FOREACH(cache, &caches, list)
		cache->marked = objects_in_use(cache);
}

#define REPORT_OBJECTS 8 /* of one cache, whose allocator is named */

void slab_report(void)
{
	struct kmem_cache *cache;
	struct page *slab;

	TAILQ_FOREACH(cache, &caches, list) {
		unsigned long in_use = objects_in_use(cache);
		unsigned int left = REPORT_OBJECTS;

		if (in_use <= cache->marked)
			continue;
		printk("cache %s: %lu objects more than before\n", cache->name,
		       in_use - cache->marked);
		TAILQ_FOREACH(slab, &cache->partial, lru)
			slab_debug_report(cache, slab, &left);
		TAILQ_FOREACH(slab, &cache->full, lru)
			slab_debug_report(cache, slab, &left);
	}
}
