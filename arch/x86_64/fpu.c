/*
 * FPU, SSE and AVX state of programs. It is saved and loaded eagerly at each switch between tasks;
 * the kernel itself uses none of these registers. The area of a task lies at the top of its kernel
 * stack.
 */
#include "kernel/base/string.h"
#include "machine/fpu.h"

#define XCR0_X87	BIT(0)
#define XCR0_SSE	BIT(1)
#define XCR0_AVX	BIT(2)
#define XCR0_AVX512	(7ul << 5)

#define FXSAVE_SIZE	512
#define XSAVE_HEADER	64
#define FPU_AREA_MAX	4096

#define FCW_INIT	0x37f		/* all x87 exceptions masked, full precision */
#define MXCSR_INIT	0x1f80		/* all SSE exceptions masked */

unsigned int fpu_area_size = FXSAVE_SIZE;
static u64 xcr0;

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
	if (cpu_features.xsave)
		xsetbv(xcr0);
	fpu_load(initial_state);
}

/* The size of an area depends on what XCR0 enables: leaf 13 says it only once that is done. */
void fpu_detect(void)
{
	*(u16 *)initial_state = FCW_INIT;
	*(u32 *)(initial_state + 24) = MXCSR_INIT;
	if (!cpu_features.xsave)
		return;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	xcr0 = cpuid(13, 0).eax & (XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_AVX512);
	if ((xcr0 & (XCR0_AVX512 | XCR0_AVX)) != (XCR0_AVX512 | XCR0_AVX))
		xcr0 &= ~XCR0_AVX512;
	xsetbv(xcr0);
	fpu_area_size = ALIGN_UP(cpuid(13, 0).ebx, 64);
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
