/*
 * The buddy allocator: free blocks of 2^order frames, naturally aligned. A block's buddy differs
 * from it in bit `order` of the frame number; two free buddies are one block of the next order,
 * always.
 *
 * A free block is known by its first page alone (PG_buddy, order, on the list of that order); the
 * pages behind it say nothing. Single frames come from and go to per-CPU stacks (PG_pcp), which
 * take and give whole batches. A stack has a lock only so that others can empty it: its own CPU
 * never waits for it otherwise.
 *
 * Most of a large memory is on no list until the lists run low: it is counted as free (zone.later
 * within zone.free), and its sections are taken in one by one (section.h).
 */
#include "kernel/base/string.h"
#include "mm/buddy.h"
#include "kernel/base/trace.h"
#include "mm/check.h"
#include "mm/page_owner.h"
#include "mm/section.h"
#include "mm/table_free.h"

#define PCP_BATCH     64
#define PCP_HIGH      (2 * PCP_BATCH)

/* Frames that only callers who cannot wait may use: one in 64, at most 1 MiB. */
#define RESERVE_SHIFT 6
#define RESERVE_MAX   256ul

/* What the boot takes in: enough for it and for small programs. */
#define BOOT_FRAMES   (256ul << (20 - PAGE_SHIFT))
/* Left on the lists by who can wait for a section to be taken in, for who cannot. */
#define GROW_MARK     (1ul << MAX_ORDER)

struct pcp {
	spinlock_t lock; /* LOCK_BUDDY, before zone.lock */
	unsigned int count;
	unsigned long taken, given; /* since boot */
	struct page *pages[PCP_HIGH];
} __cacheline_aligned;

static struct {
	spinlock_t lock;
	struct page_list list[MAX_ORDER + 1];
	unsigned long blocks[MAX_ORDER + 1];
	unsigned long free;  /* frames in all blocks, and later */
	unsigned long later; /* of these: in sections not yet taken in */
	unsigned long total;
	unsigned long reserve;
	unsigned long taken, given; /* frames of blocks, since boot */
} zone;

static struct pcp pcps[NR_CPUS];
static atomic_long_t retired; /* frames of broken memory, on no list */

void buddy_init(void)
{
	spin_lock_init(&zone.lock, LOCK_BUDDY);
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		TAILQ_INIT(&zone.list[order]);
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		spin_lock_init(&pcps[cpu].lock, LOCK_BUDDY);
}

/* ---- blocks: zone.lock held ---- */

static __always_inline void list_add(struct page *page, unsigned int order)
{
	page_write_flags(page, (page->flags & BIT(PG_poisoned)) | BIT(PG_buddy));
	page->order = (u8)order;
	TAILQ_INSERT_HEAD(&zone.list[order], page, lru);
	zone.blocks[order]++;
}

static __always_inline void list_del(struct page *page, unsigned int order)
{
	page_write_flags(page, page->flags & ~BIT(PG_buddy));
	TAILQ_REMOVE(&zone.list[order], page, lru);
	zone.blocks[order]--;
}

/*
 * The free buddy that makes a block of the next order with this one; NULL if it is not free as a
 * whole.
 */
static struct page *free_buddy(unsigned long pfn, unsigned int order)
{
	unsigned long buddy_pfn = pfn ^ 1ul << order;
	struct page *buddy = pfn_to_page(buddy_pfn);

	if (order == MAX_ORDER || !pfn_valid(buddy_pfn))
		return NULL;
	return page_test(buddy, PG_buddy) && buddy->order == order ? buddy : NULL;
}

static __always_inline void insert_block(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);
	struct page *buddy;

	while ((buddy = free_buddy(pfn, order))) {
		list_del(buddy, order);
		pfn &= ~(1ul << order);
		order++;
	}
	list_add(pfn_to_page(pfn), order);
}

static void give_block(struct page *page, unsigned int order)
{
	lockdep_assert_held(&zone.lock);
	zone.free += 1ul << order;
	insert_block(page, order);
}

