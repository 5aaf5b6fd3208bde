/*
 * proc_stat.c - /proc/PID/stat and /proc/PID/task/TID/stat field by field, with what getrusage()
 * says of the same: faults, CPU time of a thread and of its process, where things lie, how it
 * ended.
 */
#include "kernel/uapi/resource.h"
#include "kernel/uapi/sched.h"
#include "user/child.h"
#include "user/files.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/signals.h"
#include "user/tap.h"
#include "user/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELF	 "/proc/self/stat"
#define NOBODY	 54321
#define PAGES	 64
#define PATIENCE 60000000000L /* ns until a number that never moves is given up */

/* As proc(5) counts them. */
enum {
	STATE = 3, FLAGS = 9, MINFLT, CMINFLT, MAJFLT, CMAJFLT, UTIME, STIME, THREADS = 20,
	START = 22, VSIZE, RSS, RSSLIM, STARTCODE, ENDCODE, STARTSTACK, KSTKESP, WCHAN = 35,
	EXIT_SIGNAL = 38, PROCESSOR, RT_PRIORITY, POLICY, START_DATA = 45, END_DATA, START_BRK,
	ARG_START, ARG_END, ENV_START, ENV_END, EXIT_CODE,
};

static char *word(const char *path, int n)
{
	char *at = strrchr(proc_read(path), ')');

	for (int field = 2; at && field < n; field++)
		at = strchr(at + 1, ' ');
	return at ? at + 1 : "-1";
}
static long field(const char *path, int n) { return (long)strtoull(word(path, n), NULL, 10); }
static long own(int n)
{
	return *word(SELF, n) == '-' ? strtol(word(SELF, n), NULL, 10) : field(SELF, n);
}

static const char *path_of(long pid, long tid)
{
	static char path[64];

	if (tid)
		snprintf(path, sizeof(path), "/proc/%ld/task/%ld/stat", pid, tid);
	else
		snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	return path;
}

static struct __kernel_rusage usage(int who)
{
	struct __kernel_rusage u;

	memset(&u, 0xff, sizeof(u));
	syscall2(__NR_getrusage, who, P(&u));
	return u;
}

/* ---- faults ---- */

static int touches(void *arg)
{
	memset(map_private(PAGES * PAGE_SIZE), 1, PAGES * PAGE_SIZE);
	return arg ? 1 : 0;
}

/* Between two looks, each of which takes a few faults at most. */
static bool counted(long before, long after)
{
	return after - before >= PAGES && after - before < PAGES + 64;
}

/* Once in some looks there is no such fault between the two. */
static bool majflt_is_told(void)
{
	for (int i = 0; i < 100; i++) {
		if (own(MAJFLT) == (long)usage(RUSAGE_SELF).ru_majflt)
			return true;
	}
	return false;
}

static void test_faults(void)
{
	long before, of_children, used;
	int pid;

	own(MINFLT);
	before = own(MINFLT);
	used = (long)usage(RUSAGE_SELF).ru_minflt;
	touches(NULL);
	ok(counted(used, (long)usage(RUSAGE_SELF).ru_minflt), "ru_minflt-counts-pages-that-come");
	ok(counted(before, own(MINFLT)), "so-does-minflt");
	of_children = own(CMINFLT);
	used = (long)usage(RUSAGE_CHILDREN).ru_minflt;
	pid = child_start(touches, NULL);
	while (*word(path_of(pid, 0), STATE) != 'Z')
		sleep_ms(1);
	ok(field(path_of(pid, 0), MINFLT) >= PAGES, "a-zombie's-are-still-told");
	is(own(CMINFLT), of_children, "and-not-yet-its-parent's");
	child_wait(pid);
	ok(own(CMINFLT) - of_children >= PAGES,
	   "cminflt-counts-those-of-a-child-that-was-waited-for");
	ok((long)usage(RUSAGE_CHILDREN).ru_minflt - used >= PAGES, "and-ru_minflt-of-children");
	ok(majflt_is_told(), "majflt-is-ru_majflt");
}

/* ---- threads ---- */

static uint32_t burned, go_on;
static long burner, burner_ticks, other_ticks;

static long ticks_of(long tid)
{
	const char *path = path_of(sys_getpid(), tid);

	return field(path, UTIME) + field(path, STIME);
}

/* Until it has used four times as much as the first thread, which waits. */
static void *burns(void *arg)
{
	int64_t end = now_ns() + PATIENCE;

	burner = syscall0(__NR_gettid);
	do {
		for (volatile int i = 0; i < 100000; i++)
			;
		other_ticks = ticks_of(sys_getpid());
		burner_ticks = ticks_of(burner);
	} while (burner_ticks < 5 + 4 * other_ticks && now_ns() < end);
	memset(map_private(PAGES * PAGE_SIZE), 1, PAGES * PAGE_SIZE);
	word_set(&burned, 1);
	word_wait(&go_on, 1);
	return arg;
}

static void test_threads(void)
{
	long pid = sys_getpid(), both, before = field(path_of(pid, pid), MINFLT);
	struct thread thread;

	is(own(THREADS), 1, "one-thread");
	thread_create(&thread, burns, NULL);
	word_wait(&burned, 1);
	is(own(THREADS), 2, "two-threads");
	both = ticks_of(0);
	ok(burner_ticks >= 5 + 4 * other_ticks, "a-thread-has-its-own-CPU-time");
	/* User and system time are rounded each by itself. */
	ok(both >= burner_ticks + other_ticks - 2, "the-process-has-both's");
	ok(field(path_of(pid, burner), MINFLT) >= PAGES, "a-thread-has-its-own-faults");
	ok(field(path_of(pid, pid), MINFLT) - before < PAGES, "which-are-not-the-other's");
	ok(own(MINFLT) >= PAGES + before, "the-process-has-both's");
	ok(field(path_of(pid, burner), START) >= own(START), "it-has-begun-later");
	is(strtol(word(path_of(pid, burner), EXIT_SIGNAL), NULL, 10), -1,
	   "and-nobody-hears-of-its-end");
	is(atol(proc_read(path_of(pid, burner))), burner, "its-number-is-its-own");
	while (*word(path_of(pid, burner), STATE) != 'S')
		sleep_ms(1);
	is(*word(path_of(pid, pid), STATE), 'R', "each-has-its-state");
	word_set(&go_on, 1);
	thread_join(&thread);
	ok(ticks_of(0) >= both, "what-a-thread-has-used-stays");
}

