/*
 * Broken invariants of our own. Nothing that a program or a race can cause may end here; the
 * message says what was expected, what was seen, and what to look at.
 */
#pragma once
#include "kernel/base/printk.h"

/*
 * Stops all CPUs, prints the reason and every CPU's backtrace. On the simulator it
 * fails the schedule.
 */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn;

/*
 * The boot cannot go on for a reason that lies outside the kernel (the machine, the command
 * line, the initramfs): prints one sentence, writes `stop` to the status channel, and
 * switches the machine off.
 */
void boot_stop(const char *fmt, ...) __printf(1, 2) __noreturn;

#define BUG_ON(cond) do { \
	if (unlikely(cond)) \
		panic("BUG_ON(%s) in %s, %s:%d", #cond, __func__, __FILE__, __LINE__); \
} while (0)

/* For a broken invariant that has something worth saying. */
#define BUG_MSG(cond, fmt, ...) do { \
	if (unlikely(cond)) \
		panic("%s: " fmt, __func__, ##__VA_ARGS__); \
} while (0)

/* Checks that only debug builds pay for. */
#define DEBUG_BUG_ON(cond) do { if (CONFIG_DEBUG) BUG_ON(cond); } while (0)

/* Says once that something is wrong that the kernel can live with. Returns the condition. */
#define WARN_ONCE(cond, fmt, ...) ({ \
	static bool _warned; \
	bool _cond = (cond); \
	if (unlikely(_cond && !_warned)) { \
		_warned = true; \
		pr_warn(fmt, ##__VA_ARGS__); \
	} \
	_cond; \
})
