/*
 * The trace: fixed-size binary records of what memory management does, one ring per CPU, written
 * to a channel of its own as they fill. Off, each trace() costs one predictable branch.
 * tools/trace prints the records and converts them for the Chrome and Perfetto viewers; it takes
 * the names from this file.
 */
#pragma once
#include "kernel/base/types.h"

enum trace_event {
	TRACE_NONE,
	TRACE_FAULT,		/* a: address, b: FAULT_FLAG_..., c: instruction
				 * pointer of the program or 0 */
	TRACE_FAULT_END,	/* a: address, b: signal, 0: handled */
	TRACE_COW,		/* a: address, b: old frame, c: new frame; the same: reused */
	TRACE_ALLOC,		/* a: frame, b: order */
	TRACE_FREE,		/* a: frame, b: order */
	TRACE_MAP,		/* a: start, b: end, c: VM_ flags */
	TRACE_UNMAP,		/* a: start, b: end */
	TRACE_ENTRY,		/* a: address, b: old entry, c: new entry; level (debug builds) */
	TRACE_FLUSH,		/* a: start, b: end, c: CPUs that were told */
	TRACE_IPI_SEND,		/* a: name of the request, used again later; b: CPUs */
	TRACE_IPI_RECEIVE,	/* a: name of the request: the last one sent with it */
	TRACE_IPI_DONE,		/* a: name of the request: all have answered; b:
				 * cycles waited, c: IPIs that it took */
	TRACE_UNFOLD,		/* a: old root word, b: new root word */
	TRACE_SWITCH,		/* a: task that goes, b: task that comes */
	TRACE_POINT,		/* simulator only. a, b, c: return addresses,
				 * from within; level: enum access */
};

struct trace_record {
	u64 time;		/* nanoseconds since boot */
	u64 a, b, c;
	u32 task;
	u8 event, cpu, level, zero;
};

extern bool trace_on;		/* set at boot, and by nobody later */

void trace_emit(enum trace_event event, unsigned int level, u64 a, u64 b, u64 c);
#define trace(event, a, b, c) do { \
	if (unlikely(trace_on)) \
		trace_emit((event), 0, (a), (b), (c)); \
} while (0)
#define trace_level(event, level, a, b, c) do { \
	if (unlikely(trace_on)) \
		trace_emit((event), (level), (a), (b), (c)); \
} while (0)

/* Writes this CPU's ring to the channel: when it is idle, and at the end. */
void trace_drain(void);
/* The same for all rings: the other CPUs have stopped, or do nothing. */
void trace_drain_all(void);

/* The system: who runs here, what time it is. The machine: the channel. */
u32 trace_task(void);
u64 trace_time(void);
void trace_write(const void *data, size_t n);
