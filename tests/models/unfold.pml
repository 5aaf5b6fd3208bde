/*
 * A tree gets a new root while another CPU switches to it: mm_unfold() and
 * switch_mm() (mm/context.c).
 *
 * When both are done, the CPU walks by the new root: with the old one it would fault for ever on
 * an address that lies beyond its reach.
 *
 * variants: NO_MB SWITCH_NO_MB ROOT_BEFORE_MASK NO_IPI IPI_BEFORE_ROOT
 */
#define CPUS	2
#define WORDS	2
#include "tso.h"
#define ROOT	0	/* 0: the old root, 1: the new one */
#define MASK	1	/* CPU 0's bit in mm->cpumask */

bool ipi, interrupts_off, switched, unfolded;
short loaded;

/* CPU 0: switch_mm(), interrupts off. */
active proctype switch_mm()
{
	short root;

	interrupts_off = true;
#ifdef ROOT_BEFORE_MASK
	root = LOAD(ROOT);
#endif
#ifdef SWITCH_NO_MB
	STORE(0, MASK, 1);
#else
	LOCKED(0, MASK, 1);
#endif
#ifndef ROOT_BEFORE_MASK
	root = LOAD(ROOT);
#endif
	loaded = root;
	switched = true;
	interrupts_off = false
}

/* CPU 0: unfold_here(). */
active proctype unfold_here()
{
end:	do
	:: atomic { ipi && !interrupts_off -> loaded = LOAD(ROOT); ipi = false }
	od
}

inline unfold_other_cpus()
{
#ifndef NO_IPI
	if
	:: LOAD(MASK) == 1 -> ipi = true; !ipi
	:: else
	fi
#else
	skip
#endif
}

/* CPU 1: mm_unfold(). */
active proctype mm_unfold()
{
#ifdef IPI_BEFORE_ROOT
	unfold_other_cpus();
#endif
	STORE(1, ROOT, 1);
#ifndef NO_MB
	FULL_BARRIER(1);
#endif
#ifndef IPI_BEFORE_ROOT
	unfold_other_cpus();
#endif
	unfolded = true
}

active proctype check()
{
	atomic { switched && unfolded -> assert(loaded == 1) }
}
