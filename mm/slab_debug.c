/* What debug builds check of each slab object: red zones, poison, double frees, and who has it. */
#include "kernel/base/string.h"
#include "mm/leak.h"
#include "mm/slab_debug.h"

#if CONFIG_DEBUG

#define RED_ZONE    16u /* at least, on both sides */
#define RED_BYTE    0xbb
#define POISON_FREE 0x6b /* a free object */
#define POISON_NEW  0x5a /* one that was handed out and not yet written */

#define STATE_FREE  0x46524545u
#define STATE_USED  0x55534544u

struct object_meta {
	void *link; /* cache->link leads here */
	u32 state;
	u32 generation;
	stack_handle_t stack; /* who allocated it last */
	stack_handle_t freed_by;
};

void slab_debug_layout(struct kmem_cache *cache, size_t align)
{
	cache->offset = max(RED_ZONE, (unsigned int)align);
	cache->link = ALIGN_UP(cache->object_size + RED_ZONE, (unsigned int)sizeof(void *));
	cache->stride =
		ALIGN_UP(cache->offset + cache->link + (unsigned int)sizeof(struct object_meta),
			 (unsigned int)align);
}

static struct object_meta *meta_of(const struct kmem_cache *cache, const void *obj)
{
	return (struct object_meta *)((u8 *)obj + cache->link);
}

static void __noreturn object_broken(const struct kmem_cache *cache, const void *obj,
				     const char *what)
{
	const struct object_meta *meta = meta_of(cache, obj);

	printk("object %p of cache %s (%u bytes): %s; allocated by:\n", obj, cache->name,
	       cache->object_size, what);
	stack_print(meta->stack);
	if (meta->state == STATE_FREE) {
		printk("freed by:\n");
		stack_print(meta->freed_by);
	}
	panic("slab %s: %s", cache->name, what);
}

static bool filled_with(const u8 *start, const u8 *end, u8 byte)
{
	while (start < end && *start == byte)
		start++;
	return start == end;
}

static void show_all(const struct kmem_cache *cache, u8 *obj)
{
	memory_show(obj - RED_ZONE, RED_ZONE + cache->link);
}

/* The red zones of an object in use; all of a free one. */
static void hide(const struct kmem_cache *cache, u8 *obj, bool whole)
{
	memory_hide(obj - RED_ZONE, RED_ZONE);
	memory_hide(obj + (whole ? 0 : cache->object_size),
		    cache->link - (whole ? 0 : cache->object_size));
}

static void check_red_zones(const struct kmem_cache *cache, const u8 *obj)
{
	if (!filled_with(obj - RED_ZONE, obj, RED_BYTE))
		object_broken(cache, obj, "the bytes before it were overwritten");
	if (!filled_with(obj + cache->object_size, obj + cache->link, RED_BYTE))
		object_broken(cache, obj, "the bytes behind it were overwritten");
}

static void make_free(struct kmem_cache *cache, u8 *obj)
{
	memset(obj, POISON_FREE, cache->object_size);
	meta_of(cache, obj)->state = STATE_FREE;
	hide(cache, obj, true);
}

void slab_debug_new_slab(struct kmem_cache *cache, struct page *slab)
{
	for (unsigned int i = 0; i < cache->per_slab; i++) {
		u8 *obj = slab_object(cache, slab, i);

		memset(obj - RED_ZONE, RED_BYTE, RED_ZONE);
		memset(obj + cache->object_size, RED_BYTE, cache->link - cache->object_size);
		*meta_of(cache, obj) = (struct object_meta){ 0 };
		make_free(cache, obj);
	}
}

void slab_debug_free_slab(struct kmem_cache *cache, struct page *slab)
{
	memory_show(page_address(slab), PAGE_SIZE << cache->order);
}

/* A pointer that is no object of this cache must not get as far as its meta data. */
static void check_pointer(const struct kmem_cache *cache, const void *obj)
{
	struct page *slab = &page_folio(virt_to_page(obj))->page;
	size_t offset = (size_t)((const u8 *)obj - (u8 *)page_address(slab));

	BUG_MSG(!page_test(slab, PG_slab),
		"%p is no object of cache %s: its frame %#lx is no slab", obj, cache->name,
		page_to_pfn(slab));
	BUG_MSG(slab->slab_cache != cache, "%p is an object of cache %s, not of %s", obj,
		slab->slab_cache->name, cache->name);
	BUG_MSG(offset < cache->offset || (offset - cache->offset) % cache->stride ||
			(offset - cache->offset) / cache->stride >= cache->per_slab,
		"%p does not point to the start of an object of cache %s", obj, cache->name);
}

void slab_debug_alloc(struct kmem_cache *cache, void *obj)
{
	struct object_meta *meta = meta_of(cache, obj);
	u8 *bytes = obj;

	show_all(cache, bytes);
	if (meta->state != STATE_FREE)
		object_broken(cache, obj, "a free object has lost its mark");
	if (!filled_with(bytes, bytes + cache->object_size, POISON_FREE))
		object_broken(cache, obj, "it was written to after it was freed");
	check_red_zones(cache, obj);
	memset(obj, POISON_NEW, cache->object_size);
	meta->state = STATE_USED;
	meta->generation = leak_generation();
	meta->stack = stack_save();
	hide(cache, obj, false);
}

void slab_debug_free(struct kmem_cache *cache, void *obj)
{
	struct object_meta *meta = meta_of(cache, obj);

	check_pointer(cache, obj);
	if (meta->state == STATE_FREE)
		object_broken(cache, obj, "it was freed twice");
	show_all(cache, obj);
	if (meta->state != STATE_USED)
		object_broken(cache, obj, "its meta data was overwritten");
	check_red_zones(cache, obj);
	meta->freed_by = stack_save();
	make_free(cache, obj);
}

void slab_debug_report(struct kmem_cache *cache, struct page *slab, unsigned int *left)
{
	for (unsigned int i = 0; i < cache->per_slab && *left; i++) {
		const struct object_meta *meta = meta_of(cache, slab_object(cache, slab, i));

		if (meta->state != STATE_USED || meta->generation < leak_generation())
			continue;
		(*left)--;
		printk("%s %p allocated by:\n", cache->name, slab_object(cache, slab, i));
		stack_print(meta->stack);
	}
}

#endif
