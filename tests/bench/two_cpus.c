/*
 * two_cpus.c - what a second CPU costs and brings: shootdowns; faults and lockless walks in
 * parallel.
 *
 * The waiting loops here spin without PAUSE where an interrupt must get through at once: each
 * PAUSE leaves QEMU's CPU loop and takes its big lock, which makes an IPI six times as slow.
 */
#include "tests/bench/bench.h"

static volatile bool keep_spinning, spinning;

static int spin(void *arg)
{
	stay_on(1);
	sys_sched_yield();
	spinning = true;
	while (keep_spinning)
		;
	return 0;
}

static void relax(void) { __asm__ volatile("pause"); }

enum { CYCLE, UNMAP, PROTECT, TABLES, SHOOT_ROWS };

#define TABLES_EACH 8UL

static void sample_table_shootdowns(struct row *row)
{
	for (u64 i = 0; i < row->ops; i++) {
		char *mapping = map_tables(TABLES_EACH);
		u64 start = ticks_now();

		unmap_tables(mapping, TABLES_EACH);
		row_stop(row, start);
	}
	row_sample(row);
}

static void sample_shootdowns(struct row *rows, char *page)
{
	u64 start = ticks_now();

	for (u64 i = 0; i < rows[CYCLE].ops; i++) {
		char *mapping = map_pages(1);

		touch(mapping, 1);
		unmap_pages(mapping, 1);
	}
	row_stop_sample(&rows[CYCLE], start);
	for (u64 i = 0; i < rows[UNMAP].ops; i++) {
		char *mapping = map_pages(1);

		touch(mapping, 1);
		start = ticks_now();
		unmap_pages(mapping, 1);
		row_stop(&rows[UNMAP], start);
	}
	row_sample(&rows[UNMAP]);
	for (u64 i = 0; i < rows[PROTECT].ops; i++) {
		start = ticks_now();
		sys_mprotect((uintptr_t)page, PAGE_SIZE, PROT_READ);
		row_stop(&rows[PROTECT], start);
		sys_mprotect((uintptr_t)page, PAGE_SIZE, PROT_READ | PROT_WRITE);
		touch(page, 1);
	}
	row_sample(&rows[PROTECT]);
	sample_table_shootdowns(&rows[TABLES]);
}

/* With or without another thread of this process that runs on the other CPU. */
static void shoot(struct row *rows, bool other)
{
	struct thread thread;
	char *page;

	if (!rows_wanted(rows, SHOOT_ROWS))
		return;
	keep_spinning = true;
	spinning = false;
	if (other) {
		long result = thread_start(&thread, spin, NULL);

		if (result) {
			rows_skip(rows, SHOOT_ROWS, "clone", result);
			return;
		}
		while (!spinning)
			sys_sched_yield();
	}
	page = map_pages(1);
	touch(page, 1);
	for (unsigned int i = 0; i < sample_count(9); i++)
		sample_shootdowns(rows, page);
	keep_spinning = false;
	if (other)
		thread_join(&thread);
	unmap_pages(page, 1);
	rows_print(rows, SHOOT_ROWS);
}

void bench_shootdown(void)
{
	struct row alone[] = { ROW("shoot_mmap_touch_munmap_1p_alone", 200),
			       ROW("shoot_munmap_only_alone", 200),
			       ROW("shoot_mprotect_1p_alone", 200),
			       ROW("shoot_munmap_8tables_alone", 10) };
	struct row two[] = { ROW("shoot_mmap_touch_munmap_1p_2thr", 200),
			     ROW("shoot_munmap_only_2thr", 200),
			     ROW("shoot_mprotect_1p_2thr", 200),
			     ROW("shoot_munmap_8tables_2thr", 10) };

	if (options.cpus < 2) {
		rows_skip(alone, SHOOT_ROWS, "one CPU", 0);
		rows_skip(two, SHOOT_ROWS, "one CPU", 0);
		return;
	}
	stay_on(0);
	shoot(alone, false);
	shoot(two, true);
}

#define PAGES 4096UL

/* What each thread does with pages of its own. */
struct work {
	void (*prepare)(char *pages); /* before both begin; may be NULL */
	void (*run)(char *pages);
	u64 ops; /* of one thread */
};

static void touch_pages(char *pages) { touch(pages, PAGES); }

static const struct work touching = { .run = touch_pages, .ops = PAGES };

#define GUP_ROUNDS 20UL
/*
 * Pages of one system call. Threads share their table of files: each call takes its lock and a
 * reference. For more pages the kernel's array would not be memory of the CPU's own.
 */
#define GUP_PAGES 1024UL

static void gup_pages(char *pages)
{
	for (u64 i = 0; i < GUP_ROUNDS * PAGES; i += GUP_PAGES)
		gup_fast_by_512(pages + i % PAGES * PAGE_SIZE, GUP_PAGES);
}

