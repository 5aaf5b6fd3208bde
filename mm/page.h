/*
 * One struct page for each frame of physical memory, in one array indexed by page frame number.
 *
 * A folio is a naturally aligned block of 2^order frames that is used as one thing; struct folio
 * is a typed pointer to its first page, so that a tail page cannot be passed where a whole folio
 * is meant.
 *
 * References: who holds a pointer that must stay valid holds one; each page-table entry that maps
 * the page holds one; a pin (FOLL_PIN) holds one and is counted in pincount too. The last put
 * frees the folio.
 */
#pragma once
#include "arch/interface.h"
#include "kernel/base/atomic.h"
#include "kernel/base/bug.h"
#include "kernel/base/spinlock.h"
#include <sys/queue.h>

struct address_space;

enum page_flag {
	PG_reserved, /* not RAM, or the kernel's image: never allocated */
	PG_buddy,    /* head of a free block of the buddy allocator; order is valid */
	PG_pcp,	     /* free, on a CPU's list */
	PG_slab,
	PG_table,    /* a page table of some mm: ptl and table_mm are valid */
	PG_head,     /* first page of a folio of order > 0 */
	PG_tail,     /* compound_head leads to the first page */
	PG_locked,   /* folio lock */
	PG_waiters,  /* somebody sleeps for the folio lock */
	PG_uptodate, /* the page cache's contents are there */
	PG_dirty,     /* by folio_mark_dirty() */
	PG_writeback, /* locked, and on its way to the device */
	PG_swapbacked,
	PG_anon,      /* anonymous: mapped by address spaces, mapping is not a file */
	PG_exclusive, /* PageAnonExclusive: changed under the lock of its table */
	PG_poisoned,  /* debug: a free frame filled with PAGE_POISON */
	PG_hwpoison,  /* the memory is broken: once nobody has it any more, nobody gets it */
	PG_backed,    /* in the cache of a file on a device: it is counted while it is dirty */
};

struct page {
	unsigned long flags; /* BIT(PG_...) */
	atomic_t _refcount;  /* saturates: see folio_try_get() */
	atomic_t _mapcount;  /* page-table entries that map it */
	union {
		struct address_space *mapping; /* page cache: the file object */
		struct page *compound_head;    /* PG_tail */
		struct mm_struct *table_mm;    /* PG_table */
		struct kmem_cache *slab_cache; /* PG_slab */
	};
	unsigned long index; /* page cache: offset in pages; slab: see slab.c */
	atomic_t pincount;
	u8 order; /* of a folio's head or a free block's head */
	u8 _pad[1];
	u16 slab_inuse; /* PG_slab: objects handed out */
	union {
		TAILQ_ENTRY(page) lru; /* free lists, slab lists, gather lists */
		spinlock_t ptl;	       /* PG_table at the pte level: its split lock */
	};
	unsigned long private; /* of the owner: slab free list, ... */
};
_Static_assert(sizeof(struct page) == 64, "struct page is one cache line");

TAILQ_HEAD(page_list, page);

/* The first page of a folio. */
struct folio {
	struct page page;
};

#define PAGE_POISON 0xa5 /* fills freed frames in debug builds */

extern struct page *mem_map; /* mem_map[pfn], of initialised frames only */
extern unsigned long max_pfn;

/* Memory is taken into use by sections of 32 MiB, when it is needed: see section.h. */
#define SECTION_FRAMES 8192ul
extern bool *section_ready; /* of pfn / SECTION_FRAMES; from false to true only */

static inline struct page *pfn_to_page(unsigned long pfn) { return mem_map + pfn; }
static inline unsigned long page_to_pfn(const struct page *page)
{
	return (unsigned long)(page - mem_map);
}
/* The frame is below the end of RAM, or in a hole there. This says nothing of its struct page. */
static inline bool pfn_valid(unsigned long pfn) { return pfn < max_pfn; }
/*
 * The frame has a struct page, and a record in every other per-frame array, that may be read. True
 * for whatever came from the allocator, so only who has a frame number from elsewhere (a damaged
 * entry, a loop over all frames, a person) has to ask. What is not initialised has never been
 * allocated.
 */
static inline bool page_initialised(unsigned long pfn)
{
	bool ready = pfn < max_pfn && READ_ONCE(section_ready[pfn / SECTION_FRAMES]);

	/* Pairs with the smp_wmb() of section_take_in(). tests/models/publish.pml: NO_RMB */
	smp_rmb();
	return ready;
}
static inline void *page_address(const struct page *page) { return frame_ptr(page_to_pfn(page)); }
static inline struct page *virt_to_page(const void *p) { return pfn_to_page(ptr_frame(p)); }
static inline struct folio *page_folio(struct page *page)
{
	return (struct folio *)(READ_ONCE(page->flags) & BIT(PG_tail) ?
				page->compound_head : page);
}
static inline struct page *folio_page(struct folio *folio, unsigned long n)
{
	return &folio->page + n;
}
static inline unsigned int folio_order(const struct folio *folio) { return folio->page.order; }
static inline unsigned long folio_nr_pages(const struct folio *folio)
{
	return 1ul << folio_order(folio);
}
static inline unsigned long folio_pfn(const struct folio *folio)
{
	return page_to_pfn(&folio->page);
}
static inline void *folio_address(const struct folio *folio) { return page_address(&folio->page); }

