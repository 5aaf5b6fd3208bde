/*
 * The simulator, as tests see it: a machine of up to NR_CPUS processors over an arena of host
 * memory, driven by one host thread. It implements arch/interface.h, the locks and the blocking
 * interface; what is below is how a test builds the machine, acts on its CPUs and asks what
 * happened.
 */
#pragma once
#include "arch/interface.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/uses.h"
#include "kernel/boot_info.h"

struct mm_struct;

/* The machine to build; 0 means the default. */
struct sim_config {
	unsigned int mib;	 /* RAM in one region (32), if there are no regions */
	unsigned long first_pfn; /* where it starts (0x100) */
	unsigned int nr_regions; /* or RAM with holes, sorted */
	struct mem_region regions[8];
	unsigned int cpus;	/* online (1) */
	unsigned int hw_levels; /* 4 or 5 (4) */
};

/* Frames only: arena, boot memory, mem_map, buddy, slab, vmalloc. */
void sim_boot_frames(const struct sim_config *config);
/* All of mm/. */
void sim_boot(const struct sim_config *config);

/* ---- CPUs ---- */

/* From now on the caller is CPU n. Interrupts of the CPU that is left stay as they are. */
void sim_on_cpu(unsigned int cpu);
/* CPU n runs with interrupts off, or on again: what was sent to it arrives then. */
void sim_set_irqs_off(unsigned int cpu, bool off);

/*
 * A race in one thread: the next time that a spin lock of the class is about to be taken, CPU n
 * runs fn first. What is decided before the lock and not looked at again under it then shows.
 */
void sim_before_lock(enum lock_class cls, unsigned int cpu, void (*fn)(void));

/*
 * Outside schedules: mm/ is about to read the entry at slot, each time. NULL: no
 * more. fn must not read it.
 */
void sim_watch_reads(const u64 *slot, void (*fn)(void));

/*
 * Outside schedules: the task would sleep. fn, each time, is what happens in the world meanwhile.
 */
void sim_on_sleep(void (*fn)(void));

/* The address space of the running task. It does not load it: switch_mm() does. */
void sim_set_mm(struct mm_struct *mm);
/* The running task has been killed; has a signal that it would live to see. */
void sim_set_killed(bool killed);
void sim_set_signalled(bool signalled);
/* The root word that CPU n has loaded; 0: none. */
unsigned long sim_root(unsigned int cpu);

/* What each CPU has seen since the machine was built. */
struct sim_events {
	unsigned long ipis_sent; /* one for each CPU that is told */
	unsigned long ipis_received;
	unsigned long root_loads;
	unsigned long flushes;	      /* tlb_flush_local */
	unsigned long full_flushes;   /* tlb_flush_local_all */
	unsigned long kernel_flushes; /* tlb_flush_kernel reached this CPU */
	unsigned long table_reads;    /* entries that the MMU read from memory */
};
extern struct sim_events sim_events[NR_CPUS];
/*
 * What all tasks together have done. Each wait of a fault counts, and so does the fault that
 * follows.
 */
extern struct uses sim_uses;
/*
 * The machine flushes other TLBs without an interrupt, as arm64 does: off unless a test sets it.
 */
extern bool sim_flush_quietly;

/* ---- user and kernel accesses through the page tables ---- */

enum sim_how { SIM_READ, SIM_WRITE, SIM_EXEC };

/* What the MMU says: 0 and the physical address, or the bits of the page fault. */
#define SIM_FAULT_PRESENT 1 /* the entry is there and forbids the access */
#define SIM_FAULT_WRITE	  2
#define SIM_FAULT_USER	  4
#define SIM_FAULT_EXEC	  16
#define SIM_FAULT_ADDRESS (1u << 31) /* not canonical: a protection fault */
#define SIM_FAULT	  (1u << 30) /* set in every fault */

/*
 * As the MMU of this CPU would translate addr: TLB first, then the tables. Sets A and D, fills the
 * TLB.
 */
unsigned int sim_translate(unsigned long addr, enum sim_how how, phys_addr_t *phys);
/*
 * One aligned 8-byte access of the running program, faults handled by user_fault(). Returns 0 or
 * the signal; a read puts what it found into *value.
 */
