/* kmalloc: objects without a type of their own, from caches of a dozen sizes. */
#include "mm/slab_debug.h"

static const struct {
	unsigned int size;
	const char *name;
} classes[] = {
	{ 16, "kmalloc-16" },	  { 32, "kmalloc-32" },	    { 64, "kmalloc-64" },
	{ 96, "kmalloc-96" },	  { 128, "kmalloc-128" },   { 192, "kmalloc-192" },
	{ 256, "kmalloc-256" },	  { 512, "kmalloc-512" },   { 1024, "kmalloc-1024" },
	{ 2048, "kmalloc-2048" }, { 4096, "kmalloc-4096" }, { KMALLOC_MAX, "kmalloc-8192" },
};

static struct kmem_cache *class_caches[ARRAY_SIZE(classes)];

/* The class of small sizes, in steps of 16 bytes. */
static u8 small_class[256 / 16 + 1];

void kmalloc_init(void)
{
	unsigned int class = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(classes); i++)
		class_caches[i] = kmem_cache_create(classes[i].name, classes[i].size, SLAB_ALIGN);
	for (unsigned int i = 0; i < ARRAY_SIZE(small_class); i++) {
		if (i * 16 > classes[class].size)
			class ++;
		small_class[i] = (u8) class;
	}
}

static struct kmem_cache *cache_for(size_t size)
{
	/* 257..512 is class 7, and each doubling the next. */
	if (likely(size <= 256))
		return class_caches[small_class[(size + 15) / 16]];
	return class_caches[7 + 63 - __builtin_clzl(size - 1) - 8];
}

void *kmalloc(size_t size, gfp_t gfp)
{
	return size <= KMALLOC_MAX ? kmem_cache_alloc(cache_for(size), gfp) : NULL;
}

void kfree(const void *obj)
{
	struct page *slab;

	if (!obj)
		return;
	slab = &page_folio(virt_to_page(obj))->page;
	BUG_MSG(!page_test(slab, PG_slab), "%p is no slab object: frame %#lx, flags %#lx", obj,
		page_to_pfn(slab), slab->flags);
	kmem_cache_free(slab->slab_cache, (void *)obj);
}
