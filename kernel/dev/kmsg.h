/* Waiting for lines of the kernel's log, and /dev/kmsg. */
#pragma once
#include "kernel/base/types.h"

/* At boot: the device and what it waits on. */
void kmsg_init(void);
/* Sleeps until the line *seq, which others may move on, has been logged. 0 or -ERESTARTSYS. */
int log_wait(const u64 *seq);
/* syslog.c: the first line that SYSLOG_ACTION_CLEAR does not hide. */
u64 syslog_cleared(void);