/* Of the block that starts a run of n frames at pfn: the largest that is aligned and fits. */
static unsigned int block_order(unsigned long pfn, unsigned long n)
{
	return min((unsigned int)__builtin_ctzl(pfn | BIT(MAX_ORDER)),
		   63u - (unsigned int)__builtin_clzl(n));
}

/* At the cost of one struct page for each block, not for each frame. */
static __noinline void insert_run(unsigned long start, unsigned long end)
{
	while (start < end) {
		unsigned int order = block_order(start, end - start);

		frame_freed(start, order);
		insert_block(pfn_to_page(start), order);
		start += 1ul << order;
	}
}

static __noinline bool take_in(void)
{
	unsigned long frames;

	lockdep_assert_held(&zone.lock);
	frames = section_take_in(insert_run);
	zone.later -= frames;
	return frames;
}

/* Before `want` frames are taken: seldom more than a look at zone.later. */
static inline void keep_mark(gfp_t gfp, unsigned long want)
{
	if (zone.later && !(gfp & GFP_ATOMIC) &&
	    unlikely(zone.free - zone.later < want + GROW_MARK))
		take_in();
}

static struct page *take_block_of_new_section(unsigned int order);

static struct page *take_block(unsigned int order)
{
	unsigned int from = order;
	struct page *page;

	lockdep_assert_held(&zone.lock);
	while (from <= MAX_ORDER && TAILQ_EMPTY(&zone.list[from]))
		from++;
	if (unlikely(from > MAX_ORDER))
		return take_block_of_new_section(order);
	page = TAILQ_FIRST(&zone.list[from]);
	list_del(page, from);
	while (from > order) {
		from--;
		list_add(page + (1ul << from), from);
	}
	zone.free -= 1ul << order;
	return page;
}

static bool on_list(unsigned int order)
{
	while (order <= MAX_ORDER && TAILQ_EMPTY(&zone.list[order]))
		order++;
	return order <= MAX_ORDER;
}

/* Nothing on the lists is large enough. */
static __noinline struct page *take_block_of_new_section(unsigned int order)
{
	do {
		if (!take_in())
			return NULL;
	} while (!on_list(order));
	return take_block(order);
}

/* Frames that a caller may still take. */
static unsigned long available(gfp_t gfp)
{
	if (gfp & GFP_ATOMIC)
		return zone.free;
	return zone.free > zone.reserve ? zone.free - zone.reserve : 0;
}

static struct page *alloc_block(gfp_t gfp, unsigned int order)
{
	struct page *page = NULL;

	spin_lock(&zone.lock);
	if (available(gfp) >= 1ul << order) {
		keep_mark(gfp, 1ul << order);
		page = take_block(order);
		zone.taken += page ? 1ul << order : 0;
	}
	spin_unlock(&zone.lock);
	return page;
}

/* ---- single frames: the lock of the stack held ---- */

/* The frames of a block, so that the lowest is the first to leave the stack. */
static void push_block(struct pcp *pcp, struct page *page, unsigned int order)
{
	for (unsigned long i = 1ul << order; i-- > 0;) {
		page_write_flags(page + i, (page[i].flags & BIT(PG_poisoned)) | BIT(PG_pcp));
		pcp->pages[pcp->count++] = page + i;
	}
}

/*
 * Whole small blocks first, which keeps the large ones together; only then a piece of a larger
 * one.
 */
static void refill_blocks(struct pcp *pcp, unsigned long want)
{
	for (unsigned int order = 0; 1ul << order <= want; order++) {
		while (1ul << order <= want && !TAILQ_EMPTY(&zone.list[order])) {
			push_block(pcp, take_block(order), order);
			want -= 1ul << order;
		}
	}
	while (want) {
		unsigned int order = 63u - (unsigned int)__builtin_clzl(want);
		struct page *page = take_block(order);

		if (page)
			push_block(pcp, page, order);
		want = page ? want - (1ul << order) : (1ul << order) - 1;
	}
}

