/*
 * TABLE_FREE=ipi: a table is unlinked and freed beside two CPUs that walk without a lock, on
 * the machine whose flush is an IPI (mm/tlb.c). The frame is somebody else's as soon as it is
 * free: no walker may be among its entries then. And the page: a reference that stays was taken
 * while the page was mapped.
 *
 * variants: NO_MB NO_WAIT ONE_CPU FREE_FIRST WALK_WITH_INTERRUPTS NO_FLUSH
 */
#define CPUS	3
#define WORDS	3
#include "tso.h"
#define ENTRY	0	/* 0: leads to the table, 1: none */
#define MASK(n)	(1 + (n))	/* CPU n's bit in mm->cpumask */

bool table_free, page_free;
bool ipi[2], off[2];

/* CPU n: switch_mm(), then the lockless walk, twice. */
proctype walker(byte n)
{
	byte round;

	LOCKED(n, MASK(n), 1);
	do
	:: round < 2 ->
#ifndef WALK_WITH_INTERRUPTS
		off[n] = true;
#endif
		if
		:: LOAD(ENTRY) == 0 ->
			assert(!table_free);	/* reads the pte */
			assert(!page_free);	/* counts a reference to what the pte names */
			assert(!table_free)	/* reads the pte again */
		:: else
		fi;
		off[n] = false;
		round++
	:: else -> break
	od
}

/* CPU n, when its interrupts are on: flush_here(). */
proctype interrupts(byte n)
{
end:	do
	:: atomic { ipi[n] && !off[n] -> ipi[n] = false }
	od
}

inline tell(n)
{
	if
	:: LOAD(MASK(n)) == 1 -> ipi[n] = true
	:: else
	fi
}

/* CPU 2: clears the entry, flushes, frees. */
proctype unmapper()
{
	STORE(2, ENTRY, 1);
#ifndef NO_MB
	FULL_BARRIER(2);
#endif
#ifdef FREE_FIRST
	table_free = true;
#endif
#ifndef NO_FLUSH
	tell(0);
#ifndef ONE_CPU
	tell(1);
#endif
#ifndef NO_WAIT
	!ipi[0] && !ipi[1];
#endif
#endif
	page_free = true;
	table_free = true
}

init
{
	atomic {
		run walker(0); run walker(1); run interrupts(0); run interrupts(1); run unmapper()
	}
}
