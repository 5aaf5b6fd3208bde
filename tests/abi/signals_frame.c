/* signals_frame.c - alternate stacks, the frame as it lies there, and frames that are forged. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"

#include <string.h>

enum { ALT_SIZE = 8 * 4096 };

static char *alt;
static struct __kernel_ucontext seen, *where;
static uintptr_t stack_seen;
static volatile int count;

static long altstack(uint64_t sp, unsigned int flags, uint64_t size,
		     struct __kernel_sigaltstack *old)
{
	struct __kernel_sigaltstack stack = { .ss_sp = sp, .ss_flags = (int)flags,
					      .ss_size = size };

	return syscall2(__NR_sigaltstack, (long)&stack, (long)old);
}

static struct __kernel_sigaltstack now(void)
{
	struct __kernel_sigaltstack stack = { 0 };

	syscall2(__NR_sigaltstack, 0, (long)&stack);
	return stack;
}

static bool on_alt(uintptr_t sp) { return sp > (uintptr_t)alt && sp < (uintptr_t)alt + ALT_SIZE; }

static struct __kernel_sigaltstack in_handler;
static long change_in_handler;

static void on_signal(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo, (void)info;
	count++;
	where = context;
	seen = *context;
	stack_seen = (uintptr_t)__builtin_frame_address(0);
	in_handler = now();
	change_in_handler = altstack((uintptr_t)alt, 0, ALT_SIZE / 2, NULL);
}

static void test_altstack(void)
{
	struct __kernel_sigaltstack old = now();

	is(old.ss_flags, SS_DISABLE, "at-first-there-is-no-alternate-stack");
	is(altstack((uintptr_t)alt, 7, ALT_SIZE, NULL), -EINVAL, "an-unknown-flag");
	is(altstack((uintptr_t)alt, 0, 2047, NULL), -ENOMEM, "one-too-small");
	is(syscall2(__NR_sigaltstack, 8, 0), -EFAULT, "one-that-cannot-be-read");
	is(syscall2(__NR_sigaltstack, 0, 8), -EFAULT, "an-old-one-that-cannot-be-written");
	is(altstack((uintptr_t)alt, 0, ALT_SIZE, &old), 0, "one-that-will-do");
	old = now();
	ok(old.ss_sp == (uintptr_t)alt && old.ss_size == ALT_SIZE && !old.ss_flags,
	   "is-read-back");
	signal_handle(SIGUSR1, on_signal, 0);
	signal_self(SIGUSR1);
	ok(!on_alt(stack_seen), "without-onstack-it-is-not-used");
	signal_handle(SIGUSR1, on_signal, SA_ONSTACK);
	signal_self(SIGUSR1);
	ok(on_alt(stack_seen), "with-onstack-the-handler-is-there");
	is(in_handler.ss_flags, SS_ONSTACK, "and-sees-that-it-is");
	is(change_in_handler, -EPERM, "and-cannot-change-it");
	ok(seen.uc_stack.ss_sp == (uintptr_t)alt && seen.uc_stack.ss_size == ALT_SIZE &&
	   !seen.uc_stack.ss_flags, "the-frame-has-it");
	is(now().ss_flags, 0, "afterwards-we-are-off-it");
	is(altstack(0, SS_DISABLE, 0, NULL), 0, "it-can-be-given-up");
	ok(now().ss_flags == SS_DISABLE && !now().ss_sp && !now().ss_size, "and-is-gone");
}

static void test_autodisarm(void)
{
	is(altstack((uintptr_t)alt, SS_AUTODISARM, ALT_SIZE, NULL), 0, "one-that-disarms-itself");
	is((unsigned int)now().ss_flags, SS_AUTODISARM, "says-so");
	signal_self(SIGUSR1);
	ok(on_alt(stack_seen), "the-handler-is-on-it");
	is(in_handler.ss_flags, SS_DISABLE, "and-finds-none");
	is(change_in_handler, 0, "and-may-set-another");
	ok((unsigned int)now().ss_flags == SS_AUTODISARM && now().ss_size == ALT_SIZE,
	   "afterwards-the-first-is-back");
	altstack(0, SS_DISABLE, 0, NULL);
}

/* A handler that uses up its own alternate stack by signals to itself. */
static void recurses(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)info, (void)context;
	signal_self(signo);
}

static int child_overflows(void *arg)
{
	(void)arg;
	altstack((uintptr_t)alt, 0, ALT_SIZE, NULL);
	signal_handle(SIGUSR1, recurses, SA_ONSTACK | SA_NODEFER);
	signal_self(SIGUSR1);
	return 0;
}

static int child_without_stack(void *arg)
{
	signal_handle(SIGUSR1, on_signal, 0);
	__asm__ volatile("mov %0, %%rsp\n\tmov %%rax, %%rdi\n\tmov %1, %%esi\n\tmov %2, %%eax\n\t"
			 "syscall\n\thlt"
			 : : "r"(arg), "i"(SIGUSR1), "i"(__NR_kill), "a"(sys_getpid()) : "memory");
	return 0;
}

