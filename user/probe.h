/*
 * probe.h - what a test asks of the machine under it, on Pleat and on Linux alike. What one of
 * them lacks is found out by asking, never by the kernel's name.
 */
#ifndef USER_PROBE_H
#define USER_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fresh private (or shared) anonymous memory, readable and writable; ends the program if none. */
char *map_private(size_t len);
char *map_shared(size_t len);
void unmap(void *addr, size_t len);

/* Is every byte of it this value? */
bool all_bytes(const void *mem, int value, size_t len);

/*
 * Uses each page of the program's image and of the next 64 KiB of its stack, so that none of
 * them comes into being later: for who counts the machine's frames.
 */
void touch_own_memory(void);

/* Levels of this program's page tables, and the machine's most; 0 where nobody tells. */
int pleat_levels(void);
int pleat_hw_levels(void);

/* One of enum pleat_counter, of one CPU or summed up (-1); -EINVAL where nobody counts. */
long pleat_counter(int counter, int cpu);

/*
 * Page faults so far: of the machine on Pleat, of the process on Linux; -1 where neither tells.
 * Compared around an access they say whether it faulted.
 */
long fault_count(void);

/* What the kernel has in use; both -EINVAL where it does not tell. */
struct usage {
	long frames, objects;
};
struct usage usage_now(void);

/*
 * Is that in use again, no more and no less? What may lag behind the end of a process is waited
 * for; otherwise a note tells the difference.
 */
bool usage_returns(struct usage before);

/* The CPUs that this thread may run on now, as a mask of the first 64. */
uint64_t cpu_mask(void);

/*
 * The CPUs that the program could use when it first asked, which must be before it binds itself
 * to one: how many, and the n-th; -1 if there are not so many.
 */
int cpu_count(void);
int nth_cpu(int n);

/* Binds the calling thread to one CPU. Returns 0 or -errno. */
long pin_to_cpu(int cpu);

/* The CPU that this thread is on, or -ENOSYS. */
long current_cpu(void);

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t now_ns(void);
void sleep_ms(int ms);

#endif
