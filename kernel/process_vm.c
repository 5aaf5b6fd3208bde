/*
 * process_vm_readv and process_vm_writev: from one address space into another, by
 * pins of its pages.
 */
#include "arch/system.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/read_write.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "mm/gup.h"
#include "mm/mmap_lock.h"

#define BATCH 64 /* pages pinned at once */

struct transfer {
	struct mm_struct *mm;	/* the other one */
	bool write;		/* to it */
	struct iov_iter local, remote;
	struct page *pages[BATCH];
};

/* From or to len bytes of pinned pages, the first from offset on; how many were moved. */
static size_t move_pages(struct transfer *t, unsigned long offset, size_t len)
{
	size_t done = 0, moved, n;
	char *at;

	for (unsigned long i = 0; done < len; i++, offset = 0) {
		n = min(PAGE_SIZE - offset, len - done);
		at = (char *)page_address(t->pages[i]) + offset;
		moved = t->write ? copy_from_iter(at, n, &t->local) :
				   copy_to_iter(at, n, &t->local);
		done += moved;
		if (moved < n)
			break;
	}
	return done;
}

/* The program's own pages need no lock. */
static long pin_pages(struct transfer *t, unsigned long addr, unsigned long nr)
{
	int locked = 1;
	unsigned int foll = t->write ? FOLL_WRITE : 0;
	long n;

	if (t->mm == current_mm())
		return pin_user_pages_fast(addr, nr, foll, t->pages);
	mmap_read_lock(t->mm);
	n = pin_user_pages_remote(t->mm, addr, nr, foll, t->pages, &locked);
	if (locked)
		mmap_read_unlock(t->mm);
	return n;
}

/* Of one segment of the other side, for which the local side has room. 0 or -EFAULT. */
static int move_segment(struct transfer *t, unsigned long addr, size_t len)
{
	while (len) {
		unsigned long offset = addr & ~PAGE_MASK;
		unsigned long nr =
			min((offset + len + PAGE_SIZE - 1) >> PAGE_SHIFT, (unsigned long)BATCH);
		long pinned = pin_pages(t, addr, nr);
		size_t n, done;

		if (pinned <= 0)
			return -EFAULT;
		n = min(len, ((size_t)pinned << PAGE_SHIFT) - offset);
		done = move_pages(t, offset, n);
		unpin_user_pages_dirty_lock(t->pages, (unsigned long)pinned, t->write);
		if (done < n)
			return -EFAULT;
		addr += n;
		len -= n;
	}
	return 0;
}

/* ERR_PTR(-ESRCH, -EPERM). */
static struct mm_struct *mm_of_task(int tid)
{
	struct mm_struct *mm = ERR_PTR(-ESRCH);
	struct task *task;

	if (tid == current_task()->tid) {	/* nobody to look for */
		mmget(current_mm());
		return current_mm();
	}
	spin_lock(&tasks_lock);
	task = task_find(tid);
	if (task && task->mm && !may_access_process(task->process)) {
		mm = ERR_PTR(-EPERM);
	} else if (task && task->mm) {
		mm = task->mm;
		mmget(mm);
	}
	spin_unlock(&tasks_lock);
	return mm;
}

/* All that was moved counts, whatever stopped it; the error only if that was nothing. */
static long move_vectors(struct transfer *t)
{
	size_t total = t->local.left;
	int err = 0;

	while (t->local.left && t->remote.left && !err) {
		size_t n = iov_iter_part(&t->remote, min(t->local.left, t->remote.left));

		err = n ? move_segment(t, (unsigned long)t->remote.first.iov_base, n) : -EFAULT;
		iov_iter_advance(&t->remote, n);
	}
	return total > t->local.left ? (long)(total - t->local.left) : err;
}

static long process_vm_rw(int pid, const struct iovec *local, unsigned long local_count,
			  const struct iovec *remote, unsigned long remote_count,
			  unsigned long flags, bool write)
{
	struct transfer t;
	long ret;

	if (flags)
		return -EINVAL;
	t.write = write;
	ret = import_vector(local, local_count, &t.local, true);
	if (ret <= 0)
		return ret;
	ret = import_vector(remote, remote_count, &t.remote, false);
	if (ret <= 0)
		return ret;
	t.mm = mm_of_task(pid);
	if (IS_ERR(t.mm))
		return PTR_ERR(t.mm);
	ret = move_vectors(&t);
	mmput(t.mm);
	return ret;
}

SYSCALL_DEFINE6(process_vm_readv, int, pid, const struct iovec *, local,
		unsigned long, local_count, const struct iovec *, remote,
		unsigned long, remote_count, unsigned long, flags)
{
	return process_vm_rw(pid, local, local_count, remote, remote_count, flags, false);
}

SYSCALL_DEFINE6(process_vm_writev, int, pid, const struct iovec *, local,
		unsigned long, local_count, const struct iovec *, remote,
		unsigned long, remote_count, unsigned long, flags)
{
	return process_vm_rw(pid, local, local_count, remote, remote_count, flags, true);
}
