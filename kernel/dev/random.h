/* Random bytes, for getrandom(2), /dev/random and the 16 bytes that each program starts with. */
#pragma once
#include "kernel/base/types.h"

void random_init(void);
void random_bytes(void *buf, size_t n);
struct iov_iter;
/* Fills it; the number of bytes written, or -EFAULT if that is 0. */
long random_to_iter(struct iov_iter *to);
