/*
 * proc_mem.c - /proc/PID/mem: another process's memory, and one's own where a mapping does not
 * allow it; and /proc/PID/clear_refs.
 */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/tap.h"

#include <stdio.h>
#include <string.h>

static int mem_fd;

static long mem_read(const void *from, void *to, long n)
{
	return sys_pread(mem_fd, to, n, P(from));
}

static long mem_write(void *to, const void *from, long n)
{
	return sys_pwrite(mem_fd, from, n, P(to));
}

static void test_own(void)
{
	char *mem = map_private(3 * PAGE_SIZE), buf[8192];

	memcpy(mem + PAGE_SIZE - 3, "inside", 6);
	is(mem_read(mem + PAGE_SIZE - 3, buf, 6), 6, "reads-across-pages");
	ok(memcmp(buf, "inside", 6) == 0, "what-is-there");
	is(mem_read(mem + 2 * PAGE_SIZE, buf, 100), 100, "reads-untouched-memory");
	ok(all_bytes(buf, 0, 100), "which-is-zero");
	is(mem_write(mem + 10, "written", 7), 7, "writes");
	ok(memcmp(mem + 10, "written", 7) == 0, "and-the-program-sees-it");
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_NONE);
	is(mem_read(mem + 10, buf, 7), 7, "reads-what-the-program-may-not");
	ok(memcmp(buf, "written", 7) == 0, "by-force");
	sys_munmap((uintptr_t)mem + PAGE_SIZE, PAGE_SIZE);
	is(mem_read(mem + PAGE_SIZE - 8, buf, 64), 8, "a-read-ends-at-a-hole");
	is(mem_read(mem + PAGE_SIZE, buf, 1), -EIO, "and-a-hole-is-no-memory");
	is(mem_write(mem + PAGE_SIZE, buf, 1), -EIO, "nor-can-it-be-written");
	is(mem_read(mem + 10, (void *)8, 7), -EFAULT, "a-bad-buffer");
	is(mem_write(mem + 2 * PAGE_SIZE, (void *)8, 7), -EFAULT, "a-bad-source");
	is(mem_read(mem, buf, 0), 0, "nothing-is-easily-read");
	unmap(mem, PAGE_SIZE);
	unmap(mem + 2 * PAGE_SIZE, PAGE_SIZE);
}

/* The write goes to a copy: never to the file, nor to memory that others see. */
static void test_force(void)
{
	int fd = make_file("file", "the contents of the file");
	char *private = (char *)sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
	char *shared = (char *)sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	char *anon = map_shared(PAGE_SIZE);

	is(mem_write(private, "THE", 3), 3, "writes-to-a-read-only-private-mapping");
	ok(memcmp(private, "THE contents", 12) == 0, "which-shows-it");
	ok(file_holds("file", "the contents of the file"), "but-not-to-the-file");
	is(sys_madvise((uintptr_t)private, PAGE_SIZE, MADV_DONTNEED), 0, "the-copy-is-dropped");
	ok(memcmp(private, "the contents", 12) == 0, "and-the-file-shows-again");
	is(mem_write(shared, "THE", 3), -EIO, "a-read-only-shared-mapping-is-not-written");
	ok(file_holds("file", "the contents of the file"), "the-file-is-as-it-was");
	sys_mprotect((uintptr_t)anon, PAGE_SIZE, PROT_READ);
	is(mem_write(anon, "x", 1), -EIO, "nor-is-shared-memory-that-is-read-only-now");
	is(anon[0], 0, "it-is-as-it-was");
	unmap(private, PAGE_SIZE);
	unmap(shared, PAGE_SIZE);
	unmap(anon, PAGE_SIZE);
	sys_close(fd);
}

static void test_file(void)
{
	char c;

	is(sys_lseek(mem_fd, 4096, SEEK_SET), 4096, "it-can-be-positioned");
	is(sys_read(mem_fd, &c, 1), -EIO, "nothing-is-mapped-at-the-beginning");
	is(sys_lseek(mem_fd, 0, SEEK_CUR), 4096, "and-the-position-stays");
	is(sys_lseek(mem_fd, 0, SEEK_END), -EINVAL, "it-has-no-end");
}

/* ---- another process ---- */

static char *theirs;

static int child_waits(void *arg)
{
	int *pipes = arg;
	char c = 1;

	theirs[0] = 'c';
	sys_write(pipes[1], &c, 1);
	sys_read(pipes[2], &c, 1);
	return theirs[1];
}

static void test_other(void)
{
	int pipes[4], pid;
	char path[64], c = 0;

	theirs = map_private(PAGE_SIZE);
	theirs[0] = 'p';
	if (syscall1(__NR_pipe, P(&pipes[0])) || syscall1(__NR_pipe, P(&pipes[2])))
		bail("there is no pipe");
	pid = child_start(child_waits, pipes);
	sys_read(pipes[0], &c, 1);
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem_fd = (int)sys_open(path, O_RDWR, 0);
	is(mem_read(theirs, &c, 1), 1, "a-child's-memory-is-read");
	is(c, 'c', "it-is-the-child's");
	is(mem_write(theirs + 1, "\7", 1), 1, "and-written");
	is(theirs[1], 0, "not-one's-own");
	sys_write(pipes[3], &c, 1);
	is(child_verdict(child_wait(pid)), 7, "the-child-sees-it");
	is(mem_read(theirs, &c, 1), 0, "a-process-that-has-ended-has-no-memory");
	sys_close(mem_fd);
	unmap(theirs, PAGE_SIZE);
	for (int i = 0; i < 4; i++)
		sys_close(pipes[i]);
}

