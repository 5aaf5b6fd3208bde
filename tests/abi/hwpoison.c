/*
 * hwpoison.c - broken memory, by MADV_HWPOISON: who uses it, in which way it may be, learns of it.
 *
 * What is broken stays so until the machine boots again. Where this program does not have the
 * machine to itself (Pleat's, or one whose init it is) it only asks for what is refused.
 */
#include "kernel/uapi/fadvise.h"
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/signals.h"
#include "user/tap.h"

#include <string.h>

#define MAY_BREAK 64	/* cases that break something */

static struct __kernel_siginfo info;
static volatile int count;
static uint64_t resume;

static void on_fault(int signo, struct __kernel_siginfo *i, struct __kernel_ucontext *uc)
{
	(void)signo;
	count++;
	info = *i;
	uc->uc_mcontext.rip = resume;
}

/* One access; true if it was a fault, of which info tells. */
static bool faults(volatile char *target, bool write)
{
	count = 0;
	if (write)
		__asm__ volatile("lea 1f(%%rip), %%rax\n\tmov %%rax, %0\n\tmovb $1, (%1)\n1:"
				 : "=m"(resume) : "r"(target) : "rax", "memory");
	else
		__asm__ volatile("lea 1f(%%rip), %%rax\n\tmov %%rax, %0\n\tmovb (%1), %%cl\n1:"
				 : "=m"(resume) : "r"(target) : "rax", "rcx", "memory");
	return count;
}
static bool is_told(volatile char *target, bool write)
{
	return faults(target, write) && info.si_signo == SIGBUS && info.si_code == BUS_MCEERR_AR &&
	       info.fault.addr == (uintptr_t)target && info.fault.addr_lsb == 12;
}
/* Reads and writes. */
static bool broken(volatile char *target)
{
	return is_told(target, false) && is_told(target, true);
}

static long breaks(void *mem, size_t len)
{
	return sys_madvise((uintptr_t)mem, len, MADV_HWPOISON);
}

static long populate(void *mem, int advice)
{
	return sys_madvise((uintptr_t)mem, PAGE_SIZE, advice);
}

static long dontneed(void *mem) { return sys_madvise((uintptr_t)mem, PAGE_SIZE, MADV_DONTNEED); }
static long wait_for_writes(int fd)
{
	return syscall4(__NR_sync_file_range, fd, 0, PAGE_SIZE, SYNC_FILE_RANGE_WAIT_BEFORE);
}
static long hardware_corrupted(void) { return proc_field("/proc/meminfo", "HardwareCorrupted"); }

static int child_is_told(void *arg) { return broken(arg) ? 0 : 1; }

static void test_private(void)
{
	long before = hardware_corrupted();
	char *mem = map_private(3 * PAGE_SIZE);

	memset(mem, 7, 3 * PAGE_SIZE);
	is(breaks(mem + PAGE_SIZE, PAGE_SIZE), 0, "a-page-of-private-memory");
	ok(broken(mem + PAGE_SIZE), "is-a-bus-error-from-now-on");
	ok(is_told(mem + PAGE_SIZE + 100, false), "at-the-address-that-was-used");
	ok(is_told(mem + PAGE_SIZE + 101, true), "by-a-write-too");
	ok(all_bytes(mem, 7, PAGE_SIZE) && all_bytes(mem + 2 * PAGE_SIZE, 7, PAGE_SIZE),
	   "its-neighbours-are-well");
	is(hardware_corrupted() - before, 4, "meminfo-counts-it");
	is((long)(pagemap_entry((uintptr_t)mem + PAGE_SIZE) >> 62), 1,
	   "pagemap-has-it-swapped-and-not-present");
	is(breaks(mem + PAGE_SIZE, PAGE_SIZE), -EFAULT, "it-does-not-break-twice");
	is(breaks(mem, 1), 0, "the-length-is-rounded-up");
	ok(broken(mem + PAGE_SIZE - 1), "to-the-whole-page");
	unmap(mem, 3 * PAGE_SIZE);
	mem = map_private(PAGE_SIZE);
	is(breaks(mem, PAGE_SIZE), -EBUSY, "the-page-of-zeroes-does-not-break");
	is(mem[0], 0, "and-goes-on-being-read");
	unmap(mem, PAGE_SIZE);
}

