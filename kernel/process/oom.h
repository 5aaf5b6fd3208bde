/* Which process is to end when there is no memory. */
#pragma once
#include "kernel/process/task.h"

#define OOM_SCORE_ADJ_MIN (-1000) /* never this one */
#define OOM_NEVER	  (-__LONG_MAX__ - 1)
#define OOM_SCORE_ADJ_MAX 1000

/*
 * How much would be gained by ending it, in pages of `total`, with its oom_score_adj as so many
 * thousandths of them: Linux's rule. OOM_NEVER: it must not be ended. Takes tasks_lock.
 */
long oom_badness(struct process *process, unsigned long total);
