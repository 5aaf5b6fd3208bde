/* The operations of /sys/kernel/debug/gup_test; kernel/uapi/gup_test.h says what it does. */
#pragma once
#include "kernel/base/types.h"

extern const struct file_operations gup_test_fops;
