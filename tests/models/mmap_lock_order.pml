/*
 * mm/mmap_lock.c: a reader counts itself and looks for a writer, a writer raises its flag and adds
 * up the counts. The writer changes two words that a reader finds equal; the reader leaves a word
 * that the writer finds. Memory is weaker than an x86's: stores drain in any order, loads pass
 * each other. (mmap_lock.pml has the rest.)
 *
 * NO_ACQUIRE_COUNT and NO_ACQUIRE_WRITER: a load after the writer's look at the counts, or
 * the reader's at the flag, comes before it. NO_RELEASE: the flag falls before the
 * writer's stores are there.
 *
 * variants: NO_MB NO_ACQUIRE_COUNT NO_ACQUIRE_WRITER NO_RELEASE
 */
bit flag, a, b, left;			/* memory; the reader's atomics go there at once */
byte count;
bit flag_waits, flag_new;		/* the writer's store buffer; it drains in any order */
bit a_waits, b_waits;
bit reader_was;

active proctype memory()
{
end:	do
	:: atomic { flag_waits -> flag = flag_new; flag_waits = 0 }
	:: atomic { a_waits -> a = 1; a_waits = 0 }
	:: atomic { b_waits -> b = 1; b_waits = 0 }
	od
}

active proctype reader()
{
	bit f, x, y;

	count++;		/* a full barrier */
#ifdef NO_ACQUIRE_WRITER
	if
	:: f = flag; x = a; y = b
	:: x = a; f = flag; y = b
	fi;
#else
	f = flag;
	x = a;
	y = b;
#endif
	if
	:: !f -> assert(x == y); left = 1; reader_was = 1
	:: else		/* steps back, sleeps: another round would be the same */
	fi;
	count--			/* a full barrier */
}

active proctype writer()
{
	byte n;
	bit seen, was;

	flag_new = 1;
	flag_waits = 1;
#ifndef NO_MB
	!flag_waits;
#endif
#ifdef NO_ACQUIRE_COUNT
	if
	:: seen = left; n = count
	:: n = count; seen = left
	fi;
#else
	n = count;
	seen = left;
#endif
	if
	:: n == 0 ->
		was = reader_was;
		assert(!was || seen);
		a_waits = 1;
		b_waits = 1;
#ifndef NO_RELEASE
		!a_waits && !b_waits;
#endif
		!flag_waits;		/* one variable's stores stay in order */
		flag_new = 0;
		flag_waits = 1
	:: else		/* waits until the last reader has left */
	fi
}
