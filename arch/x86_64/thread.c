/*
 * Tasks, as the machine sees them. From the top of a kernel stack downward: FPU area, the user's
 * registers, then the frames of the kernel.
 */
#include "kernel/base/string.h"
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/prctl.h"
#include "machine/fpu.h"
#include "machine/offsets.h"

_Static_assert(offsetof(struct percpu, self) == PERCPU_SELF, "machine/offsets.h");
_Static_assert(offsetof(struct percpu, current) == PERCPU_CURRENT, "machine/offsets.h");
_Static_assert(offsetof(struct percpu, stack_top) == PERCPU_STACK_TOP, "machine/offsets.h");
_Static_assert(offsetof(struct percpu, user_sp) == PERCPU_USER_SP, "machine/offsets.h");
_Static_assert(offsetof(struct task, work) == TASK_WORK, "machine/offsets.h");
_Static_assert(sizeof(struct pt_regs) == 21 * 8, "machine/entry_regs.h");

void switch_stack(unsigned long *save_sp, unsigned long load_sp);
void thread_entry(void);

/* What switch_stack() pops. */
struct switch_frame {
	unsigned long r15, r14, r13, r12, bx, bp, ip;
};

void *task_fpu_area(const struct task *task)
{
	return (u8 *)task->kernel_stack + KERNEL_STACK_SIZE - fpu_area_size;
}

struct pt_regs *task_regs(const struct task *task)
{
	return (struct pt_regs *)task_fpu_area(task) - 1;
}

/* The first switch to the task goes to thread_entry, with its stack pointer at regs. */
static void init_stack(struct task *task, struct pt_regs *regs, void (*fn)(void *arg), void *arg)
{
	struct switch_frame *frame = (struct switch_frame *)regs - 1;

	*frame = (struct switch_frame){ .bx = (unsigned long)fn, .r12 = (unsigned long)arg,
					.ip = (unsigned long)thread_entry };
	task->thread = (struct thread){ .sp = (unsigned long)frame };
}

void thread_init_kernel(struct task *task, void (*fn)(void *arg), void *arg)
{
	struct pt_regs *regs = task_regs(task);

	*regs = (struct pt_regs){ .orig_ax = NO_SYSCALL };
	init_stack(task, regs, fn, arg);
}

/*
 * Bases that the processor has and the task does not: a program can set them itself with FSGSBASE
 * only.
 */
static void save_bases(struct thread *thread)
{
	if (!cpu_features.fsgsbase)
		return;
	thread->fs_base = rdmsr(MSR_FS_BASE);
	thread->gs_base = rdmsr(MSR_KERNEL_GS_BASE);
}

static void load_bases(const struct thread *thread)
{
	wrmsr(MSR_FS_BASE, thread->fs_base);
	wrmsr(MSR_KERNEL_GS_BASE, thread->gs_base);
}

int thread_init_user(struct task *task, const struct pt_regs *regs, const struct task *parent)
{
	struct pt_regs *child = task_regs(task);

	*child = *regs;
	child->ax = 0;
	child->orig_ax = NO_SYSCALL;
	init_stack(task, child, NULL, NULL);
	task->thread.user = true;
	task->thread.fs_base = parent->thread.fs_base;
	task->thread.gs_base = parent->thread.gs_base;
	save_bases(&task->thread);
	fpu_area_init(task_fpu_area(task));
	fpu_copy_live(task_fpu_area(task));
	return 0;
}

/* Everything of a thread lies on its kernel stack, which the system frees. */
void thread_free(struct task *task)
{
	task->thread = (struct thread){ 0 };
}

void thread_exec(struct pt_regs *regs, unsigned long entry, unsigned long sp)
{
	struct task *task = current_task();

	*regs = (struct pt_regs){ .ip = entry, .sp = sp, .cs = USER_CS, .ss = USER_DS,
				  .flags = X86_FLAGS_FIXED | X86_FLAGS_IF, .orig_ax = NO_SYSCALL };
	task->thread.user = true;
	task->thread.fs_base = 0;
	task->thread.gs_base = 0;
	load_bases(&task->thread);
	fpu_area_init(task_fpu_area(task));
	fpu_reset();
}

void switch_to(struct task *prev, struct task *next)
{
	struct percpu *cpu = this_percpu();

	if (prev->thread.user) {
		fpu_save(task_fpu_area(prev));
		save_bases(&prev->thread);
	}
	cpu->current = next;
	if (next->thread.user) {
		fpu_load(task_fpu_area(next));
		load_bases(&next->thread);
	}
	/* A kernel thread may become a program (exec), so it has a way in from user mode too. */
	cpu->stack_top = (unsigned long)task_fpu_area(next);
	cpu->tss.rsp[0] = cpu->stack_top;
	switch_stack(&prev->thread.sp, next->thread.sp);
}

long thread_arch_prctl(struct task *task, int option, unsigned long arg)
{
	struct thread *thread = &task->thread;
	bool fs = option == ARCH_SET_FS || option == ARCH_GET_FS;
	unsigned long *base = fs ? &thread->fs_base : &thread->gs_base;

	save_bases(thread);
	switch (option) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (arg >= task_size_max())
			return -EPERM;
		*base = arg;
		load_bases(thread);
		return 0;
	case ARCH_GET_FS:
	case ARCH_GET_GS:
		return copy_to_user((void *)arg, base, sizeof(*base)) ? -EFAULT : 0;
	}
	return -EINVAL;
}

int thread_set_tls(struct task *task, unsigned long tls)
{
	if (tls >= task_size_max())
		return -EPERM;
	task->thread.fs_base = tls;
	return 0;
}

/* AT_HWCAP on x86: the feature bits of CPUID leaf 1, register edx. */
unsigned long thread_hwcap(void) { return cpuid(1, 0).edx; }

/*
 * Besides the XSAVE area: its alignment, the ucontext, the siginfo, the return address and the red
 * zone.
 */
unsigned long thread_signal_frame_size(void) { return fpu_area_size + 64 + 1024; }
