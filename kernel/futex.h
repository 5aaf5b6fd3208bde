/* Futexes, as the end of a thread uses them. */
#pragma once
#include "kernel/process/task.h"

void futex_init(void);
/* Wakes at most nr waiters on a word of the running task's memory. */
long futex_wake_address(u32 *addr, int nr);
/* Marks the robust locks that the ending task holds as ownerless, and wakes a waiter of each. */
void futex_exit_robust(struct task *task);