static int child_without_restorer(void *arg)
{
	struct __kernel_sigaction action = { .handler = (uintptr_t)on_signal };

	(void)arg;
	syscall4(__NR_rt_sigaction, SIGUSR1, (long)&action, 0, 8);
	signal_self(SIGUSR1);
	return 0;
}

static void test_no_room(void)
{
	ok_child_dies(child_overflows, NULL, SIGSEGV, "an-alternate-stack-that-is-full");
	ok_child_dies(child_without_stack, (void *)64, SIGSEGV, "a-stack-that-is-not-there");
	ok_child_dies(child_without_stack, (void *)0x8000000000000000UL, SIGSEGV,
		      "a-stack-that-is-no-address");
	ok_child_dies(child_without_stack, (void *)0xffff888000000000UL, SIGSEGV,
		      "a-stack-in-the-kernel");
	ok_child_dies(child_without_restorer, NULL, SIGSEGV, "a-handler-without-a-way-back");
}

static void test_layout(void)
{
	uintptr_t frame;

	signal_handle(SIGUSR1, on_signal, 0);
	signal_self(SIGUSR1);
	frame = (uintptr_t)where - 8;
	is((long)(frame % 16), 8, "the-stack-is-aligned-as-after-a-call");
	ok(seen.uc_mcontext.fpstate % 64 == 0 && seen.uc_mcontext.fpstate >= frame + 440,
	   "the-fpu-state-lies-above-the-frame");
	is((long)(seen.uc_flags & ~1UL), 6, "the-flags-say-that-ss-is-saved");
	is(seen.uc_mcontext.cs, 0x33, "cs");
	is(seen.uc_mcontext.ss, 0x2b, "ss");
	is((long)seen.uc_link, 0, "there-is-no-link");
	is((long)(seen.uc_mcontext.eflags & 0x200), 0x200, "interrupts-are-on");
}

/* Registers in the frame are those of the interrupted code, and changes to them take effect. */
static void changes(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	struct __kernel_sigcontext *sc = &context->uc_mcontext;

	(void)signo, (void)info;
	seen = *context;
	sc->rbx += 1, sc->r12 += 2, sc->r13 += 3, sc->r14 += 4, sc->r15 += 5;
	sc->r8 += 6, sc->r9 += 7, sc->r10 += 8, sc->rdx += 9, sc->rsi += 10, sc->rcx = 77;
	sc->r11 = 78;
	sc->eflags |= 0x400;	/* DF */
	sc->rip += 2;		/* ud2 */
}

static void test_registers(void)
{
	register long r8 __asm__("r8") = 800, r9 __asm__("r9") = 900, r10 __asm__("r10") = 1000;
	register long r12 __asm__("r12") = 1200, r13 __asm__("r13") = 1300;
	register long r14 __asm__("r14") = 1400, r15 __asm__("r15") = 1500;
	register long r11 __asm__("r11") = 1100;
	long bx = 100, dx = 200, si = 300, cx = 400, flags;

	__asm__ volatile("ud2\n\tpushf\n\tpop %0\n\tcld"
			 : "=a"(flags), "+b"(bx), "+d"(dx), "+S"(si), "+c"(cx), "+r"(r8), "+r"(r9),
			   "+r"(r10), "+r"(r11), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)
			 : : "memory", "cc");
	ok(bx == 101 && dx == 209 && si == 310 && cx == 77 && r8 == 806 && r9 == 907 &&
	   r10 == 1008 && r11 == 78 && r12 == 1202 && r13 == 1303 && r14 == 1404 && r15 == 1505,
	   "a-handler-changes-the-registers");
	ok(flags & 0x400, "and-the-flags");
	ok(seen.uc_mcontext.rbx == 100 && seen.uc_mcontext.r15 == 1500 &&
		   seen.uc_mcontext.r11 == 1100 && seen.uc_mcontext.rcx == 400,
	   "it-has-seen-the-old-ones");
}

/* ---- forged ---- */

struct forgery {
	void (*forge)(struct __kernel_ucontext *context);
	const char *name;
};

static const struct forgery *forgery;

static void forges(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	(void)signo, (void)info;
	if (count++ == 0)
		forgery->forge(context);
}

static int child_forges(void *arg)
{
	forgery = arg;
	count = 0;
	altstack((uintptr_t)alt, 0, ALT_SIZE, NULL);
	signal_handle(SIGUSR1, forges, SA_ONSTACK);
	signal_self(SIGUSR1);
	return 7;
}

#define FORGE(what, change) \
	static void what(struct __kernel_ucontext *uc) { change; }

