/*
 * The lock-order checker of debug builds: each task carries a record of the locks it holds,
 * with the place where it took each. Interrupt handlers add theirs to the interrupted task's
 * and take them off again.
 */
#include "kernel/base/lockdep.h"
#include "kernel/base/spinlock.h"
#include "machine/percpu.h"
#include "arch/interface.h"

#if CONFIG_DEBUG

static const char *const class_names[NR_LOCK_CLASSES] = {
	[LOCK_UNCHECKED] = "unchecked", [LOCK_EPOLL_NESTING] = "epoll nesting",
	[LOCK_EPOLL] = "epoll", [LOCK_FILE] = "file position",
	[LOCK_PIPE] = "pipe", [LOCK_RENAME] = "rename", [LOCK_DIRECTORY] = "directory",
	[LOCK_INODE] = "inode", [LOCK_MMAP] = "mmap",
	[LOCK_VMA] = "vma", [LOCK_FOLIO] = "folio", [LOCK_I_MMAP] = "i_mmap",
	[LOCK_ANON_VMA] = "anon_vma", [LOCK_PAGE_TABLE] = "page table", [LOCK_SWAP] = "swap",
	[LOCK_TMPFS] = "tmpfs", [LOCK_MAPPING] = "mapping", [LOCK_FS] = "fs",
	[LOCK_DCACHE] = "dcache", [LOCK_TASKS] = "tasks", [LOCK_LRU] = "LRU",
	[LOCK_VMALLOC] = "vmalloc", [LOCK_SLAB] = "slab", [LOCK_GRACE] = "grace",
	[LOCK_BUDDY] = "buddy",
	[LOCK_TTY] = "terminal", [LOCK_WAIT_QUEUE] = "wait queue",
	[LOCK_EPOLL_LINKS] = "epoll links", [LOCK_EPOLL_READY] = "epoll ready list",
	[LOCK_EPOLL_WAIT] = "epoll wait queue", [LOCK_RUN_QUEUE] = "run queue",
	[LOCK_CONSOLE] = "console",
};

/* Once an order was violated, the panic's own locks are not checked. */
static bool stopped;

const char *lockdep_class_name(unsigned int cls)
{
	return cls < NR_LOCK_CLASSES ? class_names[cls] : "?";
}

static void print_held(const struct held_lock *h)
{
	printk("%s lock %p was taken here:\n", lockdep_class_name(h->class), h->lock);
	backtrace_print(h->trace, h->nr_trace);
}

static void __noreturn violation(const struct held_lock *h, const void *lock, enum lock_class cls,
				 const char *what)
{
	stopped = true;
	print_held(h);
	panic("lock order: %s lock %p is wanted here while the %s lock above is held: %s",
	      lockdep_class_name(cls), lock, lockdep_class_name(h->class), what);
}

static void check_order(const struct held_lock *h, const void *lock, enum lock_class cls,
			int flags)
{
	if (h->lock == lock)
		violation(h, lock, cls, "the same lock twice");
	if (h->class == LOCK_UNCHECKED || h->class < cls)
		return;
	if (h->class > cls)
		violation(h, lock, cls, "the other order is the rule");
	if (!(flags & LOCK_NESTED))
		violation(h, lock, cls, "two of a class");
	if (cls == LOCK_PAGE_TABLE && lock < h->lock)
		violation(h, lock, cls, "two page-table locks are taken by address");
}

void lockdep_acquire(const void *lock, enum lock_class cls, int flags, bool try_lock)
{
	unsigned long irq_flags;
	struct held_locks *held;
	struct held_lock *h;

	if (cls == LOCK_UNCHECKED || READ_ONCE(stopped))
		return;
	irq_flags = irq_save();
	held = current_held_locks();
	for (unsigned int i = 0; i < held->nr && !try_lock; i++)
		check_order(&held->held[i], lock, cls, flags);
	if (held->nr == MAX_HELD_LOCKS) {
		stopped = true;
		for (unsigned int i = 0; i < held->nr; i++)
			print_held(&held->held[i]);
		panic("%u locks are held at once", held->nr);
	}
	h = &held->held[held->nr];
	h->lock = lock;
	h->class = (u8)cls;
	h->nr_trace = (u8)backtrace_save(h->trace, HELD_TRACE);
	held->nr++;
	irq_restore(irq_flags);
}

void lockdep_release(const void *lock)
{
	unsigned long irq_flags;
	struct held_locks *held;
	unsigned int i;

	if (READ_ONCE(stopped))
		return;
	irq_flags = irq_save();
	held = current_held_locks();
	for (i = held->nr; i-- > 0;) {
		if (held->held[i].lock == lock)
			break;
	}
	/*
	 * Unchecked locks are not recorded; neither is one that was taken before the first task.
	 */
	if (i < held->nr) {
		for (held->nr--; i < held->nr; i++)
			held->held[i] = held->held[i + 1];
	}
	irq_restore(irq_flags);
}

bool lockdep_held(const void *lock)
{
	const struct held_locks *held = current_held_locks();

	if (READ_ONCE(stopped))
		return true;
	for (unsigned int i = 0; i < held->nr; i++) {
		if (held->held[i].lock == lock)
			return true;
	}
	return false;
}

void lockdep_assert_none_held(void)
{
	const struct held_locks *held = current_held_locks();

	if (likely(!held->nr) || READ_ONCE(stopped))
		return;
	stopped = true;
	print_held(&held->held[held->nr - 1]);
	panic("%u locks are held at the return to user mode; the last is the %s lock above",
	      held->nr, lockdep_class_name(held->held[held->nr - 1].class));
}

void lockdep_assert_may_sleep(void)
{
	const struct held_locks *held = current_held_locks();

	for (unsigned int i = 0; i < held->nr; i++) {
		if (held->held[i].class < LOCK_PAGE_TABLE || READ_ONCE(stopped))
			continue;
		stopped = true;
		print_held(&held->held[i]);
		panic("schedule() is called while the %s lock above is held",
		      lockdep_class_name(held->held[i].class));
	}
}

#endif
