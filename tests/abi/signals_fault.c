/* signals_fault.c - what a handler learns of a fault: code, address, trap number, error, cr2. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"

#include <string.h>

static struct __kernel_siginfo info;
static struct __kernel_sigcontext context;
static volatile int count;
static uint64_t resume;		/* where the handler goes on */

static void on_fault(int signo, struct __kernel_siginfo *i, struct __kernel_ucontext *uc)
{
	(void)signo;
	count++;
	info = *i;
	context = uc->uc_mcontext;
	uc->uc_mcontext.rip = resume;
}

static void catch_all(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal_handle(signals[i], on_fault, 0);
}

/* Each of these is one instruction with a label before and behind. */
#define FAULT(insn, ...) do { \
	__asm__ volatile("lea 2f(%%rip), %%rax\n\tmov %%rax, %0\n\tlea 1f(%%rip), %%rax\n\t" \
			 "mov %%rax, %1\n\t" __VA_ARGS__ "\n1:\t" insn "\n2:" \
			 : "=m"(resume), "=m"(at) : "r"(target) \
			 : "rax", "rcx", "rdx", "memory", "cc"); \
} while (0)

static uint64_t at;

static void check(const char *name, int signo, int code, uint64_t addr, unsigned int trapno)
{
	if (!ok(info.si_signo == signo && info.si_code == code && info.fault.addr == addr &&
		context.trapno == trapno, "%s", name))
		note("signal %d code %d addr %lx trap %lu err %lx", info.si_signo, info.si_code,
		     (unsigned long)info.fault.addr, (unsigned long)context.trapno,
		     (unsigned long)context.err);
}

static void test_pages(void)
{
	char *target = map_private(PAGE_SIZE);

	sys_mprotect((uintptr_t)target, PAGE_SIZE, PROT_READ);
	FAULT("movb $1, 5(%2)");
	check("a-write-to-read-only-memory", SIGSEGV, SEGV_ACCERR, (uintptr_t)target + 5, 14);
	is((long)context.cr2, (long)target + 5, "cr2-is-the-address");
	is((long)(context.err & ~1UL), 6, "the-error-code-says-a-user's-write");
	is((long)context.rip, (long)at, "rip-is-the-instruction");
	sys_mprotect((uintptr_t)target, PAGE_SIZE, PROT_NONE);
	FAULT("movb (%2), %%cl");
	check("a-read-of-inaccessible-memory", SIGSEGV, SEGV_ACCERR, (uintptr_t)target, 14);
	is((long)(context.err & ~1UL), 4, "the-error-code-says-a-user's-read");
	sys_munmap((uintptr_t)target, PAGE_SIZE);
	FAULT("movb (%2), %%cl");
	check("a-read-where-nothing-is", SIGSEGV, SEGV_MAPERR, (uintptr_t)target, 14);
	is((long)context.err, 4, "not-even-a-page");
	target = (char *)0xffffffff81000000UL;
	FAULT("movb (%2), %%cl");
	check("a-read-of-the-kernel's-half", SIGSEGV, SEGV_MAPERR, (uintptr_t)target, 14);
	is((long)context.err, 5, "which-always-looks-like-a-missing-right");
	target = (char *)0x8000000000000000UL;
	FAULT("movb (%2), %%cl");
	check("a-read-of-no-address", SIGSEGV, SI_KERNEL, 0, 13);
	is((long)context.err, 0, "has-no-error-code");
}

static void test_file_end(void)
{
	const size_t size = 1UL << 30;
	long fd = sys_open("/proc/self/exe", O_RDONLY, 0);
	char *target;

	if (is_error(fd))
		fd = sys_open("/bin/true", O_RDONLY, 0);
	target = (char *)sys_mmap(0, size, PROT_READ, MAP_PRIVATE, (int)fd, 0);
	if (is_error((long)target)) {
		skip("no mapping of files", "a-read-behind-the-end-of-a-file");
		return;
	}
	target += size - 8;
	FAULT("movb (%2), %%cl");
	check("a-read-behind-the-end-of-a-file", SIGBUS, BUS_ADRERR, (uintptr_t)target, 14);
	sys_munmap((uintptr_t)target + 8 - size, size);
	sys_close((int)fd);
}

