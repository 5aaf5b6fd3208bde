#include "kernel/base/trace.h"
#include "kernel/base/cmdline.h"
#include "kernel/base/spinlock.h"
#include "machine/percpu.h"

#define TRACE_RECORDS	100

/* Changed by their own CPU with interrupts off. */
static struct trace_ring {
	unsigned int nr;
	struct trace_record records[TRACE_RECORDS];
} rings[NR_CPUS];

/* One CPU at a time writes to the channel. Bare, since the lock checker must not trace itself. */
static spinlock_t channel_lock = SPINLOCK_INIT(LOCK_CONSOLE);

bool trace_on;

static const char *set_trace(const char *value)
{
	if (value)
		return "it takes no value";
	trace_on = true;
	return NULL;
}
BOOT_OPTION("trace", "", "write binary events to the trace channel (port 0xe8)", set_trace);

static void drain(struct trace_ring *ring)
{
	if (!ring->nr)
		return;
	machine_spin_lock(&channel_lock);
	trace_write(ring->records, ring->nr * sizeof(struct trace_record));
	machine_spin_unlock(&channel_lock);
	ring->nr = 0;
}

void trace_emit(enum trace_event event, unsigned int level, u64 a, u64 b, u64 c)
{
	unsigned long flags = irq_save();
	unsigned int cpu = this_cpu();
	struct trace_ring *ring = &rings[cpu];

	if (ring->nr == TRACE_RECORDS)
		drain(ring);
	ring->records[ring->nr++] = (struct trace_record){
		.time = trace_time(), .a = a, .b = b, .c = c, .task = trace_task(),
		.event = (u8)event, .cpu = (u8)cpu, .level = (u8)level,
	};
	irq_restore(flags);
}

void trace_drain(void)
{
	unsigned long flags;

	if (!trace_on)
		return;
	flags = irq_save();
	drain(&rings[this_cpu()]);
	irq_restore(flags);
}

void trace_drain_all(void)
{
	for (unsigned int cpu = 0; trace_on && cpu < NR_CPUS; cpu++)
		drain(&rings[cpu]);
}
