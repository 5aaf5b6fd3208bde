/*
 * proc_text.h - what /proc says, for who judges its numbers: one file at a time, read as a whole
 * into one buffer that the next look overwrites.
 */
#ifndef USER_PROC_TEXT_H
#define USER_PROC_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* The text of the file, without what does not fit into 64 KiB; "" where there is none. */
char *proc_read(const char *path);
/*
 * The number behind "NAME:", or behind NAME and a blank, at the begin of a line; -1:
 * there is no such line.
 */
long proc_field(const char *path, const char *name);
/* The same in the text that was read last: numbers of one moment. */
long proc_same_field(const char *name);
/* The n-th word of the file as a number, from 0 on; -1. */
long proc_word(const char *path, int n);
/* The line of a file like maps for the mapping that begins there; NULL. */
char *proc_map(const char *path, uintptr_t start);
/* The number of one field of the mapping that begins there, from /proc/self/smaps, in kB; -1. */
long smaps_field(uintptr_t start, const char *name);
/* Does VmFlags of that mapping name the flag? */
bool smaps_flag(uintptr_t start, const char *flag);
/* The entry of /proc/self/pagemap for the page. */
uint64_t pagemap_entry(uintptr_t addr);
/* Does that thread of the program sleep? No, where /proc does not tell. */
bool thread_sleeps(uint32_t tid);
/* How many of the pages from addr on are present. */
int pages_present(uintptr_t addr, int pages);

#endif
