/* faults.c - the system call that does nothing, first touches, and copy on write. */
#include "tests/bench/bench.h"

#define PAGES 4096UL

void bench_null_syscall(void)
{
	struct row row = ROW("null_syscall", 5000);

	if (!row_wanted(&row))
		return;
	for (unsigned int i = 0; i < sample_count(11); i++) {
		u64 start = ticks_now();

		for (u64 call = 0; call < row.ops; call++)
			sys_getpid();
		row_stop_sample(&row, start);
	}
	rows_print(&row, 1);
}

/* A new mapping is read (the zero page), then written, then written again without a fault. */
static bool sample_read_first(struct row *read, struct row *write, struct row *warm)
{
	char *pages = map_pages(PAGES);
	u64 start;

	if (!pages)
		return false;
	start = ticks_now();
	read_pages(pages, PAGES);
	row_stop_sample(read, start);
	start = ticks_now();
	touch(pages, PAGES);
	row_stop_sample(write, start);
	start = ticks_now();
	touch(pages, PAGES);
	row_stop_sample(warm, start);
	unmap_pages(pages, PAGES);
	return true;
}

static bool sample_write_first(struct row *write, struct row *unmap)
{
	char *pages = map_pages(PAGES);
	u64 start;

	if (!pages)
		return false;
	start = ticks_now();
	touch(pages, PAGES);
	row_stop_sample(write, start);
	start = ticks_now();
	unmap_pages(pages, PAGES);
	row_stop_sample(unmap, start);
	return true;
}

void bench_faults(void)
{
	enum { READ, WRITE, WRITE_AFTER_READ, WARM, UNMAP };
	struct row rows[] = {
		ROW("fault_read_zeropage", PAGES),    ROW("fault_write_anon", PAGES),
		ROW("fault_write_after_read", PAGES), ROW("touch_warm", PAGES),
		ROW("munmap_4096p_per_page", PAGES),
	};

	if (!rows_wanted(rows, ARRAY_SIZE(rows)))
		return;
	for (unsigned int i = 0; i < sample_count(11); i++) {
		if (!sample_read_first(&rows[READ], &rows[WRITE_AFTER_READ], &rows[WARM]) ||
		    !sample_write_first(&rows[WRITE], &rows[UNMAP])) {
			rows_skip(rows, ARRAY_SIZE(rows), "mmap of 4096 pages", 0);
			return;
		}
	}
	rows_print(rows, ARRAY_SIZE(rows));
}

/* The child breaks the sharing of every page, and sends what that took through the pipe. */
static long sample_child(struct row *row, char *pages, int fds[2])
{
	u64 ticks = 0;
	long pid;

	touch(pages, PAGES);
	pid = sys_fork();
	if (is_error(pid))
		return pid;
	if (pid == 0) {
		u64 start = ticks_now();

		touch(pages, PAGES);
		row_stop(row, start);
		sys_write(fds[1], &row->ticks, sizeof(row->ticks));
		sys_exit_group(0);
	}
	sys_read(fds[0], &ticks, sizeof(ticks));
	wait_for(pid);
	row->ticks = ticks;
	row_sample(row);
	return 0;
}

/* After the child's end the pages are the parent's alone: nothing need be copied. */
static long sample_parent(struct row *row, char *pages)
{
	u64 start;
	long result;

	touch(pages, PAGES);
	result = fork_and_wait();
	if (result)
		return result;
	start = ticks_now();
	touch(pages, PAGES);
	row_stop_sample(row, start);
	return 0;
}

void bench_cow(void)
{
	struct row rows[] = { ROW("cow_fault_child", PAGES), ROW("cow_reuse_parent", PAGES) };
	const char *what = "pipe";
	char *pages;
	int fds[2];
	long result;

	if (!rows_wanted(rows, ARRAY_SIZE(rows)))
		return;
	pages = map_pages(PAGES);
	result = pages ? sys_pipe(fds) : -ENOMEM;
	if (!result) {
		what = "fork";
		for (unsigned int i = 0; i < sample_count(7) && !result; i++) {
			result = sample_child(&rows[0], pages, fds);
			if (!result)
				result = sample_parent(&rows[1], pages);
		}
		sys_close(fds[0]);
		sys_close(fds[1]);
	}
	if (pages)
		unmap_pages(pages, PAGES);
	if (result)
		rows_skip(rows, ARRAY_SIZE(rows), what, result);
	else
		rows_print(rows, ARRAY_SIZE(rows));
}
