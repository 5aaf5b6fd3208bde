/*
 * Locks and waiting, as primitives: with one running actor, whatever cannot be had at once cannot
 * come at all. So each of them either succeeds or fails the test, naming the holder. In a schedule
 * of the explorer it is one step, possible when the lock is free. Giving a lock back is no point:
 * whoever could have run before it and does not want the lock, might as well have run after it.
 */
#include "arch/sim/sim.h"
#include "arch/sim/datarace.h"
#include "arch/sim/explore.h"
#include "kernel/base/rwsem.h"

/* ---- spin locks ---- */

static struct {
	enum lock_class class;
	unsigned int cpu;
	void (*fn)(void);
} intruder;

void sim_before_lock(enum lock_class cls, unsigned int cpu, void (*fn)(void))
{
	intruder.class = cls;
	intruder.cpu = cpu;
	intruder.fn = fn;
}

/* What another CPU does between our look and our lock. */
static void let_intruder_in(const spinlock_t *lock)
{
	void (*fn)(void) = intruder.fn;
	unsigned int self = this_cpu();

	if (!fn || lock->class != intruder.class || self == intruder.cpu)
		return;
	intruder.fn = NULL;
	sim_on_cpu(intruder.cpu);
	fn();
	sim_on_cpu(self);
}

/*
 * What the checkers keep for themselves is no part of the schedule: under such a
 * lock nothing is a point.
 */
static bool of_a_checker(const spinlock_t *lock)
{
	return lock->class == LOCK_UNCHECKED || lock->class == LOCK_CONSOLE;
}

static bool spin_lock_free(void *lock) { return !((spinlock_t *)lock)->locked; }

static void describe_spin_lock(void *arg, char *text, size_t size)
{
	const spinlock_t *lock = arg;

	scnprintf(text, size, "the %s lock", lockdep_class_name(lock->class));
}

/* In a schedule, owner says which decider it is. */
static u16 spin_lock_holder(void *arg)
{
	const spinlock_t *lock = arg;

	return lock->owner ? (u16)(1u << (lock->owner - 1)) : 0;
}

static void explore_spin_lock(spinlock_t *lock)
{
	const struct wait_for wait = { lock, spin_lock_free, describe_spin_lock, spin_lock_holder,
				       lock, false };

	if (of_a_checker(lock)) {
		explore_atomic_begin();
		datarace_ignore_begin();
	} else {
		explore_wait(ACCESS_WRITE, &wait);
		clock_acquire(lock);
	}
}

static u8 owner(void) { return (u8)((exploring() ? explore_who() : this_cpu()) + 1); }

void machine_spin_lock(spinlock_t *lock)
{
	POINT_HERE();
	if (exploring())
		explore_spin_lock(lock);
	else
		let_intruder_in(lock);
	BUG_MSG(lock->locked, "deadlock: CPU %u waits for the spin lock %p that CPU %d holds",
		this_cpu(), (void *)lock, lock->owner - 1);
	lock->locked = 1;
	lock->owner = owner();
}

bool machine_spin_trylock(spinlock_t *lock)
{
	POINT_HERE();
	machine_point(lock, ACCESS_WRITE);
	if (lock->locked)
		return false;
	lock->locked = 1;
	lock->owner = owner();
	clock_acquire(lock);
	return true;
}

void machine_spin_unlock(spinlock_t *lock)
{
	if (!of_a_checker(lock)) {
		machine_point(lock, ACCESS_WRITE | ACCESS_NOTE);
		clock_release(lock);
	} else if (exploring()) {
		datarace_ignore_end();
		explore_atomic_end();
	}
	BUG_MSG(!lock->locked, "the spin lock %p is not held", (void *)lock);
	lock->locked = 0;
	lock->owner = 0;
}

/* ---- wait queues ---- */

void wait_queue_init(struct wait_queue *wq)
{
	spin_lock_init(&wq->lock, LOCK_WAIT_QUEUE);
	TAILQ_INIT(&wq->waiters);
}

/* What schedule() waits for. */
static struct sleeper {
	struct wait_queue *wq;
	struct waiter *waiter;
} sleepers[NR_DECIDERS];

/* Under its lock, in the kernel. */
static void touch_queue(struct wait_queue *wq)
{
	POINT_HERE();
	machine_point(wq, ACCESS_WRITE);
	clock_acquire(wq);
	clock_release(wq);
}

void prepare_to_wait(struct wait_queue *wq, struct waiter *w, bool killable)
{
	touch_queue(wq);
	sleepers[exploring() ? explore_task() : 0] = (struct sleeper){ wq, w };
	if (!w->queued)
		TAILQ_INSERT_TAIL(&wq->waiters, w, link);
	w->queued = true;
}

void prepare_to_wait_interruptible(struct wait_queue *wq, struct waiter *w)
{
	prepare_to_wait(wq, w, true);
}

