/*
 * exec.c - execve(2): what the new program gets, what it does not, and how a refusal leaves the
 * caller. The program runs itself again with a role as its first argument.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/start.h"
#include "user/tap.h"
#include "user/thread.h"

#include <stdlib.h>
#include <string.h>

static char *self;			/* the path of this program */

struct exec {
	const char *path;
	char *const *argv;
	char *const *envp;
};

/* Exits with the role's verdict, or 100 + the errno of a refused exec. */
static int child_execs(void *arg)
{
	struct exec *exec = arg;

	return 100 + (int)-sys_execve(exec->path, exec->argv, exec->envp);
}

/* The verdict of this program in that role. */
static int run_role(const char *role, const char *extra)
{
	char *argv[] = { self, (char *)role, (char *)extra, NULL };
	char *envp[] = { "FIRST=1", "SECOND=two", NULL };
	struct exec exec = { self, argv, envp };

	return child_verdict(child_run(child_execs, &exec));
}

/* The roles: each returns the exit status of the new program. */

static int role_arguments(int argc, char **argv, char **envp)
{
	if (argc != 3 || strcmp(argv[0], self) != 0 || strcmp(argv[2], "a b'c") != 0)
		return 1;
	if (argv[3] != NULL)
		return 2;
	if (!envp[0] || strcmp(envp[0], "FIRST=1") != 0)
		return 3;
	if (!envp[1] || strcmp(envp[1], "SECOND=two") != 0 || envp[2])
		return 4;
	return getenv("SECOND") && strcmp(getenv("SECOND"), "two") == 0 ? 0 : 5;
}

static int role_auxv(int argc, char **argv, char **envp)
{
	const unsigned char *random = (const unsigned char *)auxv_value(AT_RANDOM);

	(void)argc, (void)argv, (void)envp;
	if (auxv_value(AT_PAGESZ) != PAGE_SIZE)
		return 1;
	if (!auxv_value(AT_PHDR) || auxv_value(AT_PHENT) != 56 || !auxv_value(AT_PHNUM))
		return 2;
	if (!auxv_value(AT_ENTRY) || auxv_value(AT_BASE) != 0)
		return 3;
	if (!random || all_bytes(random, random[0], 16))
		return 4;
	if (!auxv_value(AT_EXECFN) || strcmp((char *)auxv_value(AT_EXECFN), self) != 0)
		return 5;
	return auxv_has(AT_UID) && auxv_has(AT_EUID) && auxv_has(AT_GID) && auxv_has(AT_EGID) &&
	       auxv_value(AT_SECURE) == 0 ? 0 : 6;
}

static int role_stack(int argc, char **argv, char **envp)
{
	(void)argc, (void)envp;
	if (initial_stack() % 16 != 0)
		return 1;
	return (uintptr_t)argv[0] > initial_stack() ? 0 : 2;
}

/* The address in the extra argument was mapped in the old program. */
static int role_address(int argc, char **argv, char **envp)
{
	(void)argc, (void)envp;
	return child_verdict(child_run(child_reads, (void *)strtoul(argv[2], NULL, 16)));
}

static int role_file(int argc, char **argv, char **envp)
{
	(void)argc, (void)envp;
	return (int)-sys_close(atoi(argv[2]));
}

/* Counts down, one exec for each. */
static int role_chain(int argc, char **argv, char **envp)
{
	char next[2] = { (char)(argv[2][0] - 1), 0 };
	char *args[] = { self, "chain", next, NULL };

	(void)argc;
	if (argv[2][0] == '0')
		return 0;
	return 100 + (int)-sys_execve(self, args, envp);
}

static int role_many(int argc, char **argv, char **envp)
{
	(void)envp;
	for (int i = 2; i < argc; i++) {
		if (atoi(argv[i]) != i)
			return 1;
	}
	return argc == 1000 ? 0 : 2;
}

static int role_empty(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv;
	return envp[0] == NULL ? 0 : 1;
}

static int role_tid(int argc, char **argv, char **envp)
{
	(void)argc, (void)envp;
	return sys_gettid() == sys_getpid() && sys_getpid() == atoi(argv[2]) ? 0 : 1;
}

