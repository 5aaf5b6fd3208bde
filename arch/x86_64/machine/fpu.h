/* FPU state: saved to and loaded from an area of fpu_area_size bytes, aligned to 64. */
#pragma once
#include "machine/internal.h"

void fpu_area_init(void *area);		/* before the first save to new memory */
void fpu_save(void *area);		/* of the task that the area belongs to */
void fpu_copy_live(void *area);		/* for another task */
void fpu_load(const void *area);
void fpu_reset(void);
unsigned int fpu_x87_exceptions(void);
unsigned int fpu_sse_exceptions(void);
