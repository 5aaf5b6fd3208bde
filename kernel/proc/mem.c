/*
 * /proc/PID/mem: a process's memory as a file, its addresses the positions, read and written as by
 * a debugger: also what a mapping does not allow now, where a private page can be copied for it.
 * /proc/PID/clear_refs: forgets what was used, or written to.
 */
#include "kernel/proc/proc.h"
#include "kernel/base/cmdline.h"
#include "kernel/base/string.h"
#include "kernel/signal/signal.h"
#include "kernel/uapi/errno.h"
#include "mm/gup.h"
#include "mm/slab.h"

/* ---- files about an address space ---- */

#define BY_ROOT	1ul	/* in file->private, below the number of the address space */

int proc_mem_open(struct inode *inode, struct file *file)
{
	const struct process *process = proc_target_of(file)->process;
	struct mm_struct *mm;
	bool allowed;

	spin_lock(&tasks_lock);
	allowed = may_access_process(process);
	spin_unlock(&tasks_lock);
	if (!allowed)
		return -EACCES;
	mm = proc_mm(process);
	if (!mm)
		return -ESRCH;
	file->private = (void *)(mm->id << 1 | (capable() ? BY_ROOT : 0));
	mmput(mm);
	return 0;
}

struct mm_struct *proc_opened_mm(const struct file *file)
{
	struct mm_struct *mm = proc_mm(proc_target_of(file)->process);

	if (mm && mm->id == (unsigned long)file->private >> 1)
		return mm;
	if (mm)
		mmput(mm);
	return NULL;
}

bool proc_opened_by_root(const struct file *file)
{
	return (unsigned long)file->private & BY_ROOT;
}

/* ---- /proc/PID/mem ---- */

/* The next bytes, at most a page, by way of buf. How many, or -errno. */
static long move_some(struct mm_struct *mm, bool write, void *buf, void *user, size_t n, u64 pos)
{
	if (fatal_signal_pending())
		return -EINTR;
	if (write && copy_from_user(buf, user, n))
		return -EFAULT;
	n = access_remote_vm(mm, pos, buf, n, FOLL_FORCE | (write ? FOLL_WRITE : 0));
	if (!n)
		return -EIO;
	return !write && copy_to_user(user, buf, n) ? -EFAULT : (long)n;
}

static long mem_rw(struct file *file, bool write, void *user, size_t n, u64 *pos)
{
	struct mm_struct *mm = proc_opened_mm(file);
	void *buf = mm ? kmalloc(PAGE_SIZE, GFP_KERNEL) : NULL;
	size_t done = 0;
	long ret = 0;

	if (!mm)
		return 0;
	while (buf && done < n) {
		ret = move_some(mm, write, buf, (char *)user + done, min(n - done, PAGE_SIZE),
				*pos);
		if (ret < 0)
			break;
		done += (size_t)ret;
		*pos += (u64)ret;
		cond_resched();
	}
	if (!buf)
		ret = -ENOMEM;
	kfree(buf);
	mmput(mm);
	return done && ret != -EFAULT ? (long)done : ret;
}

static long mem_read(struct file *file, void *buf, size_t n, u64 *pos)
{
	return mem_rw(file, false, buf, n, pos);
}

static long mem_write(struct file *file, const void *buf, size_t n, u64 *pos)
{
	return mem_rw(file, true, (void *)buf, n, pos);
}

const struct file_operations mem_fops = {
	.open = proc_mem_open, .read = mem_read, .write = mem_write, .llseek = no_seek_end_llseek,
};

/* ---- clear_refs ---- */

char *strip(char *text)
{
	char *end = text + strlen(text);

	while (*text == ' ' || *text == '\n' || *text == '\t')
		text++;
	while (end > text && (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\t'))
		*--end = '\0';
	return text;
}

int write_clear_refs(const struct proc_target *target, char *text, size_t n)
{
	struct mm_struct *mm;
	long what;

	if (!cmdline_number(strip(text), CLEAR_REFS_ALL, CLEAR_REFS_MM_HIWATER_RSS, &what))
		return -EINVAL;
	mm = proc_mm(target->process);
	if (mm) {
		mm_clear_refs(mm, (int)what);
		mmput(mm);
	}
	return 0;
}
