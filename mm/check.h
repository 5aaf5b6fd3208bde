/*
 * Two checkers of debug builds. Every change of an entry of a user address space
 * passes entry_changed().
 *
 * The page-table checker (check.c) counts, per frame, the entries that map it as anonymous and as
 * file memory, and holds: never both; an anonymous page that is not exclusive has no writable
 * entry; a frame that is freed or handed out has no entry left.
 *
 * The TLB ledger (ledger.c) notes every downgrade of an entry until a flush covers it on every
 * CPU that may have cached the old translation, and asserts that nothing is pending for a frame
 * or table that is freed, for writes to a page that is copied, or for a page that becomes
 * writable in another place.
 */
#pragma once
#include "mm/mm.h"

#if CONFIG_DEBUG

/* What the checkers know of a frame; one record per frame, beside mem_map. */
struct frame_check {
	s32 anon_maps, file_maps;
	u16 pending;		/* ledger records on this frame, page or table */
	u16 pending_write;	/* of these: translations that allow writing */
};

extern struct frame_check *frame_checks;

/* Boot: takes its memory from boot_alloc, once mem_map has its own. */
void check_init(void);

/* The entry of `level` (1: pte) for addr went from old to new. The table's lock is held. */
void entry_changed(struct mm_struct *mm, unsigned long addr, unsigned int level, u64 old, u64 new);
/* A folio goes to the allocator, or comes from it. */
void check_folio_free(const struct page *page, unsigned int order);
void check_folio_alloc(const struct page *page, unsigned int order);

/* ---- ledger ---- */
void ledger_changed(struct mm_struct *mm, unsigned long addr, unsigned int level, u64 old,
		    u64 new);
/* CPU `cpu` has no translation of [start, end) of mm left from before. */
void ledger_flushed(const struct mm_struct *mm, unsigned long start, unsigned long end,
		    cpumask_t cpus);
/*
 * The same, as the machine says; if it does, what mm/ believes to have been
 * flushed is not taken for it.
 */
void ledger_tlb_flushed(const struct mm_struct *mm, unsigned long start, unsigned long end,
			cpumask_t cpus);
extern bool ledger_told_by_machine;
/* CPU `cpu` has dropped every translation of mm: it leaves mm->cpumask. */
void ledger_left(struct mm_struct *mm, unsigned int cpu);
/*
 * A page is about to be copied for COW: no CPU may still write to it through an old translation.
 */
void ledger_assert_not_writable(const struct page *page);
/* Records not kept since the table was full: the checks were weaker by that many. */
unsigned long ledger_lost(void);
unsigned long ledger_pending(void);
/* An entry that is gone from its table; of an upper level, it led to a table. */
struct stale_entry {
	u64 val;
	u8 level;
};
/* Those for addr that CPU `cpu` may still translate by, at most max: for the simulator's MMU. */
unsigned int ledger_stale(const struct mm_struct *mm, unsigned long addr, unsigned int cpu,
			  struct stale_entry *stale, unsigned int max);

#else

static inline void check_init(void) {}
static inline void entry_changed(struct mm_struct *mm, unsigned long addr, unsigned int level,
				 u64 old, u64 new) {}
static inline void check_folio_free(const struct page *page, unsigned int order) {}
static inline void check_folio_alloc(const struct page *page, unsigned int order) {}
static inline void ledger_flushed(const struct mm_struct *mm, unsigned long start,
				  unsigned long end, cpumask_t cpus)
{
}

static inline void ledger_left(struct mm_struct *mm, unsigned int cpu)
{
	cpumask_test_and_clear(cpu, &mm->cpumask);
}
static inline void ledger_assert_not_writable(const struct page *page) {}

#endif
