/*
 * Processors and tasks: one host thread plays them all, one at a time. A test says which CPU it
 * is; an interrupt makes it another CPU for the time of the handler.
 */
#include "arch/sim/sim.h"
#include "kernel/base/bug.h"
#include "kernel/base/trace.h"
#include "kernel/base/wait.h"
#include "arch/sim/clocks.h"
#include "arch/sim/explore.h"
#include "arch/sim/snapshot.h"
#include "mm/context.h"
#include "mm/table_free.h"

struct ipi {
	void (*fn)(void *arg);
	void *arg;
};

struct cpu {
	unsigned long root;
	const struct mm_struct *loaded; /* the address space of that root */
	struct mm_struct *mm;		/* of the task that runs here */
	bool irqs_off;
	cpumask_t pending;     /* senders whose IPI has not been taken */
	struct ipi call;       /* the one call that this CPU may have under way */
	cpumask_t waiting_for; /* CPUs that have not run it */
	cpumask_t asked;       /* all that it was sent to */
};

struct sim_events sim_events[NR_CPUS];
struct uses sim_uses;

static struct cpu cpus[NR_CPUS];
static unsigned int nr_cpus, levels, current_cpu;
static struct mm_struct *running_mm;
static bool killed, signalled;
static struct held_locks held_locks[NR_DECIDERS]; /* of each task, and of each CPU without one */
static char tasks[NR_DECIDERS];			  /* here a task is only an address */
static struct mm_struct *task_mms[NR_DECIDERS];	  /* in a schedule */

/* What stands for a CPU's own state where steps that depend on it are compared. */
static struct {
	u64 irqs, tlb, ipi, task, handler;
} flags_of[NR_CPUS];

void cpus_create(const struct sim_config *config)
{
	BUG_MSG(config->cpus > NR_CPUS, "%u CPUs wanted, %d is the most", config->cpus, NR_CPUS);
	nr_cpus = config->cpus;
	levels = config->hw_levels;
}

unsigned int this_cpu(void) { return current_cpu; }
struct held_locks *current_held_locks(void)
{
	return &held_locks[exploring() ? explore_task() : current_cpu];
}
struct task *current_task(void) { return (struct task *)&tasks[exploring() ? explore_task() : 0]; }
struct mm_struct *current_mm(void)
{
	if (exploring())
		return task_mms[explore_task()];
	return explore_running() ? cpus[current_cpu].mm : running_mm;
}
bool fatal_signal_pending(void) { return killed; }
void use_count(enum use what, u64 n) { sim_uses.n[what] += n; }
void use_fault(bool waited) { sim_uses.n[waited ? USE_MAJFLT : USE_MINFLT]++; }
bool signal_pending(void) { return killed || signalled; }
void sim_set_mm(struct mm_struct *mm)
{
	running_mm = cpus[current_cpu].mm = mm;
	if (exploring())
		task_mms[explore_task()] = mm;
}
void sim_set_killed(bool is_killed) { killed = is_killed; }
void sim_set_signalled(bool is_signalled) { signalled = is_signalled; }
unsigned int hw_levels(void) { return levels; }
cpumask_t cpus_online(void) { return (1ul << nr_cpus) - 1; }
unsigned long sim_root(unsigned int cpu) { return cpus[cpu].root; }

void sim_on_cpu(unsigned int cpu)
{
	BUG_MSG(cpu >= nr_cpus, "CPU %u of %u", cpu, nr_cpus);
	current_cpu = cpu;
	cpu_take_interrupts();
}

/* ---- for the explorer ---- */

void cpu_become(unsigned int cpu) { current_cpu = cpu; }
bool cpu_irqs_off(unsigned int cpu) { return cpus[cpu].irqs_off; }
bool cpu_can_take_interrupts(unsigned int cpu) { return cpus[cpu].pending && !cpus[cpu].irqs_off; }
void cpu_set_irqs_off(unsigned int cpu, bool off) { cpus[cpu].irqs_off = off; }
const void *cpu_irq_flag(unsigned int cpu) { return &flags_of[cpu].irqs; }
const void *cpu_task_flag(unsigned int cpu) { return &flags_of[cpu].task; }
const void *cpu_handler_flag(unsigned int cpu) { return &flags_of[cpu].handler; }
const void *cpu_tlb(unsigned int cpu) { return &flags_of[cpu].tlb; }
void cpus_add_to_snapshot(void)
{
	snapshot_add(cpus, sizeof(cpus));
	snapshot_add(flags_of, sizeof(flags_of));
	snapshot_add(held_locks, sizeof(held_locks));
	snapshot_add(task_mms, sizeof(task_mms));
}

