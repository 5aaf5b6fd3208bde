/* What lies at an address of the kernel's, in words. */
#pragma once
#include "kernel/base/types.h"

size_t object_name(const volatile void *at, char *text, size_t size);
