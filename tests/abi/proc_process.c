/*
 * proc_process.c - the small files of /proc/PID: io, auxv, wchan, syscall, personality, oom_score
 * and its oom_score_adj. Each moves with what the program does. `proc_process /dev/vda` is about
 * what is read from a disk of 1 MiB at least, that nobody has open, and written to it
 * (tests/boot/disk.t).
 */
#include "kernel/uapi/auxvec.h"
#include "kernel/uapi/prctl.h"
#include "kernel/uapi/resource.h"
#include "user/child.h"
#include "user/files.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/tap.h"
#include "user/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY 54321

/* ---- io ---- */

struct io {
	long rchar, wchar, syscr, syscw, look;
};

/* With the look itself, which the next one will find: a text, and its end. */
static struct io io_of(const char *path)
{
	const char *text = proc_read(path);
	struct io io = { 0 };

	if (sscanf(text, "rchar: %ld\nwchar: %ld\nsyscr: %ld\nsyscw: %ld\nread_bytes: ", &io.rchar,
		   &io.wchar, &io.syscr, &io.syscw) != 4)
		bail("%s is not as it should be", path);
	io.rchar += io.look = (long)strlen(text);
	io.syscr += 2;
	return io;
}

/* Was that moved since the last look? */
static bool moved(struct io before, long rchar, long syscr, long wchar, long syscw)
{
	struct io after = io_of("/proc/self/io");

	return after.rchar - after.look - before.rchar == rchar &&
	       after.syscr - 2 - before.syscr == syscr && after.wchar - before.wchar == wchar &&
	       after.syscw - before.syscw == syscw;
}

static char buf[8192];

static int writes(void *arg)
{
	sys_write(*(int *)arg, buf, 700);
	return 0;
}

static void test_calls(int pipes[2], int null)
{
	struct iovec vec[2] = { { buf, 100 }, { buf, 200 } };
	struct io before = io_of("/proc/self/io");

	sys_write(null, buf, 1000);
	sys_write(pipes[1], buf, 300);
	sys_read(pipes[0], buf, 4096);
	ok(moved(before, 300, 1, 1300, 2), "bytes-and-calls");
	before = io_of("/proc/self/io");
	syscall3(__NR_writev, null, P(vec), 2);
	ok(moved(before, 0, 0, 300, 1), "a-vector-is-one-call");
	before = io_of("/proc/self/io");
	sys_read(pipes[0], buf, 1);
	ok(moved(before, 0, 1, 0, 0), "a-call-that-fails-is-one");
	before = io_of("/proc/self/io");
	sys_read(pipes[1], buf, 1);
	sys_read(999, buf, 1);
	ok(moved(before, 0, 0, 0, 0), "one-that-cannot-be-is-none");
}

static void test_copy(int null)
{
	int fd = make_file("copied", "0123456789");
	struct io before = io_of("/proc/self/io");

	sys_lseek(fd, 0, SEEK_SET);
	syscall4(__NR_sendfile, null, fd, 0, 10);
	ok(moved(before, 10, 1, 10, 1), "sendfile-is-a-read-and-a-write");
	sys_close(fd);
}

static uint32_t written, go_on;
static long writer;

static void *writes_beside(void *arg)
{
	writer = syscall0(__NR_gettid);
	writes(arg);
	word_set(&written, 1);
	word_wait(&go_on, 1);
	return NULL;
}

static void test_io(void)
{
	int pipes[2], null = (int)sys_open("/dev/null", O_RDWR, 0), pid;
	struct thread thread;
	long before, waited, with_thread;
	char path[64], *text;

	syscall2(__NR_pipe2, P(pipes), O_NONBLOCK);
	test_calls(pipes, null);
	test_copy(null);
	/* What is told here is written, too: so it is told at the end. */
	before = io_of("/proc/self/io").wchar;
	pid = child_start(writes, &null);
	child_wait(pid);
	waited = io_of("/proc/self/io").wchar;
	thread_create(&thread, writes_beside, &null);
	word_wait(&written, 1);
	with_thread = io_of("/proc/self/io").wchar;
	snprintf(path, sizeof(path), "/proc/self/task/%ld/io", writer);
	is(io_of(path).wchar, 700, "a-thread-has-its-own");
	is(waited - before, 700, "a-child's-count-when-it-was-waited-for");
	is(with_thread - waited, 700, "the-process-has-all");
	with_thread = io_of("/proc/self/io").wchar;
	word_set(&go_on, 1);
	thread_join(&thread);
	is(io_of("/proc/self/io").wchar, with_thread, "when-the-thread-is-gone-too");
	text = proc_read("/proc/self/io");
	ok(sscanf(strstr(text, "\nread_bytes"),
		  "\nread_bytes: %*d\nwrite_bytes: %*d\ncancelled_write_bytes: %ld\n",
		  &before) == 1,
	   "and-what-devices-moved");
}

/* ---- auxv ---- */

