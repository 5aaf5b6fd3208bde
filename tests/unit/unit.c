/* The main program of every unit test: runs the cases, each in a child, and reports TAP. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "mm/buddy.h"
#include "mm/leak.h"
#include "tests/unit/unit.h"

#define BACKSTOP_SECONDS 120 /* for one case */
#define STATUS_FAILED	 78  /* a failed check; sanitizers end with 1 */
#define STATUS_ALIVE	 77  /* a child that should have died */

static struct unit_case *cases, **last_case = &cases;

void unit_register(struct unit_case *test)
{
	*last_case = test;
	last_case = &test->next;
}

void unit_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	fflush(NULL);
	_exit(STATUS_FAILED);
}

bool unit_logged(const char *text) { return strstr(sim_log(), text); }

/* ---- children ---- */

static pid_t fork_into(int out)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(STATUS_FAILED);
	}
	if (pid == 0) {
		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
	}
	return pid;
}

static int wait_for(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What a child has printed, as a string of this process. */
static char *read_all(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	if (!text || pread(fd, text, (size_t)size, 0) != size) {
		perror("the output of a case");
		exit(STATUS_FAILED);
	}
	close(fd);
	return text;
}

static int death_output;
static pid_t death_child;

bool unit_death_begin(void)
{
	death_output = memfd_create("output", MFD_CLOEXEC);
	death_child = fork_into(death_output);
	return death_child == 0;
}

void unit_death_missing(void) { _exit(STATUS_ALIVE); }

void unit_death_end(const char *file, int line, const char *text)
{
	int status = wait_for(death_child);
	char *output = read_all(death_output);

	if (status == STATUS_ALIVE || status == STATUS_FAILED)
		unit_fail(file, line, "expected the end with \"%s\", but it %s\n%s", text,
			  status == STATUS_ALIVE ? "went on" : "failed a check", output);
	if (!strstr(output, text))
		unit_fail(file, line, "expected the end with \"%s\", but it said:\n%s", text,
			  output);
	free(output);
}

/* ---- failed allocations ---- */

unsigned long unit_fail_each(bool (*op)(void), void (*undo)(void))
{
	struct mem_usage before = mem_quiesce(), now;

	for (unsigned long n = 1;; n++) {
		bool done;

		fail_nth_set(n);
		done = op();
		if (done && fail_nth_left()) {
			fail_nth_set(0);
			undo();
			return n - 1;
		}
		fail_nth_set(0);
		if (done)
			undo();
		now = mem_quiesce();
		if (now.frames != before.frames || now.objects != before.objects) {
			leak_report(&before, &now);
			unit_fail(__FILE__, __LINE__,
				  "failed allocation %lu: %ld frames, %ld objects lost", n,
				  (long)(now.frames - before.frames),
				  (long)(now.objects - before.objects));
		}
	}
}

/* ---- the run ---- */

static void print_diagnostics(const char *output)
{
	for (const char *line = output; *line;) {
		size_t len = strcspn(line, "\n");

		printf("# %.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static bool run_case(const struct unit_case *test, unsigned int number)
{
	int output = memfd_create("output", MFD_CLOEXEC);
	pid_t pid = fork_into(output);
	char *text;
	int status;

	if (pid == 0) {
		alarm(BACKSTOP_SECONDS);
		test->run();
		fflush(NULL);
		_exit(0);
	}
	status = wait_for(pid);
	text = read_all(output);
	printf("%sok %u - %s\n", status ? "not " : "", number, test->name);
	if (status) {
		print_diagnostics(text);
		printf("# %s (status %d); alone: %s %s; in gdb: gdb --args %s -n %s\n",
		       status == SIM_PANIC_STATUS ? "panic" : "failed", status,
		       program_invocation_name, test->name, program_invocation_name, test->name);
	}
	free(text);
	return status == 0;
}

static bool wanted(const struct unit_case *test, const char *only)
{
	return !only || !strcmp(test->name, only);
}

int main(int argc, char **argv)
{
	bool list = argc > 1 && !strcmp(argv[1], "-l"),
	     same_process = argc > 1 && !strcmp(argv[1], "-n");
	const char *only = argc > 1 + (list || same_process) ? argv[argc - 1] : NULL;
	const char *run = getenv("TAP_RUN");	/* who sets it wants to see it again in the plan */
	unsigned int number = 0, failed = 0;

	for (const struct unit_case *test = cases; test; test = test->next) {
		if (!wanted(test, only))
			continue;
		number++;
		if (list)
			puts(test->name);
		else if (same_process)
			test->run();
		else
			failed += !run_case(test, number);
	}
	if (only && !number)
		fprintf(stderr, "there is no case %s: %s -l lists them\n", only, argv[0]);
	if (!list)
		printf(run ? "1..%u # run %s\n" : "1..%u\n", number, run);
	return failed || !number;
}
