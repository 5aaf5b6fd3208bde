/*
 * Who may write to a file: those who have it open for writing, or those who run it as a program, but not
 * both (ETXTBSY). One counter of the inode: above 0 it counts writers, below 0 those who deny writing.
 */
#include "kernel/base/file.h"
#include "kernel/fs/fs.h"
#include "kernel/uapi/errno.h"

/* Counts one further away from zero, unless it counts in the other direction. */
static bool count_away(atomic_t *counter, int by)
{
	int old = atomic_read(counter);

	while (!old || (old > 0) == (by > 0)) {
		if (atomic_try_cmpxchg(counter, &old, old + by))
			return true;
	}
	return false;
}

int get_write_access(struct inode *inode) { return count_away(&inode->writers, 1) ? 0 : -ETXTBSY; }
void put_write_access(struct inode *inode) { atomic_dec(&inode->writers); }
int deny_write_access(struct inode *inode) { return count_away(&inode->writers, -1) ? 0 : -ETXTBSY; }
void allow_write_access(struct inode *inode) { atomic_inc(&inode->writers); }

/* ---- programs (kernel/base/file.h) ---- */

void exe_file_get(struct file *file)
{
	/* Whoever hands it on denies writing already. */
	BUG_MSG(!count_away(&file->inode->writers, -1), "a program's file has %d writers",
		atomic_read(&file->inode->writers));
	file_get(file);
}

void exe_file_put(struct file *file)
{
	allow_write_access(file->inode);
	file_put(file);
}
