/*
 * The machine, as the system (kernel/) sees it, and what the machine calls in the system. mm/ does
 * not include this header.
 */
#pragma once
#include "arch/interface.h"
#include "kernel/boot_info.h"
#include "machine/ptrace.h"		/* struct pt_regs */
#include "kernel/uapi/signal.h"
#include "machine/thread.h"		/* struct thread: the machine's part of a task */

struct ksignal;
struct task;

/* ---- start: called by kernel/main.c in this order ---- */

/*
 * Console, processor features (refuses an unfit processor with one sentence), boot_info
 * filled from the loader.
 */
void machine_early_init(void);
/* After the command line is parsed and boot memory works: the final kernel page tables. */
void machine_memory_init(void);
/* Bytes that the direct map has in pages of 4 KiB, 2 MiB and 1 GiB; set then. */
extern unsigned long direct_map_bytes[3];
/*
 * After mm is up: descriptor tables, interrupts, ACPI, timer of the first CPU.
 * Interrupts still off.
 */
void machine_init(void);
/* Starts the other CPUs; each ends in cpu_start() with an idle task of its own. */
void machine_start_cpus(void);

/* ---- tasks ---- */

/* The kernel stack of a task: vmalloc'ed, with a guard page below. */
#define KERNEL_STACK_SIZE	(16 * 1024)

/*
 * A new task that runs fn(arg) in the kernel; if fn returns, the task goes to user
 * mode with its pt_regs.
 */
void thread_init_kernel(struct task *task, void (*fn)(void *arg), void *arg);
/*
 * A new user task that returns to user mode with a copy of regs (rax 0), and copies
 * of FPU, fs and gs base.
 */
int thread_init_user(struct task *task, const struct pt_regs *regs, const struct task *parent);
void thread_free(struct task *task);
/* How a task that sleeps came to: return addresses, the innermost first; how many. */
unsigned int thread_backtrace(const struct task *task, unsigned long *trace, unsigned int max);
/* The user registers of a task that is in the kernel: at the top of its kernel stack. */
struct pt_regs *task_regs(const struct task *task);
/* exec: clean FPU state and segment bases, entry point and stack pointer into regs. */
void thread_exec(struct pt_regs *regs, unsigned long entry, unsigned long sp);
/*
 * Saves prev's registers, stack, FPU and bases, and goes on as next. Interrupts off.
 * Returns in prev later.
 */
void switch_to(struct task *prev, struct task *next);
/* arch_prctl(2), for the running task. */
long thread_arch_prctl(struct task *task, int option, unsigned long arg);
/* The thread pointer of a new task that has not run yet; 0 or -EPERM. */
int thread_set_tls(struct task *task, unsigned long tls);
/*
 * Makes regs run a signal's handler, with Linux's frame on the user's stack, in which `mask` is
 * restored afterwards. -EFAULT: the frame cannot be written. May fault and sleep.
 */
int thread_signal_frame(struct pt_regs *regs, const struct ksignal *ksig, __kernel_sigset_t mask);
/*
 * The way back: registers and FPU state from the frame that the stack pointer shows, which may be
 * any. -EFAULT or -EINVAL: it cannot be read, or not be loaded.
 */
int thread_signal_return(struct pt_regs *regs, __kernel_sigset_t *mask,
			 struct __kernel_sigaltstack *stack);
/*
 * For the auxiliary vector: the processor's features, and how much a signal frame takes at least.
 */
unsigned long thread_hwcap(void);
unsigned long thread_signal_frame_size(void);

/* ---- time ---- */

u64 clock_ns(void);			/* since boot, monotonic, the same on all CPUs */
u64 clock_boot_realtime(void);		/* seconds since 1970 at boot, from the battery clock */
/*
 * Interrupt this CPU at that time (clock_ns), once; ~0 for never. The handler
 * calls timer_interrupt().
 */
void timer_set(u64 deadline_ns);

/* ---- interrupts, idle, end ---- */

void irq_enable(void);
void irq_disable(void);
/* With interrupts off: sleeps until an interrupt, returns with them on. */
void cpu_idle(void);
/* Makes the CPU look at need_resched. */
void cpu_kick(unsigned int cpu);
void machine_power_off(void) __noreturn;
void machine_reboot(void) __noreturn;
/* One line to the status channel (port 0xe9). */
void status_write(const char *text);

/* ---- console ---- */

/* Raw bytes to and from the console (COM1, and VGA text under BIOS). */
void console_write(const char *buf, size_t n);
/*
 * The console has input: the machine calls console_input(byte) from the interrupt, if
 * console_accepts(). If it does not, the byte stays where it is until the kernel calls
 * console_resume_input().
 */
bool console_accepts(void);
void console_input(u8 byte);
void console_resume_input(void);

/* ---- what the machine calls in the system ---- */

void kernel_main(void) __noreturn;		/* the first CPU, on its boot stack */
void cpu_start(void) __noreturn;		/* each other CPU, on its idle task's stack */
long do_syscall(struct pt_regs *regs);	/* its result, for ax */
/* Before each return to user mode, interrupts off: reschedules, ends killed tasks. */
void exit_to_user(struct pt_regs *regs);
void timer_interrupt(bool from_user);	/* it met a program, not the kernel */
/*
 * A program did what it may not: signo, si_code, the address. True: it has no handler, and ends.
 */
bool user_exception(int signo, int code, unsigned long addr);
/* Then the log shall say why, in one sentence. */
void log_exception(const struct pt_regs *regs, int signo, const char *what);

/* ---- user memory ---- */

/*
 * Copies between the kernel and the current user address space. They may fault and sleep, so
 * neither a spin lock nor the mmap lock may be held. They return the number of bytes NOT copied
 * (0: all well) and never fault in the kernel, whatever the address.
 */
size_t copy_from_user(void *dst, const void *src, size_t n);
size_t copy_to_user(void *dst, const void *src, size_t n);
size_t clear_user(void *dst, size_t n);
/*
 * Copies a string with its NUL; its length, or -EFAULT, or -ENAMETOOLONG if there
 * is no NUL in max bytes.
 */
long strncpy_from_user(char *dst, const char *src, long max);
/* Reads or compares-and-exchanges one aligned word atomically; 0 or -EFAULT. For futexes. */
int get_user_u32(u32 *value, const u32 *src);
int cmpxchg_user_u32(u32 *addr, u32 *old, u32 value);
/* While disabled, a fault makes the copy routines give up at once instead of handling it. */
void pagefault_disable(void);
void pagefault_enable(void);
