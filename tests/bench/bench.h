/*
 * bench.h - what the parts of mmbench share: rows and their samples, memory, processes, threads.
 *
 * mmbench is one freestanding static program over Linux's system calls, so that the same file
 * measures Pleat and Linux. A row is one operation; it prints the median cost of the operation in
 * ticks of the time-stamp counter: instructions under `-icount shift=0`, host cycles otherwise.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>

#include "user/linux.h"

typedef uint64_t u64;

#define MAX_SAMPLES   64
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* One line of the result. A sample may be timed in several pieces, which add up. */
struct row {
	const char *name;
	u64 ops;   /* operations in one sample */
	u64 ticks; /* of the sample under way */
	unsigned int count;
	u64 samples[MAX_SAMPLES]; /* tenths of a tick per operation */
};

/* clang-format off */
#define ROW(row_name, row_ops)	{ .name = (row_name), .ops = (row_ops) }
/* clang-format on */

/* From the program's arguments. */
struct options {
	bool verbose;	 /* print the smallest and the largest sample as well */
	bool huge_pages; /* leave transparent huge pages on */
	bool no_reboot;
	unsigned int samples; /* 0: as many as each row likes */
	unsigned int cpus;
	const char *only;    /* names of rows with commas between, NULL: all */
	const char *profile; /* the row whose timed parts a profiler counts */
	char *exec_path;     /* a program that ends at once */
	char **env;
};

extern struct options options;

/*
 * Reads the time-stamp counter. The profiler (tools/bench/count.c) takes a snapshot of its own
 * counters at each rdtsc of this program, so what lies between two of them can be told apart.
 */
static inline u64 ticks_now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (u64)high << 32 | low;
}

/* report.c */

/* Is one of these rows asked for? Rows that are measured together share the work. */
bool rows_wanted(const struct row *rows, unsigned int n);
bool row_wanted(const struct row *row);

/* How many samples to take; usual where the user did not say. */
unsigned int sample_count(unsigned int usual);

/* Adds a timed piece to the sample under way. */
void row_add(struct row *row, u64 ticks);

/* Ends the sample under way. */
void row_sample(struct row *row);

/* Adds the piece between a ticks_now() and this. */
static inline void row_stop(struct row *row, u64 start) { row_add(row, ticks_now() - start); }

/* ... which is the whole sample. */
static inline void row_stop_sample(struct row *row, u64 start)
{
	row_stop(row, start);
	row_sample(row);
}

/* Each prints one line for each row that is asked for. error: -errno, or 0 if there is none. */
void rows_print(struct row *rows, unsigned int n);
void rows_skip(const struct row *rows, unsigned int n, const char *reason, long error);

/* A line that is no row. */
void print_note(const char *text, u64 a, const char *more, u64 b);

/* lib.c */

bool same_text(const char *a, const char *b);

/* Private writable pages, or NULL; shared ones. */
char *map_pages(u64 pages);
char *map_shared_pages(u64 pages);
void unmap_pages(void *start, u64 pages);

/* A mapping over so many page tables of the lowest level, each with one page; or NULL. */
#define PAGES_A_TABLE 512UL
char *map_tables(u64 tables);
void unmap_tables(void *start, u64 tables);

/* One store, one load in each page. Always inline: the loop is part of what is measured. */
static inline __attribute__((always_inline)) void touch(char *start, u64 pages)
{
	for (u64 i = 0; i < pages; i++)
		*(volatile char *)(start + i * PAGE_SIZE) = 1;
}

static inline __attribute__((always_inline)) void read_pages(char *start, u64 pages)
{
	for (u64 i = 0; i < pages; i++)
		(void)*(volatile char *)(start + i * PAGE_SIZE);
}

/* The first 2 MiB boundary at or after start. */
static inline char *align_2m(char *start)
{
	return (char *)(((uintptr_t)start + 0x1fffff) & ~0x1fffffUL);
}

/* Waits for a child and returns its status word, or -errno. */
long wait_for(long pid);

/* Forks a child that ends at once, and waits for it: 0 or -errno. */
long fork_and_wait(void);

/* Keeps the caller on one CPU. */
void stay_on(unsigned int cpu);
unsigned int allowed_cpus(void);

struct thread {
	int (*entry)(void *arg);
	void *arg;
	char *stack;
	uint32_t tid; /* the kernel clears it when the thread is gone */
};

/* Returns 0 or -errno. The thread ends when its entry returns. */
long thread_start(struct thread *thread, int (*entry)(void *arg), void *arg);
void thread_join(struct thread *thread);

/* gup.c: is there a gup_test? Pages by the lockless walk, 512 at once, and back, in one call. */
bool gup_test_there(void);
void gup_fast_by_512(const char *pages, u64 nr);

/* The groups of rows, one file each. */

void bench_calibration(void);
void bench_null_syscall(void);
void bench_faults(void);
void bench_cow(void);
void bench_fork(void);
void bench_exec(void);
void bench_mmap(void);
void bench_mprotect(void);
void bench_madvise(void);
void bench_mremap(void);
void bench_brk(void);
void bench_signals(void);
void bench_userfaultfd(void);
void bench_process_vm(void);
void bench_vmsplice(void);
void bench_pipe(void);
void bench_gup(void);
void bench_tables(void);
void bench_shootdown(void);
void bench_scaling(void);

#endif