static const struct work walking = { touch_pages, gup_pages, GUP_ROUNDS * PAGES };

static volatile unsigned int ready;
static volatile bool go;

struct share {
	const struct work *work;
	char *pages;
	u64 start, end;
};

static void prepare_share(struct share *share)
{
	if (share->work->prepare)
		share->work->prepare(share->pages);
}

static void run_share(struct share *share)
{
	share->start = ticks_now();
	share->work->run(share->pages);
	share->end = ticks_now();
}

static int run_on_go(void *arg)
{
	stay_on(1);
	sys_sched_yield();
	prepare_share(arg);
	ready = 1;
	while (!go)
		relax();
	run_share(arg);
	return 0;
}

/* From the first start to the last end. */
static u64 span(const struct share *a, const struct share *b)
{
	u64 start = a->start < b->start ? a->start : b->start;
	u64 end = a->end > b->end ? a->end : b->end;

	return end - start;
}

/* Each CPU works in its own 2 MiB blocks, so that no page table is shared. */
static long sample_threads(struct row *row, const struct work *work, bool other)
{
	u64 space = 2 * PAGES + 512;
	char *mapping = map_pages(space);
	struct share mine = { .work = work, .pages = align_2m(mapping) };
	struct share theirs = { .work = work, .pages = mine.pages + PAGES * PAGE_SIZE };
	struct thread thread;
	long result = 0;

	ready = 0;
	go = false;
	prepare_share(&mine);
	if (other) {
		result = thread_start(&thread, run_on_go, &theirs);
		while (!result && !ready)
			sys_sched_yield();
	}
	if (!result) {
		go = true;
		run_share(&mine);
		if (other)
			thread_join(&thread);
		row_add(row, other ? span(&mine, &theirs) : mine.end - mine.start);
		row_sample(row);
	}
	unmap_pages(mapping, space);
	return result;
}

static void scale_threads(const char *name, const struct work *work, bool other)
{
	struct row row = ROW(name, other ? 2 * work->ops : work->ops);
	long result = 0;

	if (!row_wanted(&row))
		return;
	for (unsigned int i = 0; i < sample_count(9) && !result; i++)
		result = sample_threads(&row, work, other);
	if (result)
		rows_skip(&row, 1, "clone", result);
	else
		rows_print(&row, 1);
}

/* What two processes share: where they meet, and the child's times. */
struct meeting {
	volatile unsigned int ready, go;
	struct share child;
};

static void touch_in_child(struct meeting *meeting)
{
	stay_on(1);
	sys_sched_yield();
	meeting->child = (struct share){ .work = &touching, .pages = map_pages(PAGES) };
	meeting->ready = 1;
	while (!meeting->go)
		relax();
	run_share(&meeting->child);
	sys_exit_group(0);
}

static long sample_processes(struct row *row)
{
	struct meeting *meeting = (struct meeting *)map_shared_pages(1);
	struct share mine = { .work = &touching, .pages = map_pages(PAGES) };
	long pid;

	touch((char *)meeting, 1);
	meeting->ready = 0;
	pid = sys_fork();
	if (pid == 0)
		touch_in_child(meeting);
	if (!is_error(pid)) {
		while (!meeting->ready)
			relax();
		meeting->go = 1;
		run_share(&mine);
		wait_for(pid);
		row_add(row, span(&mine, &meeting->child));
		row_sample(row);
	}
	unmap_pages(mine.pages, PAGES);
	unmap_pages(meeting, 1);
	return is_error(pid) ? pid : 0;
}

static void scale_processes(void)
{
	struct row row = ROW("scale_fault_2proc_per_page", 2 * PAGES);
	long result = 0;

	if (!row_wanted(&row))
		return;
	for (unsigned int i = 0; i < sample_count(9) && !result; i++)
		result = sample_processes(&row);
	if (result)
		rows_skip(&row, 1, "fork", result);
	else
		rows_print(&row, 1);
}

void bench_scaling(void)
{
	struct row rows[] = { ROW("scale_fault_1thr_per_page", 1),
			      ROW("scale_fault_2thr_per_page", 1),
			      ROW("scale_fault_2proc_per_page", 1),
			      ROW("scale_gup_1thr_per_page", 1),
			      ROW("scale_gup_2thr_per_page", 1) };

	if (options.cpus < 2) {
		rows_skip(rows, ARRAY_SIZE(rows), "one CPU", 0);
		return;
	}
	stay_on(0);
	scale_threads("scale_fault_1thr_per_page", &touching, false);
	scale_threads("scale_fault_2thr_per_page", &touching, true);
	scale_processes();
	if (!gup_test_there()) {
		rows_skip(rows + 3, 2, "no gup_test", 0);
		return;
	}
	scale_threads("scale_gup_1thr_per_page", &walking, false);
	scale_threads("scale_gup_2thr_per_page", &walking, true);
}
