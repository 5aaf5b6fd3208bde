/*
 * The machine, as mm/ sees it: all that memory management asks of a processor and its board.
 * x86-64 implements it on real hardware, the simulator in an ordinary process. Functions on hot
 * paths are inline on x86-64 and stand in machine/entry_access.h and machine/percpu.h there;
 * the simulator declares the same names as functions. docs/arch.md lists them all; mm/ calls
 * nothing else of a machine.
 *
 * What is not said below holds for all: any context, with any lock held; none of them sleeps,
 * takes memory or fails. Addresses and sizes are in bytes, frames are numbers (pfn).
 */
#pragma once
#include "kernel/base/cpumask.h"
#include "kernel/base/types.h"
#include "machine/percpu.h"		/* this_cpu(), current_task() */
#include "machine/layout.h"		/* where the kernel's own areas lie */
#include "machine/entry.h"		/* formats: pgd_t ... pte_t, pgprot_t, entry bits */
#include "machine/entry_access.h"	/* entry_get/set/xchg/cmpxchg/and */

/* ---- address translation ---- */

/* Levels of the page tables that the hardware walks: 4 or 5. Fixed after boot. */
unsigned int hw_levels(void);

/*
 * Makes this CPU translate user addresses by the tree of root (a root word: table frame | levels),
 * or by none if root is 0. Drops every non-global translation that this CPU holds. Interrupts off.
 */
void root_load(unsigned long root);

/*
 * Prepares a new top table of a tree with that many levels: adds the kernel half where
 * it is the hardware's. The table is zeroed, one frame, and in no tree yet.
 */
void root_table_init(void *table, unsigned int levels);

/*
 * Root word of the one top table (always 4 levels) that holds the kernel's half. Its entries for
 * the kernel's areas have their next tables from boot on and never change.
 */
unsigned long kernel_root(void);

/*
 * Drop this CPU's user translations of [start, end), upper levels included: page by
 * page, or, if these are more than tlb_flush_ceiling, all that it holds. Returns how
 * many pages it dropped; 0: all. The range is not empty; start is rounded down to its page.
 */
unsigned long tlb_flush_local(unsigned long start, unsigned long end);
/* READ_ONCE: set at any time; docs/tlb.md says how it was chosen. */
extern unsigned long tlb_flush_ceiling;
/* All of this CPU's user translations. */
void tlb_flush_local_all(void);
/*
 * Drop the range from the TLBs of other CPUs without interrupting them, complete on return; false:
 * this machine cannot do that, and an IPI has to.
 */
bool tlb_flush_remote(cpumask_t cpus, unsigned long start, unsigned long end);
/* CPUs of which this machine can tell from outside that their interrupts are on at this moment. */
cpumask_t cpus_quiescent(void);
/* Drop every CPU's translations, kernel ones included. Interrupts on; waits. */
void tlb_flush_kernel(void);

/* ---- other CPUs ---- */

/*
 * Run fn(arg) on each CPU of mask, which does not contain this one, in an interrupt. ipi_send
 * returns at once; ipi_wait returns when all have run it, with interrupts on (so that crossed
 * calls both end). One call may be under way per CPU. fn takes no lock that anybody holds while
 * waiting for an IPI. ipi_send returns the number of interrupts it took: a CPU that has one to
 * come looks at all that it is sent.
 */
unsigned int ipi_send(cpumask_t mask, void (*fn)(void *arg), void *arg);
void ipi_wait(void);
/* CPUs that run the kernel. */
cpumask_t cpus_online(void);
/* A clock that ticks fast, for differences on one CPU. */
u64 cycles_now(void);
/* In a loop that waits for another CPU. */
void cpu_relax(void);

/* ---- memory ---- */

/* Where the kernel reads and writes a frame (valid for every frame of RAM), and back. */
void *frame_ptr(unsigned long pfn);
unsigned long ptr_frame(const void *ptr);
/* Whole, page-aligned pages. */
void page_zero(void *page);
void page_copy(void *dst, const void *src);
/* Frames that go to and come from the free lists, for machines that watch accesses (ASan). */
void frame_alloced(unsigned long pfn, unsigned int order);
void frame_freed(unsigned long pfn, unsigned int order);
/*
 * Parts of a frame in use that nobody may touch until they are shown again: free
 * objects, red zones.
 */
void memory_hide(const void *start, size_t size);
void memory_show(const void *start, size_t size);

/* ---- debugging ---- */

/* Return addresses of this CPU's callers into trace; returns how many. */
unsigned int backtrace_save(unsigned long *trace, unsigned int max);
/* Prints addresses saved by backtrace_save as function+offset, one a line. */
void backtrace_print(const unsigned long *trace, unsigned int n);