static bool is_own_auxv(const uint64_t *auxv)
{
	const uint64_t *shown = (const uint64_t *)proc_read("/proc/self/auxv");
	size_t n = 0;

	while (auxv[n] != AT_NULL)
		n += 2;
	return !memcmp(shown, auxv, (n + 2) * sizeof(*auxv));
}

static int has_the_same(void *arg) { return is_own_auxv(arg) ? 0 : 1; }

static void test_auxv(char **envp)
{
	uint64_t *auxv, kept;

	while (*envp)
		envp++;
	auxv = (uint64_t *)(envp + 1);
	ok(is_own_auxv(auxv), "auxv-is-what-the-program-was-given");
	ok_child_exits(has_the_same, auxv, 0, "its-child-too");
	kept = auxv[1];
	auxv[1] = ~kept;
	ok(!is_own_auxv(auxv), "whatever-it-writes-there");
	auxv[1] = kept;
}

/* ---- what it waits for ---- */

static int reads(void *arg)
{
	char c;

	return (int)sys_read(*(int *)arg, &c, 1) - 1;
}

static int sees_nothing(void *arg)
{
	const int pid = *(int *)arg;
	char path[64];

	syscall1(__NR_setuid, NOBODY);
	snprintf(path, sizeof(path), "/proc/%d/wchan", pid);
	if (strcmp(proc_read(path), "0") != 0)
		return 1;
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	if (sys_open(path, O_RDONLY, 0) != -EACCES)
		return 2;
	snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
	if (sys_open(path, O_RDONLY, 0) != -EACCES)
		return 3;
	snprintf(path, sizeof(path), "/proc/%d/io", pid);
	return sys_open(path, O_RDONLY, 0) != -EACCES ? 4 : 0;
}

static void test_waits(void)
{
	int pipes[2], pid;
	unsigned long fd, addr, n;
	char path[64];
	long nr = -1;

	sys_pipe(pipes);
	pid = child_start(reads, &pipes[0]);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (!strstr(proc_read(path), ") S "))
		sleep_ms(1);
	snprintf(path, sizeof(path), "/proc/%d/wchan", pid);
	/* It says that it sleeps a moment before it is off its CPU. */
	for (int i = 0; i < 60000 && !strcmp(proc_read(path), "0"); i++)
		sleep_ms(1);
	ok(strcmp(proc_read(path), "0") != 0 && strlen(proc_read(path)) > 3,
	   "who-sleeps-does-so-somewhere");
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	ok(sscanf(proc_read(path), "%ld 0x%lx 0x%lx 0x%lx 0x", &nr, &fd, &addr, &n) == 4 &&
		   nr == __NR_read && fd == (unsigned long)pipes[0] && addr && n == 1,
	   "in-a-call-with-its-arguments");
	ok(strlen(proc_read(path)) && strchr(proc_read(path), '\n')[1] == '\0', "on-one-line");
	ok_child_exits(sees_nothing, &pid, 0, "others-may-not-know");
	sys_write(pipes[1], "x", 1);
	is(child_verdict(child_wait(pid)), 0, "it-goes-on");
	ok(!strcmp(proc_read("/proc/self/wchan"), "0"), "who-runs-does-not-sleep");
	is(strtol(proc_read("/proc/self/syscall"), NULL, 10), __NR_read, "it-reads");
	syscall1(__NR_personality, 0x40000);
	ok(!strcmp(proc_read("/proc/self/personality"), "00040000\n"), "personality");
	syscall1(__NR_personality, 0);
}

/* ---- memory's end ---- */

#define ADJ "/proc/self/oom_score_adj"

static long set_adj(const char *text)
{
	int fd = (int)sys_open(ADJ, O_WRONLY, 0);
	long ret = fd < 0 ? fd : sys_write(fd, text, (long)strlen(text));

	if (fd >= 0)
		sys_close(fd);
	return ret;
}

static long adj(void) { return strtol(proc_read(ADJ), NULL, 10); }
static long score(void) { return strtol(proc_read("/proc/self/oom_score"), NULL, 10); }

static int tells_adj(void *arg)
{
	(void)arg;
	return (int)(adj() / 10);
}

static int execs_and_tells(void *arg)
{
	char *argv[] = { "proc_process", "adj", NULL };

	return arg ? 1 : (int)sys_execve("/proc/self/exe", argv, argv + 2);
}

/* Who is not root may be nicer to others, and not below what root has said. */
static int asks_for_less(void *arg)
{
	(void)arg;
	syscall1(__NR_setuid, NOBODY);
	sys_prctl(PR_SET_DUMPABLE, 1, 0);
	if (set_adj("700") != 3 || adj() != 700)
		return 1;
	return set_adj("-1") != -EACCES || adj() != 700 ? 2 : 0;
}

