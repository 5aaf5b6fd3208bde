/* CPU time and other things that programs are told they have used: getrusage, times, sysinfo. */
#include "kernel/usage.h"
#include "kernel/syscall.h"
#include "kernel/time.h"
#include "kernel/uapi/errno.h"
#include "mm/buddy.h"

/*
 * All CPU time counts as the program's own: the kernel does not look at the clock at each entry.
 */
static void fill_usage(struct __kernel_rusage *usage, u64 run_ns, unsigned long switches)
{
	*usage = (struct __kernel_rusage){
		.ru_utime = ns_to_timeval(run_ns),
		.ru_nvcsw = (s64)switches,
	};
}

/* tasks_lock held. */
static u64 threads_run_ns(const struct process *process, unsigned long *switches)
{
	u64 ns = process->dead_run_ns;
	const struct task *task;

	*switches = process->dead_switches;
	TAILQ_FOREACH(task, &process->threads, thread_link) {
		ns += task_run_ns(task);
		*switches += READ_ONCE(task->switches);
	}
	return ns;
}

u64 process_run_ns_locked(const struct process *process)
{
	unsigned long switches;

	return threads_run_ns(process, &switches);
}

u64 process_run_ns(struct process *process)
{
	u64 ns;

	spin_lock(&tasks_lock);
	ns = process_run_ns_locked(process);
	spin_unlock(&tasks_lock);
	return ns;
}

/* tasks_lock held. */
static bool thread_clock_ns(int tid, u64 *ns)
{
	const struct task *task = tid ? task_find(tid) : current_task();

	if (!task || task->process != current_process())
		return false;
	*ns = task_run_ns(task);
	return true;
}

/* All three kinds are the same here: nobody tells the program's time from the kernel's. */
bool cpu_clock_ns(int clock, u64 *ns)
{
	int pid = CPUCLOCK_PID(clock);
	const struct process *process;
	bool found;

	if ((clock & CPUCLOCK_KIND) == CPUCLOCK_KIND)
		return false;
	spin_lock(&tasks_lock);
	if (clock & CPUCLOCK_PERTHREAD) {
		found = thread_clock_ns(pid, ns);
	} else {
		process = pid ? process_find(pid) : current_process();
		found = process;
		if (found)
			*ns = process_run_ns_locked(process);
	}
	spin_unlock(&tasks_lock);
	return found;
}

void usage_of_process(const struct process *process, struct __kernel_rusage *usage)
{
	fill_usage(usage, process->dead_run_ns + process->children_run_ns, process->dead_switches);
}

SYSCALL_DEFINE2(getrusage, int, who, struct __kernel_rusage *, user)
{
	struct process *process = current_process();
	struct task *task = current_task();
	struct __kernel_rusage usage;
	unsigned long switches = 0;
	u64 ns;

	switch (who) {
	case RUSAGE_SELF:
		spin_lock(&tasks_lock);
		ns = threads_run_ns(process, &switches);
		spin_unlock(&tasks_lock);
		break;
	case RUSAGE_CHILDREN:
		ns = READ_ONCE(process->children_run_ns);
		break;
	case RUSAGE_THREAD:
		ns = task_run_ns(task);
		switches = task->switches;
		break;
	default:
		return -EINVAL;
	}
	fill_usage(&usage, ns, switches);
	return copy_to_user(user, &usage, sizeof(usage)) ? -EFAULT : 0;
}

#define TICK_NS	(NSEC_PER_SEC / 100)	/* times(2) counts hundredths of a second */

SYSCALL_DEFINE1(times, s64 *, user)
{
	struct process *process = current_process();
	s64 tms[4] = { (s64)(process_run_ns(process) / TICK_NS), 0,
		       (s64)(READ_ONCE(process->children_run_ns) / TICK_NS), 0 };

	if (user && copy_to_user(user, tms, sizeof(tms)))
		return -EFAULT;
	return (s64)(clock_ns() / TICK_NS);
}

/* sysinfo(2) */
struct sysinfo {
	s64 uptime;
	u64 loads[3];
	u64 totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	u16 procs, pad;
	u64 totalhigh, freehigh;
	u32 mem_unit;
};

SYSCALL_DEFINE1(sysinfo, struct sysinfo *, user)
{
	struct sysinfo info = {
		.uptime = (s64)(clock_ns() / NSEC_PER_SEC),
		.loads = { load_average(0) << 5, load_average(1) << 5, load_average(2) << 5 },
		.totalram = frames_total() * PAGE_SIZE,
		.freeram = frames_free() * PAGE_SIZE,
		.procs = (u16)process_count(),
		.mem_unit = 1,
	};

	return copy_to_user(user, &info, sizeof(info)) ? -EFAULT : 0;
}
