/*
 * bad_elf.c - damaged executables through execve(2). The files, one for each kind of damage,
 * are made by data/make_bad_elf.c and lie in data/ beside this program.
 *
 * Where Linux finds the damage only after it gave up the old program, it kills; Pleat, which
 * builds the whole new address space first, may refuse instead. Both are fine. What is never
 * fine is a program that runs, or a caller that is hurt by a refusal.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/numbers.h"
#include "user/probe.h"
#include "user/tap.h"

#include <stdio.h>
#include <string.h>

enum { REFUSED = 100 };			/* + errno: the child's status after a refusal */

static char directory[256];
static char *canary;

static int child_execs(void *arg)
{
	char path[512];
	char *argv[] = { path, NULL };
	char *envp[] = { NULL };
	long result;

	snprintf(path, sizeof(path), "%s/%s.elf", directory, (char *)arg);
	canary[0] = 1;
	result = sys_execve(path, argv, envp);
	if (!all_bytes(canary, 1, 1) || !all_bytes(canary + 1, 9, PAGE_SIZE - 1))
		return 99;
	return REFUSED + (int)-result;
}

static int run(const char *name)
{
	return child_verdict(child_run(child_execs, (void *)name));
}

static void test_refused(void)
{
	static const struct {
		const char *file;
		int error;
	} cases[] = {
		{ "empty", ENOEXEC },
		{ "one_byte", ENOEXEC },
		{ "short_header", ENOEXEC },
		{ "no_program_headers_in_file", ENOEXEC },
		{ "cut_program_headers", ENOEXEC },
		{ "bad_magic", ENOEXEC },
		{ "text_file", ENOEXEC },
		{ "machine_arm", ENOEXEC },
		{ "machine_riscv", ENOEXEC },
		{ "type_relocatable", ENOEXEC },
		{ "type_core", ENOEXEC },
		{ "phentsize_small", ENOEXEC },
		{ "phnum_zero", ENOEXEC },
		{ "phnum_huge", ENOEXEC },
		{ "phoff_beyond_file", ENOEXEC },
		{ "phoff_negative", ENOEXEC },
		{ "not_executable", EACCES },
		{ "interpreter_missing", ENOENT },
		{ "interpreter_absurd", ENOEXEC },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int verdict = run(cases[i].file);

		if (!ok(verdict == REFUSED + cases[i].error, "refused-with-%s-%s",
			linux_errno_name(cases[i].error), cases[i].file))
			note("verdict %d (%d + errno, or 128 + signal)", verdict, REFUSED);
	}
}

/* Refused with an error for a bad file or too little memory, or killed. */
static bool refused_or_killed(int verdict)
{
	return verdict == REFUSED + ENOEXEC || verdict == REFUSED + ENOMEM ||
	       verdict == REFUSED + EINVAL || verdict == 128 + SIGSEGV || verdict == 128 + SIGBUS;
}

static void test_absurd(void)
{
	static const char *const files[] = {
		"filesz_over_memsz", "memsz_absurd",	    "memsz_wraps",
		"vaddr_in_kernel",   "vaddr_wraps",	    "vaddr_non_canonical",
		"offset_negative",   "vaddr_not_congruent", "entry_unmapped",
		"entry_in_kernel",   "entry_in_data",	    "truncated_text",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int verdict = run(files[i]);

		if (!ok(refused_or_killed(verdict), "never-runs-%s", files[i]))
			note("verdict %d", verdict);
	}
}

int main(int argc, char **argv)
{
	char *slash = strrchr(argv[0], '/');
	int verdict;

	(void)argc;
	snprintf(directory, sizeof(directory), "%.*s/data", slash ? (int)(slash - argv[0]) : 1,
		 slash ? argv[0] : ".");
	canary = map_private(PAGE_SIZE);
	memset(canary, 9, PAGE_SIZE);
	tap_plan(35);
	if (!ok(run("good") == 42, "the-undamaged-file-runs"))
		bail("%s/good.elf: %d", directory, run("good"));
	is(run("data_without_file"), 42, "a-segment-without-file-bytes-runs");
	verdict = run("overlapping");
	ok(verdict == 43 || verdict == REFUSED + ENOEXEC,
	   "of-overlapping-segments-the-later-one-counts-or-none");
	test_refused();
	test_absurd();
	ok(all_bytes(canary, 9, PAGE_SIZE), "after-all-that-the-parent-is-intact");
	return tap_done();
}
