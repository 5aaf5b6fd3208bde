/*
 * Sleeping locks: a reader-writer semaphore (mmap_lock) and a mutex. May only be taken where
 * sleeping is allowed: no spin lock held, interrupts on. Writers are not starved: a waiting
 * writer holds back new readers. The kernel implements them over wait queues; on the
 * simulator they are primitives.
 */
#pragma once
#include "kernel/base/wait.h"

struct rwsem {
	int count;		/* 0: free. Each implementation has
				 * its own code for who is inside */
	u8 class;		/* enum lock_class */
	struct wait_queue wait;
	const struct task *writer;
};

void rwsem_init(struct rwsem *sem, enum lock_class cls);
void down_read(struct rwsem *sem);
void up_read(struct rwsem *sem);
void down_write(struct rwsem *sem);
/* A second lock of the class; the caller orders the two by address (fork: the child's is new). */
void down_write_nested(struct rwsem *sem);
void up_write(struct rwsem *sem);

struct mutex {
	struct rwsem sem;
};

static inline void mutex_init(struct mutex *m, enum lock_class cls) { rwsem_init(&m->sem, cls); }
static inline void mutex_lock(struct mutex *m) { down_write(&m->sem); }
static inline void mutex_lock_nested(struct mutex *m) { down_write_nested(&m->sem); }
static inline void mutex_unlock(struct mutex *m) { up_write(&m->sem); }
