/*
 * Exceptions and interrupts: the descriptor table, and what becomes of each. Page faults are in
 * fault.c.
 */
#include "kernel/panic.h"
#include "kernel/process/task.h"
#include "kernel/uapi/signal.h"
#include "machine/fpu.h"
#include "mm/vmalloc.h"

#define GATE_PRESENT	BIT(47)
#define GATE_INTERRUPT	(0xeul << 40)	/* interrupts off on entry */
#define GATE_USER	(3ul << 45)	/* programs may use it by INT3, INTO */

enum vector {
	VECTOR_DE = 0,
	VECTOR_DB = 1,
	VECTOR_NMI = 2,
	VECTOR_BP = 3,
	VECTOR_OF = 4,
	VECTOR_BR = 5,
	VECTOR_UD = 6,
	VECTOR_DF = 8,
	VECTOR_NP = 11,
	VECTOR_SS = 12,
	VECTOR_GP = 13,
	VECTOR_MF = 16,
	VECTOR_AC = 17,
	VECTOR_MC = 18,
	VECTOR_XM = 19,
};

struct trap_vector {
	u64 vector;
	u64 entry;
};
extern const struct trap_vector trap_vectors[], trap_vectors_end[];	/* trap_entry.S */

static u64 idt[2 * 256];

/* Called from trap_entry.S. */
void exception(struct pt_regs *regs, unsigned long error, unsigned int vector);
void nmi(struct pt_regs *regs);
void double_fault(struct pt_regs *regs);
void machine_check(struct pt_regs *regs);
void interrupt_serial(struct pt_regs *regs);
void interrupt_timer(struct pt_regs *regs);
void interrupt_call(struct pt_regs *regs);
void interrupt_kick(struct pt_regs *regs);
void interrupt_spurious(struct pt_regs *regs);

static u64 gate_kind(u64 vector)
{
	switch (vector) {
	case VECTOR_DF:	return 1ul << 32;	/* stacks of the IST: cpu.c */
	case VECTOR_NMI: return 2ul << 32;
	case VECTOR_MC:	return 3ul << 32;
	case VECTOR_BP:
	case VECTOR_OF:	return GATE_USER;
	}
	return 0;
}

void trap_init(void)
{
	for (const struct trap_vector *v = trap_vectors; v < trap_vectors_end; v++) {
		idt[2 * v->vector] = (v->entry & 0xffff) | (u64)KERNEL_CS << 16 |
				     (v->entry >> 16 & 0xffff) << 48 | GATE_PRESENT |
				     GATE_INTERRUPT | gate_kind(v->vector);
		idt[2 * v->vector + 1] = v->entry >> 32;
	}
}

void trap_load(void)
{
	struct {
		u16 limit;
		u64 base;
	} __packed pointer = { sizeof(idt) - 1, (unsigned long)idt };

	__asm__ __volatile__("lidt %0" : : "m"(pointer));
}

/* ---- exceptions ---- */

struct exception_info {
	const char *what;
	u8 signo;
	u8 code;
	bool at_ip;		/* si_addr is the instruction; otherwise 0 */
};

/* Signals and codes are Linux's. */
static const struct exception_info exception_infos[] = {
	[VECTOR_DE] = { "divide error", SIGFPE, FPE_INTDIV, true },
	[VECTOR_DB] = { "debug trap", SIGTRAP, TRAP_TRACE, true },
	[VECTOR_BP] = { "breakpoint", SIGTRAP, SI_KERNEL, false },
	[VECTOR_OF] = { "overflow", SIGSEGV, SI_KERNEL, false },
	[VECTOR_BR] = { "bounds check", SIGSEGV, SI_KERNEL, false },
	[VECTOR_UD] = { "invalid instruction", SIGILL, ILL_ILLOPN, true },
	[VECTOR_NP] = { "segment not present", SIGBUS, SI_KERNEL, false },
	[VECTOR_SS] = { "stack segment fault", SIGBUS, SI_KERNEL, false },
	[VECTOR_GP] = { "general protection fault", SIGSEGV, SI_KERNEL, false },
	[VECTOR_MF] = { "x87 exception", SIGFPE, 0, true },
	[VECTOR_AC] = { "unaligned access", SIGBUS, BUS_ADRALN, false },
	[VECTOR_XM] = { "SSE exception", SIGFPE, 0, true },
};