struct mm_struct *sim_cpu_mm(unsigned int cpu) { return cpus[cpu].mm; }
void sim_task_runs(unsigned int task, struct mm_struct *mm) { task_mms[task] = mm; }

u16 tasks_holding(const volatile void *lock)
{
	u16 set = 0;

	for (unsigned int who = 0; who < NR_DECIDERS; who++)
		for (unsigned int i = 0; i < held_locks[who].nr; i++)
			if (held_locks[who].held[i].lock == lock && explore_waits_for(who) != lock)
				set |= (u16)(1u << who);
	return set;
}

const void *newest_lock(unsigned int task)
{
	const struct held_locks *held = &held_locks[task];

	return held->nr ? held->held[held->nr - 1].lock : NULL;
}

const struct mm_struct *cpu_loaded(unsigned int cpu) { return cpus[cpu].loaded; }

/* ---- interrupts ---- */

unsigned long irq_save(void)
{
	unsigned long flags = cpus[current_cpu].irqs_off;

	if (!flags && exploring())
		explore_irqs_off(&flags_of[current_cpu].irqs);
	cpus[current_cpu].irqs_off = true;
	return flags;
}

void irq_restore(unsigned long flags)
{
	cpus[current_cpu].irqs_off = flags;
	if (!exploring())
		cpu_take_interrupts();
	else if (!flags)
		explore_irqs_on(&flags_of[current_cpu].irqs);
	/*
	 * The timer's interrupt, at the earliest moment at which it can come. Looking for it is no
	 * point: that the others' interrupts are off is what whoever waits has read.
	 */
	if (!flags && __atomic_load_n(&grace_waiting, __ATOMIC_RELAXED) & cpumask_of(current_cpu))
		grace_quiescent();
}

/*
 * Those are passed at once: what waits for a CPU that could be interrupted would come no earlier.
 */
cpumask_t cpus_quiescent(void)
{
	cpumask_t quiet = 0;
	unsigned int cpu;

	for_each_cpu(cpu, cpus_online()) {
		sim_point(&flags_of[cpu].irqs, ACCESS_READ | ACCESS_NOTE);
		quiet |= cpus[cpu].irqs_off ? 0 : cpumask_of(cpu);
	}
	return quiet;
}

bool irqs_disabled(void) { return cpus[current_cpu].irqs_off; }

/*
 * Runs the call of `sender` on the current CPU, as its interrupt handler: interrupts are off
 * meanwhile.
 */
static void run_call(unsigned int sender)
{
	struct cpu *cpu = &cpus[current_cpu];

	cpu->irqs_off = true;
	sim_events[current_cpu].ipis_received++;
	clock_acquire(&cpus[sender].call);
	cpus[sender].call.fn(cpus[sender].call.arg);
	clock_release(&cpus[sender].waiting_for);
	BUG_MSG(!cpu->irqs_off, "the handler of an IPI returned with interrupts on");
	cpu->irqs_off = false;
	cpus[sender].waiting_for &= ~cpumask_of(current_cpu);
}

void cpu_take_interrupts(void)
{
	struct cpu *cpu = &cpus[current_cpu];
	unsigned int sender;

	if (cpu->irqs_off)
		return;
	sim_point(&flags_of[current_cpu].irqs, ACCESS_READ | ACCESS_NOTE);
	sim_point(&flags_of[current_cpu].ipi, ACCESS_WRITE | ACCESS_NOTE);
	for_each_cpu(sender, cpu->pending)
	{
		cpu->pending &= ~cpumask_of(sender);
		run_call(sender);
	}
}

void sim_set_irqs_off(unsigned int target, bool off)
{
	unsigned int self = current_cpu;

	current_cpu = target;
	cpus[target].irqs_off = off;
	cpu_take_interrupts();
	current_cpu = self;
}