static __noinline void refill(struct pcp *pcp, gfp_t gfp)
{
	lockdep_assert_held(&pcp->lock);
	spin_lock_nested(&zone.lock, LOCK_NESTED);
	keep_mark(gfp, PCP_BATCH);
	if (available(0) >= PCP_BATCH)
		refill_blocks(pcp, PCP_BATCH);
	else if (available(gfp)) /* what is left is not hoarded */
		push_block(pcp, take_block(0), 0);
	spin_unlock(&zone.lock);
}

/* Consecutive frames, in blocks as large as they make. */
static void give_run(struct page *page, unsigned long n)
{
	while (n) {
		unsigned int order = block_order(page_to_pfn(page), n);

		give_block(page, order);
		page += 1ul << order;
		n -= 1ul << order;
	}
}

/*
 * Gives the n frames that have been here longest back. What was in use together has often come
 * from one block and goes back to it in one piece.
 */
static __noinline void spill(struct pcp *pcp, unsigned int n)
{
	unsigned int run;

	spin_lock_nested(&zone.lock, LOCK_NESTED);
	for (unsigned int i = 0; i < n; i += run) {
		struct page *page = pcp->pages[i];

		for (run = 1; i + run < n && pcp->pages[i + run] == page + run; run++)
			;
		if (run > 1) {
			give_run(page, run);
			continue;
		}
		for (; i + run < n && pcp->pages[i + run] == page - run; run++)
			;
		give_run(page - (run - 1), run);
	}
	spin_unlock(&zone.lock);
	pcp->count -= n;
	memmove(pcp->pages, pcp->pages + n, pcp->count * sizeof(*pcp->pages));
}

static __always_inline struct page *pcp_alloc(gfp_t gfp)
{
	struct pcp *pcp = &pcps[this_cpu()];
	struct page *page = NULL;

	spin_lock(&pcp->lock);
	if (unlikely(!pcp->count))
		refill(pcp, gfp);
	if (likely(pcp->count)) {
		page = pcp->pages[--pcp->count];
		pcp->taken++;
	}
	spin_unlock(&pcp->lock);
	return page;
}

static __always_inline void push_page(struct pcp *pcp, struct page *page)
{
	lockdep_assert_held(&pcp->lock);
	if (unlikely(pcp->count == PCP_HIGH))
		spill(pcp, PCP_BATCH);
	pcp->pages[pcp->count++] = page;
	pcp->given++;
}

void buddy_drain_all(void)
{
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		spin_lock(&pcps[cpu].lock);
		spill(&pcps[cpu], pcps[cpu].count);
		spin_unlock(&pcps[cpu].lock);
	}
}

/* ---- debug: what a free frame holds ---- */

static void poison(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1ul << order; i++) {
		memset(page_address(page + i), PAGE_POISON, PAGE_SIZE);
		page_write_flags(page + i, page[i].flags | BIT(PG_poisoned));
	}
}

static void check_poison(struct page *page)
{
	const unsigned long *word = page_address(page), want = ~0ul / 0xff * PAGE_POISON;

	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*word); i++) {
		if (word[i] == want)
			continue;
		page_dump(page, "written to while free");
		panic("frame %#lx was written to after it was freed: %#lx at offset %#zx",
		      page_to_pfn(page), word[i], i * sizeof(*word));
	}
}

/* Free frames that were never in use hold anything. */
static void unpoison(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1ul << order; i++) {
		if (page[i].flags & BIT(PG_poisoned))
			check_poison(page + i);
		page_write_flags(page + i, page[i].flags & ~BIT(PG_poisoned));
	}
}

/* ---- folios ---- */

/* A folio that somebody still uses, or that is free already, has one of these. */
#define FLAGS_BAD_AT_FREE \
	(BIT(PG_reserved) | BIT(PG_buddy) | BIT(PG_pcp) | BIT(PG_slab) | BIT(PG_table) | \
	 BIT(PG_tail) | BIT(PG_locked) | BIT(PG_poisoned))

static __noinline void __noreturn bad_free(struct page *page)
{
	bool is_free = page->flags & (BIT(PG_buddy) | BIT(PG_pcp) | BIT(PG_poisoned));

	page_dump(page, "must not be freed");
	panic("folio_free: frame %#lx %s", page_to_pfn(page),
	      is_free ? "is free already" : "is in use");
}