/* ---- clear_refs ---- */

static long clear_refs(const char *what)
{
	int fd = (int)sys_open("/proc/self/clear_refs", O_WRONLY, 0);
	long n = sys_write(fd, what, strlen(what));

	sys_close(fd);
	return n;
}

static long referenced(const void *mem) { return smaps_field((uintptr_t)mem, "Referenced"); }

static int child_has_used(void *mem) { return (int)referenced(mem); }

static void test_referenced_by_child(void)
{
	char *area = map_private(4 * PAGE_SIZE), *mem = area + PAGE_SIZE;

	/* A mapping of its own, whatever lies beside it. */
	sys_mprotect((uintptr_t)area, PAGE_SIZE, PROT_NONE);
	sys_mprotect((uintptr_t)area + 3 * PAGE_SIZE, PAGE_SIZE, PROT_NONE);
	memset(mem, 1, 2 * PAGE_SIZE);
	ok_child_exits(child_has_used, mem, 0, "what-only-the-parent-has-used-is-not-referenced");
	is(referenced(mem), 8, "but-by-the-parent");
	unmap(area, 4 * PAGE_SIZE);
}

static bool soft_dirty(const void *mem) { return pagemap_entry((uintptr_t)mem) >> 55 & 1; }

static void test_clear_refs(void)
{
	char *mem = map_shared(2 * PAGE_SIZE);

	memset(mem, 1, 2 * PAGE_SIZE);
	is(referenced(mem), 8, "what-is-written-is-referenced");
	is(clear_refs("2"), 1, "forgetting-anonymous-memory");
	is(referenced(mem), 8, "leaves-shared-memory");
	is(clear_refs(" 3\n"), 3, "forgetting-what-has-a-file");
	is(referenced(mem), 0, "takes-it");
	/* Some processor may know the page still. */
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_NONE);
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_READ | PROT_WRITE);
	mem[0] = 2;
	is(referenced(mem), 4, "until-it-is-used-again");
	is(clear_refs("1"), 1, "forgetting-all");
	is(referenced(mem), 0, "takes-all");
	is(clear_refs("0"), -EINVAL, "there-is-no-0");
	is(clear_refs("6"), -EINVAL, "nor-a-6");
	is(clear_refs("x"), -EINVAL, "nor-anything-but-numbers");
	is(sys_open("/proc/self/clear_refs", O_RDONLY, 0) >= 0 ? 0 : -1, 0,
	   "it-can-be-opened-by-root");
	unmap(mem, 2 * PAGE_SIZE);
}

static void test_soft_dirty(void)
{
	char *mem = map_private(2 * PAGE_SIZE);

	mem[0] = mem[PAGE_SIZE] = 1;
	if (!soft_dirty(mem)) {
		skip("this kernel does not track it", "soft-dirty-is-forgotten");
		skip("this kernel does not track it", "and-comes-back-with-a-write");
		skip("this kernel does not track it", "to-that-page-only");
		skip("this kernel does not track it",
		     "and-with-a-debugger's-write-to-what-is-read-only");
	} else {
		clear_refs("4");
		ok(!soft_dirty(mem) && !soft_dirty(mem + PAGE_SIZE), "soft-dirty-is-forgotten");
		mem[0] = 2;
		ok(soft_dirty(mem), "and-comes-back-with-a-write");
		ok(!soft_dirty(mem + PAGE_SIZE), "to-that-page-only");
		sys_mprotect((uintptr_t)mem + PAGE_SIZE, PAGE_SIZE, PROT_READ);
		mem_fd = (int)sys_open("/proc/self/mem", O_RDWR, 0);
		ok(mem_write(mem + PAGE_SIZE, "x", 1) == 1 && soft_dirty(mem + PAGE_SIZE),
		   "and-with-a-debugger's-write-to-what-is-read-only");
		sys_close(mem_fd);
	}
	unmap(mem, 2 * PAGE_SIZE);
}

/* Which frame holds a page is not for everybody; whether one does is for who may look. */
static int child_of_a_user(void *arg)
{
	int fd = (int)sys_open("/proc/self/pagemap", O_RDONLY, 0);
	long at = (long)((uintptr_t)arg / PAGE_SIZE * 8);
	uint64_t entry = 0;

	syscall1(__NR_setuid, 1234);
	sys_prctl(PR_SET_DUMPABLE, 1, 0);
	if (pagemap_entry((uintptr_t)arg) << 9 || !(pagemap_entry((uintptr_t)arg) >> 63))
		return 1;
	/* Who has opened the file decides, not who reads. */
	if (sys_pread(fd, &entry, 8, at) != 8 || !(entry << 9))
		return 2;
	return 0;
}

static void test_frames(void)
{
	char *mem = map_private(PAGE_SIZE);

	*mem = 1;
	ok_child_exits(child_of_a_user, mem, 0, "frames-are-root's-to-know");
	unmap(mem, PAGE_SIZE);
}

int main(void)
{
	tap_plan(52);
	scratch_enter();
	mem_fd = (int)sys_open("/proc/self/mem", O_RDWR, 0);
	if (mem_fd < 0)
		bail("/proc/self/mem cannot be opened");
	test_own();
	test_force();
	test_file();
	sys_close(mem_fd);
	test_other();
	test_clear_refs();
	test_referenced_by_child();
	test_soft_dirty();
	test_frames();
	scratch_leave();
	return tap_done();
}
