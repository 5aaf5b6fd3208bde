/*
 * A word is published that leads to other memory: a table into an entry or a root,
 * a section, a trace.
 *
 *	writer				reader
 *	  fill the contents		  read the word
 *	  smp_wmb()			  smp_rmb(), or the address comes from the word itself
 *	  store the word		  read the contents
 *
 * Stores wait in a buffer that drains in any order, and loads pass each other: no x86, but mm/
 * serves other processors too, and a compiler may do the same.
 *
 * variants: NO_WMB NO_RMB
 */
bit contents, word;			/* memory */
bit contents_waits, word_waits;		/* the writer's store buffer */

active proctype memory()
{
end:	do
	:: atomic { contents_waits -> contents = 1; contents_waits = 0 }
	:: atomic { word_waits -> word = 1; word_waits = 0 }
	od
}

active proctype writer()
{
	contents_waits = 1;
#ifndef NO_WMB
	!contents_waits;
#endif
	word_waits = 1
}

active proctype reader()
{
	bit w, c;
#ifdef NO_RMB
	if
	:: w = word; c = contents
	:: c = contents; w = word
	fi;
#else
	w = word;
	c = contents;
#endif
	assert(!w || c)
}
