/* What the processor has, and how each CPU is set up for the kernel. */
#include "kernel/base/string.h"
#include "machine/internal.h"

#define TSS_SELECTOR	0x40	/* of CPU 0; each takes two entries. trap_entry.S counts on it. */

/*
 * Flags that SYSCALL clears: the kernel starts without interrupts, single steps, or string ops
 * downward.
 */
#define SYSCALL_MASK \
	(X86_FLAGS_IF | X86_FLAGS_TF | X86_FLAGS_DF | X86_FLAGS_IOPL | X86_FLAGS_NT | \
	 X86_FLAGS_RF | X86_FLAGS_AC)

enum { IST_DOUBLE_FAULT = 1, IST_NMI, IST_MACHINE_CHECK, NR_IST = 3 };

struct percpu percpus[NR_CPUS];
struct percpu *percpu_pointers[NR_CPUS];	/* for entries that cannot trust GS */
struct cpu_features cpu_features;

static u8 boot_ist_stacks[NR_IST * IST_STACK_SIZE] __attribute__((aligned(16)));

/*
 * The order that SYSCALL and SYSRET want, with Linux's selectors. There is no 32-bit user code
 * segment.
 */
static u64 gdt[8 + 2 * NR_CPUS] = {
	[KERNEL_CS / 8] = 0x00af9b000000ffff,
	[KERNEL_DS / 8] = 0x00cf93000000ffff,
	[USER_DS / 8] = 0x00cff3000000ffff,
	[USER_CS / 8] = 0x00affb000000ffff,
};

struct table_pointer {
	u16 limit;
	u64 base;
} __packed;

void syscall_entry(void);

void cpu_detect(void)
{
	struct cpuid_regs max = cpuid(0, 0), basic = cpuid(1, 0), ext = cpuid(0x80000001, 0);
	struct cpuid_regs leaf7 = max.eax >= 7 ? cpuid(7, 0) : (struct cpuid_regs){ 0 };

	cpu_features = (struct cpu_features){
		.fsgsbase = leaf7.ebx & BIT(0),
		.smep = leaf7.ebx & BIT(7),
		.smap = leaf7.ebx & BIT(20),
		.umip = leaf7.ecx & BIT(2),
		.gbpages = ext.edx & BIT(26),
		.xsave = basic.ecx & BIT(26),
	};
	cpu_features.xsaveopt = cpu_features.xsave && max.eax >= 13 && cpuid(13, 1).eax & BIT(0);
	fpu_detect();
}

static void load_control_registers(void)
{
	const struct cpu_features *f = &cpu_features;
	u64 cr4 = read_cr4() | CR4_DE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	cr4 |= (f->umip ? CR4_UMIP : 0) | (f->fsgsbase ? CR4_FSGSBASE : 0) |
	       (f->smep ? CR4_SMEP : 0) | (f->smap ? CR4_SMAP : 0) | (f->xsave ? CR4_OSXSAVE : 0);
	write_cr4(cr4);
}

static void load_gdt(struct percpu *cpu)
{
	struct table_pointer pointer = { sizeof(gdt) - 1, (unsigned long)gdt };
	u64 base = (unsigned long)&cpu->tss;
	unsigned int selector = TSS_SELECTOR + 16 * cpu->cpu;

	/* A 64-bit TSS, available: SDM volume 3, figure 8-4. */
	gdt[selector / 8] = (sizeof(struct tss) - 1) | (base & 0xffffff) << 16 | 0x89ul << 40 |
			    (base >> 24 & 0xff) << 56;
	gdt[selector / 8 + 1] = base >> 32;
	cpu->tss.iomap = sizeof(struct tss);	/* no ports for programs */
	__asm__ __volatile__("lgdt %0" : : "m"(pointer));
	__asm__ __volatile__("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:"
			     "movl %1, %%eax; movl %%eax, %%ds; movl %%eax, %%es; movl %%eax, %%ss"
			     : : "i"(KERNEL_CS), "i"(KERNEL_DS) : "rax", "memory");
	__asm__ __volatile__("ltr %w0" : : "r"(selector));
}

static void load_syscall_registers(void)
{
	/* SYSRET takes cs = base + 16 and ss = base + 8 from the upper selector. */
	wrmsr(MSR_STAR, (u64)(USER_CS - 16) << 48 | (u64)KERNEL_CS << 32);
	wrmsr(MSR_LSTAR, (unsigned long)syscall_entry);
	wrmsr(MSR_FMASK, SYSCALL_MASK);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
	wrmsr(MSR_FS_BASE, 0);
}

void cpu_init(void)
{
	struct percpu *cpu = this_percpu();

	if (!cpu->ist_stacks)
		cpu->ist_stacks = boot_ist_stacks;
	for (unsigned int i = 1; i <= NR_IST; i++)
		cpu->tss.ist[i - 1] = (unsigned long)cpu->ist_stacks + i * IST_STACK_SIZE;
	percpu_pointers[cpu->cpu] = cpu;
	load_control_registers();
	load_gdt(cpu);
	trap_load();
	load_syscall_registers();
	fpu_init_cpu();
}

void machine_early_init(void)
{
	cpu_detect();
	root_detect();
	serial_init();
	smap_patch();
	trap_init();
	cpu_init();
	boot_info_init();
}

void machine_init(void)
{
	pic_disable();
	lapic_init();
	ioapic_init();
	time_init();
	serial_init_input();
	pr_info("cpu: %u-level paging%s%s%s%s%s", hw_levels(), cpu_features.smep ? ", SMEP" : "",
		cpu_features.smap ? ", SMAP" : "", cpu_features.umip ? ", UMIP" : "",
		cpu_features.fsgsbase ? ", FSGSBASE" : "",
		cpu_features.xsaveopt ? ", XSAVEOPT" : "");
}