static void test_numbers(void)
{
	is(set_adj("1001"), -EINVAL, "not-more-than-1000");
	is(set_adj("-1001"), -EINVAL, "not-less-than-minus-1000");
	is(set_adj("x"), -EINVAL, "no-word");
	is(set_adj(" \n"), -EINVAL, "not-nothing");
	is(set_adj(" 600 \n"), 6, "blanks-are-passed-over");
	is(adj(), 600, "it-is-set");
	ok(set_adj("0x259") == 5 && adj() == 601, "hexadecimal");
	ok(set_adj("01132") == 5 && adj() == 602, "octal");
	ok(set_adj("+603") == 4 && adj() == 603, "with-a-sign");
	is(set_adj("12a"), -EINVAL, "no-number-with-more-behind-it");
}

static int grows(void *arg)
{
	long before = score(), len = proc_field("/proc/meminfo", "MemTotal") * 1024 / 64;

	(void)arg;
	memset(map_private((size_t)len), 1, (size_t)len);
	return score() - before >= 5 ? 0 : 1;
}

static int is_spared(void *arg)
{
	(void)arg;
	return set_adj("-1000") == 5 ? score() != 0 : 77;
}

static void test_oom(void)
{
	long before = score(), was = adj(), ret;

	ok(before >= 0 && before <= 2000, "a-score");
	ok_child_exits(grows, NULL, 0, "which-grows-with-memory");
	is(set_adj("500"), 3, "oom_score_adj-is-written");
	is(adj(), 500, "and-read");
	ok(score() - before >= (500 - was) * 2 / 3 - 8, "the-score-rises-by-two-thirds-of-it");
	ok_child_exits(tells_adj, NULL, 50, "a-child-inherits-it");
	ok_child_exits(execs_and_tells, NULL, 50, "another-program-keeps-it");
	ok_child_exits(asks_for_less, NULL, 0, "less-is-for-root");
	test_numbers();
	ret = child_verdict(child_run(is_spared, NULL));
	if (ret == 77)
		skip("the right for it is missing here", "minus-1000-is-never-chosen");
	else
		is(ret, 0, "minus-1000-is-never-chosen");
}

/* ---- a disk ---- */

struct blocks {
	long in, out, read, written, major;
};

static struct blocks blocks(void)
{
	struct __kernel_rusage usage;

	syscall2(__NR_getrusage, RUSAGE_SELF, P(&usage));
	return (struct blocks){ (long)usage.ru_inblock, (long)usage.ru_oublock,
				proc_field("/proc/self/io", "read_bytes"),
				proc_field("/proc/self/io", "write_bytes"),
				(long)usage.ru_majflt };
}

static void moved_blocks(struct blocks before, long in, long out, long major, const char *name)
{
	struct blocks now = blocks();

	ok(now.read - before.read == in && now.in - before.in == in / 512 &&
		   now.written - before.written == out && now.out - before.out == out / 512 &&
		   now.major - before.major == major,
	   "%s", name);
}

static int test_disk(const char *path)
{
	int fd = (int)sys_open(path, O_RDWR, 0);
	volatile char *mem = (volatile char *)sys_mmap(0, 64 * PAGE_SIZE, PROT_READ | PROT_WRITE,
						       MAP_SHARED, fd, 0);
	struct blocks before = blocks();

	sys_read(fd, buf, 2 * PAGE_SIZE);
	moved_blocks(before, 2 * PAGE_SIZE, 0, 0, "what-is-read-comes-from-the-disk");
	before = blocks();
	syscall4(__NR_pread64, fd, P(buf), PAGE_SIZE, 0);
	(void)mem[0];
	moved_blocks(before, 0, 0, 0, "what-is-cached-does-not");
	(void)mem[10 * PAGE_SIZE];
	moved_blocks(before, PAGE_SIZE, 0, 1, "a-fault-that-reads-is-a-major-one");
	before = blocks();
	sys_write(fd, buf, PAGE_SIZE);
	mem[10 * PAGE_SIZE] = 1;
	moved_blocks(before, PAGE_SIZE, 2 * PAGE_SIZE, 0, "what-becomes-dirty-will-be-written");
	before = blocks();
	mem[10 * PAGE_SIZE] = 2;
	sys_lseek(fd, 2 * PAGE_SIZE, SEEK_SET);
	sys_write(fd, buf, PAGE_SIZE);
	moved_blocks(before, 0, 0, 0, "once");
	syscall1(__NR_fsync, fd);
	moved_blocks(before, 0, 0, 0, "writing-it-back-is-nothing-new");
	mem[10 * PAGE_SIZE] = 3;
	moved_blocks(before, 0, PAGE_SIZE, 0, "dirtying-it-again-is");
	return tap_finish();
}

int main(int argc, char **argv)
{
	if (argc == 2 && *argv[1] == '/')
		return test_disk(argv[1]);
	if (argc == 2)
		return tells_adj(NULL);
	scratch_enter();
	test_io();
	test_auxv(argv + argc + 1);
	test_waits();
	test_oom();
	scratch_leave();
	return tap_finish();
}
