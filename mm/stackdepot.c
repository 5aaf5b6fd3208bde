/* A hash table of backtraces that only grows; entries are claimed by compare-and-exchange. */
#include "kernel/base/string.h"
#include "mm/buddy.h"
#include "mm/stackdepot.h"

#if CONFIG_DEBUG

#define DEPOT_SIZE   4096 /* a power of two */
#define DEPOT_PROBES 32
#define STACK_DEPTH  10

struct stack_record {
	atomic_t hash; /* 0: nobody's */
	u32 nr;	       /* 0: being written; depth after that */
	unsigned long trace[STACK_DEPTH];
};

static struct stack_record *depot;

void stackdepot_init(void)
{
	phys_addr_t at =
		boot_alloc(ALIGN_UP(DEPOT_SIZE * sizeof(*depot), PAGE_SIZE), PAGE_SIZE, 0);

	depot = frame_ptr(at >> PAGE_SHIFT);
}

static int hash_trace(const unsigned long *trace, unsigned int nr)
{
	unsigned long hash = nr;

	for (unsigned int i = 0; i < nr; i++)
		hash = (hash ^ trace[i]) * 0x9e3779b97f4a7c15ul;
	return (int)(hash >> 33) | 1;
}

static bool claim(struct stack_record *record, int hash, const unsigned long *trace,
		  unsigned int nr)
{
	int empty = 0;

	if (!atomic_try_cmpxchg(&record->hash, &empty, hash))
		return false;
	memcpy(record->trace, trace, nr * sizeof(*trace));
	/*
	 * Pairs with the smp_rmb() in holds(): who sees nr sees the trace.
	 * tests/models/publish.pml: NO_WMB
	 */
	smp_wmb();
	WRITE_ONCE(record->nr, nr);
	return true;
}

static bool holds(const struct stack_record *record, const unsigned long *trace, unsigned int nr)
{
	if (READ_ONCE(record->nr) != nr)
		return false;
	/* Pairs with the smp_wmb() in claim(). tests/models/publish.pml: NO_RMB */
	smp_rmb();
	return memcmp(record->trace, trace, nr * sizeof(*trace)) == 0;
}

stack_handle_t stack_save(void)
{
	unsigned long trace[STACK_DEPTH];
	unsigned int nr = depot ? backtrace_save(trace, STACK_DEPTH) : 0;
	int hash = hash_trace(trace, nr);

	for (unsigned int probe = 0; nr && probe < DEPOT_PROBES; probe++) {
		unsigned int at = ((unsigned int)hash + probe) % DEPOT_SIZE;
		int seen = atomic_read(&depot[at].hash);

		/* Two CPUs may store the same trace at once, in two places: harmless. */
		if (seen == 0 ? claim(&depot[at], hash, trace, nr)
			      : seen == hash && holds(&depot[at], trace, nr))
			return at + 1;
	}
	return 0;
}

void stack_print(stack_handle_t handle)
{
	if (handle)
		backtrace_print(depot[handle - 1].trace, READ_ONCE(depot[handle - 1].nr));
	else
		printk("  (no backtrace)\n");
}

#endif
