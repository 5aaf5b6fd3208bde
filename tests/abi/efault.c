/*
 * efault.c - bad pointers, at every call that takes one: always -EFAULT, never anything worse,
 * from whatever corner of the address space they come.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

static struct bad {
	const char *kind;
	uintptr_t address;
	bool readable;			/* bad only for what the kernel writes */
} bads[] = {
	{ "null", 0, false },
	{ "unmapped", 0, false },
	{ "prot-none", 0, false },
	{ "read-only", 0, true },
	{ "user-end", 0x7ffffffffff0UL, false },
	{ "non-canonical", 0x8000000000000000UL, false },
	{ "kernel-half", 0xffff800000000000UL, false },
	{ "kernel-image", 0xffffffff80000000UL, false },
	{ "last-byte", ~0UL, false },
};

enum { KINDS = sizeof(bads) / sizeof(bads[0]) };

static int pipe_with_byte[2];
static int file;
static char *good;			/* a page of memory that anything may be written to */

typedef long probe(uintptr_t address);

/* Each makes one call with a bad pointer; the rest of its arguments is right. */

static long read_pipe(uintptr_t p) { return sys_read(pipe_with_byte[0], (void *)p, 16); }
static long read_file(uintptr_t p) { return sys_read(file, (void *)p, 16); }
static long write_pipe(uintptr_t p) { return sys_write(pipe_with_byte[1], (void *)p, 16); }
static long open_path(uintptr_t p) { return sys_open((char *)p, O_RDONLY, 0); }
static long fstat_file(uintptr_t p) { return sys_fstat(file, (void *)p); }
static long pipe_fds(uintptr_t p) { return sys_pipe((int *)p); }
static long clock_now(uintptr_t p) { return sys_clock_gettime(CLOCK_MONOTONIC, (void *)p); }
static long sleep_span(uintptr_t p) { return sys_nanosleep((void *)p, NULL); }
static long get_affinity(uintptr_t p) { return sys_sched_getaffinity(0, 128, (void *)p); }
static long set_affinity(uintptr_t p) { return sys_sched_setaffinity(0, 8, (void *)p); }
static long exec_path(uintptr_t p) { return sys_execve((char *)p, NULL, NULL); }
static long get_fs(uintptr_t p) { return sys_arch_prctl(ARCH_GET_FS, p); }
static long name_system(uintptr_t p) { return syscall1(__NR_uname, (long)p); }
static long list_root(uintptr_t p)
{
	long fd = sys_open("/", O_RDONLY | O_DIRECTORY, 0);
	long result = sys_getdents64((int)fd, (void *)p, 4096);

	sys_close((int)fd);
	return result;
}

static int exits(void *arg)
{
	(void)arg;
	return 0;
}

static long wait_status(uintptr_t p)
{
	int pid = child_start(exits, NULL);

	return sys_wait4(pid, (int *)p, 0, NULL);
}

static long walk_result(uintptr_t p)
{
	return sys_prctl(PR_PLEAT_WALK, (uintptr_t)&file, p);
}

static const struct {
	const char *call;
	probe *probe;
	bool kernel_reads;		/* a read-only page is good for it */
	bool null_is_fine;
} calls[] = {
	{ "read-of-a-pipe", read_pipe, false, false },
	{ "read-of-a-file", read_file, false, false },
	{ "write", write_pipe, true, false },
	{ "open", open_path, true, false },
	{ "fstat", fstat_file, false, false },
	{ "pipe", pipe_fds, false, false },
	{ "clock-gettime", clock_now, false, false },
	{ "nanosleep", sleep_span, true, false },
	{ "sched-getaffinity", get_affinity, false, false },
	{ "sched-setaffinity", set_affinity, true, false },
	{ "execve", exec_path, true, false },
	{ "arch-prctl", get_fs, false, false },
	{ "uname", name_system, false, false },
	{ "getdents64", list_root, false, false },
	{ "wait4", wait_status, false, true },
	{ "prctl-walk", walk_result, false, false },
};