static int role_fpu(int argc, char **argv, char **envp)
{
	unsigned int mxcsr;
	unsigned short control;
	unsigned long xmm;

	(void)argc, (void)argv, (void)envp;
	__asm__ volatile("stmxcsr %0\n\tfnstcw %1\n\tmovq %%xmm13, %2"
			 : "=m"(mxcsr), "=m"(control), "=r"(xmm));
	return mxcsr == 0x1f80 && control == 0x37f && xmm == 0 ? 0 : 1;
}

static const struct role {
	const char *name;
	int (*main)(int argc, char **argv, char **envp);
} roles[] = {
	{ "arguments", role_arguments }, { "auxv", role_auxv },	  { "stack", role_stack },
	{ "address", role_address },	 { "file", role_file },	  { "chain", role_chain },
	{ "many", role_many },		 { "empty", role_empty }, { "tid", role_tid },
	{ "fpu", role_fpu },
};

static void format_hex(char *text, uintptr_t value)
{
	for (int i = 15; i >= 0; i--, value >>= 4)
		text[i] = "0123456789abcdef"[value & 15];
	text[16] = '\0';
}

static void test_what_is_passed(void)
{
	char *many[1001] = { self, "many" };
	static char numbers[1000][5];
	char *none[] = { NULL };
	char *empty[] = { self, "empty", NULL };
	struct exec exec = { self, many, none };

	is(run_role("arguments", "a b'c"), 0, "arguments-and-environment-are-passed");
	is(run_role("auxv", NULL), 0, "the-auxiliary-vector-is-complete");
	is(run_role("stack", NULL), 0, "the-stack-is-aligned-and-above-it-lie-the-strings");
	for (int i = 2; i < 1000; i++) {
		numbers[i][0] = (char)('0' + i / 100);
		numbers[i][1] = (char)('0' + i / 10 % 10);
		numbers[i][2] = (char)('0' + i % 10);
		many[i] = numbers[i];
	}
	is(child_verdict(child_run(child_execs, &exec)), 0, "a-thousand-arguments-are-passed");
	exec = (struct exec){ self, empty, NULL };
	is(child_verdict(child_run(child_execs, &exec)), 0, "no-environment-is-an-empty-one");
}

static int child_fills_registers(void *arg)
{
	unsigned int mxcsr = 0x5f80;		/* another rounding */

	__asm__ volatile("ldmxcsr %0\n\tpcmpeqd %%xmm13, %%xmm13" : : "m"(mxcsr) : "xmm13");
	return child_execs(arg);
}

static void test_what_is_not(void)
{
	char *mem = map_private(PAGE_SIZE);
	char *fpu_args[] = { self, "fpu", NULL };
	struct exec exec = { self, fpu_args, NULL };
	char address[17], number[2] = { 0, 0 };
	int fds[2];
	long fd;

	mem[0] = 1;
	format_hex(address, (uintptr_t)mem);
	is(run_role("address", address), 128 + SIGSEGV, "the-old-program's-memory-is-gone");
	unmap(mem, PAGE_SIZE);
	sys_pipe(fds);
	number[0] = (char)('0' + fds[0]);
	is(run_role("file", number), 0, "open-files-stay-open");
	fd = sys_open(self, O_RDONLY | O_CLOEXEC, 0);
	number[0] = (char)('0' + fd);
	is(run_role("file", number), EBADF, "close-on-exec-files-are-closed");
	is(child_verdict(child_run(child_fills_registers, &exec)), 0,
	   "floating-point-registers-start-fresh");
	sys_close((int)fd);
	sys_close(fds[0]);
	sys_close(fds[1]);
}

static void *sleeper(void *arg)
{
	word_wait(arg, 1);
	return NULL;
}

static void *execs_from_thread(void *arg)
{
	child_execs(arg);
	return NULL;
}

static char *decimal(char *text, int value)
{
	text += 11;
	*text = '\0';
	do
		*--text = (char)('0' + value % 10);
	while (value /= 10);
	return text;
}

