/*
 * mm/gup.c, mm/writeback.c: what is written to a file's page by a pin, or by a reference, is kept.
 *
 *	who has the pin			writeback
 *	  store into the page		  clear PG_dirty (full barrier)
 *	  set PG_dirty (full barrier)	  write the page out
 *
 * Either the store is written out, or the page is dirty afterwards. The page is dirty already
 * when both begin.
 *
 * PLAIN_LOOK: who has the pin looks first, and sets nothing that is set; the look passes the
 * store, which still waits to be seen. CLEAR_LAST: writeback clears the mark when the page is
 * written.
 *
 * variants: PLAIN_LOOK CLEAR_LAST
 */
#define CPUS 2
#define WORDS 2
#define DIRTY 0
#define CONTENTS 1
#include "tso.h"

short written;
byte done;

active proctype prepare() { d_step { memory[DIRTY] = 1; done = 1 } }

active proctype pin()
{
	done >= 1;
	STORE(0, CONTENTS, 1);
#ifdef PLAIN_LOOK
	if
	:: LOAD(DIRTY) == 1
	:: else -> LOCKED(0, DIRTY, 1)
	fi;
#else
	LOCKED(0, DIRTY, 1);
#endif
	FULL_BARRIER(0);
	done++
}

active proctype writeback()
{
	done >= 1;
#ifdef CLEAR_LAST
	written = LOAD(CONTENTS);
	LOCKED(1, DIRTY, 0);
#else
	LOCKED(1, DIRTY, 0);
	written = LOAD(CONTENTS);
#endif
	done++
}

active proctype end_of_both()
{
	done == 3 -> assert(written == LOAD(CONTENTS) || LOAD(DIRTY))
}
