/*
 * /proc/PID/map_files: a link for each mapping of a file, named by its addresses. It leads to the
 * very file that is mapped, also where that has lost its name: so only root may follow it.
 */
#include "kernel/proc/proc.h"
#include "kernel/uapi/errno.h"
#include "mm/mmap_lock.h"

bool proc_may_access(const struct proc_target *target)
{
	bool allowed;

	spin_lock(&tasks_lock);
	allowed = may_access_process(target->process);
	spin_unlock(&tasks_lock);
	return allowed;
}

static bool shows_file(const struct vm_area_struct *vma)
{
	return vma->vm_file && vma->vm_file->dentry;
}

/*
 * The first mapping of a file that begins at `from` or above. mm's lock held. NULL: there is none.
 */
static struct vm_area_struct *find_from(const struct mm_struct *mm, unsigned long from)
{
	struct vm_area_struct *vma = vma_first(mm);

	while (vma && (vma->vm_start < from || !shows_file(vma)))
		vma = vma_next(vma);
	return vma;
}

static u32 link_mode(const struct file *file)
{
	return S_IFLNK | (file_readable(file) ? 0400 : 0) | (file_writable(file) ? 0200 : 0);
}

int next_map_file(const struct proc_target *target, unsigned long from, struct proc_range *range)
{
	const struct vm_area_struct *vma;
	struct mm_struct *mm;

	if (!proc_may_access(target))
		return -EACCES;
	mm = proc_mm(target->process);
	if (!mm)
		return -ENOENT;
	mmap_read_lock(mm);
	vma = find_from(mm, from);
	if (vma)
		*range =
			(struct proc_range){ vma->vm_start, vma->vm_end, link_mode(vma->vm_file) };
	mmap_read_unlock(mm);
	mmput(mm);
	return vma ? 0 : -ENOENT;
}

/* The mapping may have gone since the link was looked up, or another may be at its place. */
static struct dentry *mapped_dentry(const struct proc_target *target)
{
	struct mm_struct *mm = proc_mm(target->process);
	struct dentry *dentry = ERR_PTR(-ENOENT);
	const struct vm_area_struct *vma;

	if (!mm)
		return dentry;
	mmap_read_lock(mm);
	vma = find_from(mm, target->range.start);
	if (vma && vma->vm_start == target->range.start && vma->vm_end == target->range.end) {
		dentry = vma->vm_file->dentry;
		path_get(dentry);
	}
	mmap_read_unlock(mm);
	mmput(mm);
	return dentry;
}

static struct dentry *map_file_link(const struct proc_target *target, int number)
{
	return capable() ? mapped_dentry(target) : ERR_PTR(-EPERM);
}

/* Its text is for everybody who may look at the process. */
static long map_file_text(const struct proc_target *target, int number, char *buf, size_t size)
{
	return object_path(mapped_dentry(target), buf, size);
}

const struct proc_entry map_file_entry = {
	.name = "", .mode = S_IFLNK | 0700, .readlink = map_file_text, .get_link = map_file_link,
};
