/* What a lab's skeleton says, once, where something is missing. */
#pragma once
#include "kernel/base/printk.h"

#define lab_missing(step, what) do { \
	static bool said_; \
	if (!READ_ONCE(said_)) { \
		WRITE_ONCE(said_, true); \
		pr_warn("lab cow, %s is missing: %s", step, what); \
	} \
} while (0)
