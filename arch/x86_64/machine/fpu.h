/* FPU state: saved to and loaded from an area of fpu_area_size bytes, aligned to 64. */
#pragma once
#include "machine/internal.h"

struct task;

/* Where the state of a task is kept while it does not run. */
void *task_fpu_area(const struct task *task);
void fpu_area_init(void *area);		/* before the first save to new memory */
void fpu_save(void *area);		/* of the task that the area belongs to */
void fpu_copy_live(void *area);		/* for another task */
void fpu_load(const void *area);
void fpu_reset(void);
/* On a user's stack, for signal handlers: aligned to 64, with Linux's words behind the state. */
unsigned int fpu_frame_size(void);
int fpu_save_user(void *user);		/* of the running task; 0 or -EFAULT */
/* Loads what was saved, or what was made of it; NULL: the initial state. -EFAULT, -EINVAL. */
int fpu_load_user(const void *user);
unsigned int fpu_x87_exceptions(void);
unsigned int fpu_sse_exceptions(void);