/* Flags that are changed by several CPUs without a common lock go through the atomic forms. */
static inline bool page_test(const struct page *page, enum page_flag flag)
{
	return READ_ONCE(page->flags) & BIT(flag);
}
/*
 * Of a page that nobody else changes: a free one, one that is not in use yet. Others may look at
 * it all the same: free_buddy() at its neighbours.
 */
static inline void page_write_flags(struct page *page, unsigned long flags)
{
	WRITE_ONCE(page->flags, flags);
}
static inline void page_set(struct page *page, enum page_flag flag)
{
	atomic_or_return_old(BIT(flag), &page->flags);
}
static inline void page_clear(struct page *page, enum page_flag flag)
{
	atomic_and_return_old(~BIT(flag), &page->flags);
}
static inline bool page_test_and_set(struct page *page, enum page_flag flag)
{
	return atomic_or_return_old(BIT(flag), &page->flags) & BIT(flag);
}

/* ---- dirty ---- */

/*
 * The contents are no longer what the file's device has; they are now; or it does not matter any
 * more. A full barrier. Any task, without a lock: the folio may leave its file at the same moment,
 * and is counted right all the same.
 */
void folio_mark_dirty(struct folio *folio);
void folio_mark_clean(struct folio *folio);
void folio_leave_file(struct folio *folio);

/* ---- references ---- */

/* Beyond this a count no longer moves: a leak of one folio instead of a use after free. */
#define PAGE_REF_SATURATED (1 << 30)

static inline int folio_ref_count(const struct folio *folio)
{
	return atomic_read(&folio->page._refcount);
}

/* The caller holds a reference already. */
static inline void folio_get(struct folio *folio)
{
	DEBUG_BUG_ON(folio_ref_count(folio) <= 0);
	atomic_inc(&folio->page._refcount);
}

/*
 * Gives a reference back; the last one frees the folio. Not under a lock that freeing takes (LRU,
 * buddy).
 */
void folio_put(struct folio *folio);
/* From any count but zero; false for a folio that is being freed or whose count is saturated. */
static inline bool folio_try_get(struct folio *folio)
{
	int old = folio_ref_count(folio);

	do {
		if (old <= 0 || old >= PAGE_REF_SATURATED)
			return false;
	} while (!atomic_try_cmpxchg(&folio->page._refcount, &old, old + 1));
	return true;
}
/* Gives a reference back; true if it was the last one, and the caller has to free the folio. */
void folio_put_odd(struct folio *folio, int now);
static inline bool folio_put_testzero(struct folio *folio)
{
	int now = atomic_add_return(-1, &folio->page._refcount);

	if (unlikely(now < 0 || now >= PAGE_REF_SATURATED - 1))
		folio_put_odd(folio, now);
	return now == 0;
}
/* put_page() for n pages. */
void put_pages(struct page *const *pages, unsigned long n);

static inline void get_page(struct page *page) { folio_get(page_folio(page)); }
static inline void put_page(struct page *page) { folio_put(page_folio(page)); }

/* ---- pins (mm/gup.h): references whose holder sees what the program sees ---- */

static inline bool page_pinned(const struct page *page)
{
	return atomic_read(&page->pincount) > 0;
}

/* ---- folio lock: sleeps; holds off truncation, and changes of mapping and index ---- */
void folio_lock(struct folio *folio);
bool folio_trylock(struct folio *folio);
void folio_unlock(struct folio *folio);
/*
 * What ends a wait for a folio before it has been worth while: nothing, a deadly
 * signal, any signal, all.
 */
enum folio_wait { WAIT_TO_THE_END, WAIT_KILLABLE, WAIT_INTERRUPTIBLE, WAIT_NOT };
/* The same as folio_lock(), but may give up with -EINTR; WAIT_NOT: with -EAGAIN, at once. */
int folio_lock_until(struct folio *folio, enum folio_wait until);
/*
 * For a device that fills a page: the lock passes from the running task to the one that calls
 * folio_end_read(), which says whether the contents are there and unlocks; any
 * context, interrupts off.
 */
void folio_start_read(struct folio *folio);
void folio_end_read(struct folio *folio, bool uptodate);

/* Boot: mem_map for [0, max_pfn), nothing of it initialised; takes its memory from boot_alloc. */
void page_init(void);
/* One line about a page and, in debug builds, who allocated it: for panics and leak reports. */
void page_dump(const struct page *page, const char *why);
