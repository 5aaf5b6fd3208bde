/*
 * calibration.c - what one tick is: rows that need no kernel. They have the same figures on both
 * kernels, or the comparison is not fair.
 */
#include "tests/bench/bench.h"

static char page[PAGE_SIZE] __attribute__((aligned(4096)));
static char source[PAGE_SIZE] __attribute__((aligned(4096)));

static void loop(void)
{
	u64 n = 1000;

	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(n));
}

static void nothing(void) {}

static void zero_bytes(void)
{
	void *dst = page;
	u64 n = sizeof(page);

	__asm__ volatile("rep stosb" : "+D"(dst), "+c"(n) : "a"(0) : "memory");
}

static void zero_words(void)
{
	void *dst = page;
	u64 n = sizeof(page) / 8;

	__asm__ volatile("rep stosq" : "+D"(dst), "+c"(n) : "a"(0L) : "memory");
}

static void copy_words(void)
{
	void *dst = page, *src = source;
	u64 n = sizeof(page) / 8;

	__asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(n)::"memory");
}

static void zero_unrolled(void)
{
	void *dst = page;
	u64 n = sizeof(page) / 64;

	__asm__ volatile("1: mov %2, (%0)\n\tmov %2, 8(%0)\n\tmov %2, 16(%0)\n\tmov %2, 24(%0)\n\t"
			 "mov %2, 32(%0)\n\tmov %2, 40(%0)\n\tmov %2, 48(%0)\n\tmov %2, 56(%0)\n\t"
			 "lea 64(%0), %0\n\tdec %1\n\tjnz 1b"
			 : "+r"(dst), "+r"(n)
			 : "r"(0L)
			 : "memory");
}

static inline __attribute__((always_inline)) void calibrate(const char *name, void (*work)(void))
{
	struct row row = ROW(name, 1);

	if (!row_wanted(&row))
		return;
	for (unsigned int i = 0; i < sample_count(11); i++) {
		u64 start = ticks_now();

		work();
		row_stop_sample(&row, start);
	}
	rows_print(&row, 1);
}

void bench_calibration(void)
{
	calibrate("calib_loop2000insn", loop);
	calibrate("calib_rdtsc_pair", nothing);
	calibrate("calib_zero_stosb4096", zero_bytes);
	calibrate("calib_zero_stosq512", zero_words);
	calibrate("calib_copy_movsq512", copy_words);
	calibrate("calib_zero_unrolled8", zero_unrolled);
}
