/*
 * Who may write. To a file: those who have it open for writing, or those who run it as a program,
 * but not both (ETXTBSY). One counter of the inode: above 0 it counts writers, below 0 those who
 * deny writing. To a file system: everybody, or nobody (EROFS). Its counter is of those who write
 * or could, -1 for nobody.
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

int deny_write_access(struct inode *inode)
{
	return count_away(&inode->writers, -1) ? 0 : -ETXTBSY;
}

void allow_write_access(struct inode *inode) { atomic_inc(&inode->writers); }

/* ---- file systems ---- */

int sb_want_write(struct super_block *sb) { return count_away(&sb->writers, 1) ? 0 : -EROFS; }
void sb_drop_write(struct super_block *sb) { atomic_dec(&sb->writers); }

/*
 * The lock of its root keeps two of these apart. What has no name and is open still will be
 * freed: that is a change, too.
 */
int sb_set_readonly(struct super_block *sb, bool readonly)
{
	struct inode *root = sb->root->inode;
	int from = readonly ? 0 : -1, to = readonly ? -1 : 0, ret = 0;

	down_write(&root->lock);
	if (!atomic_try_cmpxchg(&sb->writers, &from, to) && readonly && from > 0)
		ret = -EBUSY;
	if (!ret && readonly && atomic_read(&sb->nameless)) {
		atomic_set(&sb->writers, 0);
		ret = -EBUSY;
	}
	up_write(&root->lock);
	return ret;
}

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