static void test_instructions(void)
{
	char *target = NULL;

	FAULT("ud2");
	check("an-invalid-instruction", SIGILL, ILL_ILLOPN, at, 6);
	FAULT("div %%ecx", "xor %%edx, %%edx\n\txor %%ecx, %%ecx");
	check("a-division-by-zero", SIGFPE, FPE_INTDIV, at, 0);
	FAULT("hlt");
	check("a-privileged-instruction", SIGSEGV, SI_KERNEL, 0, 13);
	FAULT("int $14");
	check("a-vector-of-the-hardware's", SIGSEGV, SI_KERNEL, 0, 13);
	/* (QEMU's emulation shifts the number by one more.) */
	ok(context.err & 2 && context.err / 14 >= 8, "its-number-is-in-the-error-code");
	FAULT("int3");
	check("a-breakpoint", SIGTRAP, SI_KERNEL, 0, 3);
	is((long)context.rip, (long)at + 1, "reports-what-comes-behind-it");
}

static void test_floats(void)
{
	unsigned short x87 = 0x37f & ~4;
	unsigned int mxcsr = 0x1f80 & ~(1u << 9), usual = 0x1f80;
	float zero = 0, one = 1;
	char *target = (char *)&zero;

	__asm__ volatile("fldcw %0\n\tfld1\n\tfldz\n\tfdivrp" : : "m"(x87));
	FAULT("fwait");
	check("an-x87-division", SIGFPE, FPE_FLTDIV, at, 16);
	__asm__ volatile("fninit");
	__asm__ volatile("ldmxcsr %0\n\tmovss %1, %%xmm0" : : "m"(mxcsr), "m"(one) : "xmm0");
	FAULT("divss (%2), %%xmm0");
	if (info.si_code != FPE_FLTDIV || context.trapno != 19)
		skip("this machine raises no SSE exceptions", "an-sse-division");
	else
		check("an-sse-division", SIGFPE, FPE_FLTDIV, at, 19);
	__asm__ volatile("ldmxcsr %0" : : "m"(usual));
}

/* One step, then the flag is cleared in the frame. */
static volatile int steps;

static void on_step(int signo, struct __kernel_siginfo *i, struct __kernel_ucontext *uc)
{
	(void)signo;
	info = *i;
	context = uc->uc_mcontext;
	if (++steps == 3)
		uc->uc_mcontext.eflags &= ~0x100UL;
}

static void test_steps(void)
{
	signal_handle(SIGTRAP, on_step, 0);
	__asm__ volatile("pushf\n\torl $0x100, (%%rsp)\n\tpopf\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop"
			 ::: "memory", "cc");
	is(steps, 3, "single-steps-go-on-until-the-flag-is-cleared");
	ok(info.si_code == TRAP_TRACE && info.fault.addr == context.rip && context.trapno == 1,
	   "each-says-where");
}

static int child_blocks(void *arg)
{
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGSEGV));
	*(volatile char *)arg = 1;
	return 3;
}

static int child_ignores(void *arg)
{
	signal_set(SIGSEGV, SIG_IGN_ADDR);
	*(volatile char *)arg = 1;
	return 3;
}

/* A fault in the handler, where the signal is blocked. */
static void faults_again(int signo, struct __kernel_siginfo *i, struct __kernel_ucontext *uc)
{
	(void)signo, (void)i;
	*(volatile char *)uc->uc_mcontext.cr2 = 1;
}

static int child_faults_twice(void *arg)
{
	signal_handle(SIGSEGV, faults_again, 0);
	*(volatile char *)arg = 1;
	return 3;
}

static int child_sent_blocked(void *arg)
{
	(void)arg;
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGSEGV));
	signal_self(SIGSEGV);
	return signal_waiting() == SIGNAL_BIT(SIGSEGV) ? 3 : 4;
}

static void test_forced(void)
{
	ok_child_dies(child_blocks, (void *)8, SIGSEGV, "a-fault-whose-signal-is-blocked-kills");
	ok_child_dies(child_ignores, (void *)8, SIGSEGV, "so-does-one-that-is-ignored");
	ok_child_dies(child_faults_twice, (void *)8, SIGSEGV, "and-one-in-its-own-handler");
	ok_child_exits(child_sent_blocked, NULL, 3, "but-kill-can-be-blocked");
}

int main(void)
{
	catch_all();
	test_pages();
	test_file_end();
	test_instructions();
	test_floats();
	test_steps();
	signal_set(SIGTRAP, SIG_DFL_ADDR);
	test_forced();
	return tap_finish();
}
