/*
 * The end of a kernel that has found itself wrong. What the machine contributes is declared here
 * too.
 */
#pragma once
#include "arch/system.h"

/*
 * panic() for a trap: regs are those of the interrupted code; fault, if not NULL, is the address
 * of a page fault.
 */
void panic_at(const struct pt_regs *regs, const unsigned long *fault, const char *fmt, ...)
	__printf(3, 4) __noreturn;

/* ---- machine ---- */

/* Stops all other CPUs, whatever they do, and has each remember where it was. */
void machine_stop_others(void);
/*
 * Stops this CPU, which has come second: another one's report shows where it was. regs may be
 * NULL.
 */
void machine_stop_self(const struct pt_regs *regs) __noreturn;
void machine_print_registers(const struct pt_regs *regs);
/*
 * This CPU's backtrace, from regs or (NULL) from the caller on, then those of the CPUs that were
 * stopped.
 */
void machine_print_backtraces(const struct pt_regs *regs);
/* The root word of the tables that this CPU has loaded, as the hardware walks them. */
unsigned long machine_loaded_root(void);
/* Says so on the status channel, then halts, or exits if the options say so. */
void machine_panic_end(void) __noreturn;
