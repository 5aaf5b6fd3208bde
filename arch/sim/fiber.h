/* Fibers: several stacks in one host thread. One runs until it switches to another. */
#pragma once
#include "kernel/base/types.h"

#define MAX_FIBERS 9

/* The stack that main() runs on. */
#define MAIN_FIBER (-1)

/* Fiber n will run fn, which must not return; what it was before is forgotten. */
void fiber_create(int n, void (*fn)(void));
/* Goes on as fiber `to`; returns when somebody switches back to the caller. */
void fiber_switch(int from, int to);
/* The same, for a fiber that nobody will switch back to. */
void fiber_leave(int to) __noreturn;