FORGE(bad_rip, uc->uc_mcontext.rip = 0x8000000000000000UL)
FORGE(kernel_rip, uc->uc_mcontext.rip = 0xffffffff80000000UL)
FORGE(null_rip, uc->uc_mcontext.rip = 0)
FORGE(bad_cs, uc->uc_mcontext.cs = 0xfff8)
FORGE(kernel_cs, uc->uc_mcontext.cs = 0x10)
FORGE(data_cs, uc->uc_mcontext.cs = 0x2b)
FORGE(null_cs, uc->uc_mcontext.cs = 0)
FORGE(bad_ss, uc->uc_mcontext.ss = 0xfff8)
FORGE(kernel_ss, uc->uc_mcontext.ss = 0x18)
FORGE(bad_rsp, uc->uc_mcontext.rsp = 0x8000000000000000UL)
FORGE(bad_fpstate, uc->uc_mcontext.fpstate = 0xffff888000000000UL)
FORGE(unmapped_fpstate, uc->uc_mcontext.fpstate = 4096)
FORGE(odd_fpstate, uc->uc_mcontext.fpstate += 8)
FORGE(bad_mxcsr, ((uint32_t *)uc->uc_mcontext.fpstate)[6] = ~0u)
FORGE(null_fpstate, uc->uc_mcontext.fpstate = 0)
FORGE(all_flags, uc->uc_mcontext.eflags = ~0x40500UL)	/* but AC, DF and TF */
FORGE(no_magic, ((uint32_t *)(uc->uc_mcontext.fpstate + 464))[0] = 0)
FORGE(block_all, uc->uc_sigmask = ~0UL)
FORGE(bad_stack, uc->uc_stack.ss_flags = 77)

static bool extended_state(void) { return seen.uc_flags & UC_FP_XSTATE; }

#define XSAVE_HEADER(uc)	((uint64_t *)((uc)->uc_mcontext.fpstate + 512))
FORGE(bad_features, XSAVE_HEADER(uc)[0] |= 1ULL << 62)
FORGE(bad_compaction, XSAVE_HEADER(uc)[1] = 1)
FORGE(bad_header, XSAVE_HEADER(uc)[2] = 1)
FORGE(odd_header, XSAVE_HEADER(uc)[3] = 1)

static void test_forgeries(void)
{
	static const struct forgery fatal[] = {
		{ bad_rip, "non-canonical-rip" }, { kernel_rip, "kernel-rip" },
		{ null_rip, "rip-0" }, { bad_cs, "bad-cs" }, { kernel_cs, "kernel-cs" },
		{ data_cs, "data-cs" }, { null_cs, "cs-0" }, { bad_ss, "bad-ss" },
		{ kernel_ss, "kernel-ss" }, { bad_fpstate, "kernel-fpstate" },
		{ unmapped_fpstate, "unmapped-fpstate" }, { bad_mxcsr, "bad-mxcsr" },
		{ odd_fpstate, "odd-fpstate" },
	};
	static const struct forgery harmless[] = {
		{ null_fpstate, "no-fpstate" }, { all_flags, "all-flags" },
		{ no_magic, "no-magic" }, { block_all, "all-blocked" }, { bad_stack, "bad-stack" },
	};
	static const struct forgery extended[] = {
		{ bad_features, "unknown-features" }, { bad_compaction, "compaction" },
		{ bad_header, "reserved-bits" },
	};
	static const struct forgery odd = { odd_header, "words-that-nobody-reads" };
	static const struct forgery rsp = { bad_rsp, "non-canonical-rsp" };
	int verdict;

	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		ok_child_dies(child_forges, (void *)&fatal[i], SIGSEGV, fatal[i].name);
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		ok_child_exits(child_forges, (void *)&harmless[i], 7, harmless[i].name);
	for (size_t i = 0; i < sizeof(extended) / sizeof(extended[0]); i++) {
		if (extended_state())
			ok_child_dies(child_forges, (void *)&extended[i], SIGSEGV,
				      extended[i].name);
		else
			skip("no XSAVE on this machine", "%s", extended[i].name);
	}
	if (extended_state())
		ok_child_exits(child_forges, (void *)&odd, 7, odd.name);
	else
		skip("no XSAVE on this machine", "%s", odd.name);
	verdict = child_verdict(child_run(child_forges, (void *)&rsp));
	ok(verdict == 128 + SIGSEGV || verdict == 128 + SIGBUS, "non-canonical-rsp");
}

static int child_returns_from_nothing(void *arg)
{
	__asm__ volatile("mov %0, %%rsp\n\tmov %1, %%eax\n\tsyscall"
			 : : "r"(arg), "i"(__NR_rt_sigreturn) : "memory");
	return 0;
}

static void test_no_frame(void)
{
	ok_child_dies(child_returns_from_nothing, (void *)64, SIGSEGV, "sigreturn-at-no-memory");
	ok_child_dies(child_returns_from_nothing, (void *)0xffff888000000000UL, SIGSEGV,
		      "sigreturn-in-the-kernel");
	ok_child_dies(child_returns_from_nothing, alt + 4096, SIGSEGV, "sigreturn-of-zeros");
}

int main(void)
{
	alt = map_private(ALT_SIZE);
	test_altstack();
	test_autodisarm();
	test_no_room();
	test_layout();
	signal_handle(SIGILL, changes, 0);
	test_registers();
	test_forgeries();
	test_no_frame();
	return tap_finish();
}
