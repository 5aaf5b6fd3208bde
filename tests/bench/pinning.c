/* pinning.c - system calls that hold another's pages: process_vm_readv and vmsplice. */
#include "tests/bench/bench.h"

static long read_process(int pid, char *to, char *from, u64 len)
{
	struct iovec local = { to, len }, remote = { from, len };

	return syscall6(__NR_process_vm_readv, pid, (long)&local, 1, (long)&remote, 1, 0);
}

/* 64 bytes out of each page, one call each. */
static long read_each(int pid, char *to, char *from, u64 pages)
{
	long result = 0;

	for (u64 i = 0; i < pages && result >= 0; i++)
		result = read_process(pid, to, from + i * PAGE_SIZE, 64);
	return result;
}

void bench_process_vm(void)
{
	enum { PAGES = 64 };
	struct row rows[] = { ROW("process_vm_readv_64p", 1), ROW("process_vm_readv_64B", PAGES) };
	char *from, *to;
	int pid = (int)sys_getpid();
	long result = 0;

	if (!rows_wanted(rows, ARRAY_SIZE(rows)))
		return;
	from = map_pages(PAGES);
	to = map_pages(PAGES);
	touch(from, PAGES);
	touch(to, PAGES);
	for (unsigned int i = 0; i < sample_count(9) && result >= 0; i++) {
		u64 start = ticks_now();

		result = read_process(pid, to, from, PAGES * PAGE_SIZE);
		row_stop_sample(&rows[0], start);
	}
	for (unsigned int i = 0; i < sample_count(9) && result >= 0; i++) {
		u64 start = ticks_now();

		result = read_each(pid, to, from, PAGES);
		row_stop_sample(&rows[1], start);
	}
	unmap_pages(from, PAGES);
	unmap_pages(to, PAGES);
	if (result < 0)
		rows_skip(rows, ARRAY_SIZE(rows), "process_vm_readv", result);
	else
		rows_print(rows, ARRAY_SIZE(rows));
}

#define SPLICED 16UL

static long splice_in(int fd, char *pages)
{
	struct iovec range = { pages, SPLICED * PAGE_SIZE };

	return syscall4(__NR_vmsplice, fd, (long)&range, 1, 0);
}

static void drain(int fd, char *to)
{
	u64 got = 0;

	while (got < SPLICED * PAGE_SIZE) {
		long n = sys_read(fd, to + got, SPLICED * PAGE_SIZE - got);

		if (n <= 0)
			break;
		got += (u64)n;
	}
}

void bench_vmsplice(void)
{
	struct row rows[] = { ROW("vmsplice_16p", 1), ROW("vmsplice_16p_drain", 1) };
	char *from, *to;
	int fds[2];
	long result;

	if (!rows_wanted(rows, ARRAY_SIZE(rows)))
		return;
	result = sys_pipe(fds);
	if (result) {
		rows_skip(rows, ARRAY_SIZE(rows), "pipe", result);
		return;
	}
	from = map_pages(SPLICED);
	to = map_pages(SPLICED);
	touch(from, SPLICED);
	touch(to, SPLICED);
	result = SPLICED * PAGE_SIZE;
	for (unsigned int i = 0; i < sample_count(11); i++) {
		u64 start = ticks_now();

		result = splice_in(fds[1], from);
		row_stop_sample(&rows[0], start);
		if (result != SPLICED * PAGE_SIZE)
			break;
		start = ticks_now();
		drain(fds[0], to);
		row_stop_sample(&rows[1], start);
	}
	sys_close(fds[0]);
	sys_close(fds[1]);
	unmap_pages(from, SPLICED);
	unmap_pages(to, SPLICED);
	if (result != SPLICED * PAGE_SIZE)
		rows_skip(rows, ARRAY_SIZE(rows), "vmsplice", result);
	else
		rows_print(rows, ARRAY_SIZE(rows));
}
