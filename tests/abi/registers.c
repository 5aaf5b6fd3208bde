/*
 * registers.c - what a program's registers go through: system calls, preemption, fork. And the
 * segment bases of arch_prctl(2), and calls that do not exist.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#include <string.h>

/* All registers but rax, rcx and r11 have their old values after a system call. */
static unsigned long registers_lost(void)
{
	unsigned long lost;

	/* Below the red zone, so that rbp, which holds the frame, can be tried as well. */
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpush %%rbp\n\tmov $12, %%rbp\n\t"
			 "mov $1, %%rbx\n\tmov $2, %%rdx\n\tmov $3, %%rsi\n\tmov $4, %%rdi\n\t"
			 "mov $5, %%r8\n\tmov $6, %%r9\n\tmov $7, %%r10\n\tmov $8, %%r12\n\t"
			 "mov $9, %%r13\n\tmov $10, %%r14\n\tmov $11, %%r15\n\t"
			 "mov %1, %%eax\n\tsyscall\n\t"
			 "xor $1, %%rbx\n\txor $2, %%rdx\n\txor $3, %%rsi\n\txor $4, %%rdi\n\t"
			 "xor $5, %%r8\n\txor $6, %%r9\n\txor $7, %%r10\n\txor $8, %%r12\n\t"
			 "xor $9, %%r13\n\txor $10, %%r14\n\txor $11, %%r15\n\t"
			 "or %%rdx, %%rbx\n\tor %%rsi, %%rbx\n\tor %%rdi, %%rbx\n\t"
			 "or %%r8, %%rbx\n\tor %%r9, %%rbx\n\tor %%r10, %%rbx\n\t"
			 "or %%r12, %%rbx\n\tor %%r13, %%rbx\n\tor %%r14, %%rbx\n\t"
			 "or %%r15, %%rbx\n\txor $12, %%rbp\n\tor %%rbp, %%rbx\n\t"
			 "pop %%rbp\n\tlea 128(%%rsp), %%rsp\n\tmov %%rbx, %0"
			 : "=a"(lost)
			 : "i"(__NR_getpid)
			 : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
			   "r13", "r14", "r15", "memory");
	return lost;
}

/* rcx and r11 are where SYSCALL itself puts the return address and the flags. */
static bool rcx_r11_are_right(void)
{
	unsigned long rcx, r11, here;

	__asm__ volatile("mov %3, %%eax\n\tsyscall\n1:\tlea 1b(%%rip), %2"
			 : "=&c"(rcx), "=&r"(r11), "=&r"(here)
			 : "i"(__NR_getpid)
			 : "rax", "memory");
	return rcx == here;
}

static unsigned long flags_after_call(unsigned long set)
{
	unsigned long flags;

	__asm__ volatile("pushf\n\torq %1, (%%rsp)\n\tpopf\n\tmov %2, %%eax\n\tsyscall\n\t"
			 "pushf\n\tpop %0\n\tcld\n\tpushf\n\tandq %3, (%%rsp)\n\tpopf"
			 : "=&r"(flags)
			 : "r"(set), "i"(__NR_sched_yield), "r"(~set)
			 : "rax", "rcx", "r11", "memory", "cc");
	return flags;
}

/* With the direction flag set, a kernel that forgets to clear it copies backwards. */
static long read_with_direction_flag(int fd, void *buf, size_t len)
{
	long result;

	__asm__ volatile("std\n\tsyscall\n\tcld"
			 : "=a"(result)
			 : "a"(__NR_read), "D"((long)fd), "S"(buf), "d"(len)
			 : "rcx", "r11", "memory", "cc");
	return result;
}

static void test_system_call(void)
{
	char out[64], in[192];
	int fds[2];

	is((long)registers_lost(), 0, "a-system-call-keeps-the-other-registers");
	ok(rcx_r11_are_right(), "rcx-holds-the-return-address");
	ok(flags_after_call(0x401) & 0x400, "the-direction-flag-is-kept");
	sys_pipe(fds);
	for (int i = 0; i < 64; i++)
		out[i] = (char)i;
	memset(in, 99, sizeof(in));
	sys_write(fds[1], out, 64);
	is(read_with_direction_flag(fds[0], in + 64, 64), 64, "a-read-with-it-set");
	ok(memcmp(in + 64, out, 64) == 0 && all_bytes(in, 99, 64) && all_bytes(in + 128, 99, 64),
	   "it-does-not-turn-the-kernel's-copying-round");
	sys_close(fds[0]);
	sys_close(fds[1]);
}

static void test_no_such_call(void)
{
	is(syscall0(400), -ENOSYS, "a-number-in-a-gap");
	is(syscall0(9999), -ENOSYS, "a-number-beyond-the-table");
	is(syscall0(-1), -ENOSYS, "number-minus-1");
	is(syscall0(0x7fffffff), -ENOSYS, "the-largest-number");
	is(syscall0(0x40000000 + 9999), -ENOSYS, "a-number-with-the-x32-bit");
}

static int child_has_fs(void *arg)
{
	uintptr_t now = 0;

	sys_arch_prctl(ARCH_GET_FS, (uintptr_t)&now);
	return now == (uintptr_t)arg ? 0 : 1;
}

