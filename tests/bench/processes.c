/* processes.c - fork, exit and wait with more and more pages; exec; two processes and a pipe. */
#include "tests/bench/bench.h"

static long sample_fork(struct row *row)
{
	u64 start = ticks_now();
	long result = 0;

	for (u64 i = 0; i < row->ops && !result; i++)
		result = fork_and_wait();
	row_stop_sample(row, start);
	return result;
}

static void fork_with_pages(const char *name, u64 ops, u64 pages)
{
	struct row row = ROW(name, ops);
	char *mapping = NULL;
	long result = 0;

	if (!row_wanted(&row))
		return;
	if (pages) {
		mapping = map_pages(pages);
		if (!mapping) {
			rows_skip(&row, 1, "mmap", 0);
			return;
		}
		touch(mapping, pages);
	}
	for (unsigned int i = 0; i < sample_count(7) && !result; i++)
		result = sample_fork(&row);
	if (mapping)
		unmap_pages(mapping, pages);
	if (result)
		rows_skip(&row, 1, "fork", result);
	else
		rows_print(&row, 1);
}

void bench_fork(void)
{
	fork_with_pages("fork_exit_wait_0p", 20, 0);
	fork_with_pages("fork_exit_wait_1024p", 10, 1024);
	fork_with_pages("fork_exit_wait_16384p", 2, 16384);
}

#define EXEC_FAILED 99

/* The child's exit status, or -errno. */
static long fork_exec_wait(void)
{
	char *args[] = { options.exec_path, NULL };
	long pid = sys_fork(), status;

	if (pid == 0) {
		sys_execve(options.exec_path, args, options.env);
		sys_exit_group(EXEC_FAILED);
	}
	status = is_error(pid) ? pid : wait_for(pid);
	return is_error(status) ? status : WEXITSTATUS(status);
}

void bench_exec(void)
{
	struct row row = ROW("fork_exec_wait", 10);
	long result = 0;

	if (!row_wanted(&row))
		return;
	for (unsigned int i = 0; i < sample_count(7) && !result; i++) {
		u64 start = ticks_now();

		for (u64 child = 0; child < row.ops && !result; child++)
			result = fork_exec_wait();
		row_stop_sample(&row, start);
	}
	if (result)
		rows_skip(&row, 1, is_error(result) ? "fork" : "cannot execute /tiny", result);
	else
		rows_print(&row, 1);
}

static void send_back(int in, int out)
{
	char c;

	while (sys_read(in, &c, 1) == 1)
		sys_write(out, &c, 1);
	sys_exit_group(0);
}

static void round_trips(u64 n, int out, int in)
{
	char c = 0;

	for (u64 i = 0; i < n; i++) {
		sys_write(out, &c, 1);
		sys_read(in, &c, 1);
	}
}

static long sample_pipe(struct row *row, int there[2], int back[2])
{
	long pid = sys_fork();

	if (is_error(pid))
		return pid;
	if (pid == 0) {
		sys_close(there[1]);
		send_back(there[0], back[1]);
	}
	round_trips(10, there[1], back[0]);
	for (unsigned int i = 0; i < sample_count(9); i++) {
		u64 start = ticks_now();

		round_trips(row->ops, there[1], back[0]);
		row_stop_sample(row, start);
	}
	sys_close(there[1]);
	wait_for(pid);
	return 0;
}

void bench_pipe(void)
{
	struct row row = ROW("pipe_pingpong_rt", 200);
	int there[2], back[2];
	long result;

	if (!row_wanted(&row))
		return;
	result = sys_pipe(there);
	if (!result)
		result = sys_pipe(back);
	if (!result)
		result = sample_pipe(&row, there, back);
	if (result) {
		rows_skip(&row, 1, "pipe or fork", result);
		return;
	}
	sys_close(there[0]);
	sys_close(back[0]);
	sys_close(back[1]);
	rows_print(&row, 1);
}
