/*
 * The mmap lock: a reader counts itself on the CPU where it runs and looks for a writer; a writer
 * says that it is there and adds up the counts (mm/mmap_lock.c).
 *
 * Never are a reader and the writer inside at once. Reader A goes to another CPU
 * while it is inside.
 *
 * variants: NO_MB READER_NO_MB NO_SECOND_LOOK STEP_BACK_ELSEWHERE
 */
#define CPUS	3
#define WORDS	3
#include "tso.h"
#define WRITER	0
#define COUNT_A	1	/* of CPU 0 */
#define COUNT_B	2	/* of CPU 1 */

byte inside;
bool writing;

#define ADD(word, n)	memory[word] = memory[word] + n

/* Readers leave on CPU 1, wherever they came in. */
inline reader(cpu, count)
{
#ifdef READER_NO_MB
	STORE(cpu, count, LOAD(count) + 1);
#else
	atomic { FULL_BARRIER(cpu); ADD(count, 1) };
#endif
	if
#ifndef NO_SECOND_LOOK
	:: LOAD(WRITER) == 1 ->
#ifdef STEP_BACK_ELSEWHERE
		atomic { FULL_BARRIER(1); ADD(COUNT_B, -1) }
#else
		atomic { FULL_BARRIER(cpu); ADD(count, -1) }
#endif
#endif
	:: else -> inside++;
		assert(!writing);
		inside--;
		atomic { FULL_BARRIER(1); ADD(COUNT_B, -1) }
	fi
}

active proctype reader_a() { reader(0, COUNT_A) }
active proctype reader_b() { reader(1, COUNT_B) }

/* CPU 2: mmap_write_lock(), unlock. The counts are read one after the other. */
active proctype writer()
{
	short sum;

	STORE(2, WRITER, 1);
#ifndef NO_MB
	FULL_BARRIER(2);
#endif
	do
	:: sum = LOAD(COUNT_A);
		sum = sum + LOAD(COUNT_B);
		if
		:: sum == 0 -> break
		:: else
		fi
	od;
	writing = true;
	assert(inside == 0);
	writing = false;
	STORE(2, WRITER, 0)
}