static void test_kernel(void)
{
	char *mem = map_private(PAGE_SIZE), buf[16];
	struct iovec here = { buf, sizeof(buf) }, there = { mem, sizeof(buf) };
	int fd = make_file("file", "some text"),
	    mem_fd = (int)sys_open("/proc/self/mem", O_RDWR, 0);

	mem[0] = 1;
	breaks(mem, PAGE_SIZE);
	is(sys_pread(fd, mem, 4, 0), -EFAULT, "read-into-it");
	is(sys_write(fd, mem, 4), -EFAULT, "write-from-it");
	is(syscall6(__NR_process_vm_readv, sys_getpid(), P(&here), 1, P(&there), 1, 0), -EFAULT,
	   "process-vm-readv");
	is(syscall6(__NR_process_vm_writev, sys_getpid(), P(&here), 1, P(&there), 1, 0), -EFAULT,
	   "process-vm-writev");
	is(sys_pread(mem_fd, buf, 4, (long)mem), -EIO, "proc-mem-read");
	is(sys_pwrite(mem_fd, buf, 4, (long)mem), -EIO, "proc-mem-write");
	is(populate(mem, MADV_POPULATE_READ), -EHWPOISON, "populate-read");
	is(populate(mem, MADV_POPULATE_WRITE), -EHWPOISON, "populate-write");
	is(syscall2(__NR_mlock, P(mem), PAGE_SIZE), -ENOMEM, "mlock");
	syscall2(__NR_munlock, P(mem), PAGE_SIZE);
	sys_close(fd);
	sys_close(mem_fd);
	unmap(mem, PAGE_SIZE);
}

