/*
 * Advisory locks: of whole files (flock(2), which the open file owns) and of ranges (fcntl(2),
 * which a process or an open file owns). One spin lock for all of them; who has to wait sleeps on
 * one queue, and looks again whenever a lock goes.
 */
#include "kernel/fs/locks.h"
#include "kernel/fs/files.h"
#include "kernel/fs/internal.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/slab.h"

#define LAST_BYTE MAX_FILE_BYTES

struct file_lock {
	TAILQ_ENTRY(file_lock) link;
	bool flock;	   /* a lock of flock(), which the others do not meet */
	short type;	   /* F_RDLCK, F_WRLCK */
	u64 start, end;	   /* [start, end] */
	const void *owner; /* a struct file, or a process's struct files */
	int pid;	   /* for F_GETLK; -1: the open file's */
};

TAILQ_HEAD(lock_list, file_lock);
struct file_locks {
	struct lock_list list;
};

static spinlock_t locks_lock = SPINLOCK_INIT(LOCK_DCACHE);
static struct wait_queue lock_wait;

void locks_init(void) { wait_queue_init(&lock_wait); }

/* ---- the list of an inode; locks_lock held ---- */

static bool overlaps(const struct file_lock *a, const struct file_lock *b)
{
	return a->flock == b->flock && a->start <= b->end && b->start <= a->end;
}

static struct file_lock *find_conflict(const struct inode *inode, const struct file_lock *want)
{
	struct file_lock *lock;

	if (!inode->locks)
		return NULL;
	TAILQ_FOREACH(lock, &inode->locks->list, link) {
		if (lock->owner != want->owner && overlaps(lock, want) &&
		    (lock->type == F_WRLCK || want->type == F_WRLCK))
			return lock;
	}
	return NULL;
}

/*
 * Takes [start, end] out of the owner's locks. One in the middle of which it lies is cut in two:
 * the upper part is *spare then, which becomes NULL.
 */
static void carve(struct inode *inode, const struct file_lock *want, struct file_lock **spare,
		  struct lock_list *gone)
{
	struct file_lock *lock, *next;

	TAILQ_FOREACH_SAFE(lock, &inode->locks->list, link, next) {
		if (lock->owner != want->owner || !overlaps(lock, want))
			continue;
		if (lock->start < want->start && lock->end > want->end) {
			**spare = *lock;
			(*spare)->start = want->end + 1;
			lock->end = want->start - 1;
			TAILQ_INSERT_AFTER(&inode->locks->list, lock, *spare, link);
			*spare = NULL;
			return;
		}
		if (lock->start < want->start) {
			lock->end = want->start - 1;
		} else if (lock->end > want->end) {
			lock->start = want->end + 1;
		} else {
			TAILQ_REMOVE(&inode->locks->list, lock, link);
			TAILQ_INSERT_TAIL(gone, lock, link);
		}
	}
}

static void free_list(struct lock_list *gone)
{
	struct file_lock *lock;

	while ((lock = TAILQ_FIRST(gone))) {
		TAILQ_REMOVE(gone, lock, link);
		kfree(lock);
	}
}

/* ---- who waits for whom; locks_lock held ---- */

#define MAX_STEPS	10	/* from one who waits to another; as on Linux */

/*
 * A process that waits for a range. Those of flock() and of open files are not
 * looked for, as on Linux.
 */
struct lock_waiter {
	LIST_ENTRY(lock_waiter) link;
	const struct inode *inode;
	const struct file_lock *want;
};

static LIST_HEAD(, lock_waiter) waiters = LIST_HEAD_INITIALIZER(waiters);

static bool is_process(const struct file_lock *want) { return !want->flock && want->pid != -1; }

static const struct lock_waiter *find_waiter(const void *owner)
{
	const struct lock_waiter *waiter;

	LIST_FOREACH(waiter, &waiters, link) {
		if (waiter->want->owner == owner)
			break;
	}
	return waiter;
}

/* Does who has the lock wait for somebody, who waits for somebody ... who waits for us? */
static bool would_deadlock(const struct inode *inode, const struct file_lock *want)
{
	const struct file_lock *conflict = is_process(want) ? find_conflict(inode, want) : NULL;

	for (int step = 0; conflict && step < MAX_STEPS; step++) {
		const struct lock_waiter *waiter = find_waiter(conflict->owner);

		conflict = waiter ? find_conflict(waiter->inode, waiter->want) : NULL;
		if (conflict && conflict->owner == want->owner)
			return true;
	}
	return false;
}