/* ---- what it is ---- */

#define PF_FORKNOEXEC 0x40

static int has_not_execed(void *arg)
{
	(void)arg;
	return !(own(FLAGS) & PF_FORKNOEXEC);
}

static int on_a_cpu(void *arg)
{
	const uint32_t none = 0;

	(void)arg;
	pin_to_cpu(nth_cpu(cpu_count() - 1));
	syscall3(__NR_sched_setscheduler, 0, SCHED_BATCH, P(&none));
	return own(PROCESSOR) != nth_cpu(cpu_count() - 1) || own(POLICY) != SCHED_BATCH ||
	       own(RT_PRIORITY);
}

static int limits_memory(void *arg)
{
	struct rlimit64 limit = { 123456789, 1234567890 };

	(void)arg;
	return syscall2(__NR_setrlimit, RLIMIT_RSS, P(&limit)) || own(RSSLIM) != 123456789;
}

static void test_traits(void)
{
	ok(!(own(FLAGS) & PF_FORKNOEXEC), "flags-of-who-has-execed");
	ok_child_exits(has_not_execed, NULL, 0, "and-of-who-has-not");
	ok_child_exits(on_a_cpu, NULL, 0, "processor-and-policy");
	ok_child_exits(limits_memory, NULL, 0, "rsslim");
	is(own(WCHAN), 0, "who-runs-waits-for-nothing");
}

static void test_places(char **argv, char **envp)
{
	long stack = own(STARTSTACK), top = own(ENV_END);

	ok((uintptr_t)argv - 8 == (uintptr_t)stack, "startstack-is-where-argc-lies");
	ok(own(ARG_START) == P(argv[0]) && own(ENV_START) == (envp[0] ? P(envp[0]) : own(ARG_END)),
	   "arguments-and-environment");
	ok(own(ARG_END) == own(ENV_START) && top >= own(ENV_START) && top > stack,
	   "are-beside-each-other");
	ok(own(STARTCODE) <= P(test_places) && P(test_places) < own(ENDCODE),
	   "the-text-is-between");
	ok(own(START_DATA) <= own(END_DATA) && own(END_DATA) <= own(START_BRK),
	   "data-and-then-the-break");
	ok(own(START_BRK) <= syscall1(__NR_brk, 0), "which-has-begun-there");
	is(own(KSTKESP), 0, "registers-are-not-told");
}

/* Whoever may not look at the memory is not told where things lie. */
static int is_told_little(void *arg)
{
	const char *path = path_of(sys_getppid(), 0);

	(void)arg;
	syscall1(__NR_setuid, NOBODY);
	if (field(path, STARTCODE) != 1 || field(path, ENDCODE) != 1 || field(path, STARTSTACK) ||
	    field(path, WCHAN))
		return 1;
	for (int n = START_DATA; n <= EXIT_CODE; n++) {
		if (field(path, n))
			return n;
	}
	return field(path, VSIZE) <= 0 || field(path, RSS) <= 0;
}

/* ---- how it ends ---- */

static int stops_and_ends(void *arg)
{
	(void)arg;
	signal_self(SIGSTOP);
	return 3;
}

static void wait_state(const char *path, char state)
{
	while (*word(path, STATE) != state)
		sleep_ms(1);
}

static void test_end(void)
{
	int pid = child_start(stops_and_ends, NULL), status;
	const char *path = path_of(pid, 0);

	wait_state(path, 'T');
	is(field(path, EXIT_SIGNAL), SIGCHLD, "exit_signal");
	is(field(path, WCHAN), 1, "who-is-stopped-waits");
	sys_wait4(pid, &status, WUNTRACED, NULL);
	is(field(path, EXIT_CODE), 0, "exit_code-of-who-lives");
	sys_kill(pid, SIGCONT);
	wait_state(path, 'Z');
	is(field(path, EXIT_CODE), 3 << 8, "exit_code-of-who-has-ended");
	ok(field(path, VSIZE) == 0 && field(path, STARTCODE) == 0 && field(path, THREADS) == 1,
	   "a-zombie-has-no-memory");
	ok(field(path, FLAGS) & 4, "and-is-exiting");
	child_wait(pid);
}

/* A look that is kept open finds nobody any more. */
static void test_gone(void)
{
	int pid = child_start(touches, NULL), fd = (int)sys_open(path_of(pid, 0), O_RDONLY, 0);
	char buf[16];

	ok(sys_read(fd, buf, sizeof(buf)) > 0, "an-open-file-tells");
	child_wait(pid);
	is(sys_lseek(fd, 0, SEEK_SET), 0, "again-from-the-beginning");
	is(sys_read(fd, buf, sizeof(buf)), -ESRCH, "of-who-is-gone-nothing");
	sys_close(fd);
}

int main(int argc, char **argv)
{
	touch_own_memory();
	test_faults();
	test_threads();
	test_traits();
	test_places(argv, argv + argc + 1);
	ok_child_exits(is_told_little, NULL, 0, "others-are-told-little");
	test_end();
	test_gone();
	return tap_finish();
}
