/*
 * Open files, as memory management knows them: what a mapping was made of stays as long as the mapping.
 * The kernel implements this in kernel/fs/; on the simulator mappings have no files.
 */
#pragma once

struct file;

void vma_file_get(struct file *file);
/* May be called under mmap_lock, and sleep. */
void vma_file_put(struct file *file);
/*
 * The program that an address space runs: as long as it does, nobody opens the file for writing. The
 * caller of the first holds it already, in the same way.
 */
void exe_file_get(struct file *file);
void exe_file_put(struct file *file);
