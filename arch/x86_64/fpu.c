/*
 * FPU, SSE and AVX state of programs. It is saved and loaded eagerly at each switch between tasks;
 * the kernel itself uses none of these registers. The area of a task lies at the top of its kernel
 * stack.
 */
#include "kernel/base/string.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/signal.h"
#include "machine/fpu.h"

#define XCR0_X87	BIT(0)
#define XCR0_SSE	BIT(1)
#define XCR0_AVX	BIT(2)
#define XCR0_AVX512	(7ul << 5)

#define FXSAVE_SIZE	512
#define MXCSR_OFFSET	24
#define MXCSR_MASK_OFFSET 28
#define XSAVE_HEADER	64
#define FPU_AREA_MAX	4096

#define FCW_INIT	0x37f		/* all x87 exceptions masked, full precision */
#define MXCSR_INIT	0x1f80		/* all SSE exceptions masked */

unsigned int fpu_area_size = FXSAVE_SIZE;
static unsigned int state_size = FXSAVE_SIZE;	/* without the padding of the area */
static u64 xcr0;
static u32 mxcsr_mask = 0xffbf;	/* bits that can be set in MXCSR; all CPUs agree */

/*
 * The state that a new program starts with. Its header says that all but MXCSR is in its initial
 * state.
 */
static u8 initial_state[FPU_AREA_MAX] __attribute__((aligned(64)));

static void xsetbv(u64 value)
{
	__asm__ __volatile__("xsetbv" : : "c"(0), "a"((u32)value), "d"((u32)(value >> 32)));
}

void fpu_init_cpu(void)
{
	static u8 probe[FPU_AREA_MAX] __attribute__((aligned(64)));

	if (cpu_features.xsave)
		xsetbv(xcr0);
	fpu_load(initial_state);
	fpu_copy_live(probe);
	if (*(u32 *)(probe + MXCSR_MASK_OFFSET))
		mxcsr_mask = *(u32 *)(probe + MXCSR_MASK_OFFSET);
}

/* The size of an area depends on what XCR0 enables: leaf 13 says it only once that is done. */
void fpu_detect(void)
{
	*(u16 *)initial_state = FCW_INIT;
	*(u32 *)(initial_state + MXCSR_OFFSET) = MXCSR_INIT;
	if (!cpu_features.xsave)
		return;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	xcr0 = cpuid(13, 0).eax & (XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_AVX512);
	if ((xcr0 & (XCR0_AVX512 | XCR0_AVX)) != (XCR0_AVX512 | XCR0_AVX))
		xcr0 &= ~XCR0_AVX512;
	xsetbv(xcr0);
	state_size = cpuid(13, 0).ebx;
	fpu_area_size = ALIGN_UP(state_size, 64);
	if (fpu_area_size > FPU_AREA_MAX)
		boot_stop("The processor's FPU state takes %u bytes; Pleat has room for %u.",
			  fpu_area_size, FPU_AREA_MAX);
}

/*
 * Instructions that save leave the header's reserved part alone, and those that load insist on
 * zeros there.
 */
void fpu_area_init(void *area)
{
	if (cpu_features.xsave)
		memset((u8 *)area + FXSAVE_SIZE, 0, XSAVE_HEADER);
}

