/*
 * Open files, as memory management knows them: what a mapping was made of stays as long as the
 * mapping. The kernel implements this in kernel/fs/; on the simulator mappings have no files.
 */
#pragma once

struct file;

void vma_file_get(struct file *file);
/* May be called under mmap_lock, and sleep. */
void vma_file_put(struct file *file);
/*
 * err, or if that is 0 what was lost of the file since this was asked last, or the file opened:
 * each open file is told of a loss once.
 */
int file_report_error(struct file *file, int err);
/*
 * The program that an address space runs: as long as it does, nobody opens the file for writing.
 * The caller of the first holds it already, in the same way.
 */
void exe_file_get(struct file *file);
void exe_file_put(struct file *file);