static void test_entry(void)
{
	char *mem = map_private(2 * PAGE_SIZE);

	memset(mem, 7, 2 * PAGE_SIZE);
	breaks(mem, PAGE_SIZE);
	sys_mprotect((uintptr_t)mem, 2 * PAGE_SIZE, PROT_NONE);
	ok(faults(mem, false) && info.si_signo == SIGSEGV,
	   "without-access-it-is-a-segmentation-fault");
	sys_mprotect((uintptr_t)mem, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	ok(broken(mem), "mprotect-does-not-mend-it");
	is(mem[PAGE_SIZE], 7, "its-neighbour-is-well");
	ok_child_exits(child_is_told, mem, 0, "fork-hands-it-on");
	is(dontneed(mem), 0, "it-can-be-thrown-away");
	is(mem[0], 0, "and-is-new-then");
	mem[0] = 9;
	is(mem[0], 9, "to-be-written-too");
	unmap(mem, 2 * PAGE_SIZE);
}

static void test_errors_of_breaking(void)
{
	char *mem = map_private(3 * PAGE_SIZE);

	memset(mem, 7, 3 * PAGE_SIZE);
	sys_munmap((uintptr_t)mem + PAGE_SIZE, PAGE_SIZE);
	is(breaks(mem, 3 * PAGE_SIZE), -EFAULT, "a-hole-ends-it");
	ok(broken(mem), "after-what-lies-before");
	is(mem[2 * PAGE_SIZE], 7, "and-before-what-lies-behind");
	sys_mprotect((uintptr_t)mem + 2 * PAGE_SIZE, PAGE_SIZE, PROT_NONE);
	is(breaks(mem + 2 * PAGE_SIZE, PAGE_SIZE), -EFAULT, "memory-without-access-is-refused");
	sys_mprotect((uintptr_t)mem + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
	is(breaks(mem + 2 * PAGE_SIZE, PAGE_SIZE), 0, "memory-that-is-only-read-is-not");
	ok(is_told(mem + 2 * PAGE_SIZE, false), "and-breaks");
	unmap(mem, 3 * PAGE_SIZE);
}

static void test_shared(void)
{
	int fd = make_file("shared", "hello");
	char *mem, *twin, *private, buf[8];

	sys_ftruncate(fd, 2 * PAGE_SIZE);
	mem = (char *)sys_mmap(0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	twin = (char *)sys_mmap(0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	private = (char *)sys_mmap(0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	mem[PAGE_SIZE] = 4;
	is(twin[0] + private[0], 2 * 'h', "three-mappings-of-a-page-of-a-file");
	is(breaks(mem, PAGE_SIZE), 0, "which-breaks");
	ok(broken(mem) && broken(twin) && broken(private), "all-of-them-are-told");
	is(sys_pread(fd, buf, 4, 0), -EIO, "the-file-is-not-read-there");
	is(sys_pwrite(fd, buf, 4, 0), -EIO, "nor-written");
	is(sys_pread(fd, buf, 4, PAGE_SIZE), 4, "but-elsewhere");
	is(dontneed(mem), 0, "dropping-the-entry");
	ok(broken(mem), "does-not-mend-the-page");
	ok_child_exits(child_is_told, mem, 0, "a-child-is-told-too");
	is(populate(mem, MADV_POPULATE_READ), -EHWPOISON, "populating-says-why");
	is(wait_for_writes(fd), -EIO, "who-waits-for-writes-is-told");
	is(wait_for_writes(fd), 0, "once");
	is(syscall1(__NR_fsync, fd), 0, "fsync-of-what-is-only-in-memory-says-nothing");
	sys_ftruncate(fd, 0);
	sys_ftruncate(fd, PAGE_SIZE);
	ok(mem[0] == 0 && twin[0] == 0 && private[0] == 0, "truncation-makes-room-for-a-new-one");
	unmap(mem, 2 * PAGE_SIZE);
	unmap(twin, 2 * PAGE_SIZE);
	unmap(private, 2 * PAGE_SIZE);
	sys_close(fd);
}

static long retires(void *mem, size_t len)
{
	return sys_madvise((uintptr_t)mem, len, MADV_SOFT_OFFLINE);
}

/*
 * The frame goes out of use, and the page to another: a program sees nothing, but where it asks.
 */
static void test_soft(void)
{
	long before = hardware_corrupted();
	char *mem = map_private(4 * PAGE_SIZE);
	struct iovec one = { mem, 1 };
	uint64_t entry;
	int p[2];

	memset(mem, 7, 2 * PAGE_SIZE);
	entry = pagemap_entry((uintptr_t)mem);
	is(retires(mem, PAGE_SIZE), 0, "a-frame-is-taken-out-of-use-before-it-breaks");
	ok(pagemap_entry((uintptr_t)mem) >> 63 && pagemap_entry((uintptr_t)mem) != entry,
	   "the-page-is-elsewhere");
	ok(all_bytes(mem, 7, 2 * PAGE_SIZE), "as-it-was");
	mem[0] = 8;
	is(mem[0], 8, "it-can-be-written");
	is(hardware_corrupted() - before, 4, "meminfo-counts-the-frame");
	is(retires(mem, PAGE_SIZE + 1), 0, "again-and-with-its-neighbour");
	ok(mem[0] == 8 && all_bytes(mem + PAGE_SIZE, 7, PAGE_SIZE), "both-as-they-were");
	is(retires(mem + 2 * PAGE_SIZE, PAGE_SIZE), -EIO, "the-page-of-zeroes-does-not-go");
	syscall2(__NR_pipe2, (long)p, 0);
	syscall4(__NR_vmsplice, p[1], P(&one), 1, 0);
	is(retires(mem, PAGE_SIZE), -EBUSY, "nor-one-that-a-pipe-has");
	mem[0] = 9;
	ok(sys_read(p[0], mem + PAGE_SIZE, 1) == 1 && mem[PAGE_SIZE] == 9,
	   "which-goes-on-seeing-stores");
	breaks(mem, PAGE_SIZE);
	is(retires(mem, PAGE_SIZE), -EFAULT, "nor-what-is-broken");
	sys_mprotect((uintptr_t)mem + PAGE_SIZE, PAGE_SIZE, PROT_NONE);
	is(retires(mem + PAGE_SIZE, PAGE_SIZE), -EFAULT, "nor-what-may-not-be-read");
	sys_munmap((uintptr_t)mem + 3 * PAGE_SIZE, PAGE_SIZE);
	is(retires(mem + 3 * PAGE_SIZE, PAGE_SIZE), -EFAULT, "nor-a-hole");
	is(retires(mem + 1, PAGE_SIZE), -EINVAL, "nor-what-is-not-a-page");
	sys_close(p[0]);
	sys_close(p[1]);
	unmap(mem, 3 * PAGE_SIZE);
}

static void test_deaths(void)
{
	char *mem = map_private(PAGE_SIZE);

	mem[0] = 1;
	breaks(mem, PAGE_SIZE);
	signal_set(SIGBUS, SIG_DFL_ADDR);
	ok_child_dies(child_reads, mem, SIGBUS, "without-a-handler-it-is-the-end");
	signal_set(SIGBUS, SIG_IGN_ADDR);
	ok_child_dies(child_reads, mem, SIGBUS, "ignoring-it-does-not-help");
	signal_handle(SIGBUS, on_fault, 0);
	unmap(mem, PAGE_SIZE);
}

static int child_breaks_as_user(void *arg)
{
	char *mem = arg;

	if (syscall1(__NR_setuid, 1000))
		return 99;
	if (breaks(mem, PAGE_SIZE) != -EPERM)
		return 1;
	if (breaks(mem, 0) != 0)
		return 2;
	if (breaks(mem + 1, PAGE_SIZE) != -EINVAL)
		return 3;
	if (sys_madvise((uintptr_t)mem, PAGE_SIZE, MADV_SOFT_OFFLINE) != -EPERM)
		return 5;
	return mem[0] == 6 ? 0 : 4;
}

static void test_refused(void)
{
	char *mem = map_private(PAGE_SIZE);

	mem[0] = 6;
	is(breaks(mem + 1, PAGE_SIZE), -EINVAL, "an-unaligned-address");
	is(breaks(mem, ~0UL), -EINVAL, "a-length-that-wraps");
	if (syscall0(__NR_getuid))
		skip("not root", "a-user-may-not");
	else
		ok_child_exits(child_breaks_as_user, mem, 0, "a-user-may-not");
	is(mem[0], 6, "nothing-of-this-broke-anything");
	unmap(mem, PAGE_SIZE);
}

/* Why nothing may be broken here; NULL if it may. */
static const char *why_not(void)
{
	if (syscall0(__NR_getuid))
		return "not root";
	return pleat_levels() || sys_getpid() == 1 ? NULL :
						     "the machine is not this program's alone";
}

int main(void)
{
	char *mem = map_private(PAGE_SIZE);
	const char *why = why_not();

	tap_plan(4 + MAY_BREAK);
	if (breaks(mem, 0) == -EINVAL) {	/* a kernel that knows nothing of it */
		for (int i = 0; i < 4 + MAY_BREAK; i++)
			skip("no MADV_HWPOISON", "broken-memory");
		return tap_done();
	}
	signal_handle(SIGBUS, on_fault, 0);
	signal_handle(SIGSEGV, on_fault, 0);
	test_refused();
	for (int i = 0; why && i < MAY_BREAK; i++)
		skip(why, "broken-memory");
	if (why)
		return tap_done();
	scratch_enter();
	/* First: what test_private() tries to break may count as out of use then, on Linux. */
	test_soft();
	test_private();
	test_kernel();
	test_entry();
	test_errors_of_breaking();
	test_shared();
	test_deaths();
	scratch_leave();
	return tap_done();
}
