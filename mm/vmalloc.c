/*
 * The kernel's areas of single frames. The address space [VMALLOC_START, VMALLOC_END) is a tree of
 * ranges without holes, each in one state:
 *
 *	FREE -> USED: vmalloc() cuts it off; the last page of a used range is its guard
 *	USED -> CACHED -> USED: a kernel stack that waits, mapped, for the next task on this CPU
 *	USED, CACHED -> LAZY: unmapped, but CPUs may still hold translations; its frames wait
 *	LAZY -> FREE: all CPUs have flushed
 */
#include <sys/tree.h>
#include "kernel/base/wait.h"
#include "mm/leak.h"
#include "mm/page_owner.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "kernel/base/trace.h"
#include "mm/vmstat.h"

#define STACK_PAGES   4	  /* what the per-CPU caches hold: kernel stacks */
#define STACKS_CACHED 2	  /* on each CPU */
#define LAZY_MAX      128 /* frames that wait for a flush before vfree() does one */

enum range_state { RANGE_FREE, RANGE_USED, RANGE_CACHED, RANGE_LAZY };

struct vm_range {
	unsigned long start, end; /* the guard page included */
	enum range_state state;
	RB_ENTRY(vm_range) rb;
	TAILQ_ENTRY(vm_range) list; /* of the free or the lazy ones */
	struct page_list pages;	    /* LAZY: the frames */
};

RB_HEAD(range_tree, vm_range);
TAILQ_HEAD(range_list, vm_range);

static int range_compare(const struct vm_range *a, const struct vm_range *b)
{
	return a->start < b->start ? -1 : a->start > b->start;
}

RB_GENERATE_STATIC(range_tree, vm_range, rb, range_compare)

static struct {
	spinlock_t lock;
	struct range_tree tree;
	struct range_list free, lazy;
	unsigned long lazy_pages; /* read without the lock too */
} space;

static struct stack_cache {
	spinlock_t lock; /* for those who empty it */
	unsigned int nr;
	struct vm_range *ranges[STACKS_CACHED];
} __cacheline_aligned stack_caches[NR_CPUS];

static struct kmem_cache *range_cache;
static atomic_long_t table_frames;

unsigned long vmalloc_table_frames(void) { return (unsigned long)atomic_long_read(&table_frames); }

/* ---- page tables: entries appear by compare-and-exchange, tables stay: no lock is needed ---- */

/* The table below an entry; made if `alloc`. NULL: there is none, or no memory for it. */
static u64 *next_table(u64 *slot, bool alloc)
{
	struct page *table;
	u64 val = entry_get(slot);

	if (entry_table(val))
		return frame_ptr(entry_pfn(val));
	table = alloc ? alloc_page(GFP_KERNEL | GFP_ZERO) : NULL;
	if (!table)
		return NULL;
	if (entry_cmpxchg(slot, &val, entry_make_table(page_to_pfn(table)))) {
		atomic_long_inc(&table_frames);
		return page_address(table);
	}
	free_page(table); /* another CPU was faster: val is its entry */
	return frame_ptr(entry_pfn(val));
}

static u64 *kernel_slot(unsigned long addr, bool alloc)
{
	unsigned long root = kernel_root();
	unsigned int level = root & ~PAGE_MASK;
	u64 *table = frame_ptr(root >> PAGE_SHIFT);

	for (;; level--) {
		unsigned int shift = PAGE_SHIFT + TABLE_SHIFT * (level - 1);
		u64 *slot = table + (addr >> shift & (PTRS_PER_TABLE - 1));

		if (level == 1)
			return slot;
		table = next_table(slot, alloc);
		if (!table)
			return NULL;
	}
}

static bool map_page(unsigned long addr)
{
	u64 *slot = kernel_slot(addr, true);
	struct page *page = slot ? alloc_page(GFP_KERNEL) : NULL;

	if (page)
		entry_set(slot, pfn_pte(page_to_pfn(page), PAGE_KERNEL).val);
	return page;
}

/* Clears the entries of a range and collects its frames, which other CPUs may still reach. */
static void unmap_range(struct vm_range *range)
{
	TAILQ_INIT(&range->pages);
	for (unsigned long addr = range->start; addr < range->end; addr += PAGE_SIZE) {
		u64 *slot = kernel_slot(addr, false), val = slot ? entry_xchg(slot, 0) : 0;

		if (entry_present(val))
			TAILQ_INSERT_TAIL(&range->pages, pfn_to_page(entry_pfn(val)), lru);
	}
}

static bool is_mapped(unsigned long addr)
{
	u64 *slot = addr >= VMALLOC_START && addr < VMALLOC_END ? kernel_slot(addr, false) : NULL;

	return slot && entry_present(entry_get(slot));
}

