/* /dev/async_fault; kernel/uapi/async_fault.h says what it does. */
#pragma once
#include "kernel/base/types.h"

#define ASYNC_FAULT_MAJOR	10	/* Linux's "misc" */
#define ASYNC_FAULT_MINOR	240	/* the first of those for local use */

/* At boot: registers the device; and starts the thread that waits. */
void async_fault_init(void);
void async_fault_start_worker(void);
/* Until the worker no longer uses the memory of a program that has closed its file. */
void async_fault_drain(void);