void finish_wait(struct wait_queue *wq, struct waiter *w)
{
	touch_queue(wq);
	if (w->queued)
		TAILQ_REMOVE(&wq->waiters, w, link);
	w->queued = false;
}

int wake_up_nr(struct wait_queue *wq, int nr)
{
	struct waiter *w;
	int woken = 0;

	touch_queue(wq);
	while ((w = TAILQ_FIRST(&wq->waiters)) && (!nr || woken < nr)) {
		TAILQ_REMOVE(&wq->waiters, w, link);
		w->queued = false;
		woken++;
	}
	return woken;
}

static bool woken(void *waiter) { return !((struct waiter *)waiter)->queued; }

static void describe_waiter(void *waiter, char *text, size_t size)
{
	scnprintf(text, size, "a wake-up");
}

/* A lock over a wait queue (of a folio) is what its sleeper was the last to want. */
static u16 who_should_wake(void *arg)
{
	const struct waiter *waiter = arg;
	unsigned int self = 0;
	const void *lock;

	while (sleepers[self].waiter != waiter)
		self++;
	lock = newest_lock(self);
	return lock ? tasks_holding(lock) & (u16)~(1u << self) : 0;
}

static void (*on_sleep)(void);

void sim_on_sleep(void (*fn)(void)) { on_sleep = fn; }

void schedule(void)
{
	BUG_MSG(irqs_disabled(), "the task would sleep with interrupts off");
	if (exploring()) {
		const struct sleeper *s = &sleepers[explore_task()];
		const struct wait_for wait = { s->wq,		woken,	   describe_waiter,
					       who_should_wake, s->waiter, true };

		explore_wait(ACCESS_WRITE, &wait);
		clock_acquire(s->wq);
		return;
	}
	if (on_sleep) {
		on_sleep();
		return;
	}
	panic("deadlock: the task sleeps and nobody else is running to wake it");
}

void cond_resched(void) { explore_edge(); }

unsigned int spin_tries(void) { return 0; }

/* ---- sleeping locks ---- */

void rwsem_init(struct rwsem *sem, enum lock_class cls)
{
	*sem = (struct rwsem){ .class = (u8)cls };
	wait_queue_init(&sem->wait);
}

static bool read_free(void *sem) { return ((struct rwsem *)sem)->count >= 0; }
static bool write_free(void *sem) { return !((struct rwsem *)sem)->count; }

static void describe_rwsem(void *arg, char *text, size_t size)
{
	const struct rwsem *sem = arg;

	scnprintf(text, size, "the %s semaphore, which has %s", lockdep_class_name(sem->class),
		  sem->count < 0 ? "a writer" : "readers");
}

static u16 rwsem_holders(void *sem) { return tasks_holding(sem); }

/* Readers commute with each other. */
static int rwsem_access(int count) { return count == 1 ? ACCESS_ADD : ACCESS_WRITE; }

static void rwsem_take(struct rwsem *sem, bool (*free)(void *sem), int count, int flags)
{
	const struct wait_for wait = { sem, free, describe_rwsem, rwsem_holders, sem, true };

	BUG_MSG(irqs_disabled(), "a sleeping lock with interrupts off");
	lockdep_acquire(sem, sem->class, flags, false);
	if (exploring())
		explore_wait(rwsem_access(count), &wait);
	BUG_MSG(!free(sem), "deadlock: the semaphore %p is held by %s", (void *)sem,
		sem->count < 0 ? "a writer" : "readers");
	sem->count += count;
	sem->writer = count < 0 ? current_task() : NULL;
	clock_acquire(sem);
	if (count < 0)
		clock_acquire(&sem->wait);
}

static void rwsem_give(struct rwsem *sem, bool held, int count)
{
	machine_point(sem, (held && count < 0 ? ACCESS_ADD : ACCESS_WRITE) | ACCESS_NOTE);
	BUG_MSG(!held, "the semaphore %p is not held that way (%d)", (void *)sem, sem->count);
	lockdep_release(sem);
	clock_release(count < 0 ? (void *)&sem->wait : sem); /* readers do not order each other */
	sem->count += count;
	sem->writer = NULL;
}

void down_read(struct rwsem *sem)
{
	POINT_HERE();
	rwsem_take(sem, read_free, 1, 0);
}

void down_write(struct rwsem *sem)
{
	POINT_HERE();
	rwsem_take(sem, write_free, -1, 0);
}

void down_write_nested(struct rwsem *sem)
{
	POINT_HERE();
	rwsem_take(sem, write_free, -1, LOCK_NESTED);
}

void up_read(struct rwsem *sem) { rwsem_give(sem, sem->count > 0, -1); }
void up_write(struct rwsem *sem) { rwsem_give(sem, sem->count < 0, 1); }