static void check_free(struct page *page)
{
	if (atomic_read(&page->_refcount) > 1 || atomic_read(&page->_mapcount) ||
	    atomic_read(&page->pincount))
		bad_free(page);
}

/* Its memory is broken: it becomes free, as far as it is counted, and stays out of all lists. */
static __noinline void retire(struct page *page, unsigned int order)
{
	if (page->flags & FLAGS_BAD_AT_FREE)
		bad_free(page);
	BUG_MSG(order, "a folio of order %u is broken", order);
	if (CONFIG_DEBUG)
		check_free(page);
	check_folio_free(page, order);
	page_owner_clear(page, order);
	frame_freed(page_to_pfn(page), order);
	page_write_flags(page, BIT(PG_hwpoison));
	atomic_set(&page->_refcount, 0);
	atomic_long_add(1, &retired);
}

static void prepare_tails(struct page *head, unsigned int order)
{
	page_write_flags(head, head->flags | BIT(PG_head));
	for (unsigned long i = 1; i < 1ul << order; i++) {
		page_write_flags(head + i, BIT(PG_tail));
		head[i].compound_head = head;
	}
}

static void clear_tails(struct page *head, unsigned int order)
{
	for (unsigned long i = 1; i < 1ul << order; i++) {
		page_write_flags(head + i, 0);
		head[i].compound_head = NULL;
	}
}

/* The lists of all CPUs may hold what is missing, or what keeps a block from being whole. */
static __noinline struct page *alloc_after_drain(gfp_t gfp, unsigned int order)
{
	struct page *page;

	grace_poll();
	buddy_drain_all();
	page = order ? alloc_block(gfp, order) : pcp_alloc(gfp);
	if (!page && gfp & GFP_NOFAIL)
		panic("too little memory: no block of %lu KiB is left of %lu KiB",
		      PAGE_SIZE >> 10 << order, zone.total << PAGE_SHIFT >> 10);
	return page;
}

/* A page or block becomes a folio with one reference. */
static __always_inline void make_folio(struct page *page, gfp_t gfp, unsigned int order)
{
	frame_alloced(page_to_pfn(page), order);
	check_folio_alloc(page, order);
	if (CONFIG_DEBUG)
		unpoison(page, order);
	page_write_flags(page, 0);
	page->order = (u8)order;
	page->mapping = NULL;
	atomic_set(&page->_refcount, 1);
	if (order)
		prepare_tails(page, order);
	for (unsigned long i = 0; gfp & GFP_ZERO && i < 1ul << order; i++)
		page_zero(page_address(page + i));
	page_owner_set(page, order);
}

struct page *alloc_page(gfp_t gfp)
{
	struct page *page;

	if (should_fail(gfp))
		return NULL;
	page = pcp_alloc(gfp);
	if (unlikely(!page))
		page = alloc_after_drain(gfp, 0);
	if (likely(page))
		make_folio(page, gfp, 0);
	trace(TRACE_ALLOC, page ? page_to_pfn(page) : 0, 0, 0);
	return page;
}

struct folio *folio_alloc(gfp_t gfp, unsigned int order)
{
	struct page *page;

	if (order == 0)
		return (struct folio *)alloc_page(gfp);
	if (order > MAX_ORDER || should_fail(gfp))
		return NULL;
	page = alloc_block(gfp, order);
	if (unlikely(!page))
		page = alloc_after_drain(gfp, order);
	if (likely(page))
		make_folio(page, gfp, order);
	trace(TRACE_ALLOC, page ? page_to_pfn(page) : 0, order, 0);
	return (struct folio *)page;
}

/*
 * A folio that nobody uses becomes a free page or block, which is on no list yet.
 * False: it must not.
 */
