/*
 * Memory as x86-64 gives it: each CPU has a queue of stores that the others do not see yet, and
 * that drain in order at any time. A model includes this after it has defined CPUS and WORDS; no
 * CPU here reads a word that its own queue still holds.
 */
chan queue[CPUS] = [2] of { byte, short };
short memory[WORDS];

#define LOAD(word)		memory[word]
#define STORE(cpu, word, v)	queue[cpu]!word,v
/* smp_mb(): waits until the queue is empty. */
#define FULL_BARRIER(cpu)	empty(queue[cpu])
/*
 * A locked instruction: what it changes is seen by all at once, after all that was stored before.
 */
#define LOCKED(cpu, word, v)	atomic { empty(queue[cpu]); memory[word] = v }

active [CPUS] proctype drain()
{
	byte word;
	short v;

end:	do
	:: atomic { queue[_pid]?word,v; memory[word] = v }
	od
}
