/* CPU time and other things that programs are told they have used: getrusage, times, sysinfo. */
#include "kernel/process/usage.h"
#include "kernel/base/string.h"
#include "kernel/dev/block.h"
#include "kernel/syscall.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "mm/buddy.h"

/* ---- the program's time and the kernel's ---- */

/* ns * part / all, with numbers of ticks: they are small. */
static u64 share(u64 ns, unsigned long part, unsigned long all)
{
	return ns / all * part + ns % all * part / all;
}

/*
 * How long is known exactly, from the clock at each switch; whose time it was is not looked at on
 * the way into the kernel and back, but at the ticks of the timer. Where none has met the kernel,
 * all is the program's. What was said before in *told is never taken back, as it would be when a
 * tick moves the proportion. tasks_lock held.
 */
static void tell_apart(struct cpu_time *told, u64 run_ns, const unsigned long ticks[NR_TICK_MODES])
{
	unsigned long all = ticks[TICK_USER] + ticks[TICK_SYSTEM];
	u64 system = all ? share(run_ns, ticks[TICK_SYSTEM], all) : 0;

	if (run_ns <= told->user + told->system)
		return;
	system = min(max(system, told->system), run_ns - told->user);
	*told = (struct cpu_time){ run_ns - system, system };
}

/* ---- what a thread counts itself ---- */

void use_count(enum use what, u64 n) { current_task()->uses.n[what] += n; }

void use_fault(bool waited)
{
	struct task *task = current_task();

	if (!waited)
		task->uses.n[task->fault_waited ? USE_MAJFLT : USE_MINFLT]++;
	task->fault_waited = waited;
}

/* ---- sums over threads; tasks_lock held ---- */

u64 process_run_ns_locked(const struct process *process)
{
	u64 ns = process->dead_run_ns;
	const struct task *task;

	TAILQ_FOREACH(task, &process->threads, thread_link)
		ns += task_run_ns(task);
	return ns;
}

static void add_uses(struct uses *sum, const struct uses *uses)
{
	for (int i = 0; i < NR_USES; i++)
		sum->n[i] += READ_ONCE(uses->n[i]);
}

struct uses process_uses(const struct process *process)
{
	struct uses sum = process->dead_uses;
	const struct task *task;

	TAILQ_FOREACH(task, &process->threads, thread_link)
		add_uses(&sum, &task->uses);
	return sum;
}

struct cpu_time process_cpu_time(struct process *process)
{
	unsigned long ticks[NR_TICK_MODES];
	const struct task *task;

	for (int mode = 0; mode < NR_TICK_MODES; mode++) {
		ticks[mode] = process->dead_ticks[mode];
		TAILQ_FOREACH(task, &process->threads, thread_link)
			ticks[mode] += READ_ONCE(task->ticks[mode]);
	}
	tell_apart(&process->told, process_run_ns_locked(process), ticks);
	return process->told;
}

struct cpu_time task_cpu_time(struct task *task)
{
	tell_apart(&task->told, task_run_ns(task), task->ticks);
	return task->told;
}

struct cpu_time cpu_busy_time(unsigned int cpu)
{
	static struct cpu_time told[NR_CPUS];
	const unsigned long ticks[] = { cpu_ticks(cpu, TICK_SYSTEM), cpu_ticks(cpu, TICK_USER) };
	u64 idle = cpu_idle_ns(cpu), now = clock_ns();

	tell_apart(&told[cpu], now > idle ? now - idle : 0, ticks);
	return told[cpu];
}

u64 process_run_ns(struct process *process)
{
	u64 ns;

	spin_lock(&tasks_lock);
	ns = process_run_ns_locked(process);
	spin_unlock(&tasks_lock);
	return ns;
}

static void add_time(struct cpu_time *sum, struct cpu_time time)
{
	sum->user += time.user;
	sum->system += time.system;
}

struct thread_traits thread_traits(const struct task *task)
{
	struct thread_traits traits = {
		.cpu = READ_ONCE(task->cpu),
		.nice = READ_ONCE(task->nice),
		.policy = READ_ONCE(task->policy),
		.affinity = READ_ONCE(task->affinity),
		.blocked = task->blocked,
		.nvcsw = READ_ONCE(task->uses.n[USE_NVCSW]),
		.nivcsw = READ_ONCE(task->uses.n[USE_NIVCSW]),
	};

	memcpy(traits.comm, task->comm, sizeof(traits.comm));
	return traits;
}

void usage_of_thread_ends(struct process *process, const struct task *task)
{
	process->dead_run_ns += task_run_ns(task);
	for (int mode = 0; mode < NR_TICK_MODES; mode++)
		process->dead_ticks[mode] += task->ticks[mode];
	add_uses(&process->dead_uses, &task->uses);
	process->last = thread_traits(task);
}

