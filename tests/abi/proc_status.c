/*
 * proc_status.c - /proc/PID/status: its lines are Linux's and come in Linux's order, and each
 * number moves with what it tells of: mask, memory, signals that wait, rights, CPUs, switches.
 */
#include "kernel/uapi/prctl.h"
#include "kernel/uapi/resource.h"
#include "user/child.h"
#include "user/files.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/signals.h"
#include "user/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELF	 "/proc/self/status"
#define NOBODY	 54420 /* a user that has nothing else to do here */
#define PAGES	 64
#define KB	 (4L * PAGES)
#define PATIENCE 60000000000L /* ns until a number that never moves is given up */

static long status(const char *name) { return proc_field(SELF, name); }

/* The text behind "NAME:\t"; "" without such a line. */
static const char *value_of(const char *path, const char *name)
{
	static char value[1024];
	char key[64], *at;

	snprintf(key, sizeof(key), "\n%s:\t", name);
	at = strstr(proc_read(path), key);
	snprintf(value, sizeof(value), "%.*s", at ? (int)strcspn(at + strlen(key), "\n") : 0,
		 at ? at + strlen(key) : "");
	return value;
}
static bool says(const char *name, const char *value)
{
	return !strcmp(value_of(SELF, name), value);
}
static uint64_t hex(const char *name) { return strtoull(value_of(SELF, name), NULL, 16); }

/* ---- the lines ---- */

/* '!': only newer kernels have it. */
static const char *const lines[] = {
	"Name", "Umask", "State", "Tgid", "Ngid", "Pid", "PPid", "TracerPid", "Uid", "Gid",
	"FDSize",
	"Groups", "NStgid", "NSpid", "NSpgid", "NSsid", "!Kthread", "VmPeak", "VmSize", "VmLck",
	"VmPin", "VmHWM", "VmRSS", "RssAnon", "RssFile", "RssShmem", "VmData", "VmStk", "VmExe",
	"VmLib", "VmPTE", "VmSwap", "HugetlbPages", "CoreDumping", "THP_enabled", "!untag_mask",
	"Threads", "SigQ", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm",
	"CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters",
	"Speculation_Store_Bypass", "SpeculationIndirectBranch", "Cpus_allowed",
	"Cpus_allowed_list", "Mems_allowed", "Mems_allowed_list", "voluntary_ctxt_switches",
	"nonvoluntary_ctxt_switches",
};

static bool is_line(const char *at, const char *name)
{
	return !strncmp(at, name, strlen(name)) && !strncmp(at + strlen(name), ":\t", 2);
}

static void test_order(void)
{
	const char *at = proc_read(SELF), *missing = NULL;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		bool newer = *lines[i] == '!';

		if (is_line(at, lines[i] + newer))
			at = strchr(at, '\n') + 1;
		else if (!newer && !missing)
			missing = lines[i];
	}
	ok(!missing, "all-lines-are-there-and-in-order%s%s", missing ? ", but not " : "",
	   missing ? missing : "");
}

/* Numbers of memory are padded to a width of eight. */
static void test_format(void)
{
	char expected[64];
	bool good = true;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strncmp(lines[i], "Vm", 2) != 0 && strncmp(lines[i], "Rss", 3) != 0)
			continue;
		snprintf(expected, sizeof(expected), "\n%s:\t%8ld kB\n", lines[i],
			 status(lines[i]));
		good &= strstr(proc_read(SELF), expected) != NULL;
	}
	ok(good, "sizes-are-padded");
}

static void test_identity(void)
{
	char name[17] = "a\\b\nc", old[17];
	long fds;

	sys_prctl(PR_GET_NAME, (uintptr_t)old, 0);
	sys_prctl(PR_SET_NAME, (uintptr_t)name, 0);
	ok(!strncmp(proc_read(SELF), "Name:\ta\\\\b\\nc\nUmask:", 19), "a-name-stays-on-its-line");
	sys_prctl(PR_SET_NAME, (uintptr_t)old, 0);
	sys_umask(0137);
	ok(says("Umask", "0137"), "Umask");
	sys_umask(0);
	ok(says("Umask", "0000"), "Umask-of-nothing");
	sys_umask(022);
	ok(status("NSpid") == sys_getpid() && status("NStgid") == sys_getpid(), "NSpid-NStgid");
	ok(status("NSpgid") == syscall1(__NR_getpgid, 0) &&
		   status("NSsid") == syscall1(__NR_getsid, 0),
	   "NSpgid-and-NSsid");
	fds = status("FDSize");
	is(syscall2(__NR_dup2, 0, 200), 200, "a-descriptor-of-a-large-number");
	ok(fds >= 64 && status("FDSize") >= 201, "FDSize-has-room-for-it");
	sys_close(200);
}

/* ---- memory ---- */

static int begins_anew(void *arg)
{
	(void)arg;
	return status("VmPeak") != status("VmSize");
}