/* ---- setting ---- */

/*
 * The structures that one change may need, allocated before: the list, the lock, a half of
 * another.
 */
struct spares {
	struct file_locks *list;
	struct file_lock *lock, *half;
};

static int alloc_spares(struct spares *s)
{
	*s = (struct spares){ kzalloc(sizeof(*s->list), GFP_KERNEL),
			      kzalloc(sizeof(*s->lock), GFP_KERNEL),
			      kzalloc(sizeof(*s->half), GFP_KERNEL) };
	if (s->list)
		TAILQ_INIT(&s->list->list);
	return s->list && s->lock && s->half ? 0 : -ENOMEM;
}

static void free_spares(struct spares *s)
{
	kfree(s->list);
	kfree(s->lock);
	kfree(s->half);
}

/*
 * One try; -EAGAIN: somebody has a lock that excludes it; -EDEADLK: and would wait for
 * us, if we did for him.
 */
static int try_lock(struct inode *inode, const struct file_lock *want, struct spares *spares,
		    struct lock_list *gone, bool wait)
{
	int ret = 0;

	spin_lock(&locks_lock);
	if (!inode->locks) {
		inode->locks = spares->list;
		spares->list = NULL;
	}
	if (want->type != F_UNLCK && find_conflict(inode, want))
		ret = wait && would_deadlock(inode, want) ? -EDEADLK : -EAGAIN;
	if (!ret)
		carve(inode, want, &spares->half, gone);
	if (!ret && want->type != F_UNLCK) {
		*spares->lock = *want;
		TAILQ_INSERT_TAIL(&inode->locks->list, spares->lock, link);
		spares->lock = NULL;
	}
	spin_unlock(&locks_lock);
	return ret;
}

/* Or others have made it a deadlock. */
static bool is_decided(struct inode *inode, const struct file_lock *want)
{
	bool decided;

	spin_lock(&locks_lock);
	decided = !find_conflict(inode, want) || would_deadlock(inode, want);
	spin_unlock(&locks_lock);
	return decided;
}

static int wait_for_lock(struct inode *inode, const struct file_lock *want)
{
	struct lock_waiter waiter = { .inode = inode, .want = want };
	int ret;

	if (!is_process(want))
		return wait_event_interruptible(&lock_wait, is_decided(inode, want));
	spin_lock(&locks_lock);
	LIST_INSERT_HEAD(&waiters, &waiter, link);
	spin_unlock(&locks_lock);
	ret = wait_event_interruptible(&lock_wait, is_decided(inode, want));
	spin_lock(&locks_lock);
	LIST_REMOVE(&waiter, link);
	spin_unlock(&locks_lock);
	return ret;
}

static int set_lock(struct inode *inode, const struct file_lock *want, bool wait)
{
	struct lock_list gone = TAILQ_HEAD_INITIALIZER(gone);
	struct spares spares;
	int ret = alloc_spares(&spares);

	while (!ret) {
		ret = try_lock(inode, want, &spares, &gone, wait);
		if (ret != -EAGAIN || !wait)
			break;
		ret = wait_for_lock(inode, want);
	}
	free_spares(&spares);
	free_list(&gone);
	if (!ret)
		wake_up_all(&lock_wait);
	return ret;
}

/* ---- going ---- */

/* All locks of an owner on the inode. */
static void remove_owned(struct inode *inode, const void *owner)
{
	struct lock_list gone = TAILQ_HEAD_INITIALIZER(gone);
	struct file_lock *lock, *next;

	if (likely(!READ_ONCE(inode->locks)))
		return;
	spin_lock(&locks_lock);
	TAILQ_FOREACH_SAFE(lock, &inode->locks->list, link, next) {
		if (lock->owner != owner)
			continue;
		TAILQ_REMOVE(&inode->locks->list, lock, link);
		TAILQ_INSERT_TAIL(&gone, lock, link);
	}
	spin_unlock(&locks_lock);
	if (TAILQ_EMPTY(&gone))
		return;
	free_list(&gone);
	wake_up_all(&lock_wait);
}

void locks_remove_posix(struct file *file, const struct files *owner)
{
	remove_owned(file->inode, owner);
}
void locks_remove_file(struct file *file) { remove_owned(file->inode, file); }

void file_locks_free(struct inode *inode)
{
	DEBUG_BUG_ON(inode->locks && !TAILQ_EMPTY(&inode->locks->list));
	kfree(inode->locks);
}

