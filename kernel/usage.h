/* What tasks and processes have used. */
#pragma once
#include "kernel/task.h"

/* CPU time of all threads, those that are gone included. */
u64 process_run_ns(struct process *process);
/* The same; tasks_lock held. */
u64 process_run_ns_locked(const struct process *process);
/* Of a process that has ended, its own waited-for children included. tasks_lock held. */
void usage_of_process(const struct process *process, struct __kernel_rusage *usage);