static void test_peak(void)
{
	char *mem = map_private(PAGES * 64 * PAGE_SIZE);
	long peak = status("VmPeak"), size = status("VmSize");

	ok(peak >= size, "VmPeak-is-VmSize-at-least");
	unmap(mem, PAGES * 64 * PAGE_SIZE);
	is(status("VmSize"), size - 64 * KB, "VmSize-goes-back");
	is(status("VmPeak"), peak, "VmPeak-does-not");
	mem = map_private(2 * PAGES * 64 * PAGE_SIZE);
	is(status("VmPeak"), size + 64 * KB, "until-there-is-more-than-ever");
	unmap(mem, 2 * PAGES * 64 * PAGE_SIZE);
	ok_child_exits(begins_anew, NULL, 0, "a-child's-begins-with-what-it-has");
}

static void __attribute__((noinline)) use_stack(void)
{
	volatile char deep[KB * 1024];

	for (size_t i = sizeof(deep); i; i -= PAGE_SIZE / 2)
		deep[i - 1] = 1;
}

static void test_stack_and_text(const char *self)
{
	long stack = status("VmStk"), size = status("VmSize"), data = status("VmData"),
	     exe = status("VmExe"), lib;
	int fd = (int)sys_open(self, O_RDONLY, 0);
	uintptr_t at;

	use_stack();
	ok(status("VmStk") - stack >= KB - 132, "VmStk-grows-with-the-stack");
	is(status("VmStk") - stack, status("VmSize") - size, "and-VmSize-as-much");
	is(status("VmData"), data, "but-not-VmData");
	is(proc_word("/proc/self/statm", 5) * 4, status("VmData") + status("VmStk"),
	   "statm-counts-both-as-data");
	lib = status("VmLib");
	at = (uintptr_t)sys_mmap(0, 4 * PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	sys_close(fd);
	is(status("VmLib") - lib, 16, "VmLib-is-what-else-can-be-executed");
	is(status("VmExe"), exe, "VmExe-the-program");
	sys_mprotect(at, PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
	is(status("VmLib") - lib, 12, "what-can-be-written-is-no-text");
	is(status("VmData") - data, 4, "but-data");
	sys_munmap(at, 4 * PAGE_SIZE);
	is(status("VmLib"), lib, "VmLib-goes-back");
}

/* ---- signals ---- */

static long queue_one(void)
{
	struct __kernel_siginfo info = { .si_signo = SIGRTMIN, .si_code = SI_QUEUE };

	return syscall3(__NR_rt_sigqueueinfo, sys_getpid(), SIGRTMIN, P(&info));
}

static int waits_with_two(void *arg)
{
	const int *pipes = arg;
	char c;

	queue_one();
	queue_one();
	sys_write(pipes[1], "r", 1);
	sys_read(pipes[2], &c, 1);
	return 0;
}

/* The signals that wait for all processes of a user. */
static int sigq_moves(void *arg)
{
	struct rlimit64 limit = { 4, 4 };
	struct __kernel_siginfo info;
	int pipes[4], pid;
	char c;

	(void)arg;
	if (syscall2(__NR_setrlimit, RLIMIT_SIGPENDING, P(&limit)) ||
	    syscall1(__NR_setuid, NOBODY))
		return 1;
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGRTMIN));
	if (!says("SigQ", "0/4"))
		return 2;
	queue_one();
	if (!says("SigQ", "1/4") || hex("ShdPnd") != SIGNAL_BIT(SIGRTMIN))
		return 3;
	sys_pipe(pipes);
	sys_pipe(pipes + 2);
	pid = child_start(waits_with_two, pipes);
	sys_read(pipes[0], &c, 1);
	if (!says("SigQ", "3/4"))
		return 4;
	if (queue_one() || queue_one() != -EAGAIN || !says("SigQ", "4/4"))
		return 5;
	sys_write(pipes[3], "x", 1);
	child_wait(pid);
	signal_wait(SIGNAL_BIT(SIGRTMIN), &info, 60000);
	return says("SigQ", "1/4") ? 0 : 6;
}

/* ---- rights ---- */

#define FS_RIGHTS 0x10800021full

static bool rights(uint64_t permitted, uint64_t effective)
{
	return hex("CapPrm") == permitted && hex("CapEff") == effective && !hex("CapInh") &&
	       !hex("CapAmb");
}

static int rights_follow(void *arg)
{
	const uint64_t all = hex("CapPrm"), bound = hex("CapBnd");

	(void)arg;
	if (!all || (all & ~bound) || !rights(all, all))
		return 1;
	syscall1(__NR_setfsuid, NOBODY);
	if (!rights(all, all & ~FS_RIGHTS))
		return 2;
	syscall1(__NR_setfsuid, 0);
	if (!rights(all, all))
		return 3;
	syscall3(__NR_setresuid, -1, NOBODY, -1);
	if (!rights(all, 0))
		return 4;
	syscall3(__NR_setresuid, -1, 0, -1);
	if (!rights(all, all))
		return 5;
	syscall3(__NR_setresuid, NOBODY, NOBODY, 0);
	if (!rights(all, 0))
		return 6;
	syscall3(__NR_setresuid, -1, -1, NOBODY);
	return rights(0, 0) && hex("CapBnd") == bound ? 0 : 7;
}