/* ---- the calls ---- */

SYSCALL_DEFINE2(flock, int, fd, unsigned int, how)
{
	struct file_lock want = { .flock = true, .end = LAST_BYTE };
	struct fd f;
	long ret;

	switch (how & ~(unsigned int)LOCK_NB) {
	case LOCK_SH: want.type = F_RDLCK; break;
	case LOCK_EX: want.type = F_WRLCK; break;
	case LOCK_UN: want.type = F_UNLCK; break;
	default: return -EINVAL;
	}
	f = fd_get_io(fd);
	if (!f.file)
		return -EBADF;
	want.owner = f.file;
	ret = set_lock(f.file->inode, &want, !(how & LOCK_NB));
	fd_put(f);
	return ret;
}

/* From the program's form: [start, end]. */
static int decode_range(struct file *file, const struct flock64 *fl, struct file_lock *lock)
{
	s64 start = fl->l_start, end;

	switch (fl->l_whence) {
	case SEEK_SET: break;
	case SEEK_CUR: start += (s64)file->pos; break;
	case SEEK_END: start += (s64)file->f_mapping->size; break;
	default: return -EINVAL;
	}
	if (start < 0)
		return -EINVAL;
	end = (s64)LAST_BYTE;
	if (fl->l_len > 0 && __builtin_add_overflow(start, fl->l_len - 1, &end))
		return -EOVERFLOW;
	if (fl->l_len < 0) {
		end = start - 1;
		start += fl->l_len;
		if (start < 0)
			return -EINVAL;
	}
	lock->start = (u64)start;
	lock->end = (u64)end;
	return 0;
}

static bool is_ofd(int cmd)
{
	return cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;
}

static long get_lock(struct inode *inode, const struct file_lock *want, struct flock64 *fl)
{
	const struct file_lock *lock;

	if (want->type == F_UNLCK)
		return -EINVAL;
	spin_lock(&locks_lock);
	lock = find_conflict(inode, want);
	fl->l_type = F_UNLCK;
	if (lock) {
		fl->l_type = lock->type;
		fl->l_whence = SEEK_SET;
		fl->l_start = (s64)lock->start;
		fl->l_len = lock->end == LAST_BYTE ? 0 : (s64)(lock->end - lock->start + 1);
		fl->l_pid = lock->pid;
	}
	spin_unlock(&locks_lock);
	return 0;
}

static int may_lock(const struct file *file, const struct flock64 *fl)
{
	switch (fl->l_type) {
	case F_RDLCK: return file_readable(file) ? 0 : -EBADF;
	case F_WRLCK: return file_writable(file) ? 0 : -EBADF;
	case F_UNLCK: return 0;
	default: return -EINVAL;
	}
}

/*
 * For a process, by a descriptor that another thread may have closed while we waited: that has
 * ended the locks which the process had then, and would not end this one. -EBADF, as Linux.
 */
static long set_posix_lock(struct file *file, int fd, struct file_lock *want, bool wait)
{
	long ret = set_lock(file->inode, want, wait);

	if (ret || want->type == F_UNLCK || fd_leads_to(fd, file))
		return ret;
	want->type = F_UNLCK;
	if (set_lock(file->inode, want, false))	/* no memory for the half of another */
		remove_owned(file->inode, want->owner);
	return -EBADF;
}

long fcntl_lock(struct file *file, int fd, int cmd, struct flock64 *user)
{
	struct file_lock want = { .owner = current_task()->files, .pid = current_process()->pid };
	struct flock64 fl;
	long ret;

	if (copy_from_user(&fl, user, sizeof(fl)))
		return -EFAULT;
	if (is_ofd(cmd)) {
		want.owner = file;
		want.pid = -1;
		if (fl.l_pid)
			return -EINVAL;
	}
	want.type = fl.l_type;
	ret = decode_range(file, &fl, &want);
	if (ret)
		return ret;
	if (cmd == F_GETLK || cmd == F_OFD_GETLK) {
		ret = get_lock(file->inode, &want, &fl);
		return ret ? ret : copy_to_user(user, &fl, sizeof(fl)) ? -EFAULT : 0;
	}
	ret = may_lock(file, &fl);
	if (ret)
		return ret;
	return is_ofd(cmd) ? set_lock(file->inode, &want, cmd == F_OFD_SETLKW) :
			     set_posix_lock(file, fd, &want, cmd == F_SETLKW);
}
