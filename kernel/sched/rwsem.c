/*
 * Sleeping locks. One word says all: a writer, readers, and whether somebody waits; taking and
 * giving back a free lock is one atomic operation on it.
 *
 * Who has to wait queues up in order. A release wakes the first in the queue, who then tries
 * again; until it has come, a running writer may still take the lock before it (waiting for a
 * sleeper to wake up each time would turn every contended lock into a context switch), but a
 * waiter that has lost once sets HANDOFF, and then nobody passes it. Readers never pass a waiter,
 * so writers are not starved either.
 */
#include "kernel/base/rwsem.h"
#include "kernel/process/task.h"

#define RW_WRITER	1
#define RW_WAITERS	2	/* the queue is not empty; changed under wait.lock */
#define RW_HANDOFF	4	/* the first in the queue is next; under wait.lock */
#define RW_READER	8	/* each */
#define RW_HELD(count)	((count) & RW_WRITER || (count) >= RW_READER)

#define SPIN_TRIES	200

struct rwsem_waiter {
	struct waiter w;
	bool write;
};

static bool try_change(struct rwsem *sem, int *old, int new)
{
	return __atomic_compare_exchange_n(&sem->count, old, new, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

static int add_return(struct rwsem *sem, int v)
{
	return __atomic_add_fetch(&sem->count, v, __ATOMIC_SEQ_CST);
}

void rwsem_init(struct rwsem *sem, enum lock_class cls)
{
	*sem = (struct rwsem){ .class = (u8)cls };
	wait_queue_init(&sem->wait);
}

/* Takes the lock if it is free for us; bits of the count that are in `barred` forbid it too. */
static bool try_take(struct rwsem *sem, bool write, int barred)
{
	int old = READ_ONCE(sem->count);

	do {
		if (old & (RW_WRITER | barred) || (write && old >= RW_READER))
			return false;
	} while (!try_change(sem, &old, old + (write ? RW_WRITER : RW_READER)));
	return true;
}

unsigned int spin_tries(void)
{
	return cpus_online() & (cpus_online() - 1) ? SPIN_TRIES : 0;
}

/* Someone who runs may be done soon; not worth it where the owner cannot run meanwhile. */
static bool spin_for_write(struct rwsem *sem)
{
	for (unsigned int tries = spin_tries(); tries; tries--) {
		if (try_take(sem, true, RW_HANDOFF))
			return true;
	}
	return false;
}

/* Is nobody before us in the queue who would get in our way? wait.lock held. */
static bool may_try(struct rwsem *sem, struct rwsem_waiter *self)
{
	struct waiter *w;

	TAILQ_FOREACH(w, &sem->wait.waiters, link) {
		if (w == &self->w)
			return true;
		if (self->write || container_of(w, struct rwsem_waiter, w)->write)
			return false;
	}
	return false;
}

/*
 * The lock is ours: leaves the queue, and lets a reader behind a reader come too. wait.lock held.
 */
static void leave_queue(struct rwsem *sem, struct rwsem_waiter *self)
{
	struct waiter *first;
	int old = READ_ONCE(sem->count), new;

	TAILQ_REMOVE(&sem->wait.waiters, &self->w, link);
	first = TAILQ_FIRST(&sem->wait.waiters);
	do {
		new = old & ~(RW_HANDOFF | (first ? 0 : RW_WAITERS));
	} while (!try_change(sem, &old, new));
	if (first && !self->write && !container_of(first, struct rwsem_waiter, w)->write)
		wake_task(first->task, false);
}

static __noinline void rwsem_sleep(struct rwsem *sem, bool write)
{
	struct rwsem_waiter self = { .w.task = current_task(), .write = write };
	unsigned long flags;
	int bits = RW_WAITERS;

	if (write && spin_for_write(sem))
		return;
	flags = spin_lock_irqsave(&sem->wait.lock);
	TAILQ_INSERT_TAIL(&sem->wait.waiters, &self.w, link);
	for (;;) {
		/*
		 * Before the try: a release that makes it fail sees the bit, and wakes us after we
		 * sleep.
		 */
		__atomic_fetch_or(&sem->count, bits, __ATOMIC_SEQ_CST);
		if (may_try(sem, &self) && try_take(sem, write, 0))
			break;
		WRITE_ONCE(self.w.task->state, TASK_SLEEPING);
		spin_unlock_irqrestore(&sem->wait.lock, flags);
		schedule();
		flags = spin_lock_irqsave(&sem->wait.lock);
		WRITE_ONCE(self.w.task->state, TASK_RUNNING);
		bits = may_try(sem, &self) ? RW_WAITERS | RW_HANDOFF : RW_WAITERS;
	}
	leave_queue(sem, &self);
	spin_unlock_irqrestore(&sem->wait.lock, flags);
}

static __noinline void rwsem_wake(struct rwsem *sem)
{
	unsigned long flags = spin_lock_irqsave(&sem->wait.lock);
	struct waiter *first = TAILQ_FIRST(&sem->wait.waiters);

	if (first)
		wake_task(first->task, false);
	spin_unlock_irqrestore(&sem->wait.lock, flags);
}

void down_read(struct rwsem *sem)
{
	lockdep_acquire(sem, sem->class, 0, false);
	if (unlikely(!try_take(sem, false, RW_WAITERS)))
		rwsem_sleep(sem, false);
}

void up_read(struct rwsem *sem)
{
	int count;

	lockdep_release(sem);
	DEBUG_BUG_ON(READ_ONCE(sem->count) < RW_READER);
	count = add_return(sem, -RW_READER);
	if (unlikely(count & RW_WAITERS && !RW_HELD(count)))
		rwsem_wake(sem);
}

static void take_write(struct rwsem *sem, int nesting)
{
	int free = 0;

	lockdep_acquire(sem, sem->class, nesting, false);
	if (unlikely(!try_change(sem, &free, RW_WRITER)))
		rwsem_sleep(sem, true);
	sem->writer = current_task();
}

void down_write(struct rwsem *sem) { take_write(sem, 0); }
void down_write_nested(struct rwsem *sem) { take_write(sem, LOCK_NESTED); }

void up_write(struct rwsem *sem)
{
	lockdep_release(sem);
	DEBUG_BUG_ON(sem->writer != current_task());
	sem->writer = NULL;
	if (unlikely(add_return(sem, -RW_WRITER) & RW_WAITERS))
		rwsem_wake(sem);
}
