/*
 * A table is unlinked, the TLBs are shot down, the table is freed: beside a CPU that switches to
 * the address space and walks it without a lock (mm/context.c, mm/tlb.c).
 *
 * Neither a walk by software with interrupts off nor the processor's own cache of upper entries
 * may reach the table once it is freed.
 *
 * variants: NO_MB SWITCH_NO_MB FREE_FIRST NO_WAIT WALK_WITH_INTERRUPTS
 */
#define CPUS	2
#define WORDS	2
#include "tso.h"
#define ENTRY	0	/* 0: leads to the table, 1: none */
#define MASK	1	/* CPU 0's bit in mm->cpumask */

bool freed, ipi, interrupts_off;
bool cached;		/* CPU 0's paging-structure cache has the entry */

/* CPU 0: switch_mm(), then loads by the program, and a walk as gup_fast() does it. */
active proctype walker()
{
#ifdef SWITCH_NO_MB
	STORE(0, MASK, 1);
#else
	LOCKED(0, MASK, 1);
#endif
	do
	:: atomic { LOAD(ENTRY) == 0 -> cached = true }		/* the processor, at any time */
	:: atomic { cached -> assert(!freed) }
	:: break
	od;
#ifndef WALK_WITH_INTERRUPTS
	interrupts_off = true;
#endif
	if
	:: LOAD(ENTRY) == 0 -> assert(!freed)	/* reads the table that it was led to */
	:: else
	fi;
	interrupts_off = false
}

/* CPU 0: flush_here(), when interrupts are on. */
active proctype flush_here()
{
end:	do
	:: atomic { ipi && !interrupts_off -> cached = false; ipi = false }
	od
}

/* CPU 1: clears the entry; flush_tlb_range(); table_free(). */
active proctype unmapper()
{
	STORE(1, ENTRY, 1);
#ifndef NO_MB
	FULL_BARRIER(1);
#endif
#ifdef FREE_FIRST
	freed = true;
#endif
	if
	:: LOAD(MASK) == 1 -> ipi = true;
#ifndef NO_WAIT
		!ipi
#endif
	:: else
	fi;
	freed = true
}
