/*
 * Backtraces, each kept once: who allocated what is then one number for each object. Debug builds
 * only.
 */
#pragma once
#include "kernel/base/types.h"

typedef u32 stack_handle_t; /* 0: unknown */

#if CONFIG_DEBUG
/* Takes its memory from boot_alloc. Before it, stack_save() answers 0. */
void stackdepot_init(void);
/* The caller's backtrace. Takes no lock; never fails (0 if the depot is full). */
stack_handle_t stack_save(void);
void stack_print(stack_handle_t handle);
#endif
