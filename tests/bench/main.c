/*
 * main.c - the arguments of mmbench, and the order of its rows.
 *
 *	v		also print the smallest and the largest sample
 *	r=N		take N samples of each row (at most 64)
 *	only=A,B	only these rows
 *	cpus=N		behave as with N CPUs
 *	exec=PATH	the program that fork_exec_wait executes (/tiny)
 *	profile=ROW	mark the timed parts of this row for a profiler
 *	thp		leave transparent huge pages on (they are off: Pleat has none)
 *	noreboot	end, even as PID 1, rather than reboot the machine
 *
 * A row prints NAME, ticks per operation, operations per sample; or NAME, SKIP, the reason; with
 * tabs between. Other lines start with #.
 */
#include "tests/bench/bench.h"

static void (*const groups[])(void) = {
	bench_calibration, bench_null_syscall, bench_faults,	 bench_cow,	 bench_fork,
	bench_mmap,	   bench_mprotect,     bench_madvise,	 bench_mremap,	 bench_brk,
	bench_signals,	   bench_userfaultfd,  bench_process_vm, bench_vmsplice, bench_pipe,
	bench_exec,	   bench_gup,	       bench_tables,	 bench_shootdown, bench_scaling,
};

/* What follows the prefix, or NULL. */
static char *after(char *text, const char *prefix)
{
	while (*prefix)
		if (*text++ != *prefix++)
			return NULL;
	return text;
}

static unsigned int number(const char *digits)
{
	unsigned int value = 0;

	while (*digits >= '0' && *digits <= '9')
		value = value * 10 + (unsigned int)(*digits++ - '0');
	return value;
}

/* Words it does not know are none of its: Linux hands its own unknown options on to PID 1. */
static void read_option(char *arg)
{
	char *value;

	if (same_text(arg, "v"))
		options.verbose = true;
	else if (same_text(arg, "thp"))
		options.huge_pages = true;
	else if (same_text(arg, "noreboot"))
		options.no_reboot = true;
	else if ((value = after(arg, "r=")))
		options.samples = number(value);
	else if ((value = after(arg, "cpus=")))
		options.cpus = number(value);
	else if ((value = after(arg, "only=")))
		options.only = value;
	else if ((value = after(arg, "profile=")))
		options.profile = value;
	else if ((value = after(arg, "exec=")))
		options.exec_path = value;
}

static void read_arguments(char **args)
{
	static char tiny[] = "/tiny";

	options.exec_path = tiny;
	options.cpus = allowed_cpus();
	for (; *args; args++)
		read_option(*args);
	options.env = args + 1;
}

/* From reset to the first instruction of a program that can be seen: this one's. */
static void report_boot(u64 ticks)
{
	struct row boot = ROW("boot_to_program", 1);

	row_add(&boot, ticks);
	row_sample(&boot);
	rows_print(&boot, 1);
}

static void measure(u64 boot_ticks)
{
	if (!options.huge_pages)
		syscall5(__NR_prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
	report_boot(boot_ticks);
	for (unsigned int i = 0; i < ARRAY_SIZE(groups); i++)
		groups[i]();
}

/*
 * PID 1 measures in a child: it is special to Linux (signals that would kill it), and it lives on
 * when the child dies. Both kernels run it this way, or both do not.
 */
void bench_main(char **stack);

void bench_main(char **stack)
{
	u64 boot_ticks = ticks_now();
	long argc = *(long *)stack, pid = 0;
	bool reboot;

	read_arguments(argc ? stack + 2 : stack + 1);
	reboot = sys_getpid() == 1 && !options.no_reboot;
	if (reboot)
		pid = sys_fork();
	if (pid == 0) {
		print_note("# mmbench cpus=", options.cpus, " boot=", boot_ticks);
		measure(boot_ticks);
		print_note("# mmbench done cpus=", options.cpus, " ticks=", ticks_now());
		sys_exit_group(0);
	}
	wait_for(pid);
	sys_reboot(LINUX_REBOOT_CMD_RESTART);
	sys_exit_group(1);
}
