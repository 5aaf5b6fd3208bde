/*
 * What the compiler calls with -fsanitize=thread. Declared for -Wmissing-prototypes;
 * the compiler knows them.
 */
#pragma once
#include "kernel/base/types.h"

#define TSAN_ACCESSES(n) \
	void __tsan_read##n(void *p); \
	void __tsan_write##n(void *p); \
	void __tsan_unaligned_read##n(void *p); \
	void __tsan_unaligned_write##n(void *p); \
	void __tsan_volatile_read##n(void *p); \
	void __tsan_volatile_write##n(void *p);
TSAN_ACCESSES(1)
TSAN_ACCESSES(2)
TSAN_ACCESSES(4)
TSAN_ACCESSES(8)
TSAN_ACCESSES(16)
void __tsan_read_range(void *p, long size);
void __tsan_write_range(void *p, long size);
void __tsan_init(void);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void *pc);

#define TSAN_ATOMICS(bits) \
	u##bits __tsan_atomic##bits##_load(const volatile void *p, int order); \
	void __tsan_atomic##bits##_store(volatile void *p, u##bits v, int order); \
	u##bits __tsan_atomic##bits##_exchange(volatile void *p, u##bits v, int order); \
	u##bits __tsan_atomic##bits##_fetch_add(volatile void *p, u##bits v, int order); \
	u##bits __tsan_atomic##bits##_fetch_sub(volatile void *p, u##bits v, int order); \
	u##bits __tsan_atomic##bits##_fetch_and(volatile void *p, u##bits v, int order); \
	u##bits __tsan_atomic##bits##_fetch_or(volatile void *p, u##bits v, int order); \
	u##bits __tsan_atomic##bits##_fetch_xor(volatile void *p, u##bits v, int order); \
	bool __tsan_atomic##bits##_compare_exchange_strong(volatile void *p, void *old, \
							   u##bits v, int order, int order_else); \
	bool __tsan_atomic##bits##_compare_exchange_weak(volatile void *p, void *old, u##bits v, \
							 int order, int order_else);
TSAN_ATOMICS(8)
TSAN_ATOMICS(16)
TSAN_ATOMICS(32)
TSAN_ATOMICS(64)

/* In place of memset() and its kin, where the build says so. */
void *tsan_memset(void *to, int c, size_t n);
void *tsan_memcpy(void *to, const void *from, size_t n);
void *tsan_memmove(void *to, const void *from, size_t n);
int tsan_memcmp(const void *a, const void *b, size_t n);
