/*
 * terminal_probe.h - what the parts of terminal_probe share: a terminal, typing at it, and
 * a report of what it did.
 */
#ifndef TERMINAL_PROBE_H
#define TERMINAL_PROBE_H

#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

/* The terminal's name, and a descriptor of it that is nobody's controlling terminal. */
extern const char *terminal_name;
extern int terminal;

/* ---- the report: lines that are printed when the terminal is in order again ---- */

void begin_case(const char *name);
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A result of a call: a number, or the error's name. */
void report_result(const char *what, long result);
/* What a read got. */
void report_bytes(const char *what, const char *bytes, long n);
void end_case(void);

/* ---- the terminal ---- */

/* Settings with these flags, and all special characters. */
struct termios settings(tcflag_t iflag, tcflag_t oflag, tcflag_t lflag);
void set(const struct termios *termios);
/* Bytes as if they were typed: when it returns the terminal has dealt with them. */
void type_bytes(const char *bytes, size_t n);
void type(const char *text);
/* The other end is asked to type that byte so many times; does not wait for it. */
void ask_to_type(char byte, int times);
/* All that can be read now, report by report; how many bytes wait, and what poll says. */
void report_input(void);
void report_waiting(void);

/* ---- the parts ---- */

void lines(void);
void reading(void);
void jobs(void);
void hangups(void);
void random_rounds(unsigned int seed, int rounds);

#endif