int sim_user_access(unsigned long addr, enum sim_how how, u64 *value);
static inline int sim_user_write(unsigned long addr, u64 value)
{
	return sim_user_access(addr, SIM_WRITE, &value);
}
static inline int sim_user_read(unsigned long addr, u64 *value)
{
	return sim_user_access(addr, SIM_READ, value);
}
/* What the last access that ended in a signal was told. */
struct sim_signal {
	int signo, code;
	char why[120];
};
extern struct sim_signal sim_last_signal;

/* Where the kernel's tables lead addr (vmalloc), for 8 bytes there; NULL: nothing is mapped. */
void *sim_kernel_ptr(unsigned long addr);
/* Translations that CPU n holds for addr, upper levels included. */
unsigned int sim_tlb_entries(unsigned int cpu, unsigned long addr);

/* ---- the log, and the end ---- */

/* How the process ends after a panic. */
#define SIM_PANIC_STATUS 86

/* Everything printed since the start or the last clear; it is also on standard error. */
const char *sim_log(void);
void sim_log_clear(void);

/* ---- between the simulator's own files ---- */

void arena_create(const struct sim_config *config);
void arena_add_to_snapshot(void);
bool arena_contains(unsigned long pfn);
/* The frame is on a free list: nothing may reach it. */
bool arena_frame_free(unsigned long pfn);
void cpus_create(const struct sim_config *config);
/* Runs what was sent to this CPU, if its interrupts are on. */
void cpu_take_interrupts(void);
void kernel_tables_create(void);

/* A translation that a CPU may hold: an entry, with the rights of all levels above it. */
struct tlb_entry {
	unsigned long tag; /* addr >> shift of the level */
	u64 val;
	u8 level;
	bool leaf, write, user, exec, kernel;
	int next; /* in its bucket; -1 ends */
};
struct tlb_entry *tlb_lookup(unsigned int cpu, unsigned long addr, unsigned int level);
void tlb_insert(unsigned int cpu, unsigned long addr, const struct tlb_entry *entry);
/* A delivered fault drops what the CPU held for the address. */
void tlb_drop_address(unsigned int cpu, unsigned long addr);
void tlb_drop_user(unsigned int cpu);

/* For the explorer: CPUs without the side effects of sim_on_cpu(). */
void cpu_become(unsigned int cpu);
bool cpu_irqs_off(unsigned int cpu);
bool cpu_can_take_interrupts(unsigned int cpu);
void cpu_set_irqs_off(unsigned int cpu, bool off);
/*
 * What stands for the interrupt flag of a CPU, for the task that it runs, for its being in
 * a handler, for its TLB.
 */
const void *cpu_irq_flag(unsigned int cpu);
const void *cpu_task_flag(unsigned int cpu);
const void *cpu_handler_flag(unsigned int cpu);
const void *cpu_tlb(unsigned int cpu);
/* For a program that does not save all data of the simulator. */
void cpus_add_to_snapshot(void);
const struct mm_struct *cpu_loaded(unsigned int cpu);
/* For arch/sim/clocks.h: what has been handed on by entries that lead to the frame. */
static inline const void *frame_clock(unsigned long pfn) { return (const u8 *)frame_ptr(pfn) + 1; }
/* The address space of the task that a CPU runs outside schedules; of a task of the explorer. */
struct mm_struct *sim_cpu_mm(unsigned int cpu);
void sim_task_runs(unsigned int task, struct mm_struct *mm);
/* In a schedule: tasks that hold the lock, and what a task was the last to want. */
u16 tasks_holding(const volatile void *lock);
const void *newest_lock(unsigned int task);

/* In a schedule, translations are those of the tables and of the ledger: hostile.c. */
int hostile_access(unsigned long addr, enum sim_how how, u64 *value);
/* One attempt of it, one step. False: it would fault, and the CPU has forgotten what it held. */
bool hostile_try(unsigned long addr, enum sim_how how, u64 *value);
void hostile_flush(unsigned long start, unsigned long end);
void hostile_load_root(const struct mm_struct *mm);
void hostile_accessed(u64 *slot);
