/*
 * no_memory.h - the n-th allocation in the kernel fails, for n = 1, 2, ... until an operation does
 * not get that far: each time a clean error or the end of the one program that needed the memory,
 * and never a frame or an object lost. Needs Pleat's debug build; elsewhere all is skipped.
 */
#ifndef USER_NO_MEMORY_H
#define USER_NO_MEMORY_H

/*
 * An operation runs in a child of its own, in an empty directory. It returns -errno, or anything
 * else when it went well.
 */
struct operation {
	long (*run)(void);
	const char *name;
};

/* The plan, and two cases for each of the n operations. */
void operations_fail(const struct operation *operations, int n);

#endif
