/* What lies at an address of the kernel's, for messages: as its frame's struct page says. */
#include "arch/sim/object.h"
#include "arch/sim/sim.h"
#include "kernel/base/printk.h"
#include "mm/slab_debug.h"

static size_t slab_object_name(const struct page *page, const u8 *at, char *text, size_t size)
{
	const struct page *slab = page->flags & BIT(PG_tail) ? page->compound_head : page;
	const struct kmem_cache *cache = slab->slab_cache;
	size_t from = (size_t)(at - (const u8 *)slab_object(cache, slab, 0));

	return scnprintf(text, size, "byte %zu of object %zu of the cache %s",
			 from % cache->stride, from / cache->stride, cache->name);
}

static size_t frame_name(unsigned long pfn, const u8 *at, char *text, size_t size)
{
	const struct page *page = pfn_to_page(pfn),
			  *head = page->flags & BIT(PG_tail) ? page->compound_head : page;
	unsigned long byte = (unsigned long)at & ~PAGE_MASK;

	if (head->flags & BIT(PG_slab))
		return slab_object_name(page, at, text, size);
	if (head->flags & BIT(PG_table))
		return scnprintf(text, size, "entry %lu of the page table in frame %lx",
				 byte / sizeof(u64), pfn);
	return scnprintf(text, size, "byte %lu of frame %lx", byte, pfn);
}

static bool in_arena(const u8 *at)
{
	unsigned long pfn = 0;

	while (pfn < max_pfn && !arena_contains(pfn))
		pfn++;
	return pfn < max_pfn && at >= (const u8 *)frame_ptr(pfn) &&
	       at < (const u8 *)frame_ptr(max_pfn - 1) + PAGE_SIZE;
}

size_t object_name(const volatile void *at, char *text, size_t size)
{
	const u8 *byte = (const u8 *)at, *map = (const u8 *)mem_map;

	if (map && byte >= map && byte < (const u8 *)(mem_map + max_pfn))
		return scnprintf(text, size, "byte %zu of the struct page of frame %zx",
				 (size_t)(byte - map) % sizeof(struct page),
				 (size_t)(byte - map) / sizeof(struct page));
	if (!in_arena(byte))
		return scnprintf(text, size, "static data");
	return frame_name(ptr_frame(byte), byte, text, size);
}