static void prepare(void)
{
	char *mem = map_private(3 * PAGE_SIZE);

	good = map_private(PAGE_SIZE);
	unmap(mem, PAGE_SIZE);
	sys_mprotect((uintptr_t)mem + PAGE_SIZE, PAGE_SIZE, PROT_NONE);
	sys_mprotect((uintptr_t)mem + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
	bads[1].address = (uintptr_t)mem + 64;
	bads[2].address = (uintptr_t)mem + PAGE_SIZE + 64;
	bads[3].address = (uintptr_t)mem + 2 * PAGE_SIZE + 64;
	sys_pipe(pipe_with_byte);
	sys_write(pipe_with_byte[1], "some bytes to be read", 21);
}

static void test_call(size_t index)
{
	const char *wrong = NULL;
	long result = 0;
	int bad = 0;

	for (int i = 0; i < KINDS; i++) {
		if ((bads[i].readable && calls[index].kernel_reads) ||
		    (bads[i].address == 0 && calls[index].null_is_fine))
			continue;
		result = calls[index].probe(bads[i].address);
		if (result == -EFAULT)
			continue;
		wrong = bads[i].kind;
		bad++;
		note("%s with a %s pointer: %ld", calls[index].call, wrong, result);
	}
	ok(bad == 0, "efault-at-%s", calls[index].call);
}

/* Is the call there at all? Only those that a system may lack are asked. */
static bool lacks(probe *call)
{
	long result;

	if (call != name_system && call != list_root && call != walk_result)
		return false;
	result = call((uintptr_t)good);
	return result == -ENOSYS || result == -EINVAL;
}

/* Nothing was lost by a read that failed. */
static void test_pipe_intact(void)
{
	char bytes[32];

	is(sys_read(pipe_with_byte[0], bytes, sizeof(bytes)), 21,
	   "a-failed-read-leaves-the-bytes-in-the-pipe");
	ok(memcmp(bytes, "some bytes to be read", 21) == 0, "they-are-unchanged");
}

/* The string, or the structure, begins in good memory and ends in bad. */
static void test_straddling(void)
{
	char *mem = map_private(2 * PAGE_SIZE);
	char *end = mem + PAGE_SIZE;

	unmap(end, PAGE_SIZE);
	memset(mem, '/', PAGE_SIZE);
	is(sys_open(end - 20, O_RDONLY, 0), -EFAULT, "a-path-that-runs-into-bad-memory");
	is(sys_clock_gettime(CLOCK_MONOTONIC, (void *)(end - 8)), -EFAULT,
	   "a-structure-that-runs-into-bad-memory");
	is(sys_fstat(file, (void *)(end - 100)), -EFAULT, "a-large-structure-that-does");
	is(sys_pipe((int *)(end - 4)), -EFAULT, "two-descriptors-with-room-for-one");
	memset(mem, '/', PAGE_SIZE - 1);
	end[-1] = '\0';
	ok(sys_open(end - 20, O_RDONLY, 0) >= 0, "a-path-that-just-fits");
	unmap(mem, PAGE_SIZE);
}

/* A refused pipe(2) keeps no descriptor. */
static void test_no_leak(void)
{
	int before[2], after[2];

	sys_pipe(before);
	sys_close(before[0]);
	sys_close(before[1]);
	for (int i = 0; i < 10; i++)
		pipe_fds(8);
	sys_pipe(after);
	ok(before[0] == after[0] && before[1] == after[1], "a-refused-pipe-keeps-no-descriptor");
	sys_close(after[0]);
	sys_close(after[1]);
}

int main(int argc, char **argv)
{
	size_t count = sizeof(calls) / sizeof(calls[0]);

	(void)argc;
	file = (int)sys_open(argv[0], O_RDONLY, 0);
	prepare();
	tap_plan((int)count + 8);
	for (size_t i = 0; i < count; i++) {
		if (lacks(calls[i].probe))
			skip("no such call", "efault-at-%s", calls[i].call);
		else
			test_call(i);
	}
	test_pipe_intact();
	test_straddling();
	test_no_leak();
	return tap_done();
}
