/* Frames, as the kernel reads and writes them: through the direct map of all RAM. */
#pragma once
#include "kernel/base/types.h"
#include "machine/layout.h"

static __always_inline void *phys_ptr(phys_addr_t phys)
{
	return (void *)(DIRECT_MAP_BASE + phys);
}

static __always_inline void *frame_ptr(unsigned long pfn)
{
	return phys_ptr((phys_addr_t)pfn << PAGE_SHIFT);
}

static __always_inline unsigned long ptr_frame(const void *ptr)
{
	return ((unsigned long)ptr - DIRECT_MAP_BASE) >> PAGE_SHIFT;
}

/*
 * 519 instructions each; the byte forms take eight times as many where the processor counts them
 * one by one.
 */
static __always_inline void page_zero(void *page)
{
	unsigned long n = PAGE_SIZE / 8;

	__asm__ __volatile__("rep stosq" : "+D"(page), "+c"(n) : "a"(0ul) : "memory");
}

static __always_inline void page_copy(void *dst, const void *src)
{
	unsigned long n = PAGE_SIZE / 8;

	__asm__ __volatile__("rep movsq" : "+D"(dst), "+S"(src), "+c"(n) : : "memory");
}

/* Only the simulator watches accesses to free frames. */
static __always_inline void frame_alloced(unsigned long pfn, unsigned int order) {}
static __always_inline void frame_freed(unsigned long pfn, unsigned int order) {}
static __always_inline void memory_hide(const void *start, size_t size) {}
static __always_inline void memory_show(const void *start, size_t size) {}
