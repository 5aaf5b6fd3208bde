/*
 * process_vm.c - process_vm_readv and process_vm_writev: another process's memory, by its address.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#define PAGES	40
#define LEN	(PAGES * PAGE_SIZE)

static char *theirs;	/* in the child; what is mapped there in the parent is another page */
static char here[LEN + PAGE_SIZE];
static int child;

static long vm_read(struct iovec *local, unsigned long n, struct iovec *remote, unsigned long m)
{
	return syscall6(__NR_process_vm_readv, child, (long)local, (long)n, (long)remote, (long)m,
			0);
}
static long vm_write(struct iovec *local, unsigned long n, struct iovec *remote, unsigned long m)
{
	return syscall6(__NR_process_vm_writev, child, (long)local, (long)n, (long)remote, (long)m,
			0);
}
static long read_one(void *to, const void *from, size_t len)
{
	struct iovec local = { to, len }, remote = { (void *)from, len };

	return vm_read(&local, 1, &remote, 1);
}
static long write_one(const void *from, void *to, size_t len)
{
	struct iovec local = { (void *)from, len }, remote = { to, len };

	return vm_write(&local, 1, &remote, 1);
}

/* The child writes what only it sees, says so, and waits for its end. */
static int child_runs(void *arg)
{
	int *pipes = arg;
	char c = 1;

	for (int i = 0; i < PAGES; i++)
		theirs[(long)i * PAGE_SIZE] = theirs[(long)i * PAGE_SIZE + 4095] = (char)(i + 1);
	sys_mprotect((uintptr_t)theirs + 30 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
	sys_mprotect((uintptr_t)theirs + 31 * PAGE_SIZE, PAGE_SIZE, PROT_NONE);
	sys_munmap((uintptr_t)theirs + 32 * PAGE_SIZE, PAGE_SIZE);
	sys_write(pipes[1], &c, 1);
	sys_read(pipes[2], &c, 1);
	for (int i = 0; i < 30; i++)
		if (theirs[(long)i * PAGE_SIZE + 8] != 'w')
			return 10 + i;
	return 0;
}

static void test_reading(void)
{
	struct iovec local[3] = { { here, 3 }, { here + 10, 0 }, { here + 100, 8000 } };
	struct iovec remote[2] = { { theirs + 4095, 1 }, { theirs + 4096, 8002 } };
	bool all = true;

	is(read_one(here, theirs, 30 * PAGE_SIZE), 30 * PAGE_SIZE, "reads-thirty-pages");
	for (int i = 0; i < 30; i++)
		all &= here[i * 4096] == i + 1 && here[i * 4096 + 4095] == i + 1;
	ok(all, "as-the-child-wrote-them");
	is(theirs[0], 0, "the-parents-own-is-another");
	is(vm_read(local, 3, remote, 2), 8003, "segments-are-one-stream");
	ok(here[0] == 1 && here[1] == 2 && here[100 + 4096 - 3] == 2 && here[100 + 4096 - 2] == 3,
	   "in-order");
	local[0].iov_len = 5;
	is(vm_read(local, 1, remote, 2), 5, "as-much-as-there-is-room-for");
	is(read_one(here, theirs + 30 * PAGE_SIZE, 4096), 4096, "read-only-memory-is-read");
	is(read_one(here, theirs, 0), 0, "nothing-is-nothing");
}

static void test_writing(void)
{
	char w = 'w';
	bool all = true;

	for (int i = 0; i < 30; i++)
		all &= write_one(&w, theirs + (long)i * PAGE_SIZE + 8, 1) == 1;
	ok(all, "writes-a-byte-to-each-page");
	is(theirs[8], 0, "not-to-the-parents");
	is(write_one(here, theirs + 30 * PAGE_SIZE, 8), -EFAULT,
	   "read-only-memory-is-not-written");
	is(write_one(here, theirs + 29 * PAGE_SIZE + 4000, 200), 96, "what-can-be-written-counts");
}

static void test_bad_addresses(void)
{
	struct iovec local = { here, 10 }, remote = { theirs, 10 };

	is(read_one(here, theirs + 31 * PAGE_SIZE, 8), -EFAULT, "prot-none-is-efault");
	is(read_one(here, theirs + 32 * PAGE_SIZE, 8), -EFAULT, "a-hole-is-efault");
	is(read_one(here, theirs + 30 * PAGE_SIZE + 4090, 100), 6, "up-to-the-hole-counts");
	is(read_one(here, (void *)0xffff800000000000, 8), -EFAULT, "kernel-addresses-are-efault");
	is(read_one(here, (void *)-8L, 8), -EFAULT, "the-last-address-is-efault");
	is(read_one((void *)8, theirs, 8), -EFAULT, "a-bad-buffer-of-ours-is-efault");
	is(vm_read((void *)8, 1, &remote, 1), -EFAULT, "a-bad-local-vector");
	is(vm_read(&local, 1, (void *)8, 1), -EFAULT, "a-bad-remote-vector");
}

static void test_bad_arguments(void)
{
	struct iovec local = { here, 10 }, remote = { theirs, 10 },
		     negative = { here, (size_t)-1 };
	int pid = child;

	is(syscall6(__NR_process_vm_readv, child, (long)&local, 1, (long)&remote, 1, 1), -EINVAL,
	   "flags-are-einval");
	is(vm_read(&local, 1025, &remote, 1), -EINVAL, "too-many-local-segments");
	is(vm_read(&local, 1, &remote, 1025), -EINVAL, "too-many-remote-segments");
	is(vm_read(&negative, 1, &remote, 1), -EINVAL, "a-negative-length");
	is(vm_read(&local, 0, &remote, 1), 0, "no-local-segments");
	is(vm_read(&local, 1, &remote, 0), 0, "no-remote-segments");
	child = 0x3fffffff;
	is(vm_read(&local, 1, &remote, 1), -ESRCH, "nobody-of-that-number");
	is(vm_read(&local, 1, &remote, 0), 0, "unless-there-is-nothing-to-do");
	child = pid;
}

int main(void)
{
	int up[2], down[2], pipes[4];
	char c;

	tap_plan(30);
	theirs = map_private(LEN);
	sys_pipe(up);
	sys_pipe(down);
	pipes[1] = up[1];
	pipes[2] = down[0];
	child = child_start(child_runs, pipes);
	sys_read(up[0], &c, 1);
	test_reading();
	test_writing();
	test_bad_addresses();
	test_bad_arguments();
	sys_write(down[1], &c, 1);
	is(child_verdict(child_wait(child)), 0, "the-child-sees-what-was-written");
	is(read_one(here, theirs, 8), -ESRCH, "a-process-that-has-ended");
	return tap_done();
}
