/* Programs of the simulator map address spaces as such: there are no open files behind them. */
#include "kernel/base/bug.h"
#include "kernel/base/file.h"

void vma_file_get(struct file *file) { BUG_MSG(file, "there are no files"); }
void vma_file_put(struct file *file) { BUG_MSG(file, "there are no files"); }
int file_report_error(struct file *file, int err)
{
	BUG_MSG(file, "there are no files");
	return err;
}
void exe_file_get(struct file *file) { BUG_MSG(file, "there are no files"); }
void exe_file_put(struct file *file) { BUG_MSG(file, "there are no files"); }
