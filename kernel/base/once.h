/*
 * Access to memory that another CPU may touch without our lock.
 *
 * READ_ONCE and WRITE_ONCE say two things: to the compiler, that this access happens exactly
 * once and whole; to the reader, that no lock protects it. On the simulator each is a
 * scheduling point. Barriers order this CPU's accesses; each use names the barrier on the other
 * side that it pairs with.
 */
#pragma once
#include "kernel/base/types.h"
#include "machine/barrier.h"

/* How an access touches its object, for the simulator's schedule. ADD commutes with ADD. */
enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_ADD };
/* Added to it: the access belongs to the step that is under way, and is no point of its own. */
#define ACCESS_NOTE 8

#define READ_ONCE(x) ({ machine_point(&(x), ACCESS_READ); \
	*(const volatile __typeof__(x) *)&(x); })
#define WRITE_ONCE(x, v) do { machine_point(&(x), ACCESS_WRITE); \
	*(volatile __typeof__(x) *)&(x) = (v); } while (0)

/*
 * With order: what this CPU has read and written before the store comes before it; what it reads
 * and writes after the load comes after it. Each use names its partner.
 */
#define smp_load_acquire(p) ({ machine_point((p), ACCESS_READ); \
	__atomic_load_n((p), __ATOMIC_ACQUIRE); })
#define smp_store_release(p, v) do { machine_point((p), ACCESS_WRITE); \
	__atomic_store_n((p), (v), __ATOMIC_RELEASE); } while (0)

#define barrier()	__asm__ __volatile__("" ::: "memory")