static void test_segment_bases(void)
{
	uintptr_t fs = 0, gs = 0, first;
	static uintptr_t block[4] = { 0x5555, 0x6666 };

	is(sys_arch_prctl(ARCH_GET_FS, (uintptr_t)&fs), 0, "get-fs");
	__asm__ volatile("mov %%fs:0, %0" : "=r"(first));
	ok(fs == first, "fs-points-at-the-thread's-block");
	is(sys_arch_prctl(ARCH_SET_GS, (uintptr_t)block), 0, "set-gs");
	__asm__ volatile("mov %%gs:8, %0" : "=r"(first));
	is((long)first, 0x6666, "memory-is-read-through-gs");
	sleep_ms(2);
	sys_arch_prctl(ARCH_GET_GS, (uintptr_t)&gs);
	ok(gs == (uintptr_t)block, "gs-survives-a-sleep");
	is(sys_arch_prctl(ARCH_SET_FS, 0xffff800000000000UL), -EPERM, "fs-in-the-kernel-half");
	is(sys_arch_prctl(ARCH_SET_GS, 0x8000000000000000UL), -EPERM, "gs-non-canonical");
	is(sys_arch_prctl(0x7777, 0), -EINVAL, "an-unknown-operation");
	ok_child_exits(child_has_fs, (void *)fs, 0, "a-child-inherits-fs");
	sys_arch_prctl(ARCH_SET_GS, 0);
}

/*
 * Loads SSE registers, makes a system call, idles a while and looks at them again: only the
 * kernel and those whom it lets run can have changed them. Returns whether nobody did.
 */
static bool sse_survives(unsigned long value, long rounds, bool yields)
{
	unsigned long a, b, c;

	for (long i = 0; i < rounds; i++) {
		long call = yields ? __NR_sched_yield : __NR_getpid;

		__asm__ volatile("movq %4, %%xmm0\n\tmovq %4, %%xmm7\n\tmovq %4, %%xmm15\n\t"
				 "syscall\n\t"
				 "mov $300, %%ecx\n1:\tdec %%ecx\n\tjnz 1b\n\t"
				 "movq %%xmm0, %0\n\tmovq %%xmm7, %1\n\tmovq %%xmm15, %2"
				 : "=&r"(a), "=&r"(b), "=&r"(c), "+a"(call)
				 : "r"(value + (unsigned long)i)
				 : "rcx", "r11", "xmm0", "xmm7", "xmm15", "memory");
		if (a != value + (unsigned long)i || b != a || c != a)
			return false;
	}
	return true;
}

static int child_computes(void *arg)
{
	pin_to_cpu(nth_cpu(0));
	return sse_survives((unsigned long)arg << 32, 3000, true) &&
	       sse_survives((unsigned long)arg << 40, 30000, false) ? 0 : 1;
}

/* The child of a fork made with loaded registers finds them loaded. */
static long fork_with_sse(unsigned long value)
{
	unsigned long now;
	long pid;

	__asm__ volatile("movq %3, %%xmm7\n\tsyscall\n\tmovq %%xmm7, %1"
			 : "=a"(pid), "=&r"(now)
			 : "a"(__NR_fork), "r"(value)
			 : "rcx", "r11", "xmm7", "memory");
	if (pid == 0)
		sys_exit_group(now == value ? 0 : 1);
	return pid;
}

static void test_floating_point(void)
{
	unsigned int rounding = 0x5f80, normal = 0x1f80, now;
	int pids[3], wrong = 0;

	for (long i = 0; i < 3; i++)
		pids[i] = child_start(child_computes, (void *)(i + 1));
	for (int i = 0; i < 3; i++)
		wrong += child_verdict(child_wait(pids[i])) != 0;
	is(wrong, 0, "sse-registers-survive-preemption-by-others-that-use-them");
	is(child_verdict(child_wait((int)fork_with_sse(0x123456789abcdefUL))), 0,
	   "a-child-inherits-sse-registers");
	__asm__ volatile("ldmxcsr %0" : : "m"(rounding));
	sleep_ms(2);
	__asm__ volatile("stmxcsr %0\n\tldmxcsr %1" : "=m"(now) : "m"(normal));
	is(now, rounding, "the-rounding-mode-survives-a-sleep");
}

static bool have_avx(void)
{
	unsigned int a = 1, b, c = 0, d, low, high;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (!(c & (1U << 27)) || !(c & (1U << 28)))	/* OSXSAVE, AVX */
		return false;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & 6) == 6;
}

/* The upper halves of the wide registers are part of the state too. */
static int child_avx(void *arg)
{
	unsigned long in[4], out[4];

	pin_to_cpu(nth_cpu(0));
	for (int i = 0; i < 4; i++)
		in[i] = (unsigned long)arg + (unsigned long)i;
	for (int i = 0; i < 2000; i++) {
		long call = __NR_sched_yield;

		__asm__ volatile("vmovdqu %2, %%ymm9\n\tsyscall\n\tvmovdqu %%ymm9, %0\n\t"
				 "vzeroupper"
				 : "=m"(out), "+a"(call)
				 : "m"(in)
				 : "rcx", "r11", "xmm9", "memory");
		if (memcmp(in, out, sizeof(in)) != 0)
			return 1;
	}
	return 0;
}

static void test_avx(void)
{
	int first, second;

	if (!have_avx()) {
		skip("no AVX", "avx-registers-survive-other-threads");
		return;
	}
	first = child_start(child_avx, (void *)0x1111);
	second = child_start(child_avx, (void *)0x2222);
	is(child_verdict(child_wait(first)) + child_verdict(child_wait(second)), 0,
	   "avx-registers-survive-other-threads");
}

int main(void)
{
	nth_cpu(0);
	tap_plan(23);
	test_system_call();
	test_no_such_call();
	test_segment_bases();
	test_floating_point();
	test_avx();
	return tap_done();
}
