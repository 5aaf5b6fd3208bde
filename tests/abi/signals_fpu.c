/*
 * signals_fpu.c - FPU and SSE registers across handlers: saved, clean inside,
 * restored, changeable.
 */
#include "user/linux.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"

#include <string.h>

struct registers {
	uint64_t xmm[16][2];
};

static void load(const struct registers *r)
{
	__asm__ volatile(
		"movdqu (%0), %%xmm0\n\tmovdqu 16(%0), %%xmm1\n\tmovdqu 32(%0), %%xmm2\n\t"
		"movdqu 48(%0), %%xmm3\n\tmovdqu 64(%0), %%xmm4\n\tmovdqu 80(%0), %%xmm5\n\t"
		"movdqu 96(%0), %%xmm6\n\tmovdqu 112(%0), %%xmm7\n\tmovdqu 128(%0), %%xmm8\n\t"
		"movdqu 144(%0), %%xmm9\n\tmovdqu 160(%0), %%xmm10\n\tmovdqu 176(%0), %%xmm11\n\t"
		"movdqu 192(%0), %%xmm12\n\tmovdqu 208(%0), %%xmm13\n\tmovdqu 224(%0), %%xmm14\n\t"
		"movdqu 240(%0), %%xmm15"
		: : "r"(r) : "memory");
}

static void save(struct registers *r)
{
	__asm__ volatile(
		"movdqu %%xmm0, (%0)\n\tmovdqu %%xmm1, 16(%0)\n\tmovdqu %%xmm2, 32(%0)\n\t"
		"movdqu %%xmm3, 48(%0)\n\tmovdqu %%xmm4, 64(%0)\n\tmovdqu %%xmm5, 80(%0)\n\t"
		"movdqu %%xmm6, 96(%0)\n\tmovdqu %%xmm7, 112(%0)\n\tmovdqu %%xmm8, 128(%0)\n\t"
		"movdqu %%xmm9, 144(%0)\n\tmovdqu %%xmm10, 160(%0)\n\tmovdqu %%xmm11, 176(%0)\n\t"
		"movdqu %%xmm12, 192(%0)\n\tmovdqu %%xmm13, 208(%0)\n\tmovdqu %%xmm14, 224(%0)\n\t"
		"movdqu %%xmm15, 240(%0)"
		: : "r"(r) : "memory");
}

static struct registers pattern, other, in_handler, in_frame, after;
static unsigned int mxcsr_in_handler;
static unsigned short control_in_handler;
static bool change;

static void on_signal(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	char *xmm = (char *)context->uc_mcontext.fpstate + 160;

	(void)signo, (void)info;
	__asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr_in_handler),
			 "=m"(control_in_handler));
	save(&in_handler);
	memcpy(&in_frame, xmm, sizeof(in_frame));
	load(&other);
	__asm__ volatile("fninit\n\tfld1");
	if (change)
		memcpy(xmm, &other, sizeof(other));
}

/* The signal comes at the instruction: no call of the C library in between. */
static void raise_with(const struct registers *r, struct registers *out)
{
	long pid = sys_getpid();

	load(r);
	__asm__ volatile("syscall" : "+a"((long){ __NR_kill }) : "D"(pid), "S"(SIGUSR1)
			 : "rcx", "r11", "memory");
	save(out);
}

static bool same(const struct registers *a, const struct registers *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void test_xmm(void)
{
	raise_with(&pattern, &after);
	ok(same(&pattern, &in_frame), "the-frame-has-the-xmm-registers");
	ok(all_bytes(&in_handler, 0, sizeof(in_handler)), "the-handler-starts-with-clean-ones");
	ok(same(&pattern, &after), "which-come-back");
	change = true;
	raise_with(&pattern, &after);
	ok(same(&other, &after), "or-what-the-handler-makes-of-them");
	change = false;
}

static void test_control(void)
{
	unsigned int mxcsr = 0x9fc0, mxcsr_after, usual = 0x1f80;	/* flush to zero, ... */
	unsigned short control = 0x27f, control_after;
	double kept = 0;

	__asm__ volatile("ldmxcsr %0\n\tfninit\n\tfldpi\n\tfldcw %1" : : "m"(mxcsr), "m"(control));
	raise_with(&pattern, &after);
	__asm__ volatile("stmxcsr %0\n\tfnstcw %1\n\tfstpl %2\n\tfninit\n\tldmxcsr %3"
			 : "=m"(mxcsr_after), "=m"(control_after), "=m"(kept) : "m"(usual));
	is(mxcsr_in_handler, 0x1f80, "the-handler-has-the-initial-mxcsr");
	is(control_in_handler, 0x37f, "and-x87-control-word");
	is(mxcsr_after, mxcsr, "mxcsr-comes-back");
	is(control_after, control, "the-control-word-comes-back");
	ok(kept > 3.14159 && kept < 3.1416, "the-x87-stack-comes-back");
}

static uint32_t cpuid_1_ecx(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return c;
}

static bool has_avx(void)
{
	uint32_t low, high;

	if ((cpuid_1_ecx() & (3u << 27)) != 3u << 27)
		return false;
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & 6) == 6;
}

static void clobbers_ymm(int signo, struct __kernel_siginfo *info,
			 struct __kernel_ucontext *context)
{
	const struct fpx_sw_bytes *sw = (void *)(context->uc_mcontext.fpstate + FP_SW_OFFSET);
	const uint32_t *end = (void *)(context->uc_mcontext.fpstate + sw->xstate_size);

	(void)signo, (void)info;
	change = context->uc_flags & UC_FP_XSTATE && sw->magic1 == FP_XSTATE_MAGIC1 &&
		 *end == FP_XSTATE_MAGIC2 && sw->extended_size == sw->xstate_size + 4 &&
		 (sw->xfeatures & 7) == 7;
	__asm__ volatile("vzeroall");
}

static void test_avx(void)
{
	uint8_t before[32], got[32];
	long pid = sys_getpid();

	if (!has_avx()) {
		skip("no AVX on this machine", "the-upper-halves-of-ymm-registers-come-back");
		skip("no AVX on this machine", "the-frame-says-how-long-it-is");
		return;
	}
	for (int i = 0; i < 32; i++)
		before[i] = (uint8_t)(i * 7 + 3);
	signal_handle(SIGUSR1, clobbers_ymm, 0);
	__asm__ volatile("vmovdqu %2, %%ymm5\n\tsyscall\n\tvmovdqu %%ymm5, %1\n\tvzeroupper"
			 : "+a"((long){ __NR_kill }), "=m"(got)
			 : "m"(before), "D"(pid), "S"(SIGUSR1) : "rcx", "r11", "memory");
	ok(memcmp(before, got, 32) == 0, "the-upper-halves-of-ymm-registers-come-back");
	ok(change, "the-frame-says-how-long-it-is");
}

int main(void)
{
	tap_plan(11);
	for (int i = 0; i < 16; i++) {
		pattern.xmm[i][0] = 0x0123456789abcdefULL * (uint64_t)(i + 1);
		pattern.xmm[i][1] = ~pattern.xmm[i][0];
		other.xmm[i][0] = (uint64_t)i;
		other.xmm[i][1] = 5;
	}
	signal_handle(SIGUSR1, on_signal, 0);
	test_xmm();
	test_control();
	test_avx();
	return tap_done();
}
