/*
 * For tests of address spaces: a booted machine with a running program, whose memory is accessed
 * through the simulator's MMU.
 */
#pragma once
#include <string.h>
#include "arch/sim/sim.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "kernel/uapi/signal.h"
#include "mm/internal.h"
#include "mm/leak.h"
#include "mm/pagecache.h"
#include "mm/rmap.h"
#include "mm/tlb.h"
#include "mm/vmstat.h"
#include "tests/unit/unit.h"

#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

struct space {
	struct mm_struct *mm;
	unsigned long frames;	/* free before the program was made */
	unsigned long objects;
	unsigned long promised;	/* to others */
};

/* A machine with that many CPUs and hardware levels; CPU 0 runs a program with `levels` levels. */
struct space space_start(unsigned int levels, unsigned int hw, unsigned int cpus);
/* Where tests map what they look at: far from the heap and the stack. */
#define AT 0x40000000ul
/*
 * The same with 3 levels of 4, one CPU, and pages of private memory at AT that nobody has touched.
 */
struct space space_untouched(unsigned long pages);
/* The same; each page's first word is its number, from 1 on. */
struct space space_touched(unsigned long pages);
/* The program ends: everything must be given back. */
void space_end(struct space *s);

/* CPU n runs mm from now on (and the test is CPU n); NULL: a kernel thread, lazily. */
void run_on(unsigned int cpu, struct mm_struct *mm);

/* mmap that must succeed. */
unsigned long map(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot,
		  int flags);
/* Accesses that must succeed. */
u64 peek(unsigned long addr);
void poke(unsigned long addr, u64 value);
/* The entry for addr; 0: none. */
u64 entry_of(struct mm_struct *mm, unsigned long addr);
static inline unsigned long frame_of(struct mm_struct *mm, unsigned long addr)
{
	return entry_pfn(entry_of(mm, addr));
}
static inline struct page *page_at(const struct space *s, unsigned long addr)
{
	return pfn_to_page(frame_of(s->mm, addr));
}
/* The word of the page at that offset. */
static inline u64 *page_word(struct page *page, unsigned long offset)
{
	return (u64 *)((char *)page_address(page) + offset);
}
