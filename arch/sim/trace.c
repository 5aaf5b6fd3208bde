/* The trace, as long as nobody wants it: a program that does has functions of its own. */
#include "kernel/base/trace.h"

u32 trace_task(void) { return 0; }
u64 trace_time(void) { return 0; }
void trace_write(const void *data, size_t n) { (void)data, (void)n; }
