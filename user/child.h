/*
 * child.h - run something in a forked child and judge how it ended. Crashes are expected only
 * there: a child that dies of a bad access is a result.
 */
#ifndef USER_CHILD_H
#define USER_CHILD_H

#include <stdbool.h>

/* Runs in the child; its result is the exit status. */
typedef int child_main(void *arg);

/* In a child: ends it at the first thing that does not hold, whose number is the exit status. */
#define EXPECT(n, holds) do { if (!(holds)) return n; } while (0)

/* Forks a child that runs main(arg); returns its pid. Ends the program if there is no fork. */
int child_start(child_main *main, void *arg);

/* Waits for that child and returns its status word. */
int child_wait(int pid);

/* Both together. */
int child_run(child_main *main, void *arg);

/* A status word as a number: the exit status, or 128 + the signal that killed. */
int child_verdict(int status);

/* One TAP case each: the child exits with `code`, or dies of `signal`. */
bool ok_child_exits(child_main *main, void *arg, int code, const char *name);
bool ok_child_dies(child_main *main, void *arg, int signal, const char *name);

/* Children that read or write one byte at the address `arg` and exit with 0 if they survive. */
int child_reads(void *arg);
int child_writes(void *arg);

#endif
