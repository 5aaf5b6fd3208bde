/* start.h - what a program can ask about how it was started. */
#ifndef USER_START_H
#define USER_START_H

#include <stdbool.h>
#include <stdint.h>

extern char **environ;

/* The value of an auxiliary-vector entry (AT_*), or 0 if there is none. */
uint64_t auxv_value(uint64_t type);
bool auxv_has(uint64_t type);

/* The address of argc on the initial stack: just above it lies all that the kernel put there. */
uintptr_t initial_stack(void);

#endif
