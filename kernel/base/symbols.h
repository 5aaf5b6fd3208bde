/* Names of the kernel's functions, for backtraces. */
#pragma once
#include "kernel/base/types.h"

/* The function that contains addr and how far in; NULL if addr is not in the kernel's text. */
const char *symbol_lookup(unsigned long addr, unsigned long *offset);
