/*
 * What the files of this machine offer each other. The rest of the kernel includes arch/system.h
 * instead.
 */
#pragma once
#include "arch/system.h"
#include "kernel/base/bug.h"
#include "machine/io.h"

/* ---- linker.ld ---- */

extern char image_start[], text_start[], text_end[], rodata_end[], image_end[];
extern char boot_stack_guard[], boot_stack[], boot_stack_end[];

static inline phys_addr_t image_phys(const void *p) { return (unsigned long)p - KERNEL_BASE; }
/* A variable that is linked low, for code that ran before paging. */
#define boot_var(x)	(*(__typeof__(&(x)))phys_ptr((unsigned long)&(x)))

/* ---- cpu.c: features and descriptor tables ---- */

struct cpu_features {
	bool fsgsbase, smep, smap, umip, gbpages, xsave, xsaveopt;
};
extern struct cpu_features cpu_features;

/* The first CPU: what the processor has. */
void cpu_detect(void);
/* This CPU's control registers, descriptor tables, system-call registers, FPU. */
void cpu_init(void);

/* ---- boot.c, memory.c, root.c ---- */

void boot_info_init(void);
/*
 * Maps device registers or firmware tables into the direct map; only until boot memory is
 * released.
 */
extern phys_addr_t trampoline_page;	/* where other CPUs start in real mode */
extern bool direct_map_ready;		/* machine_memory_init() is under way, or done */
void *direct_map_add(phys_addr_t start, size_t size, bool device);
/* Whether the hardware walks 4 or 5 levels, as boot/entry32.S decided. */
void root_detect(void);
/* A CPU's own top tables, with the kernel's half of kernel_pml4. Returns what to load into CR3. */
phys_addr_t root_init_cpu(struct percpu *cpu);
extern u64 kernel_pml4[];

/* ---- acpi.c ---- */

struct acpi_info {
	unsigned int nr_cpus;
	u8 apic_ids[NR_CPUS];
	phys_addr_t lapic, ioapic;	/* 0: none */
	u32 ioapic_gsi_base;
	u32 serial_gsi;			/* where ISA interrupt 4 ends, and its MADT flags */
	u16 serial_flags;
	u16 pm_timer_port;
	u16 pm1a_control, pm1b_control, smi_command;
	u8 acpi_enable;
	bool has_s5;
	u16 sleep_type_a, sleep_type_b;
	u8 reset_space, reset_value;	/* reset_space: 0 memory, 1 port; reset_address 0: none */
	u64 reset_address;
};
extern struct acpi_info acpi_info;

/*
 * Remembers where the tables are. rsdp may lie in memory that is soon used otherwise. False if
 * damaged.
 */
bool acpi_set_rsdp(const void *rsdp);
/* Looks for the RSDP where a BIOS leaves it. */
void acpi_scan_rsdp(void);
/*
 * Reads the tables into acpi_info, once; false if there are none, or damaged ones. Called while
 * boot memory is there; what stops the boot earlier than that may call it too.
 */
bool acpi_read(void);

/* ---- apic.c ---- */

#define VECTOR_SERIAL	0x30
#define VECTOR_TIMER	0x40
#define VECTOR_DEVICE	0x50		/* and the next ones: trap_entry.S */
#define NR_DEVICE_VECTORS 4
#define VECTOR_CALL	0xf0
#define VECTOR_KICK	0xf1
#define VECTOR_SPURIOUS	0xff

void pic_disable(void);
void lapic_init(void);
void lapic_eoi(void);
u8 lapic_id(void);
void lapic_timer_start(u32 count);
u32 lapic_timer_count(void);
void lapic_send(u8 apic_id, u32 command);
void ioapic_init(void);

#define ICR_FIXED	0x04000
#define ICR_INIT	0x04500
#define ICR_STARTUP	0x04600
#define ICR_NMI		0x04400

/* ---- pci.c ---- */

/* Finds what is on the bus. Called while boot memory is there. */
void pci_init(void);

/* ---- traps ---- */

void trap_init(void);			/* the IDT, once */
void trap_load(void);			/* on each CPU */
/* Where a faulting instruction of the copy routines goes on; 0: none. */
unsigned long exception_fixup(unsigned long ip);
/* For the frame of a signal handler: the running task's last fault. */
void note_fault(unsigned int vector, unsigned long error);
void page_fault(struct pt_regs *regs, unsigned long error);
void ipi_call_interrupt(void);
void serial_interrupt(void);

/* ---- litmus.c, race.c ---- */

#if CONFIG_DEBUG
/* Boot option litmus=. Interrupts off on entry and return, on in between. */
void litmus_if_wanted(void);
/* Race points count from here on, if there is a seed. */
void race_start(void);
/* From here on they do nothing: one CPU reports, the others have stopped. */
void race_stop(void);
/* Into the log: how far the schedule of the seed has come. */
void race_report(void);
/* What to start the timer with instead of count (0: nothing is due): a random time at most. */
u32 race_timer(u32 count);
/* On the way back from an interrupt or a fault: another CPU's turn, and when it will be again. */
void race_tick(void);
#else
static inline void litmus_if_wanted(void) {}
static inline void race_start(void) {}
static inline void race_stop(void) {}
static inline void race_report(void) {}
static inline u32 race_timer(u32 count) { return count; }
static inline void race_tick(void) {}
#endif

/* ---- fpu.c, thread.c ---- */

void fpu_detect(void);
void fpu_init_cpu(void);
extern unsigned int fpu_area_size;	/* at the top of each kernel stack */

/* ---- time.c, smp.c ---- */

void time_init(void);
void cpu_set_online(unsigned int cpu);
void crash_if_wanted(void);		/* crash.c */
void other_cpu_main(void) __noreturn;

/* ---- console.c: the serial lines ---- */

void serial_init(void);
void serial_init_input(void);

/*
 * ---- SMAP: between these, and nowhere else, the kernel can touch user memory. Patched in at
 * boot. ----
 */

void smap_patch(void);
