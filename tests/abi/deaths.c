/* deaths.c - what ends a program that does what it must not: the signal for each exception. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#define KERNEL_HALF	0xffff800000000000UL
#define NON_CANONICAL	0x8000000000000000UL

static int child_ud2(void *arg)
{
	(void)arg;
	__asm__ volatile("ud2");
	return 0;
}

static int child_breakpoint(void *arg)
{
	(void)arg;
	__asm__ volatile("int3");
	return 0;
}

static int child_single_step(void *arg)
{
	(void)arg;
	__asm__ volatile("pushf\n\torl $0x100, (%%rsp)\n\tpopf\n\tnop\n\tnop" ::: "memory", "cc");
	return 0;
}

static int child_divides(void *arg)
{
	(void)arg;
	__asm__ volatile("xor %%edx, %%edx\n\tmov $1, %%eax\n\txor %%ecx, %%ecx\n\tdiv %%ecx"
			 ::: "eax", "ecx", "edx", "cc");
	return 0;
}

/* 1.0 / 0.0 with the mask for that cleared; the next waiting instruction reports it. */
static int child_divides_floats(void *arg)
{
	unsigned short control = 0x37f & ~4;

	(void)arg;
	__asm__ volatile("fldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait" : : "m"(control));
	return 0;
}

static int child_halts(void *arg)
{
	(void)arg;
	__asm__ volatile("hlt");
	return 0;
}

static int child_disables_interrupts(void *arg)
{
	(void)arg;
	__asm__ volatile("cli");
	return 0;
}

static int child_writes_port(void *arg)
{
	(void)arg;
	__asm__ volatile("outb %%al, $0x80" : : "a"(0));
	return 0;
}

static int child_reads_cr3(void *arg)
{
	unsigned long value;

	(void)arg;
	__asm__ volatile("mov %%cr3, %0" : "=r"(value));
	return 0;
}

static int child_reads_msr(void *arg)
{
	(void)arg;
	__asm__ volatile("rdmsr" : : "c"(0xc0000080) : "eax", "edx");
	return 0;
}

/* A vector that only hardware may raise: the gate's privilege refuses it. */
static int child_raises_vector(void *arg)
{
	(void)arg;
	__asm__ volatile("int $14");
	return 0;
}

static int child_misaligns(void *arg)
{
	__asm__ volatile("movaps (%0), %%xmm0" : : "r"((char *)arg + 1) : "xmm0");
	return 0;
}

static int child_loads_segment(void *arg)
{
	(void)arg;
	__asm__ volatile("mov %0, %%ds" : : "r"(0xfff8));
	return 0;
}

static int child_jumps(void *arg)
{
	((void (*)(void))arg)();
	return 0;
}

static int child_pushes_nowhere(void *arg)
{
	__asm__ volatile("mov %0, %%rsp\n\tpush %%rax" : : "r"(arg) : "memory");
	return 0;
}

static void test_instructions(void)
{
	static const struct {
		child_main *main;
		int signal;
		const char *name;
	} cases[] = {
		{ child_ud2, SIGILL, "an-invalid-instruction-is-sigill" },
		{ child_breakpoint, SIGTRAP, "a-breakpoint-is-sigtrap" },
		{ child_single_step, SIGTRAP, "a-single-step-is-sigtrap" },
		{ child_divides, SIGFPE, "division-by-zero-is-sigfpe" },
		{ child_divides_floats, SIGFPE, "an-unmasked-float-division-is-sigfpe" },
		{ child_halts, SIGSEGV, "hlt-is-sigsegv" },
		{ child_disables_interrupts, SIGSEGV, "cli-is-sigsegv" },
		{ child_writes_port, SIGSEGV, "port-access-is-sigsegv" },
		{ child_reads_cr3, SIGSEGV, "reading-cr3-is-sigsegv" },
		{ child_reads_msr, SIGSEGV, "reading-an-msr-is-sigsegv" },
		{ child_raises_vector, SIGSEGV, "raising-a-hardware-vector-is-sigsegv" },
		{ child_loads_segment, SIGSEGV, "loading-a-bad-segment-is-sigsegv" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok_child_dies(cases[i].main, NULL, cases[i].signal, cases[i].name);
}

/*
 * A processor reports a bad stack address by an exception of its own, which is SIGBUS; QEMU's
 * emulation has it as any other non-canonical address.
 */
static void test_addresses(void)
{
	static char area[64] __attribute__((aligned(16)));
	void *text = (void *)(uintptr_t)child_jumps;
	int verdict;

	ok_child_dies(child_reads, NULL, SIGSEGV, "reading-address-0-is-sigsegv");
	ok_child_dies(child_jumps, NULL, SIGSEGV, "jumping-to-address-0-is-sigsegv");
	ok_child_dies(child_writes, text, SIGSEGV, "writing-to-program-text-is-sigsegv");
	ok_child_dies(child_jumps, area, SIGSEGV, "jumping-to-data-is-sigsegv");
	ok_child_dies(child_misaligns, area, SIGSEGV, "a-misaligned-sse-access-is-sigsegv");
	ok_child_dies(child_reads, (void *)KERNEL_HALF, SIGSEGV, "reading-the-kernel-half");
	ok_child_dies(child_writes, (void *)-PAGE_SIZE, SIGSEGV,
		      "writing-to-the-last-page-of-all");
	ok_child_dies(child_jumps, (void *)KERNEL_HALF, SIGSEGV, "jumping-into-the-kernel-half");
	ok_child_dies(child_reads, (void *)NON_CANONICAL, SIGSEGV, "a-non-canonical-read");
	ok_child_dies(child_jumps, (void *)NON_CANONICAL, SIGSEGV, "a-non-canonical-jump");
	verdict = child_verdict(child_run(child_pushes_nowhere, (void *)NON_CANONICAL));
	ok(verdict == 128 + SIGBUS || verdict == 128 + SIGSEGV, "a-non-canonical-stack-dies");
	ok_child_dies(child_pushes_nowhere, (void *)64, SIGSEGV, "an-unmapped-stack-is-sigsegv");
}

static int child_waits_long(void *arg)
{
	(void)arg;
	sleep_ms(60 * 1000);
	return 0;
}

static void test_kill(void)
{
	int pid = child_start(child_waits_long, NULL);

	sys_kill(pid, SIGKILL);
	is(child_verdict(child_wait(pid)), 128 + SIGKILL, "sigkill-kills-a-sleeping-child");
	is(sys_kill(pid, 0), -ESRCH, "a-dead-child-cannot-be-signalled");
	is(sys_kill((int)sys_getpid(), 12345), -EINVAL, "unknown-signal-is-refused");
	is(sys_kill((int)sys_getpid(), 0), 0, "signal-0-only-asks");
}

int main(void)
{
	tap_plan(28);
	test_instructions();
	test_addresses();
	if (sys_kill((int)sys_getpid(), 0) == 0) {
		test_kill();
	} else {
		skip("no kill(2)", "sigkill-kills-a-sleeping-child");
		skip("no kill(2)", "a-dead-child-cannot-be-signalled");
		skip("no kill(2)", "unknown-signal-is-refused");
		skip("no kill(2)", "signal-0-only-asks");
	}
	return tap_done();
}