/* Asks the tables alone, so that a panic may call it whatever it has interrupted. */
bool vmalloc_is_guard(unsigned long addr)
{
	return addr >= VMALLOC_START && addr < VMALLOC_END && !is_mapped(addr) &&
	       (is_mapped(addr + PAGE_SIZE) || is_mapped(addr - PAGE_SIZE));
}

/* ---- ranges: space.lock held ---- */

static struct vm_range *range_find(unsigned long start)
{
	struct vm_range key = { .start = start };

	lockdep_assert_held(&space.lock);
	return RB_FIND(range_tree, &space.tree, &key);
}

/* Those that wait for a flush. */
static struct range_list *lazy_ranges(void)
{
	lockdep_assert_held(&space.lock);
	return &space.lazy;
}

static void range_insert_free(struct vm_range *range)
{
	range->state = RANGE_FREE;
	RB_INSERT(range_tree, &space.tree, range);
	TAILQ_INSERT_HEAD(&space.free, range, list);
}

/* Cuts size bytes off the front of a free range, into `spare`, or takes the range whole. */
static struct vm_range *range_take(unsigned long size, struct vm_range **spare)
{
	struct vm_range *range, *taken = *spare;

	lockdep_assert_held(&space.lock);
	TAILQ_FOREACH(range, &space.free, list) {
		if (range->end - range->start >= size)
			break;
	}
	if (!range)
		return NULL;
	if (range->end - range->start == size) {
		TAILQ_REMOVE(&space.free, range, list);
		range->state = RANGE_USED;
		return range;
	}
	*spare = NULL;
	*taken = (struct vm_range){ .start = range->start,
				    .end = range->start + size,
				    .state = RANGE_USED };
	range->start += size; /* does not change its place in the tree */
	RB_INSERT(range_tree, &space.tree, taken);
	return taken;
}

/*
 * Joins a range that becomes free with free neighbours. Returns the structures that are left over.
 */
static void range_release(struct vm_range *range, struct range_list *unused)
{
	struct vm_range *prev = RB_PREV(range_tree, &space.tree, range);
	struct vm_range *next = RB_NEXT(range_tree, &space.tree, range);

	lockdep_assert_held(&space.lock);
	RB_REMOVE(range_tree, &space.tree, range);
	if (next && next->state == RANGE_FREE) {
		RB_REMOVE(range_tree, &space.tree, next);
		TAILQ_REMOVE(&space.free, next, list);
		range->end = next->end;
		TAILQ_INSERT_TAIL(unused, next, list);
	}
	if (prev && prev->state == RANGE_FREE) {
		prev->end = range->end;
		TAILQ_INSERT_TAIL(unused, range, list);
	} else {
		range_insert_free(range);
	}
}

/* ---- allocation ---- */

static struct vm_range *range_alloc(unsigned long size)
{
	struct vm_range *spare = kmem_cache_alloc(range_cache, GFP_KERNEL), *range;

	if (!spare)
		return NULL;
	spin_lock(&space.lock);
	range = range_take(size, &spare);
	spin_unlock(&space.lock);
	if (spare)
		kmem_cache_free(range_cache, spare);
	return range;
}

static void range_make_lazy(struct vm_range *range)
{
	unmap_range(range);
	spin_lock(&space.lock);
	range->state = RANGE_LAZY;
	TAILQ_INSERT_TAIL(lazy_ranges(), range, list);
	WRITE_ONCE(space.lazy_pages,
		   space.lazy_pages + ((range->end - range->start) >> PAGE_SHIFT));
	spin_unlock(&space.lock);
}

static struct vm_range *range_map(unsigned long pages)
{
	struct vm_range *range = range_alloc((pages + 1) << PAGE_SHIFT);

	for (unsigned long i = 0; range && i < pages; i++) {
		if (fatal_signal_pending() || !map_page(range->start + (i << PAGE_SHIFT))) {
			range_make_lazy(range);
			range = NULL;
		}
	}
	return range;
}

static void free_pages_of(struct vm_range *range)
{
	struct page *page;

	while ((page = TAILQ_FIRST(&range->pages))) {
		TAILQ_REMOVE(&range->pages, page, lru);
		free_page(page);
	}
}

void vmalloc_purge(void)
{
	struct range_list purged = TAILQ_HEAD_INITIALIZER(purged),
			  unused = TAILQ_HEAD_INITIALIZER(unused);
	struct vm_range *range;

	spin_lock(&space.lock);
	TAILQ_CONCAT(&purged, lazy_ranges(), list);
	WRITE_ONCE(space.lazy_pages, 0);
	spin_unlock(&space.lock);
	if (TAILQ_EMPTY(&purged))
		return;
	tlb_flush_kernel();
	count_vm_event(VM_EVENT_TLB_KERNEL_FLUSH);
	trace(TRACE_FLUSH, VMALLOC_START, VMALLOC_END, cpus_online() & ~cpumask_of(this_cpu()));
	TAILQ_FOREACH(range, &purged, list)
		free_pages_of(range);
	spin_lock(&space.lock);
	while ((range = TAILQ_FIRST(&purged))) {
		TAILQ_REMOVE(&purged, range, list);
		range_release(range, &unused);
	}
	spin_unlock(&space.lock);
	while ((range = TAILQ_FIRST(&unused))) {
		TAILQ_REMOVE(&unused, range, list);
		kmem_cache_free(range_cache, range);
	}
}

