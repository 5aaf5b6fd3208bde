/* Page faults: from a program, from the kernel on a program's behalf, and those that are bugs. */
#include "kernel/base/wait.h"
#include "kernel/panic.h"
#include "kernel/process/task.h"
#include "machine/internal.h"
#include "mm/fault.h"
#include "mm/vmalloc.h"

/* The error code: SDM volume 3, 4.7. */
#define PF_PRESENT	BIT(0)	/* a right was missing; otherwise the translation */
#define PF_WRITE	BIT(1)
#define PF_USER		BIT(2)
#define PF_RESERVED	BIT(3)	/* a reserved bit is set in an entry */
#define PF_INSTRUCTION	BIT(4)

#define VECTOR_PAGE_FAULT 14

/* From uaccess.S and backtrace.c: pairs of addresses. */
struct exception_entry {
	unsigned long from, to;
};
extern const struct exception_entry exception_table_start[], exception_table_end[]; /* linker.ld */

unsigned long exception_fixup(unsigned long ip)
{
	const struct exception_entry *e;

	for (e = exception_table_start; e < exception_table_end; e++)
		if (e->from == ip)
			return e->to;
	return 0;
}

static unsigned int fault_flags(unsigned long error)
{
	return (error & PF_WRITE ? FAULT_FLAG_WRITE : 0) |
	       (error & PF_INSTRUCTION ? FAULT_FLAG_INSTRUCTION : 0) |
	       (error & PF_USER ? FAULT_FLAG_USER : 0);
}

static void kernel_bug(const struct pt_regs *regs, unsigned long error,
		       unsigned long addr) __noreturn;

static void kernel_bug(const struct pt_regs *regs, unsigned long error, unsigned long addr)
{
	const char *access = error & PF_WRITE ? "write" : "read";
	const char *why = error & PF_RESERVED ? "a damaged page-table entry" :
			  error & PF_PRESENT ? "no right to it" : "nothing is mapped there";

	if (error & PF_INSTRUCTION)
		access = "execution";
	if (vmalloc_is_guard(addr))
		why = "a guard page: a kernel stack overflow, or an access beyond a vmalloc area";
	else if (addr < PAGE_SIZE)
		why = "a NULL pointer";
	panic_at(regs, &addr, "%s of address %lx %s: %s", access, addr,
		 error & PF_USER ? "by a program" : "in the kernel", why);
}

/* May the interrupted code sleep for a page? */
static bool may_fault(const struct pt_regs *regs)
{
	return !this_percpu()->pagefault_disabled && regs->flags & X86_FLAGS_IF;
}

/*
 * The kernel touched user memory through a copy routine (anything else is a bug, whatever is
 * mapped there). The fault is handled as the program's own, or the routine gives up.
 */
static void kernel_fault_on_user(struct pt_regs *regs, unsigned long error, unsigned long addr)
{
	unsigned long to = exception_fixup(regs->ip);
	struct fault_result res;
	struct mm_struct *mm;

	if (!to || error & (PF_INSTRUCTION | PF_RESERVED))
		kernel_bug(regs, error, addr);
	mm = may_fault(regs) ? current_mm() : NULL;
	if (mm) {
		irq_enable();
		res.signo = 0;
		user_fault(mm, addr, fault_flags(error), &res);
		irq_disable();
		if (!res.signo)
			return;
	}
	regs->ip = to;
}

static void kernel_fault(struct pt_regs *regs, unsigned long error, unsigned long addr)
{
	unsigned long to;

	if ((long)addr >= 0) {
		kernel_fault_on_user(regs, error, addr);
		return;
	}
	to = exception_fixup(regs->ip);
	if (!to)
		kernel_bug(regs, error, addr);
	regs->ip = to;
}

/* The program gets a signal for it. */
static void refused(struct pt_regs *regs, unsigned long error, const struct fault_result *res)
{
	char why[FAULT_EXPLAIN_MAX];

	/* Of the kernel's half a program learns only that it has no right to it. */
	if ((long)res->addr < 0)
		error |= PF_PRESENT;
	note_fault(VECTOR_PAGE_FAULT, error);
	current_task()->thread.fault_addr = res->addr;
	if (!user_exception(res->signo, res->code, res->addr))
		return;
	fault_explain(res, why, sizeof(why));
	log_exception(regs, res->signo, why);
}

void page_fault(struct pt_regs *regs, unsigned long error)
{
	unsigned long addr = read_cr2();
	struct fault_result res;

	if (unlikely(!(error & PF_USER))) {
		kernel_fault(regs, error, addr);
		return;
	}
	if (unlikely(error & PF_RESERVED))
		kernel_bug(regs, error, addr);
	irq_enable();
	res.signo = 0;
	user_fault(current_mm(), addr, fault_flags(error), &res);
	if (unlikely(res.signo))
		refused(regs, error, &res);
	race_tick();
}
