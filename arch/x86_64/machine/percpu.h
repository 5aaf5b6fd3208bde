/*
 * This CPU: its own data, which the GS base points to while the kernel runs. The kernel is not
 * preemptive, so what these functions return stays true until the task sleeps.
 */
#pragma once
#include "kernel/base/types.h"
#include "machine/frame.h"

struct task;
struct pt_regs;

#define IST_STACK_SIZE	8192
#define PANIC_TRACE	24

/*
 * Task state segment (Intel SDM volume 3, figure 8-11): stacks for entries from user mode and for
 * the IST.
 */
struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3;
	u16 iomap;
} __packed;

struct percpu {
	/* The entry code knows the offsets of these four: machine/offsets.h. */
	struct percpu *self;
	struct task *current;
	unsigned long stack_top;	/* where entries from user mode start to push */
	unsigned long user_sp;		/* for the first instructions of a system call */

	unsigned int cpu;
	u8 apic_id;
	unsigned int pagefault_disabled;	/* depth of pagefault_disable() */
	unsigned int relaxed;		/* turns of waiting loops (spinlock.c) */
	u32 race_random;		/* its generator (race.c) */
	bool race_ticks;		/* its timer comes soon: race_tick() */

	/* Calls to other CPUs (ipi.c). */
	void (*call_fn)(void *arg);
	void *call_arg;
	unsigned long call_waiting;	/* CPUs that have not yet run this CPU's call */
	unsigned long call_senders;	/* CPUs whose call this one has to run */

	/* Upper tables for address spaces that are shallower than the hardware's (root.c). */
	u64 *top, *user_pml4;

	struct tss tss;
	u8 *ist_stacks;

	/* What this CPU was doing when a panic stopped it. */
	bool stopped;
	unsigned long stopped_ip;
	unsigned int stopped_depth;
	unsigned long stopped_trace[PANIC_TRACE];
} __cacheline_aligned;

extern struct percpu percpus[NR_CPUS];

static __always_inline struct percpu *this_percpu(void)
{
	struct percpu *self;

	__asm__ __volatile__("movq %%gs:%c1, %0"
			     : "=r"(self) : "i"(offsetof(struct percpu, self)));
	return self;
}

static __always_inline unsigned int this_cpu(void)
{
	unsigned int cpu;

	__asm__ __volatile__("movl %%gs:%c1, %0" : "=r"(cpu) : "i"(offsetof(struct percpu, cpu)));
	return cpu;
}

static __always_inline struct task *current_task(void)
{
	struct task *task;

	__asm__ __volatile__("movq %%gs:%c1, %0"
			     : "=r"(task) : "i"(offsetof(struct percpu, current)));
	return task;
}

/* Says which task runs on this CPU, for a CPU's first one; switch_to() does it from then on. */
static __always_inline void set_current_task(struct task *task)
{
	__asm__ __volatile__("movq %0, %%gs:%c1"
			     : : "r"(task), "i"(offsetof(struct percpu, current)) : "memory");
}
