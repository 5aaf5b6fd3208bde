/*
 * The order of locks, checked at run time in debug builds: a lock may be taken only while every
 * lock held has a lower class, or the same class with an explicit nesting (two mmap locks, two
 * page-table locks: by address). The first violation panics with both backtraces: where the held
 * lock was taken, and here.
 */
#pragma once
#include "kernel/base/types.h"

enum lock_class {
	LOCK_UNCHECKED,		/* before there is a current task, and in the checker itself */
	LOCK_EPOLL_NESTING,	/* which epoll sets are in others */
	LOCK_EPOLL,		/* what is in an epoll set: a set before those in it */
	LOCK_FILE,		/* the position of an open file, or of the log's reader */
	LOCK_PIPE,		/* held over reads and writes of what is spliced: two by address */
	LOCK_RENAME,		/* no directory moves to another one */
	LOCK_DIRECTORY,		/* a directory's entries: ancestors first */
	LOCK_INODE,		/* files: held over copies to and from user space */
	LOCK_MMAP,		/* mm->mmap_lock */
	LOCK_VMA,
	LOCK_FOLIO,
	LOCK_I_MMAP,		/* mapping->i_mmap */
	LOCK_ANON_VMA,
	LOCK_PAGE_TABLE,	/* mm->page_table_lock and the split pte locks */
	LOCK_SWAP,
	LOCK_TMPFS,		/* the list of files whose contents lie in the initramfs */
	LOCK_MAPPING,		/* mapping->tree_lock */
	LOCK_DCACHE,		/* the tree of names, mounts */
	LOCK_TASKS,		/* the task list, parents and children */
	LOCK_FS,		/* a process's working directory */
	LOCK_LRU,
	LOCK_VMALLOC,
	LOCK_SLAB,
	LOCK_GRACE,		/* tables that wait for a grace period */
	LOCK_BUDDY,
	LOCK_TTY,		/* the terminal's input, in interrupts */
	LOCK_WAIT_QUEUE,	/* from here on: leaves, taken with interrupts off */
	LOCK_EPOLL_LINKS,	/* the epoll sets that files are in: taken by what a queue calls */
	LOCK_EPOLL_READY,	/* the ready list of an epoll set */
	LOCK_EPOLL_WAIT,	/* who waits for a set */
	LOCK_RUN_QUEUE,
	LOCK_CONSOLE,
	NR_LOCK_CLASSES
};

/* A second lock of the class: by rising address, or one that nobody else can reach yet. */
#define LOCK_NESTED	1

#if CONFIG_DEBUG
#define MAX_HELD_LOCKS	12
#define HELD_TRACE	8
/* The checker's record of one lock that is held, and where it was taken. */
struct held_lock {
	const void *lock;
	u8 class;
	u8 nr_trace;
	unsigned long trace[HELD_TRACE];
};
struct held_locks {
	unsigned int nr;
	struct held_lock held[MAX_HELD_LOCKS];
};
/* The records of whoever runs on this CPU now: the system's and the simulator's. */
struct held_locks *current_held_locks(void);

/* For people. */
const char *lockdep_class_name(unsigned int cls);
void lockdep_acquire(const void *lock, enum lock_class cls, int flags, bool try_lock);
void lockdep_release(const void *lock);
bool lockdep_held(const void *lock);
/* At the edge to user mode: nothing may be held any more. */
void lockdep_assert_none_held(void);
/* At the edge to sleep: no spin lock may be held. */
void lockdep_assert_may_sleep(void);
#else
static inline void lockdep_acquire(const void *lock, enum lock_class cls, int flags, bool try_lock)
{
}

static inline void lockdep_release(const void *lock) {}
static inline bool lockdep_held(const void *lock) { return true; }
static inline void lockdep_assert_none_held(void) {}
static inline void lockdep_assert_may_sleep(void) {}
#endif

/*
 * For functions that need a lock of their caller: says which, and holds them to it
 * in debug builds.
 */
#if CONFIG_DEBUG
#define lockdep_assert_held(lock)	BUG_ON(!lockdep_held(lock))
#else
#define lockdep_assert_held(lock)	((void)0)
#endif
