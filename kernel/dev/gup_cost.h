/* What the lockless walk costs, measured by the kernel itself: the boot option gup_cost. */
#pragma once

/* In a kernel thread, which may sleep: one line in the log for each depth and number of pages. */
void gup_cost(void);