/* exec leaves one thread; whichever called it becomes the process's first. */
static int child_execs_with_threads(void *arg)
{
	static uint32_t never;
	struct thread threads[3];
	char text[12], *argv[] = { self, "tid", decimal(text, (int)sys_getpid()), NULL };
	struct exec exec = { self, argv, NULL };

	thread_create(&threads[0], sleeper, &never);
	thread_create(&threads[1], sleeper, &never);
	if (!arg)
		return child_execs(&exec);
	thread_create(&threads[2], execs_from_thread, &exec);
	thread_join(&threads[2]);
	return 50;
}

static void test_threads_and_chains(void)
{
	long pid;

	is(run_role("chain", "9"), 0, "nine-programs-one-after-another");
	ok_child_exits(child_execs_with_threads, NULL, 0, "exec-ends-the-other-threads");
	ok_child_exits(child_execs_with_threads, "", 0, "exec-from-a-thread-keeps-the-pid");
	pid = sys_vfork();
	if (pid == 0) {
		char *argv[] = { self, "empty", NULL };

		sys_execve(self, argv, NULL);
		sys_exit_group(99);
	}
	is(child_verdict(child_wait((int)pid)), 0, "vfork-and-exec");
}

/* The arguments lie on the new stack, and that has a limit. */
static int child_execs_with_small_stack(void *arg)
{
	const struct rlimit64 limit = { 16 * PAGE_SIZE, 16 * PAGE_SIZE };

	sys_prlimit64(0, RLIMIT_STACK, &limit, NULL);
	return child_execs(arg);
}

static void test_stack_limit(char *argument)
{
	char *argv[] = { self, "empty", argument, NULL };
	struct exec exec = { self, argv, NULL };

	memset(argument, 'y', 20 * PAGE_SIZE);
	is(child_verdict(child_run(child_execs_with_small_stack, &exec)), 100 + E2BIG,
	   "an-argument-larger-than-the-stack-may-be");
	argument[10 * PAGE_SIZE] = '\0';
	is(child_verdict(child_run(child_execs_with_small_stack, &exec)), 0, "one-that-fits");
}

static long refused(const char *path, char *const *argv, char *const *envp)
{
	return sys_execve(path, argv, envp);
}

static void test_errors(void)
{
	char *argv[] = { self, "empty", NULL };
	char *bad_string[] = { self, (char *)8, NULL };
	char *long_path = map_private(2 * PAGE_SIZE);
	char *long_argument = map_private(64 * PAGE_SIZE);
	char *too_long[] = { self, long_argument, NULL };

	memset(long_path, 'x', 2 * PAGE_SIZE - 1);
	memset(long_argument, 'y', 64 * PAGE_SIZE - 1);
	is(refused("/no/such/program", argv, NULL), -ENOENT, "a-missing-program");
	is(refused("", argv, NULL), -ENOENT, "an-empty-path");
	is(refused("/", argv, NULL), -EACCES, "a-directory");
	is(refused((char *)8, argv, NULL), -EFAULT, "a-bad-path-pointer");
	is(refused(self, (char *const *)8, NULL), -EFAULT, "a-bad-argument-vector");
	is(refused(self, argv, (char *const *)8), -EFAULT, "a-bad-environment");
	is(refused(self, bad_string, NULL), -EFAULT, "a-bad-argument");
	is(refused(long_path, argv, NULL), -ENAMETOOLONG, "a-path-too-long");
	is(refused(self, too_long, NULL), -E2BIG, "an-argument-too-long");
	ok(all_bytes(long_path, 'x', 2 * PAGE_SIZE - 1), "the-caller-is-intact");
	memset(long_argument, 0, 64 * PAGE_SIZE);
	test_stack_limit(long_argument);
	unmap(long_path, 2 * PAGE_SIZE);
	unmap(long_argument, 64 * PAGE_SIZE);
}

int main(int argc, char **argv, char **envp)
{
	self = argv[0];
	for (size_t i = 0; argc > 1 && i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(argv[1], roles[i].name) == 0)
			return roles[i].main(argc, argv, envp);
	}
	tap_plan(25);
	test_what_is_passed();
	test_what_is_not();
	test_threads_and_chains();
	test_errors();
	return tap_done();
}
