/* Starting the other CPUs, one after the other. */
#include "kernel/base/cmdline.h"
#include "kernel/base/string.h"
#include "kernel/process/task.h"
#include "machine/internal.h"
#include "mm/vmalloc.h"

/*
 * How long a CPU may take from its start-up IPI to the kernel; emulators on busy hosts are slow.
 */
#define START_AGAIN_NS	10000000ul
#define START_NS	5000000000ul

#define NR_IST		3

extern const char trampoline_start[], trampoline_end[];

/* For the CPU that is being started (boot/entry64.S). */
extern phys_addr_t other_cpu_root;
extern unsigned long other_cpu_stack;
extern struct percpu *other_cpu_data;
phys_addr_t other_cpu_root;
unsigned long other_cpu_stack;
struct percpu *other_cpu_data;

static long max_cpus = NR_CPUS;

static const char *set_cpus(const char *value)
{
	return cmdline_number(value, 1, NR_CPUS, &max_cpus) ? NULL : "it is a number from 1 to 8";
}
BOOT_OPTION("cpus", "=N", "use at most N processors", set_cpus);

void other_cpu_main(void)
{
	struct percpu *self = this_percpu();

	cpu_init();
	lapic_init();
	cpu_set_online(self->cpu);
	cpu_start();
}

static bool wait_online(unsigned int cpu, u64 ns)
{
	u64 end = clock_ns() + ns;

	while (!(cpus_online() & cpumask_of(cpu)))
		if (clock_ns() > end)
			return false;
		else
			cpu_relax();
	return true;
}

static void prepare(struct percpu *cpu, unsigned int number)
{
	struct task *idle = idle_task_create(number);

	cpu->self = cpu;
	cpu->cpu = number;
	cpu->apic_id = acpi_info.apic_ids[number];
	cpu->current = idle;
	cpu->ist_stacks = vmalloc(NR_IST * IST_STACK_SIZE);
	if (!cpu->ist_stacks)
		boot_stop("There is no memory for the stacks of CPU %u.", number);
	other_cpu_data = cpu;
	other_cpu_root = root_init_cpu(cpu);
	other_cpu_stack = (unsigned long)task_regs(idle);
}

/* INIT, then the start-up IPI, which old processors want twice. */
static bool start(struct percpu *cpu)
{
	lapic_send(cpu->apic_id, ICR_INIT);
	lapic_send(cpu->apic_id, ICR_STARTUP | (u32)(trampoline_page >> PAGE_SHIFT));
	if (wait_online(cpu->cpu, START_AGAIN_NS))
		return true;
	lapic_send(cpu->apic_id, ICR_STARTUP | (u32)(trampoline_page >> PAGE_SHIFT));
	return wait_online(cpu->cpu, START_NS);
}

void machine_start_cpus(void)
{
	unsigned int n = min(acpi_info.nr_cpus, (unsigned int)max_cpus);

	memcpy(phys_ptr(trampoline_page), trampoline_start,
	       (size_t)(trampoline_end - trampoline_start));
	for (unsigned int i = 1; i < n; i++) {
		prepare(&percpus[i], i);
		if (!start(&percpus[i])) {
			/* It may still come, and find what the next one is given. */
			boot_stop("CPU %u (APIC %u) does not start; cpus=%u boots without it.", i,
				  percpus[i].apic_id, i);
		}
	}
	pr_info("smp: %u CPU%s", n, n == 1 ? "" : "s");
	litmus_if_wanted();
	race_start();
	crash_if_wanted();
}