static __always_inline bool unmake_folio(struct page *page, unsigned int order)
{
	if (unlikely(page->flags & (FLAGS_BAD_AT_FREE | BIT(PG_hwpoison)))) {
		retire(page, order);
		return false;
	}
	trace(TRACE_FREE, page_to_pfn(page), order, 0);
	if (CONFIG_DEBUG)
		check_free(page);
	check_folio_free(page, order);
	page_owner_clear(page, order);
	if (order)
		clear_tails(page, order);
	if (CONFIG_DEBUG)
		poison(page, order);
	frame_freed(page_to_pfn(page), order);
	page_write_flags(page, (page->flags & BIT(PG_poisoned)) | BIT(PG_pcp));
	return true;
}

void folio_free(struct folio *folio)
{
	struct page *page = &folio->page;
	unsigned int order = page->order;
	struct pcp *pcp;

	if (!unmake_folio(page, order))
		return;
	atomic_set(&page->_refcount, 0);
	if (likely(order == 0)) {
		pcp = &pcps[this_cpu()];
		spin_lock(&pcp->lock);
		push_page(pcp, page);
		spin_unlock(&pcp->lock);
		return;
	}
	spin_lock(&zone.lock);
	give_block(page, order);
	zone.given += 1ul << order;
	spin_unlock(&zone.lock);
}

void put_pages(struct page *const *pages, unsigned long n)
{
	struct pcp *pcp = &pcps[this_cpu()];

	spin_lock(&pcp->lock);
	for (unsigned long i = 0; i < n; i++) {
		struct folio *folio = page_folio(pages[i]);

		if (!folio_put_testzero(folio))
			continue;
		if (unlikely(folio->page.order)) {
			spin_unlock(&pcp->lock);
			folio_free(folio);
			spin_lock(&pcp->lock);
			continue;
		}
		if (unmake_folio(&folio->page, 0))
			push_page(pcp, &folio->page);
	}
	spin_unlock(&pcp->lock);
}

/* ---- all frames ---- */

void buddy_start(void)
{
	struct pfn_range free;

	spin_lock(&zone.lock);
	for (unsigned long pfn = 0; pfn < max_pfn; pfn = free.end) {
		free = boot_mem_next_free(pfn, max_pfn);
		zone.total += free.end - free.start;
	}
	zone.free = zone.later = zone.total;
	zone.reserve = min(zone.total >> RESERVE_SHIFT, RESERVE_MAX);
	while (zone.free - zone.later < BOOT_FRAMES && take_in())
		;
	spin_unlock(&zone.lock);
}

unsigned long frames_free(void)
{
	unsigned long n = READ_ONCE(zone.free);

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		n += READ_ONCE(pcps[cpu].count);
	return n;
}

unsigned long frames_retired(void) { return (unsigned long)atomic_long_read(&retired); }

unsigned long frames_total(void) { return READ_ONCE(zone.total); }

struct frame_stats frame_stats(void)
{
	struct frame_stats stats = {
		.reserve = zone.reserve,
		.allocated = READ_ONCE(zone.taken),
		.freed = READ_ONCE(zone.given),
		.free_by_cpus = { .high = PCP_HIGH, .batch = PCP_BATCH },
	};

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		stats.allocated += READ_ONCE(pcps[cpu].taken);
		stats.freed += READ_ONCE(pcps[cpu].given);
		stats.free_by_cpus.count[cpu] = READ_ONCE(pcps[cpu].count);
	}
	return stats;
}

/* The blocks that the sections not yet taken in will be. */
static void count_later(unsigned long counts[MAX_ORDER + 1])
{
	struct pfn_range free;

	lockdep_assert_held(&zone.lock);
	for (unsigned long pfn = sections_end(); pfn < max_pfn; pfn = free.end) {
		free = boot_mem_next_free(pfn, max_pfn);
		while (free.start < free.end) {
			unsigned int order = block_order(free.start, free.end - free.start);

			counts[order]++;
			free.start += 1ul << order;
		}
	}
}

void buddy_counts(unsigned long counts[MAX_ORDER + 1])
{
	spin_lock(&zone.lock);
	memcpy(counts, zone.blocks, sizeof(zone.blocks));
	count_later(counts);
	spin_unlock(&zone.lock);
}
