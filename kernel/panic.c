/*
 * Panic: the kernel has found an invariant of its own broken, and the evidence is more valuable
 * than what it could still do. All CPUs stop; then reason, registers, backtraces, the walk for a
 * fault, and the mappings of the running program are printed.
 */
#include "kernel/base/trace.h"
#include "kernel/panic.h"
#include "kernel/debug/debug.h"
#include "kernel/base/bug.h"

/* CPU + 1 of the first CPU that panics; the report is its alone. */
static atomic_t panicking;

/*
 * Returns on the first CPU only. A panic within the panic ends it: what is printed so far must do.
 */
static void panic_enter(const struct pt_regs *regs)
{
	int nobody = 0, me = (int)this_cpu() + 1;

	irq_disable();
	if (atomic_try_cmpxchg(&panicking, &nobody, me))
		return;
	if (nobody != me)
		machine_stop_self(regs);
	printk("panic: another one while the first was being reported\n");
	machine_panic_end();
}

static void vpanic(const struct pt_regs *regs, const unsigned long *fault, const char *fmt,
		   va_list args) __noreturn;

static void vpanic(const struct pt_regs *regs, const unsigned long *fault, const char *fmt,
		   va_list args)
{
	panic_enter(regs);
	machine_stop_others();
	printk_bust_locks();
	printk("\npanic: ");
	vprintk(fmt, args);
	printk("\non CPU %u\n", this_cpu());
	if (regs)
		machine_print_registers(regs);
	machine_print_backtraces(regs);
	trace_drain_all();
	debug_panic_report(fault);
	machine_panic_end();
}

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vpanic(NULL, NULL, fmt, args);
}

void panic_at(const struct pt_regs *regs, const unsigned long *fault, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vpanic(regs, fault, fmt, args);
}

void boot_stop(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printk_start();
	printk("error: ");
	vprintk(fmt, args);
	printk("\n");
	status_write("stop\n");
	machine_power_off();
}
