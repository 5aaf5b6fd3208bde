/* What the entry code knows of C's structures; checked where they are complete (thread.c). */
#pragma once

#define PERCPU_SELF		0
#define PERCPU_CURRENT		8
#define PERCPU_STACK_TOP	16
#define PERCPU_USER_SP		24

#define TASK_WORK		56
