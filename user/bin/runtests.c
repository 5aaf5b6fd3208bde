/*
 * runtests - runs programs that print TAP, one after another, as one test: their cases, numbered
 * anew and with the program's name in front, then one plan.
 *
 *	runtests [--after NAME] [DIRECTORY | PROGRAM...]	(default: /tests)
 *
 * Before each program it prints `# program NAME`. When the machine does not survive one, the
 * next run can resume behind it with --after. After each it checks that all memory came back.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/programs.h"
#include "user/tap.h"
#include "user/words.h"

enum { LINE_MAX = 512, SETTLE_TRIES = 5000 };

/* What a program has printed so far. */
struct results {
	const char *name;
	int planned;			/* -1: no plan yet */
	int seen, failed;
};

static struct program_list list;
static char directory[128] = "/tests";

/* A result line of a child: `ok 3 - name` without its number, which is not ours. */
static const char *case_name(const char *text)
{
	text += strspn(text, " ");
	text += strspn(text, "0123456789");
	text += strspn(text, " ");
	if (*text == '-')
		text++;
	return text + strspn(text, " ");
}

static void take_case(struct results *results, bool passed, const char *text)
{
	const char *name = case_name(text), *directive = strstr(name, " # SKIP ");

	results->seen++;
	if (!passed)
		results->failed++;
	if (directive)
		skip(directive + strlen(" # SKIP "), "%s: %.*s", results->name,
		     (int)(directive - name), name);
	else
		ok(passed, "%s: %s", results->name, name);
}

static void take_line(struct results *results, const char *line)
{
	if (strncmp(line, "ok ", 3) == 0)
		take_case(results, true, line + 3);
	else if (strncmp(line, "not ok ", 7) == 0)
		take_case(results, false, line + 7);
	else if (strncmp(line, "1..", 3) == 0)
		results->planned = atoi(line + 3);
	else
		note("%s: %s", results->name, line + strspn(line, "# "));
}

/* All that comes out of the pipe, line by line; a line too long is cut in two. */
static void take_output(struct results *results, int fd)
{
	static char line[LINE_MAX], buf[4096];
	size_t used = 0;
	long n;

	while ((n = sys_read(fd, buf, sizeof(buf))) > 0) {
		for (long i = 0; i < n; i++) {
			if (buf[i] != '\n' && used < sizeof(line) - 1) {
				line[used++] = buf[i];
				continue;
			}
			line[used] = '\0';
			used = 0;
			take_line(results, line);
			if (buf[i] != '\n')
				line[used++] = buf[i];
		}
	}
	if (used > 0) {
		line[used] = '\0';
		take_line(results, line);
	}
}

/* How the program ended must agree with what it printed. */
static void judge_end(const struct results *results, int verdict)
{
	bool all = results->planned == results->seen;
	bool agrees = verdict == (all && results->failed == 0 ? 0 : 1);

	if (all && agrees)
		return;
	ok(false, "%s: ends as its results say", results->name);
	note("planned %d cases, ran %d, %d failed; status %d", results->planned, results->seen,
	     results->failed, verdict);
}

/* Freeing may go on for a moment after the last process of a program has been waited for. */
static void judge_leaks(const char *name, struct usage before)
{
	struct usage after = usage_now();

	if (is_error(before.frames)) {
		skip("nobody counts frames", "%s: no frame leaked", name);
		return;
	}
	for (int i = 0; i < SETTLE_TRIES && memcmp(&before, &after, sizeof(after)) != 0; i++) {
		while (sys_wait4(-1, NULL, WNOHANG, NULL) > 0)
			;
		sleep_ms(2);
		after = usage_now();
	}
	if (!ok(memcmp(&before, &after, sizeof(after)) == 0, "%s: no frame leaked", name))
		note("frames %ld -> %ld, objects %ld -> %ld", before.frames, after.frames,
		     before.objects, after.objects);
}

/* Starts a program with its output in a pipe, whose reading end comes back in *fd. */
static long start_piped(char *path, int *fd)
{
	char *argv[] = { path, NULL };
	int fds[2];
	long pid = sys_pipe(fds);

	if (is_error(pid))
		bail("pipe: %ld", pid);
	pid = start_program(argv, fds[1]);
	if (is_error(pid))
		bail("fork: %ld", pid);
	sys_close(fds[1]);
	*fd = fds[0];
	return pid;
}

static void run_test(char *path, const char *name)
{
	struct results results = { .name = name, .planned = -1 };
	struct usage before = usage_now();
	int fd, status = 0;
	long pid;

	note("program %s", name);
	pid = start_piped(path, &fd);
	take_output(&results, fd);
	sys_close(fd);
	sys_wait4((int)pid, &status, 0, NULL);
	judge_end(&results, child_verdict(status));
	judge_leaks(name, before);
}

/* What is used for the first time, here and in the kernel for a child, is no leak of a test. */
static void warm_up(void)
{
	char path[] = "/bin/true";
	struct results nothing = { .name = "warm-up", .planned = -1 };
	int fd;

	touch_own_memory();
	for (int i = 0; i < 2; i++) {
		long pid = start_piped(path, &fd);

		take_output(&nothing, fd);
		sys_close(fd);
		sys_wait4((int)pid, NULL, 0, NULL);
		usage_now();
	}
}

/* Takes a directory apart into its programs, behind the one named `after`. */
static void run_directory(const char *after)
{
	static char path[256];

	if (list_programs(directory, &list) != 0 || list.count == 0)
		bail("no programs in %s", directory);
	for (int i = 0; i < list.count; i++) {
		if (after && strcmp(list.names[i], after) <= 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, list.names[i]);
		run_test(path, list.names[i]);
	}
}

static void run_each(char **paths, const char *after)
{
	for (; *paths; paths++) {
		const char *slash = strrchr(*paths, '/');
		const char *name = slash ? slash + 1 : *paths;

		if (!after)
			run_test(*paths, name);
		else if (strcmp(name, after) == 0)
			after = NULL;
	}
}

static bool is_directory(const char *path)
{
	long fd = sys_open(path, O_RDONLY | O_DIRECTORY, 0);

	if (is_error(fd))
		return false;
	sys_close((int)fd);
	return true;
}

int main(int argc, char **argv)
{
	const char *after = NULL;

	argv++;
	if (argc > 2 && strcmp(*argv, "--after") == 0) {
		after = argv[1];
		argv += 2;
	}
	warm_up();
	if (*argv && !is_directory(*argv)) {
		run_each(argv, after);
	} else {
		if (*argv)
			snprintf(directory, sizeof(directory), "%s", *argv);
		run_directory(after);
	}
	return tap_finish();
}