void usage_add_child(struct process *parent, struct process *child)
{
	add_time(&parent->children_time, process_cpu_time(child));
	add_time(&parent->children_time, child->children_time);
	add_uses(&parent->children_uses, &child->dead_uses);
	add_uses(&parent->children_uses, &child->children_uses);
	parent->children_maxrss = max(parent->children_maxrss, child->maxrss);
	parent->children_maxrss = max(parent->children_maxrss, child->children_maxrss);
}

/* ---- clocks ---- */

static u64 of_kind(int kind, u64 run_ns, struct cpu_time time)
{
	return kind == CPUCLOCK_VIRT ? time.user : run_ns;
}

static bool thread_clock_ns(int tid, int kind, u64 *ns)
{
	struct task *task = tid ? task_find(tid) : current_task();

	if (!task || task->process != current_process())
		return false;
	*ns = of_kind(kind, task_run_ns(task), task_cpu_time(task));
	return true;
}

static bool process_clock_ns(int pid, int kind, u64 *ns)
{
	struct process *process = pid ? process_find(pid) : current_process();

	if (!process)
		return false;
	*ns = of_kind(kind, process_run_ns_locked(process), process_cpu_time(process));
	return true;
}

bool cpu_clock_ns(int clock, u64 *ns)
{
	int pid = CPUCLOCK_PID(clock), kind = clock & CPUCLOCK_KIND;
	bool found;

	if (kind == CPUCLOCK_KIND)
		return false;
	spin_lock(&tasks_lock);
	if (clock & CPUCLOCK_PERTHREAD)
		found = thread_clock_ns(pid, kind, ns);
	else
		found = process_clock_ns(pid, kind, ns);
	spin_unlock(&tasks_lock);
	return found;
}

/* ---- the calls ---- */

/*
 * What is used so far by the address space that a task has; its own, for which
 * nothing needs to be held.
 */
static unsigned long current_maxrss(void)
{
	return max(current_process()->maxrss, mm_hiwater_rss(current_task()->mm));
}

static struct __kernel_rusage make_usage(struct cpu_time time, const struct uses *uses,
					 unsigned long maxrss)
{
	return (struct __kernel_rusage){
		.ru_utime = ns_to_timeval(time.user),
		.ru_stime = ns_to_timeval(time.system),
		.ru_maxrss = (s64)(maxrss << (PAGE_SHIFT - 10)),
		.ru_minflt = (s64)uses->n[USE_MINFLT],
		.ru_majflt = (s64)uses->n[USE_MAJFLT],
		.ru_inblock = (s64)(uses->n[USE_READ_BYTES] / SECTOR_SIZE),
		.ru_oublock = (s64)(uses->n[USE_WRITE_BYTES] / SECTOR_SIZE),
		.ru_nvcsw = (s64)uses->n[USE_NVCSW],
		.ru_nivcsw = (s64)uses->n[USE_NIVCSW],
	};
}

void usage_of_process(struct process *process, struct __kernel_rusage *usage)
{
	struct cpu_time time = process_cpu_time(process);
	struct uses uses = process_uses(process);

	add_time(&time, process->children_time);
	add_uses(&uses, &process->children_uses);
	*usage = make_usage(time, &uses, max(process->maxrss, process->children_maxrss));
}

SYSCALL_DEFINE2(getrusage, int, who, struct __kernel_rusage *, user)
{
	struct process *process = current_process();
	struct task *task = current_task();
	struct __kernel_rusage usage;
	struct uses uses;

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	spin_lock(&tasks_lock);
	if (who == RUSAGE_SELF) {
		uses = process_uses(process);
		usage = make_usage(process_cpu_time(process), &uses, current_maxrss());
	} else if (who == RUSAGE_THREAD) {
		usage = make_usage(task_cpu_time(task), &task->uses, current_maxrss());
	} else {
		usage = make_usage(process->children_time, &process->children_uses,
				   process->children_maxrss);
	}
	spin_unlock(&tasks_lock);
	return copy_to_user(user, &usage, sizeof(usage)) ? -EFAULT : 0;
}

#define CLOCK_TICK_NS	(NSEC_PER_SEC / 100)	/* times(2) counts hundredths of a second */

SYSCALL_DEFINE1(times, s64 *, user)
{
	struct process *process = current_process();
	struct cpu_time self, children;
	s64 tms[4];

	spin_lock(&tasks_lock);
	self = process_cpu_time(process);
	children = process->children_time;
	spin_unlock(&tasks_lock);
	tms[0] = (s64)(self.user / CLOCK_TICK_NS);
	tms[1] = (s64)(self.system / CLOCK_TICK_NS);
	tms[2] = (s64)(children.user / CLOCK_TICK_NS);
	tms[3] = (s64)(children.system / CLOCK_TICK_NS);
	if (user && copy_to_user(user, tms, sizeof(tms)))
		return -EFAULT;
	return (s64)(clock_ns() / CLOCK_TICK_NS);
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