/*
 * si_code of a floating-point exception; the bits are those of the status registers, in Linux's
 * order.
 */
static int fpe_code(unsigned int bits)
{
	if (bits & 0x01)
		return FPE_FLTINV;
	if (bits & 0x04)
		return FPE_FLTDIV;
	if (bits & 0x08)
		return FPE_FLTOVF;
	return bits & 0x12 ? FPE_FLTUND : FPE_FLTRES;
}

void note_fault(unsigned int vector, unsigned long error)
{
	struct thread *thread = &current_task()->thread;

	thread->fault_vector = vector;
	thread->fault_error = error;
}

static void exception_in_user(struct pt_regs *regs, unsigned long error, unsigned int vector)
{
	struct exception_info info = { "unexpected exception", SIGSEGV, SI_KERNEL, false };
	int code;

	if (vector < ARRAY_SIZE(exception_infos) && exception_infos[vector].what)
		info = exception_infos[vector];
	code = info.code;
	if (vector == VECTOR_MF)
		code = fpe_code(fpu_x87_exceptions());
	if (vector == VECTOR_XM)
		code = fpe_code(fpu_sse_exceptions());
	note_fault(vector, error);
	irq_enable();
	if (user_exception(info.signo, code, info.at_ip ? regs->ip : 0))
		log_exception(regs, info.signo, info.what);
}

/* Addresses that are not canonical come as #GP, or #SS where the stack pointer is the base. */
static bool fix_up(struct pt_regs *regs, unsigned int vector)
{
	unsigned long to =
		vector == VECTOR_GP || vector == VECTOR_SS ? exception_fixup(regs->ip) : 0;

	if (to)
		regs->ip = to;
	return to;
}

void exception(struct pt_regs *regs, unsigned long error, unsigned int vector)
{
	const char *what =
		vector < ARRAY_SIZE(exception_infos) ? exception_infos[vector].what : NULL;

	if (user_mode(regs))
		exception_in_user(regs, error, vector);
	else if (!fix_up(regs, vector))
		panic_at(regs, NULL, "%s (exception %u, error code %lx) in the kernel",
			 what ? what : "exception", vector, error);
}

/* ---- those with stacks of their own ---- */

/* The stack has run into its guard page, so that not even the page fault could be pushed. */
void double_fault(struct pt_regs *regs)
{
	unsigned long addr = read_cr2();

	if (vmalloc_is_guard(addr) ||
	    (addr >= (unsigned long)boot_stack_guard && addr < (unsigned long)boot_stack))
		panic_at(regs, &addr, "kernel stack overflow (at %lx)", addr);
	panic_at(regs, &addr, "double fault");
}

void machine_check(struct pt_regs *regs)
{
	panic_at(regs, NULL, "machine check: the hardware reports an error of its own");
}

/* ---- interrupts ---- */

void interrupt_serial(struct pt_regs *regs)
{
	lapic_eoi();
	serial_interrupt();
}

void interrupt_timer(struct pt_regs *regs)
{
	lapic_eoi();
	timer_interrupt(user_mode(regs));
	race_tick();
}

void interrupt_call(struct pt_regs *regs)
{
	lapic_eoi();
	ipi_call_interrupt();
}

/*
 * Its work is done on the way back: return_to_user looks at the task's work, the idle loop at its
 * queue.
 */
void interrupt_kick(struct pt_regs *regs)
{
	lapic_eoi();
}

void interrupt_spurious(struct pt_regs *regs)
{
}
