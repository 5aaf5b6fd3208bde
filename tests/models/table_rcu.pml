/*
 * TABLE_FREE=rcu: a table is freed when each CPU has passed a quiescent state since it was
 * unlinked, with no IPI; beside two CPUs that walk without a lock and are idle in between
 * (mm/table_free.c). A CPU has a bit in `waiting`, which it clears itself, and one in `idle`:
 * then nobody waits for it.
 *
 * variants: NO_WAIT ONE_CPU BEGIN_FIRST QUIESCENT_IN_WALK IDLE_LATE WAKE_NO_MB
 * BEGIN_NO_MB NO_ACQUIRE
 */
#define CPUS	3
#define WORDS	5
#include "tso.h"
#define ENTRY	0		/* 0: leads to the table, 1: none */
#define WAITING(n) (1 + (n))
#define IDLE(n)	(3 + (n))

bool table_free;

/* grace_quiescent(): reads first, and clears by a locked instruction. */
inline quiescent(n)
{
	if
	:: LOAD(WAITING(n)) == 1 -> LOCKED(n, WAITING(n), 0)
	:: else
	fi
}

/* CPU n: walks with interrupts off, passes a quiescent state, may be idle for a while. */
proctype walker(byte n)
{
	byte round;

	do
	:: round < 2 ->
		if
		:: LOAD(ENTRY) == 0 ->
			assert(!table_free);
#ifdef QUIESCENT_IN_WALK
			quiescent(n);
#endif
			assert(!table_free)
		:: else
		fi;
		quiescent(n);
		if
		:: LOCKED(n, IDLE(n), 1);	/* grace_idle_enter() */
			quiescent(n);
#ifdef WAKE_NO_MB
			STORE(n, IDLE(n), 0)
#else
			LOCKED(n, IDLE(n), 0)	/* grace_idle_leave() */
#endif
		:: skip
		fi;
		round++
	:: else -> break
	od;
	/* A CPU never ends: it passes quiescent states. */
end:	do
	:: LOAD(WAITING(n)) == 1 -> LOCKED(n, WAITING(n), 0)
	od
}

inline begin()
{
#ifdef BEGIN_NO_MB
	STORE(2, WAITING(0), 1);
	STORE(2, WAITING(1), 1);
#else
	LOCKED(2, WAITING(0), 1);
#ifndef ONE_CPU
	LOCKED(2, WAITING(1), 1);
#endif
#endif
}

/* Whoever is idle has nothing to pass: when it comes back, it sees that the table is gone. */
inline pass_idle(n)
{
	if
	:: LOAD(IDLE(n)) == 1 -> LOCKED(2, WAITING(n), 0)
	:: else
	fi
}

/* CPU 2: clears the entry; grace_begin(); when nobody is waited for, table_free(). */
proctype unmapper()
{
#ifdef IDLE_LATE
	bool was0, was1;

	was0 = LOAD(IDLE(0));
	was1 = LOAD(IDLE(1));
#endif
#ifdef BEGIN_FIRST
	begin();
#endif
	STORE(2, ENTRY, 1);
	/* grace_begin()'s first locked instruction lets nobody read past that. */
#ifndef BEGIN_FIRST
	begin();
#endif
#ifdef IDLE_LATE
	if
	:: was0 -> LOCKED(2, WAITING(0), 0)
	:: else
	fi;
	if
	:: was1 -> LOCKED(2, WAITING(1), 0)
	:: else
	fi;
#else
	pass_idle(0);
	pass_idle(1);
#endif
#ifdef NO_ACQUIRE
	table_free = true;	/* what is done to the table comes before the look at the bits */
#endif
#ifndef NO_WAIT
	LOAD(WAITING(0)) == 0 && LOAD(WAITING(1)) == 0;
#endif
	table_free = true
}

init
{
	atomic { run walker(0); run walker(1); run unmapper() }
}