static int gives_up(void *arg)
{
	(void)arg;
	return status("NoNewPrivs") != 0 || sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0) ||
	       status("NoNewPrivs") != 1;
}

static void test_rights(void)
{
	ok_child_exits(rights_follow, NULL, 0, "rights-follow-the-users");
	is(status("Seccomp"), sys_prctl(PR_GET_SECCOMP, 0, 0), "Seccomp-is-what-prctl-says");
	ok_child_exits(gives_up, NULL, 0, "who-gives-up-rights-is-told");
}

static int inherits(void *arg)
{
	(void)arg;
	return (int)status("NoNewPrivs");
}

static int hands_down(void *arg)
{
	sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0);
	return child_verdict(child_run(inherits, arg));
}

/* ---- CPUs ---- */

static uint64_t mask_shown(void)
{
	uint64_t mask = 0;

	for (const char *at = value_of(SELF, "Cpus_allowed"); *at; at++) {
		if (*at != ',')
			mask = mask << 4 | (uint64_t)strtol((char[]){ *at, '\0' }, NULL, 16);
	}
	return mask;
}

static int on_one_cpu(void *arg)
{
	char number[16];
	int cpu = nth_cpu(cpu_count() - 1);

	(void)arg;
	pin_to_cpu(cpu);
	snprintf(number, sizeof(number), "%d", cpu);
	return mask_shown() != 1ull << cpu || !says("Cpus_allowed_list", number);
}

static int spins(void *arg)
{
	const volatile uint32_t *stop = arg;

	pin_to_cpu(nth_cpu(0));
	while (!*stop)
		;
	return 0;
}

/* Beside another on the same CPU. */
static int is_sent_away(void *arg)
{
	long before = status("nonvoluntary_ctxt_switches");
	volatile uint32_t *stop = (volatile uint32_t *)map_shared(PAGE_SIZE);
	int64_t end = now_ns() + PATIENCE;
	int pid = child_start(spins, (void *)stop);

	(void)arg;
	pin_to_cpu(nth_cpu(0));
	while (status("nonvoluntary_ctxt_switches") - before < 5 && now_ns() < end)
		syscall0(__NR_sched_yield);
	*stop = 1;
	child_wait(pid);
	return now_ns() < end ? 0 : 1;
}

static void test_cpus(void)
{
	long sleeps = status("voluntary_ctxt_switches");
	struct __kernel_rusage usage;

	is((long)mask_shown(), (long)cpu_mask(), "Cpus_allowed-is-the-mask");
	ok_child_exits(on_one_cpu, NULL, 0, "which-can-be-one-CPU");
	/* Who is late finds that his time is over, and goes on. */
	for (int i = 0; i < 60000 && status("voluntary_ctxt_switches") - sleeps < 5; i++)
		sleep_ms(1);
	ok(status("voluntary_ctxt_switches") - sleeps >= 5, "who-sleeps-switches-voluntarily");
	sleeps = status("voluntary_ctxt_switches");
	syscall2(__NR_getrusage, RUSAGE_SELF, P(&usage));
	ok(usage.ru_nvcsw >= sleeps, "getrusage-knows");
	ok_child_exits(is_sent_away, NULL, 0, "who-is-sent-away-does-not");
	syscall2(__NR_getrusage, RUSAGE_CHILDREN, P(&usage));
	ok(usage.ru_nivcsw >= 5, "getrusage-knows-that-of-children-too");
}

/* ---- one that has ended ---- */

static int ends_named(void *arg)
{
	char name[17] = "the late";

	sys_prctl(PR_SET_NAME, (uintptr_t)name, 0);
	return arg ? 1 : 0;
}

static void test_zombie(void)
{
	int pid = child_start(ends_named, NULL);
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	while (!strstr(proc_read(path), "State:\tZ (zombie)\n"))
		sleep_ms(1);
	ok(!strncmp(proc_read(path), "Name:\tthe late\nState:\tZ (zombie)\nTgid:\t", 38),
	   "it-keeps-its-name");
	is(proc_field(path, "Threads"), 1, "counts-as-a-thread");
	is(proc_field(path, "FDSize"), 0, "has-no-descriptors");
	is(proc_field(path, "VmPeak"), -1, "and-no-memory");
	child_wait(pid);
}

int main(int argc, char **argv)
{
	(void)argc;
	touch_own_memory();
	test_order();
	test_format();
	test_identity();
	test_peak();
	test_stack_and_text(argv[0]);
	ok_child_exits(sigq_moves, NULL, 0, "SigQ-counts-what-waits-for-the-user");
	test_rights();
	ok_child_exits(hands_down, NULL, 1, "and-its-child-too");
	test_cpus();
	test_zombie();
	return tap_finish();
}
