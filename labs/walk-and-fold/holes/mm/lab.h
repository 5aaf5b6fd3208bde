/* What a lab's skeleton says, once, where something is missing. */
#pragma once
#include "kernel/base/printk.h"

#define lab_missing(step, what) do { \
	static bool said_; \
	if (!READ_ONCE(said_)) { \
		WRITE_ONCE(said_, true); \
		pr_warn("lab walk-and-fold, %s is missing: %s", step, what); \
	} \
} while (0)

/* How many levels a program starts with that asks for `levels`: as many as the helpers can do. */
unsigned int lab_levels(unsigned int levels);
/* Says which helpers do not fold yet. */
void lab_report(void);