void fpu_save(void *area)
{
	if (cpu_features.xsaveopt)
		__asm__ __volatile__("xsaveopt64 (%0)"
				     : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
	else
		fpu_copy_live(area);
}

/*
 * The plain form writes all of it. XSAVEOPT may leave out what has not changed since the last load
 * from the same address, and a new task's area may be where another task's was.
 */
void fpu_copy_live(void *area)
{
	if (cpu_features.xsave)
		__asm__ __volatile__("xsave64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
	else
		__asm__ __volatile__("fxsave64 (%0)" : : "r"(area) : "memory");
}

void fpu_load(const void *area)
{
	if (cpu_features.xsave)
		__asm__ __volatile__("xrstor64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
	else
		__asm__ __volatile__("fxrstor64 (%0)" : : "r"(area) : "memory");
}

void fpu_reset(void) { fpu_load(initial_state); }

/* ---- in the frames of signal handlers ---- */

unsigned int fpu_frame_size(void)
{
	return state_size + (cpu_features.xsave ? sizeof(u32) : 0);
}

int fpu_save_user(void *user)
{
	u8 *area = task_fpu_area(current_task());
	const u32 end = FP_XSTATE_MAGIC2;

	fpu_copy_live(area);
	if (!cpu_features.xsave)
		return copy_to_user(user, area, FXSAVE_SIZE) ? -EFAULT : 0;
	*(struct fpx_sw_bytes *)(area + FP_SW_OFFSET) = (struct fpx_sw_bytes){
		.magic1 = FP_XSTATE_MAGIC1,
		.extended_size = fpu_frame_size(),
		.xfeatures = xcr0,
		.xstate_size = state_size,
	};
	if (copy_to_user(user, area, state_size))
		return -EFAULT;
	return copy_to_user((u8 *)user + state_size, &end, sizeof(end)) ? -EFAULT : 0;
}

/* The header of an XSAVE area (SDM volume 1, 13.4.2): what else it has makes XRSTOR fault. */
struct xsave_header {
	u64 xstate_bv, xcomp_bv, must_be_zero, reserved[5];
};

/* Does the state say in Linux's words that it is more than FXSAVE's part? */
static bool has_extended_state(const u8 *area, const u8 *user)
{
	const struct fpx_sw_bytes *sw = (const void *)(area + FP_SW_OFFSET);
	u32 end;

	if (sw->magic1 != FP_XSTATE_MAGIC1 || sw->xstate_size != state_size ||
	    sw->extended_size < state_size)
		return false;
	return !copy_from_user(&end, user + state_size, sizeof(end)) && end == FP_XSTATE_MAGIC2;
}

/* The rest of the area, behind FXSAVE's part. -EFAULT, -EINVAL. */
static int read_extended_state(u8 *area, const u8 *user)
{
	struct xsave_header *header = (void *)(area + FXSAVE_SIZE);
	const struct fpx_sw_bytes *sw = (const void *)(area + FP_SW_OFFSET);
	u64 features = sw->xfeatures & xcr0, bad;

	if (copy_from_user(header, user + FXSAVE_SIZE, state_size - FXSAVE_SIZE))
		return -EFAULT;
	bad = (header->xstate_bv & ~xcr0) | header->xcomp_bv | header->must_be_zero;
	memset(header->reserved, 0, sizeof(header->reserved));
	header->xstate_bv &= features;
	return bad ? -EINVAL : 0;
}

static int read_user_state(u8 *area, const u8 *user)
{
	if (copy_from_user(area, user, FXSAVE_SIZE))
		return -EFAULT;
	if (*(u32 *)(area + MXCSR_OFFSET) & ~mxcsr_mask)
		return -EINVAL;
	if (!cpu_features.xsave)
		return 0;
	if (has_extended_state(area, user))
		return read_extended_state(area, user);
	fpu_area_init(area);
	((struct xsave_header *)(area + FXSAVE_SIZE))->xstate_bv = XCR0_X87 | XCR0_SSE;
	return 0;
}

/* Makes the pages present, as far as they can be. */
static int fault_in(const u8 *user)
{
	u32 word;

	for (unsigned int at = 0; at < state_size; at += PAGE_SIZE)
		if (get_user_u32(&word, (const u32 *)(user + at)))
			return -EFAULT;
	return get_user_u32(&word, (const u32 *)(user + state_size - sizeof(word)));
}

/*
 * The task's area is written only where the task cannot be switched out, which would save the
 * registers there. What failed half way is mended by saving them: all of it, since XSAVEOPT
 * trusts the area to hold what was last loaded from it.
 */
static int load_from_user(u8 *area, const u8 *user)
{
	int ret;

	pagefault_disable();
	ret = read_user_state(area, user);
	if (ret) {
		fpu_area_init(area);
		fpu_copy_live(area);
	} else {
		fpu_load(area);
	}
	pagefault_enable();
	return ret;
}

int fpu_load_user(const void *user)
{
	u8 *area = task_fpu_area(current_task());
	int ret;

	if (!user) {
		fpu_reset();
		return 0;
	}
	if ((unsigned long)user % (cpu_features.xsave ? 64 : 16))
		return -EINVAL;
	while ((ret = load_from_user(area, user)) == -EFAULT) {
		if (fault_in(user))
			break;
	}
	return ret;
}

/* x87 exceptions that are pending and not masked: bits as in the status word. */
unsigned int fpu_x87_exceptions(void)
{
	u16 status, control;

	__asm__ __volatile__("fnstsw %0; fnstcw %1" : "=m"(status), "=m"(control));
	return status & ~control & 0x3f;
}

unsigned int fpu_sse_exceptions(void)
{
	u32 mxcsr;

	__asm__ __volatile__("stmxcsr %0" : "=m"(mxcsr));
	return mxcsr & ~(mxcsr >> 7) & 0x3f;
}
