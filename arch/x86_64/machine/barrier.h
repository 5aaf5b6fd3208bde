/*
 * x86-64 keeps the order of loads and of stores by itself; only a store before a load needs a
 * fence.
 */
#pragma once
/* Before kernel/base/spinlock.h declares their functions: here they are inline. */
#include "machine/irq.h"
#include "machine/race.h"
#include "machine/spin.h"

#define smp_mb()	__asm__ __volatile__("lock; addl $0,-4(%%rsp)" ::: "memory", "cc")
#define smp_rmb()	__asm__ __volatile__("" ::: "memory")
#define smp_wmb()	__asm__ __volatile__("" ::: "memory")

/* The simulator's scheduling points: race points of debug builds. */
#define machine_point(obj, how) do { (void)(obj); (void)(how); race_point(); } while (0)
