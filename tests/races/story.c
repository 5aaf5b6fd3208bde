/* make races REPLAY=...: one schedule, written as a trace that tools/trace prints in columns. */
#include <stdio.h>
#include "arch/sim/snapshot.h"
#include "kernel/base/trace.h"
#include "machine/percpu.h"
#include "tests/races/runner.h"

static FILE *trace_file;
bool trace_on;

/* Without the kernel's rings, whose locks would be points of the schedule. */
void trace_emit(enum trace_event event, unsigned int level, u64 a, u64 b, u64 c)
{
	struct trace_record record = {
		.time = explore_steps() * 1000ull, .a = a, .b = b, .c = c, .task = explore_task(),
		.event = (u8)event, .cpu = (u8)this_cpu(), .level = (u8)level,
	};

	if (trace_file && exploring())
		fwrite(&record, sizeof(record), 1, trace_file);
}

/* Where the step was announced, and by whom: the first three callers. */
__attribute__((no_sanitize("address"))) static void trace_point(int how)
{
	unsigned long *frame = __builtin_frame_address(0), pc[4] = { 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(pc) && frame; i++) {
		pc[i] = frame[1];
		frame = (unsigned long *)frame[0];
	}
	trace_emit(TRACE_POINT, (unsigned int)how, pc[1], pc[2], pc[3]);
}

void replay(void)
{
	struct explore_options o = { .mode = EXPLORE_REPLAY, .replay = options.replay };

	snapshot_save();
	explore_begin(&o);
	run_one(); /* once, to know what is shared */
	if (options.trace) {
		trace_file = fopen(options.trace, "w");
		trace_on = trace_file != NULL;
		explore_on_point = trace_point;
	}
	explore_begin(&o);
	report->schedules = 1;
	if (run_one() == RUN_FAILED)
		note_failure();
	report->depth = explore_steps();
	if (trace_file)
		fclose(trace_file);
}
