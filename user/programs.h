/* programs.h - finding programs, starting them, and saying how they ended. */
#ifndef USER_PROGRAMS_H
#define USER_PROGRAMS_H

#include <stddef.h>

enum { PROGRAM_NAME_MAX = 64, PROGRAMS_MAX = 256 };

struct program_list {
	int count;
	char names[PROGRAMS_MAX][PROGRAM_NAME_MAX];
};

/* The plain files of a directory, sorted by name. Returns 0 or -errno. */
long list_programs(const char *directory, struct program_list *list);

/*
 * The path of a program: the name itself if it contains a slash, otherwise the first of
 * /bin/NAME and /tests/NAME that exists. Returns 0 or -ENOENT.
 */
long find_program(const char *name, char *path, size_t size);

/* Forks and executes argv[0], looked up; standard output goes to `out` unless that is 1. */
long start_program(char *const argv[], int out);

/* Waits for that child, and meanwhile takes leave of every orphan that ends. Its status word. */
int wait_for_program(long pid);

/*
 * As a shell does: start, wait, and give the exit status, 128 + the signal that killed, 127 if
 * there is no such program or 126 if it could not be executed, with a message.
 */
int run_program(char *const argv[]);

#endif
