/*
 * Plain accesses, seen: with -fsanitize=thread the compiler calls these before each access to
 * memory. They are the simulator's own, no library's. What is on the stack of an actor is
 * nobody else's business.
 *
 * A plain access becomes part of the step that it is made in, as if it had been announced;
 * but it is no point. Announced ones (volatile, atomic) have been a point just before;
 * here they hand on clocks.
 */
#include <string.h>
#include "arch/sim/datarace.h"
#include "arch/sim/explore.h"
#include "arch/sim/tsan.h"

static void plain(const volatile void *start, size_t size, enum access_kind kind,
		  struct place place)
{
	if (!size || !datarace_watching())
		return;
	explore_note_range(start, size, kind == PLAIN_WRITE ? ACCESS_WRITE : ACCESS_READ);
	datarace_access(start, size, kind, place);
}

/*
 * READ_ONCE of a whole word may be of a pointer, and what is reached by a pointer comes after it
 * on every processor. So it counts as acquiring; a flag, being smaller, does not.
 */
static bool carries_pointer(size_t size) { return size == sizeof(void *); }

#define ACCESSES(n) \
	void __tsan_read##n(void *p) { plain(p, n, PLAIN_READ, PLACE); } \
	void __tsan_write##n(void *p) { plain(p, n, PLAIN_WRITE, PLACE); } \
	void __tsan_unaligned_read##n(void *p) { plain(p, n, PLAIN_READ, PLACE); } \
	void __tsan_unaligned_write##n(void *p) { plain(p, n, PLAIN_WRITE, PLACE); } \
	void __tsan_volatile_read##n(void *p) \
	{ \
		announced_load(p, n, carries_pointer(n), PLACE); \
	} \
	void __tsan_volatile_write##n(void *p) { announced_store(p, n, false, PLACE); }
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

void __tsan_read_range(void *p, long size) { plain(p, (size_t)size, PLAIN_READ, PLACE); }
void __tsan_write_range(void *p, long size) { plain(p, (size_t)size, PLAIN_WRITE, PLACE); }

void __tsan_init(void) { clocks_on = true; }
void __tsan_func_entry(void *pc) {}
void __tsan_func_exit(void *pc) {}

/* ---- the memory functions, as mm/ is linked with them ---- */

void *tsan_memset(void *to, int c, size_t n)
{
	plain(to, n, PLAIN_WRITE, PLACE);
	return memset(to, c, n);
}

void *tsan_memcpy(void *to, const void *from, size_t n)
{
	plain(from, n, PLAIN_READ, PLACE);
	plain(to, n, PLAIN_WRITE, PLACE);
	return memcpy(to, from, n);
}

void *tsan_memmove(void *to, const void *from, size_t n)
{
	plain(from, n, PLAIN_READ, PLACE);
	plain(to, n, PLAIN_WRITE, PLACE);
	return memmove(to, from, n);
}

int tsan_memcmp(const void *a, const void *b, size_t n)
{
	plain(a, n, PLAIN_READ, PLACE);
	plain(b, n, PLAIN_READ, PLACE);
	return memcmp(a, b, n);
}

/* ---- atomics ---- */

static bool acquires(int order) { return order == __ATOMIC_ACQUIRE || order == __ATOMIC_SEQ_CST; }
static bool releases(int order) { return order == __ATOMIC_RELEASE || order == __ATOMIC_SEQ_CST; }

/* A relaxed one is a checker's own, and orders nothing. */
static void atomic_change(const volatile void *obj, size_t size, int order, struct place place)
{
	if (order == __ATOMIC_RELAXED)
		datarace_access(obj, size, MARKED_WRITE, place);
	else
		announced_change(obj, size, place);
}

#define CHANGE(bits, name, op) \
	u##bits __tsan_atomic##bits##_##name(volatile void *p, u##bits v, int order) \
	{ \
		atomic_change(p, sizeof(v), order, PLACE); \
		return op((volatile u##bits *)p, v, __ATOMIC_SEQ_CST); \
	}

/* A value that is not the expected one is only read. */
#define EXCHANGE_IF(bits, name) \
	bool __tsan_atomic##bits##_##name(volatile void *p, void *old, u##bits v, int order, \
					  int order_else) \
	{ \
		bool done = \
			__atomic_compare_exchange_n((volatile u##bits *)p, (u##bits *)old, v, \
						    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
		if (done) \
			atomic_change(p, sizeof(v), order, PLACE); \
		else \
			announced_load(p, sizeof(v), carries_pointer(sizeof(v)), PLACE); \
		return done; \
	}

#define ATOMICS(bits) \
	u##bits __tsan_atomic##bits##_load(const volatile void *p, int order) \
	{ \
		announced_load(p, bits / 8, acquires(order) || carries_pointer(bits / 8), PLACE); \
		return __atomic_load_n((const volatile u##bits *)p, __ATOMIC_SEQ_CST); \
	} \
	void __tsan_atomic##bits##_store(volatile void *p, u##bits v, int order) \
	{ \
		announced_store(p, sizeof(v), releases(order), PLACE); \
		__atomic_store_n((volatile u##bits *)p, v, __ATOMIC_SEQ_CST); \
	} \
	CHANGE(bits, exchange, __atomic_exchange_n) \
	CHANGE(bits, fetch_add, __atomic_fetch_add) \
	CHANGE(bits, fetch_sub, __atomic_fetch_sub) \
	CHANGE(bits, fetch_and, __atomic_fetch_and) \
	CHANGE(bits, fetch_or, __atomic_fetch_or) \
	CHANGE(bits, fetch_xor, __atomic_fetch_xor) \
	EXCHANGE_IF(bits, compare_exchange_strong) \
	EXCHANGE_IF(bits, compare_exchange_weak)
ATOMICS(8)
ATOMICS(16)
ATOMICS(32)
ATOMICS(64)
