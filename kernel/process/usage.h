/* What tasks and processes have used. */
#pragma once
#include "kernel/process/task.h"

/* CPU time of all threads, those that are gone included. */
u64 process_run_ns(struct process *process);
/* The same; tasks_lock held. */
u64 process_run_ns_locked(const struct process *process);
/* The same, the program's and the kernel's apart. tasks_lock held. */
struct cpu_time process_cpu_time(struct process *process);
/* Of one thread. */
struct cpu_time task_cpu_time(struct task *task);
/* The deeds of all threads, those that are gone included. tasks_lock held. */
struct uses process_uses(const struct process *process);
/* What is told of a thread. tasks_lock held. */
struct thread_traits thread_traits(const struct task *task);
/* What it has used stays with its process. tasks_lock held. */
void usage_of_thread_ends(struct process *process, const struct task *task);
/* Of all that ran on a CPU but its idle task. tasks_lock held. */
struct cpu_time cpu_busy_time(unsigned int cpu);
/*
 * By a clock made of a number (CPUCLOCK_PID()): of any process, or of the own threads.
 * false: no such clock.
 */
bool cpu_clock_ns(int clock, u64 *ns);
/* Of a process that is waited for, its own waited-for children included. tasks_lock held. */
void usage_of_process(struct process *process, struct __kernel_rusage *usage);
/*
 * A child that has ended was waited for: what it used counts as its parent's
 * children's. tasks_lock held.
 */
void usage_add_child(struct process *parent, struct process *child);

/* ---- kernel/sched/loadavg.c ---- */

enum { NR_LOADS = 3, LOAD_ONE = 1 << 11 };

/* Boot, after timer_init(): begins to count. */
void loadavg_init(void);
/* Over about 1, 5 or 15 minutes (0 to 2), in units of 1 / LOAD_ONE. */
unsigned long load_average(int i);
