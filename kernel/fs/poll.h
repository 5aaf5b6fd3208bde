/* What a file's poll operation uses. */
#pragma once
#include "kernel/base/wait.h"

struct poll_table;

/* The caller of poll() will be woken with this queue. Does nothing if it does not wait. */
void poll_add(struct poll_table *table, struct wait_queue *wq);