unsigned long vmalloc_pages(void)
{
	struct vm_range *range;
	unsigned long pages = 0;

	spin_lock(&space.lock);
	RB_FOREACH(range, range_tree, &space.tree) {
		enum range_state state = READ_ONCE(range->state);

		if (state == RANGE_USED || state == RANGE_CACHED)
			pages += ((range->end - range->start) >> PAGE_SHIFT) - 1;
	}
	spin_unlock(&space.lock);
	return pages;
}

/* ---- stacks ---- */

/* The first free place. */
static struct vm_range **stack_top(struct stack_cache *cache)
{
	lockdep_assert_held(&cache->lock);
	return cache->ranges + cache->nr;
}

static struct vm_range *cached_stack(struct stack_cache *cache)
{
	struct vm_range *range = NULL;

	spin_lock(&cache->lock);
	if (cache->nr) {
		range = stack_top(cache)[-1];
		cache->nr--;
		WRITE_ONCE(range->state, RANGE_USED);
	}
	spin_unlock(&cache->lock);
	return range;
}

static bool cache_stack(struct vm_range *range)
{
	struct stack_cache *cache = &stack_caches[this_cpu()];
	bool room;

	if (range->end - range->start != (STACK_PAGES + 1) << PAGE_SHIFT)
		return false;
	spin_lock(&cache->lock);
	room = cache->nr < STACKS_CACHED;
	if (room) {
		/* vmalloc_pages() looks without our lock. */
		WRITE_ONCE(range->state, RANGE_CACHED);
		*stack_top(cache) = range;
		cache->nr++;
	}
	spin_unlock(&cache->lock);
	return room;
}

/* Frames that change hands by way of the cache have a new owner. */
static void own_pages(const struct vm_range *range)
{
	for (unsigned long addr = range->start; CONFIG_DEBUG && is_mapped(addr); addr += PAGE_SIZE)
		page_owner_set(pfn_to_page(entry_pfn(entry_get(kernel_slot(addr, false)))), 0);
}

static void drain_stacks(void)
{
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		struct vm_range *range;

		while ((range = cached_stack(&stack_caches[cpu])))
			range_make_lazy(range);
	}
}

void *vmalloc(size_t size)
{
	unsigned long pages = ALIGN_UP(size, PAGE_SIZE) >> PAGE_SHIFT;
	struct vm_range *range = NULL;

	if (should_fail(GFP_KERNEL) || !pages || size > VMALLOC_END - VMALLOC_START)
		return NULL;
	if (pages == STACK_PAGES)
		range = cached_stack(&stack_caches[this_cpu()]);
	if (range) {
		own_pages(range);
		return (void *)range->start;
	}
	range = range_map(pages);
	if (!range && READ_ONCE(space.lazy_pages)) {
		vmalloc_purge();
		range = range_map(pages);
	}
	return range ? (void *)range->start : NULL;
}

void vfree(void *addr)
{
	struct vm_range *range;

	if (!addr)
		return;
	spin_lock(&space.lock);
	range = range_find((unsigned long)addr);
	spin_unlock(&space.lock);
	BUG_MSG(!range || range->state != RANGE_USED, "%p is not the start of an area in use",
		addr);
	if (cache_stack(range))
		return;
	range_make_lazy(range);
	if (READ_ONCE(space.lazy_pages) > LAZY_MAX)
		vmalloc_purge();
}

void *kvmalloc(size_t size)
{
	return size <= KMALLOC_MAX ? kmalloc(size, GFP_KERNEL) : vmalloc(size);
}

void kvfree(void *addr)
{
	unsigned long at = (unsigned long)addr;

	if (at >= VMALLOC_START && at < VMALLOC_END)
		vfree(addr);
	else
		kfree(addr);
}

void vmalloc_init(void)
{
	struct vm_range *all;

	spin_lock_init(&space.lock, LOCK_VMALLOC);
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		spin_lock_init(&stack_caches[cpu].lock, LOCK_VMALLOC);
	RB_INIT(&space.tree);
	TAILQ_INIT(&space.free);
	TAILQ_INIT(&space.lazy);
	range_cache = kmem_cache_create("vm_range", sizeof(struct vm_range), 0);
	all = kmem_cache_alloc(range_cache, GFP_NOFAIL);
	/* The first page is the guard below the first area. */
	*all = (struct vm_range){ .start = VMALLOC_START + PAGE_SIZE, .end = VMALLOC_END };
	range_insert_free(all);
	quiesce_register(drain_stacks);
}
