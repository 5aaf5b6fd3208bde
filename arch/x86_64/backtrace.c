/*
 * Backtraces by frame pointers, and what a panic asks of the machine: stopping the other CPUs
 * where they are, and printing where that was.
 */
#include "kernel/base/symbols.h"
#include "kernel/panic.h"
#include "kernel/process/task.h"
#include "machine/internal.h"

/*
 * TSC cycles that a CPU is given to stop; an NMI arrives at once or (in a damaged machine) never.
 */
#define STOP_CYCLES	20000000000ul

/* Reads a word of the kernel that may not be there. */
static bool read_word(unsigned long addr, unsigned long *value)
{
	unsigned long ok;

	__asm__ __volatile__("1: movq (%2), %1\n"
			     "   movl $1, %k0\n"
			     "2:\n"
			     "   .pushsection .exception_table, \"a\"\n"
			     "   .quad 1b, 2b\n"
			     "   .popsection"
			     : "=&r"(ok), "=&r"(*value) : "r"(addr), "0"(0ul) : "memory");
	return ok;
}

/*
 * Frames lie upward from sp, each within a stack's size of the last; an entry from user mode
 * leaves 0.
 */
static unsigned int walk_frames(unsigned long frame, unsigned long sp, unsigned long *trace,
				unsigned int max)
{
	unsigned int n = 0;
	unsigned long ip;

	while (n < max && frame >= sp && frame - sp < KERNEL_STACK_SIZE && IS_ALIGNED(frame, 8)) {
		sp = frame + 1;
		if (!read_word(frame + 8, &ip) || !read_word(frame, &frame) || (long)ip >= 0)
			break;
		trace[n++] = ip;
	}
	return n;
}

unsigned int backtrace_save(unsigned long *trace, unsigned int max)
{
	unsigned long frame = (unsigned long)__builtin_frame_address(0);

	return walk_frames(frame, frame, trace, max);
}

#define SWITCH_BP	5	/* the word of struct switch_frame (thread.c) that holds rbp */

unsigned int thread_backtrace(const struct task *task, unsigned long *trace, unsigned int max)
{
	const unsigned long sp = task->thread.sp;

	return walk_frames(((const unsigned long *)sp)[SWITCH_BP], sp, trace, max);
}

static void print_address(unsigned long addr)
{
	unsigned long offset;
	const char *name = symbol_lookup(addr, &offset);

	if (name)
		printk("  %016lx %s+0x%lx\n", addr, name, offset);
	else
		printk("  %016lx\n", addr);
}

void backtrace_print(const unsigned long *trace, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		print_address(trace[i]);
}

/* ---- panic ---- */

static bool stopping;	/* the next NMI means: stop */

/* Where regs were interrupted, and how they got there. */
static unsigned int trace_regs(const struct pt_regs *regs, unsigned long *trace)
{
	return user_mode(regs) ? 0 : walk_frames(regs->bp, regs->sp, trace, PANIC_TRACE);
}

void machine_stop_self(const struct pt_regs *regs)
{
	struct percpu *cpu = this_percpu();

	if (!cpu->stopped) {
		cpu->stopped_ip = regs ? regs->ip : 0;
		cpu->stopped_depth = regs ? trace_regs(regs, cpu->stopped_trace) :
					    backtrace_save(cpu->stopped_trace, PANIC_TRACE);
		__atomic_store_n(&cpu->stopped, true, __ATOMIC_RELEASE);
	}
	for (;;)
		halt();
}

void nmi(struct pt_regs *regs);

void nmi(struct pt_regs *regs)
{
	if (!READ_ONCE(stopping))
		panic_at(regs, NULL, "an NMI that nobody expected");
	machine_stop_self(regs);
}

static bool has_stopped(const struct percpu *cpu)
{
	return __atomic_load_n(&cpu->stopped, __ATOMIC_ACQUIRE);
}

void machine_stop_others(void)
{
	cpumask_t others = cpus_online() & ~cpumask_of(this_cpu());
	u64 start = rdtsc();
	unsigned int cpu;

	race_stop();
	if (!others)
		return;
	WRITE_ONCE(stopping, true);
	for_each_cpu(cpu, others)
		lapic_send(percpus[cpu].apic_id, ICR_NMI);
	for_each_cpu(cpu, others)
		while (!has_stopped(&percpus[cpu]) && rdtsc() - start < STOP_CYCLES)
			pause();
}

void machine_print_registers(const struct pt_regs *regs)
{
	printk("rip %016lx  cs %02lx  rflags %06lx  rsp %016lx  ss %02lx\n", regs->ip, regs->cs,
	       regs->flags, regs->sp, regs->ss);
	printk("rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n", regs->ax, regs->bx, regs->cx,
	       regs->dx);
	printk("rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx\n", regs->si, regs->di, regs->bp,
	       regs->r8);
	printk("r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx\n", regs->r9, regs->r10, regs->r11,
	       regs->r12);
	printk("r13 %016lx  r14 %016lx  r15 %016lx\n", regs->r13, regs->r14, regs->r15);
	printk("cr0 %08lx  cr2 %016lx  cr3 %09lx  cr4 %06lx\n", read_cr0(), read_cr2(), read_cr3(),
	       read_cr4());
}

static void print_stopped(const struct percpu *cpu)
{
	if (!cpu->stopped) {
		printk("CPU %u did not stop\n", cpu->cpu);
		return;
	}
	printk("CPU %u:\n", cpu->cpu);
	if (cpu->stopped_ip)
		print_address(cpu->stopped_ip);
	backtrace_print(cpu->stopped_trace, cpu->stopped_depth);
}

void machine_print_backtraces(const struct pt_regs *regs)
{
	unsigned long trace[PANIC_TRACE];
	unsigned int cpu, n = regs ? trace_regs(regs, trace) : backtrace_save(trace, PANIC_TRACE);

	race_report();
	printk("CPU %u:\n", this_cpu());
	if (regs)
		print_address(regs->ip);
	backtrace_print(trace, n);
	for_each_cpu(cpu, cpus_online() & ~cpumask_of(this_cpu()))
		print_stopped(&percpus[cpu]);
}

unsigned long machine_loaded_root(void)
{
	return (read_cr3() & PTE_PFN_MASK) | hw_levels();
}
