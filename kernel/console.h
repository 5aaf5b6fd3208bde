/* The console as a file: set up, and who is at its other end. */
#pragma once
#include "kernel/base/types.h"

void console_init(void);
/* A person's terminal (echo, carriage returns), or a program that wants the exact bytes. */
void console_set_interactive(bool interactive);
bool console_is_interactive(void);
/* To a person's terminal; nothing where a program reads. Any context. */
void console_echo(const char *text, size_t n);
