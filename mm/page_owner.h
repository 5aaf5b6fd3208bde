/*
 * Debug builds: who allocated each frame, and in which generation (leak.h). Release builds:
 * nothing.
 */
#pragma once
#include "mm/page.h"
#include "mm/stackdepot.h"

#if CONFIG_DEBUG
void page_owner_init(void);
void page_owner_set(struct page *page, unsigned int order);
void page_owner_clear(struct page *page, unsigned int order);
void page_owner_print(const struct page *page);
/* Prints who allocated the frames in use of that generation or a later one. */
void page_owner_report(u32 generation);
#else
static inline void page_owner_init(void) {}
static inline void page_owner_set(struct page *page, unsigned int order) {}
static inline void page_owner_clear(struct page *page, unsigned int order) {}
static inline void page_owner_print(const struct page *page) {}
#endif