unsigned int ipi_send(cpumask_t mask, void (*fn)(void *arg), void *arg)
{
	unsigned int self = current_cpu, target;

	POINT_HERE();
	BUG_MSG(mask & cpumask_of(self), "CPU %u sends an IPI to itself", self);
	BUG_MSG(mask & ~cpus_online(), "mask %#lx names CPUs that are not online (%#lx)", mask,
		cpus_online());
	BUG_MSG(cpus[self].waiting_for, "CPU %u sends an IPI while one is under way", self);
	BUG_MSG(cpus[self].asked, "CPU %u sends an IPI and has not waited for its last one", self);
	if (mask)
		sim_point(&flags_of[__builtin_ctzl(mask)].ipi, ACCESS_WRITE);
	cpus[self].call = (struct ipi){ fn, arg };
	clock_release(&cpus[self].call);
	cpus[self].waiting_for = cpus[self].asked = mask;
	for_each_cpu(target, mask)
	{
		sim_events[self].ipis_sent++;
		cpus[target].pending |= cpumask_of(self);
		sim_point(&flags_of[target].ipi, ACCESS_WRITE | ACCESS_NOTE);
		if (exploring())
			continue;
		current_cpu = target;
		cpu_take_interrupts();
		current_cpu = self;
	}
	return (unsigned int)__builtin_popcountl(mask);
}

/* Nothing takes time here. */
u64 cycles_now(void) { return 0; }

static bool all_answered(void *cpu) { return !((struct cpu *)cpu)->waiting_for; }

static void describe_answers(void *arg, char *text, size_t size)
{
	const struct cpu *cpu = arg;
	cpumask_t off = 0;
	unsigned int target;

	for_each_cpu(target, cpu->waiting_for)
		off |= cpus[target].irqs_off ? cpumask_of(target) : 0;
	scnprintf(text, size, "an answer to its IPI by CPUs %#lx (interrupts are off on %#lx)",
		  cpu->waiting_for, off);
}

static u16 who_does_not_answer(void *arg)
{
	const struct cpu *cpu = arg;
	unsigned int target;
	u16 set = 0;

	for_each_cpu(target, cpu->waiting_for)
		set |= explore_occupants(target);
	return set;
}

/* One step, possible when all have answered; it is one too if they have already. */
static void wait_for_answers(void)
{
	struct cpu *self = &cpus[current_cpu];
	cpumask_t mask = self->asked;
	const struct wait_for wait = {
		.obj = &flags_of[mask ? __builtin_ctzl(mask) : 0].ipi,
		.cond = all_answered,
		.describe = describe_answers,
		.holders = who_does_not_answer,
		.arg = self,
	};
	unsigned int target;

	if (!mask)
		return;
	self->asked = 0;
	explore_wait(ACCESS_READ, &wait);
	clock_acquire(&self->waiting_for);
	for_each_cpu(target, mask)
		sim_point(&flags_of[target].ipi, ACCESS_READ | ACCESS_NOTE);
}

void ipi_wait(void)
{
	POINT_HERE();
	BUG_MSG(cpus[current_cpu].irqs_off, "CPU %u waits for an IPI with interrupts off",
		current_cpu);
	if (exploring()) {
		wait_for_answers();
		return;
	}
	cpu_take_interrupts();
	cpus[current_cpu].asked = 0;
	BUG_MSG(cpus[current_cpu].waiting_for,
		"deadlock: CPU %u waits for CPUs %#lx, whose interrupts are off", current_cpu,
		cpus[current_cpu].waiting_for);
}

void cpu_relax(void)
{
	if (exploring()) {
		explore_relax();
		return;
	}
	cpu_take_interrupts();
	panic("deadlock: CPU %u spins for something that nobody else is running to do",
	      current_cpu);
}

/* ---- the root of user addresses ---- */

void root_load(unsigned long root)
{
	unsigned int depth = root & 7;

	POINT_HERE();
	BUG_MSG(!irqs_disabled(), "interrupts must be off");
	BUG_MSG(root && (depth < 3 || depth > levels), "root word %#lx on hardware of %u levels",
		root, levels);
	if (explore_running()) {
		sim_point(&flags_of[current_cpu].tlb, ACCESS_WRITE);
		hostile_load_root(cpus[current_cpu].loaded);
		hostile_load_root(cpu_contexts[current_cpu].mm);
	}
	cpus[current_cpu].loaded = cpu_contexts[current_cpu].mm;
	cpus[current_cpu].root = root;
	sim_events[current_cpu].root_loads++;
	tlb_drop_user(current_cpu);
}
