/* What is known of the machine's memory by adding up: for meminfo, vmstat and zoneinfo. */
#pragma once

struct memory_totals {
	/* In pages; over all address spaces. What two of them have locked is locked twice. */
	unsigned long anon, mapped, tables, mlocked;
	unsigned long stacks;	/* of the kernel, one for each thread */
	unsigned long slabs;	/* pages */
};

/* Takes the mmap locks of those who have locked memory, one after the other; sleeps. */
struct memory_totals memory_totals(void);
