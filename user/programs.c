/* programs.c - programs by name. */
#include "user/programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/uapi/dirent.h"
#include "user/child.h"
#include "user/linux.h"
#include "user/numbers.h"
#include "user/start.h"

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void add_name(struct program_list *list, const struct linux_dirent64 *entry)
{
	if (entry->d_name[0] == '.' || (entry->d_type != DT_REG && entry->d_type != DT_UNKNOWN))
		return;
	if (list->count == PROGRAMS_MAX || strlen(entry->d_name) >= PROGRAM_NAME_MAX)
		return;
	strcpy(list->names[list->count++], entry->d_name);
}

long list_programs(const char *directory, struct program_list *list)
{
	static char buf[4096] __attribute__((aligned(8)));
	long fd = sys_open(directory, O_RDONLY | O_DIRECTORY, 0);
	long n;

	list->count = 0;
	if (is_error(fd))
		return fd;
	while ((n = sys_getdents64((int)fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			const struct linux_dirent64 *entry = (const void *)(buf + at);

			add_name(list, entry);
			at += entry->d_reclen;
		}
	}
	sys_close((int)fd);
	qsort(list->names, (size_t)list->count, PROGRAM_NAME_MAX, compare_names);
	return n;
}

long find_program(const char *name, char *path, size_t size)
{
	static const char *const places[] = { "/bin/", "/tests/" };

	if (strchr(name, '/')) {
		snprintf(path, size, "%s", name);
		return 0;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		long fd;

		snprintf(path, size, "%s%s", places[i], name);
		fd = sys_open(path, O_RDONLY, 0);
		if (!is_error(fd)) {
			sys_close((int)fd);
			return 0;
		}
	}
	return -ENOENT;
}

long start_program(char *const argv[], int out)
{
	char path[256];
	long result = find_program(argv[0], path, sizeof(path));
	long pid = sys_fork();

	if (pid != 0)
		return pid;
	if (out != 1) {
		sys_dup2(out, 1);
		sys_close(out);
	}
	if (result == 0)
		result = sys_execve(path, argv, environ);
	fprintf(stderr, "%s: %s\n", argv[0], result == -ENOENT ? "no such program" :
		linux_errno_name((int)-result));
	fflush(stderr);
	sys_exit_group(result == -ENOENT ? 127 : 126);
}

int wait_for_program(long pid)
{
	int status = 0;
	long ended;

	do
		ended = sys_wait4(-1, &status, 0, NULL);
	while (ended != pid && !is_error(ended));
	return status;
}

int run_program(char *const argv[])
{
	long pid;

	fflush(stdout);
	pid = start_program(argv, 1);
	if (is_error(pid)) {
		fprintf(stderr, "fork: %s\n", linux_errno_name((int)-pid));
		return 126;
	}
	return child_verdict(wait_for_program(pid));
}
