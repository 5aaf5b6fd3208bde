/* How a thread is scheduled, as far as programs can say (priority.c, policy.c). */
#pragma once
#include "kernel/process/task.h"

/* The task of that number, 0 for the caller, with a reference; NULL: there is none. */
struct task *task_get_by_tid(int tid);
/* The same, if the running process may change how it is scheduled. ERR_PTR(-ESRCH, -EPERM). */
struct task *task_get_to_schedule(int tid);
/* May the running process, as far as RLIMIT_NICE goes, make this task as little nice as that? */
bool may_be_nice(const struct task *task, int nice);
/* What a new thread has of its parent's. */
void policy_inherit(struct task *task, const struct task *parent);
