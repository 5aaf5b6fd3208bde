/*
 * mm/gup.h, mm/rmap.h: a lockless walker counts its pin and looks at the exclusive mark
 * then; fork takes the mark away and looks at the pins then. Never may the page be pinned
 * and shared. A processor may keep a store back while it loads; here it does whenever the
 * step is no full barrier.
 *
 * NO_FENCE_PIN, NO_FENCE_SHARE: the first step of one of them is a plain store. MARK_FIRST: the
 * walker looks first and counts then.
 *
 * variants: NO_FENCE_PIN NO_FENCE_SHARE MARK_FIRST
 */
byte pins;
bit exclusive = 1;
bit pin_waits, mark_waits;		/* in a store buffer */
bit pinned, shared;			/* what each went away with */
byte done;

active proctype memory()
{
end:	do
	:: atomic { pin_waits -> pins++; pin_waits = 0 }
	:: atomic { mark_waits -> exclusive = 0; mark_waits = 0 }
	od
}

active proctype walker()
{
	bit seen;

#ifdef MARK_FIRST
	seen = exclusive;
#endif
	pin_waits = 1;
#ifndef NO_FENCE_PIN
	!pin_waits;
#endif
#ifndef MARK_FIRST
	seen = exclusive;
#endif
	if
	:: seen -> pinned = 1
	:: else -> !pin_waits; pins--
	fi;
	done++
}

active proctype fork()
{
	byte seen;

	mark_waits = 1;
#ifndef NO_FENCE_SHARE
	!mark_waits;
#endif
	seen = pins;
	if
	:: seen == 0 -> shared = 1
	:: else -> !mark_waits; exclusive = 1
	fi;
	done++
}

active proctype end_of_both()
{
	done == 2 -> assert(!(pinned && shared))
}
