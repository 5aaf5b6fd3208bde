/*
 * Frames: the buddy allocator, orders 0-10, with per-CPU lists for order 0.
 *
 * Contexts: not from interrupt handlers. GFP_KERNEL may sleep once there is reclaim; GFP_ATOMIC
 * never sleeps and may use the reserve that others leave alone.
 */
#pragma once
#include "mm/page.h"

#define MAX_ORDER 10 /* the largest block: 2^10 frames, 4 MiB */

typedef unsigned int gfp_t;
#define GFP_KERNEL 0u
#define GFP_ATOMIC BIT(0) /* cannot wait: may dip into the reserve */
#define GFP_ZERO   BIT(1) /* contents are zero */
#define GFP_NOFAIL BIT(2) /* boot only: panics with a sentence rather than fail */

/*
 * 2^order naturally aligned frames with one reference, as a folio (head and tails set up); NULL if
 * there are none. Contents are undefined without GFP_ZERO (poison in debug builds).
 */
struct folio *folio_alloc(gfp_t gfp, unsigned int order);
struct page *alloc_page(gfp_t gfp);
/* Frees a folio whose reference count has reached zero (folio_put does), or was never shared. */
void folio_free(struct folio *folio);
static inline void free_page(struct page *page) { folio_free((struct folio *)page); }

void buddy_init(void);
/*
 * All that boot memory has left over is the allocator's. It takes in as much as a boot needs, and
 * the rest section by section when that runs low: who allocates or counts does not
 * see a difference.
 */
void buddy_start(void);
/* Gives the per-CPU lists of all CPUs back, so that their frames can merge into blocks. */
void buddy_drain_all(void);

/* Exact when nothing runs beside it; per-CPU lists count as free. */
unsigned long frames_free(void);
unsigned long frames_total(void); /* all that the boot has left over */
/* What /proc tells beside that. */
struct frame_stats {
	unsigned long reserve;		/* frames for GFP_ATOMIC alone */
	unsigned long allocated, freed; /* frames, since boot */
	/* Free frames at each CPU; how many it may have, and moves at once. */
	struct {
		unsigned int count[NR_CPUS], high, batch;
	} free_by_cpus;
};
struct frame_stats frame_stats(void);
/*
 * Frames with broken memory that have been given back since the boot, and that nobody gets again.
 */
unsigned long frames_retired(void);
/* Free blocks of each order 0..MAX_ORDER, for /proc/buddyinfo. */
void buddy_counts(unsigned long counts[MAX_ORDER + 1]);

/* ---- failing on purpose, for tests ---- */

#if CONFIG_DEBUG
/* The nth allocation from now on fails (frames, slab objects, vmalloc), once; 0: none. */
void fail_nth_set(unsigned long n);
/* Left to go; 0 if it has failed or was never set. */
unsigned long fail_nth_left(void);
/* Called first by each allocator: true if this one has to fail. */
bool should_fail(gfp_t gfp);
#else
static inline void fail_nth_set(unsigned long n) {}
static inline unsigned long fail_nth_left(void) { return 0; }
static inline bool should_fail(gfp_t gfp) { return false; }
#endif

/* ---- early boot, before the buddy allocator ---- */

struct mem_region;
/*
 * Regions of RAM, page aligned, sorted; ranges in use (kernel, initrd) are taken out by
 * boot_reserve.
 */
void boot_mem_init(const struct mem_region *regions, unsigned int nr);
void boot_reserve(phys_addr_t start, phys_addr_t end);
/*
 * Zeroed, reached through frame_ptr(); below `limit` if that is not 0. Panics with a sentence if
 * there is none.
 */
phys_addr_t boot_alloc(size_t size, size_t align, phys_addr_t limit);
/* Not zeroed. */
phys_addr_t boot_alloc_dirty(size_t size, size_t align, phys_addr_t limit);
/* All that boot_alloc has not given out goes to the buddy allocator; boot_alloc ends. */
void boot_mem_release(void);
struct pfn_range {
	unsigned long start, end;
};
/*
 * The first run of frames in [from, to) that was free when boot memory was released, which it is
 * for good in a section that is not taken in; { to, to } if there is none. Without locks.
 */
struct pfn_range boot_mem_next_free(unsigned long from, unsigned long to);
phys_addr_t boot_mem_end(void); /* end of the highest region: max_pfn */
