#include "kernel/process/oom.h"

/*
 * Its address space, with a reference; NULL: it has none, or a parent waits until it gives it
 * back.
 */
static struct mm_struct *own_mm(const struct process *process)
{
	struct mm_struct *mm = NULL;
	const struct task *task;

	spin_lock(&tasks_lock);
	TAILQ_FOREACH(task, &process->threads, thread_link) {
		if (task->mm && !task->vfork) {
			mm = task->mm;
			mmget(mm);
			break;
		}
	}
	spin_unlock(&tasks_lock);
	return mm;
}

long oom_badness(struct process *process, unsigned long total)
{
	long adj = READ_ONCE(process->oom_score_adj), pages;
	struct mm_struct *mm;

	if (process->pid == 1 || adj == OOM_SCORE_ADJ_MIN)
		return OOM_NEVER;
	mm = own_mm(process);
	if (!mm)
		return OOM_NEVER;
	pages = (long)(mm_rss(mm, MM_ANONPAGES) + mm_rss(mm, MM_FILEPAGES) +
		       mm_rss(mm, MM_SHMEMPAGES)) +
		atomic_long_read(&mm->table_frames);
	mmput(mm);
	return pages + adj * (long)(total / 1000);
}
