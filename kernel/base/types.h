/* Plain types and small macros that every room may use. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef u64 phys_addr_t;	/* a physical address in bytes */

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#define __printf(fmt, args)	__attribute__((format(printf, fmt, args)))
#define __noreturn		__attribute__((noreturn))
#define __noinline		__attribute__((noinline))
#undef __always_inline		/* the simulator's host has one too */
#define __always_inline		inline __attribute__((always_inline))
#define __must_check		__attribute__((warn_unused_result))
#define __section(name)		__attribute__((section(name), used))
#define __cacheline_aligned	__attribute__((aligned(64)))
#ifndef __packed
#define __packed		__attribute__((packed))
#endif

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(1 ? (ptr) : &((type *)0)->member) - offsetof(type, member)))

#define min(a, b) ({ __auto_type _min_a = (a); __auto_type _min_b = (b); \
	_min_a < _min_b ? _min_a : _min_b; })
#define max(a, b) ({ __auto_type _max_a = (a); __auto_type _max_b = (b); \
	_max_a > _max_b ? _max_a : _max_b; })

/* For powers of two. ALIGN_UP may wrap to 0 at the top of the range: callers check. */
#define ALIGN_DOWN(x, a)	((x) & ~((__typeof__(x))(a) - 1))
#define ALIGN_UP(x, a)		ALIGN_DOWN((x) + (__typeof__(x))(a) - 1, a)
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)

#define BIT(n)		(1ul << (n))

#define NR_CPUS		8	/* the most processors that Pleat uses; a cpumask is one word */

/* Errors travel as values: -errno in an integer, or in a pointer's last page. */
#define MAX_ERRNO	4095
#define IS_ERR_VALUE(x)	((unsigned long)(x) >= (unsigned long)-MAX_ERRNO)
static inline void *ERR_PTR(long error) { return (void *)error; }
static inline long PTR_ERR(const void *ptr) { return (long)ptr; }
static inline bool IS_ERR(const void *ptr) { return IS_ERR_VALUE(ptr); }
