/*
 * What the kernel shows of its memory to a person: by the debug key on the console, and in a
 * panic. The text is that of the gdb commands of the same names, byte for byte;
 * tools/gdb/README.md specifies it.
 */
#pragma once
#include "kernel/process/task.h"

/* An address space and whose it is. mm NULL: no process, only what this CPU has loaded. */
struct debug_space {
	struct mm_struct *mm;
	int pid;
	char comm[TASK_COMM_LEN];
};

/*
 * The address space of a process; false: it has none (any more). tasks_lock held, or all stopped.
 */
bool debug_space_of(const struct process *process, struct debug_space *space);

/* ---- reports: mmap_lock held, or the machine stopped ---- */

/* Every level of the walk of addr, and what a read, a write and an execution would meet. */
void debug_pgwalk(const struct debug_space *space, unsigned long addr);
/* All mappings, and beside each the pages that are present. */
void debug_vmmap(const struct debug_space *space);

/* Room for the letters of an entry and the NUL. */
#define ENTRY_LETTERS 11
void debug_entry_letters(u64 entry, char letters[ENTRY_LETTERS]);
/* What a frame is used for, in one word. `entry` maps it. */
const char *debug_frame_kind(u64 entry, unsigned long pfn);
/* What a mapping is: a path, heap, stack, ... */
void debug_vma_name(const struct vm_area_struct *vma, char *buf, size_t size);

/* For a panic: the running process's mappings and, for a fault, the walk of its address. */
void debug_panic_report(const unsigned long *fault);

/* ---- the debug key (debug_console.c) ---- */

void debug_console_init(void);
/* In the console's interrupt: true if the byte is for us and not for a program. */
bool debug_key(u8 byte);
