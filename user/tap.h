/*
 * tap.h - results in the Test Anything Protocol. Each line is one write(2): nothing is lost in
 * a crash, nothing is printed twice after a fork.
 *
 * A case's name says in words what holds: ok(x == 0, "fresh-memory-reads-zero").
 */
#ifndef USER_TAP_H
#define USER_TAP_H

#include <stdbool.h>

#define TAP_PRINTF(fmt, args)	__attribute__((format(printf, fmt, args)))

/* How many cases follow: "1..N", with the run's number from /etc/run where there is one. */
void tap_plan(int cases);

/* One case. Returns whether it passed. */
bool ok(bool passed, const char *name, ...) TAP_PRINTF(2, 3);

/*
 * One case that compares two results of system calls; a failure shows both, with the names of
 * error numbers.
 */
bool is(long got, long expected, const char *name, ...) TAP_PRINTF(3, 4);

/* One case that cannot be judged here, and why. */
void skip(const char *reason, const char *name, ...) TAP_PRINTF(2, 3);

/* A remark for the reader. */
void note(const char *format, ...) TAP_PRINTF(1, 2);

/* Nothing more can be judged at all: ends the program. */
void bail(const char *format, ...) TAP_PRINTF(1, 2) __attribute__((noreturn));

/* For those who do not know before how many cases there are: prints the plan now. */
int tap_finish(void);

/* The status for main() to return: 0 if all planned cases ran and none failed. */
int tap_done(void);

#endif
