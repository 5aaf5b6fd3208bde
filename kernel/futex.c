/*
 * Futexes: sleeping until a word of user memory changes.
 *
 * A word is named by (address space, address), or by (file, offset) where its page is a file's, so
 * that processes with different addresses for it meet. Names are only compared: a
 * mapping that goes away while somebody sleeps leaves at worst a wake-up too many. The word is
 * read under the bucket's lock, with faults disabled; a waker changes the word first and takes the
 * lock then, so no wake-up is lost.
 */
#include "kernel/futex.h"
#include "kernel/syscall.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/futex.h"
#include "mm/gup.h"

#define NR_BUCKETS	64

struct futex_key {
	const void *object;	/* an mm_struct or an address_space */
	u64 offset;
};

struct futex_waiter {
	struct futex_key key;
	struct task *task;
	u32 bitset;
	struct bucket *bucket;	/* changes when it is requeued; NULL: woken */
	TAILQ_ENTRY(futex_waiter) link;
};

static struct bucket {
	spinlock_t lock;	/* a leaf: taken with interrupts off */
	TAILQ_HEAD(, futex_waiter) waiters;
} buckets[NR_BUCKETS];

void futex_init(void)
{
	for (unsigned int i = 0; i < NR_BUCKETS; i++) {
		spin_lock_init(&buckets[i].lock, LOCK_WAIT_QUEUE);
		TAILQ_INIT(&buckets[i].waiters);
	}
}

static struct bucket *key_bucket(const struct futex_key *key)
{
	u64 hash = ((u64)key->object ^ key->offset) * 0x9e3779b97f4a7c15ull;

	return &buckets[hash >> 58];
}

static bool key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->offset == b->offset;
}

/*
 * The page at addr, as somebody who writes the word has it; if it cannot be written and nobody
 * will, as it is read: *read_only. A reference, or -errno.
 */
static int get_word_page(struct page **page, unsigned long addr, bool write, bool *read_only)
{
	long ret = get_user_pages_fast(addr, 1, FOLL_WRITE, page);

	*read_only = ret == -EFAULT && !write;
	if (*read_only)
		ret = get_user_pages_fast(addr, 1, 0, page);
	return ret < 0 ? (int)ret : 0;
}

/*
 * In a file's page the word is everybody's. In another it is the address space's: but if it can
 * only be read, the page may be another one as soon as that changes.
 */
static int shared_key(struct futex_key *key, unsigned long addr, bool write)
{
	struct address_space *mapping;
	struct folio *folio;
	struct page *page;
	bool read_only;
	u64 index;
	int ret = get_word_page(&page, addr, write, &read_only);

	if (ret)
		return ret;
	folio = page_folio(page);
	mapping = page_test(page, PG_anon) ? NULL : READ_ONCE(folio->page.mapping);
	index = folio->page.index + (u64)(page - &folio->page);
	if (mapping)
		*key = (struct futex_key){ mapping, index << PAGE_SHIFT | (addr & ~PAGE_MASK) };
	else if (read_only || !page_test(page, PG_anon))
		ret = -EFAULT;
	put_page(page);
	return ret;
}

/*
 * The name of the word at addr; write: it will be written. -EINVAL: not aligned, -EFAULT: it
 * cannot be read, or written; -ENOMEM. May sleep.
 */
static int get_key(struct futex_key *key, const u32 *user, bool private, bool write)
{
	unsigned long addr = (unsigned long)user;

	if (addr % sizeof(u32))
		return -EINVAL;
	if (addr >= task_size_max())
		return -EFAULT;
	*key = (struct futex_key){ .object = current_mm(), .offset = addr };
	return private ? 0 : shared_key(key, addr, write);
}

/* Takes a waiter off its bucket, locked, and wakes it; it may be gone at once. */
static void wake_waiter(struct bucket *bucket, struct futex_waiter *w)
{
	struct task *task = w->task;

	TAILQ_REMOVE(&bucket->waiters, w, link);
	wake_task(task, false);
	barrier();
	WRITE_ONCE(w->bucket, NULL);
}

/* The key's bucket is locked. */
static int wake_locked(const struct futex_key *key, int nr, u32 bitset)
{
	struct bucket *bucket = key_bucket(key);
	struct futex_waiter *w, *next;
	int woken = 0;

	TAILQ_FOREACH_SAFE(w, &bucket->waiters, link, next) {
		if (woken >= nr)
			break;
		if (!key_equal(&w->key, key) || !(w->bitset & bitset))
			continue;
		wake_waiter(bucket, w);
		woken++;
	}
	return woken;
}

static int wake_key(const struct futex_key *key, int nr, u32 bitset)
{
	struct bucket *bucket = key_bucket(key);
	unsigned long flags = spin_lock_irqsave(&bucket->lock);
	int woken = wake_locked(key, nr, bitset);

	spin_unlock_irqrestore(&bucket->lock, flags);
	return woken;
}

static long futex_wake(u32 *addr, int nr, u32 bitset, bool private)
{
	struct futex_key key;
	int ret = get_key(&key, addr, private, false);

	if (ret)
		return ret;
	/* Linux wakes one for a number below that. */
	return bitset ? wake_key(&key, max(nr, 1), bitset) : -EINVAL;
}

long futex_wake_address(u32 *addr, int nr)
{
	/* Who waits has not said whether the word is private: both kinds. */
	long woken = futex_wake(addr, nr, FUTEX_BITSET_MATCH_ANY, false);

	return woken > 0 ? woken : futex_wake(addr, nr, FUTEX_BITSET_MATCH_ANY, true);
}

/* ---- waiting ---- */

/* Reads the word while the caller holds spin locks. */
static int peek_word(u32 *value, const u32 *addr)
{
	int ret;

	pagefault_disable();
	ret = get_user_u32(value, addr);
	pagefault_enable();
	return ret;
}

/*
 * Queues the waiter if the word still has the value. -EAGAIN: it has not, -EFAULT: the page is not
 * there.
 */
static int enqueue_waiter(struct futex_waiter *w, const u32 *addr, u32 expected)
{
	struct bucket *bucket = key_bucket(&w->key);
	unsigned long flags = spin_lock_irqsave(&bucket->lock);
	u32 value;
	int ret = peek_word(&value, addr);

	if (!ret && value != expected)
		ret = -EAGAIN;
	if (!ret) {
		w->bucket = bucket;
		TAILQ_INSERT_TAIL(&bucket->waiters, w, link);
	}
	spin_unlock_irqrestore(&bucket->lock, flags);
	return ret;
}

/* Locks the bucket that the waiter is in; NULL, and nothing locked, if it has been woken. */
static struct bucket *lock_bucket(struct futex_waiter *w, unsigned long *flags)
{
	struct bucket *bucket;

	while ((bucket = READ_ONCE(w->bucket))) {
		*flags = spin_lock_irqsave(&bucket->lock);
		if (w->bucket == bucket)
			break;
		spin_unlock_irqrestore(&bucket->lock, *flags);
	}
	return bucket;
}

/* Marks the task sleeping, under the lock that a waker needs; false if it has been woken. */
static bool prepare_to_sleep(struct futex_waiter *w)
{
	unsigned long flags;
	struct bucket *bucket = lock_bucket(w, &flags);

	if (!bucket)
		return false;
	WRITE_ONCE(w->task->state, TASK_INTERRUPTIBLE);
	spin_unlock_irqrestore(&bucket->lock, flags);
	return true;
}

/* True if the waiter was still queued, so that nobody has woken it. */
static bool dequeue_waiter(struct futex_waiter *w)
{
	unsigned long flags;
	struct bucket *bucket = lock_bucket(w, &flags);

	if (!bucket)
		return false;
	TAILQ_REMOVE(&bucket->waiters, w, link);
	spin_unlock_irqrestore(&bucket->lock, flags);
	return true;
}

/* Sleeps until woken. 0, -ETIMEDOUT, -ERESTARTSYS. */
static int futex_sleep(struct futex_waiter *w, u64 deadline)
{
	int ret = 0;

	while (prepare_to_sleep(w)) {
		if (deadline != NO_DEADLINE && clock_ns() >= deadline)
			ret = -ETIMEDOUT;
		else if (signal_pending())
			ret = -ERESTARTSYS;
		if (ret)
			break;
		if (deadline == NO_DEADLINE)
			schedule();
		else
			schedule_until(deadline);
	}
	WRITE_ONCE(w->task->state, TASK_RUNNING);
	return ret && dequeue_waiter(w) ? ret : 0;
}

static long futex_wait(u32 *addr, u32 expected, u64 deadline, u32 bitset, bool private)
{
	struct futex_waiter w = { .task = current_task(), .bitset = bitset };
	u32 value;
	int ret;

	if (!bitset)
		return -EINVAL;
	ret = get_key(&w.key, addr, private, false);
	while (!ret) {
		ret = enqueue_waiter(&w, addr, expected);
		if (!ret)
			return futex_sleep(&w, deadline);
		if (ret != -EFAULT)
			break;
		/* Brings the page in, where that is possible. */
		ret = get_user_u32(&value, addr);
	}
	return ret;
}

static long futex_wait_until(u32 *addr, u32 expected, u64 deadline, u32 bitset, bool private);

static long futex_restart(struct restart_block *restart)
{
	restart->fn = NULL;
	return futex_wait_until(restart->futex.addr, restart->futex.value, restart->deadline,
				restart->futex.bitset, restart->futex.private);
}

/* A wait with an end goes on, after a signal, with what was left of its time. */
static long futex_wait_until(u32 *addr, u32 expected, u64 deadline, u32 bitset, bool private)
{
	struct restart_block *restart = &current_task()->restart;
	long ret = futex_wait(addr, expected, deadline, bitset, private);

	if (ret != -ERESTARTSYS || deadline == NO_DEADLINE)
		return ret;
	*restart = (struct restart_block){
		.fn = futex_restart,
		.deadline = deadline,
		.futex = { .addr = addr, .value = expected, .bitset = bitset, .private = private },
	};
	return -ERESTART_RESTARTBLOCK;
}

/* ---- requeue ---- */

static void lock_two(struct bucket *a, struct bucket *b)
{
	spin_lock(a < b ? &a->lock : &b->lock);
	if (a != b)
		spin_lock_nested(a < b ? &b->lock : &a->lock, LOCK_NESTED);
}

static void unlock_two(struct bucket *a, struct bucket *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

/*
 * Wakes up to nr_wake waiters of one word, and lets up to nr_move more wait for the other. Locked.
 */
static int move_waiters(const struct futex_key *from, const struct futex_key *to, int nr_wake,
			int nr_move)
{
	struct bucket *source = key_bucket(from), *target = key_bucket(to);
	struct futex_waiter *w, *next;
	int woken = 0, moved = 0;

	TAILQ_FOREACH_SAFE(w, &source->waiters, link, next) {
		if (!key_equal(&w->key, from))
			continue;
		if (woken < nr_wake) {
			wake_waiter(source, w);
			woken++;
			continue;
		}
		if (moved >= nr_move)
			break;
		w->key = *to;
		moved++;
		if (source == target)
			continue;
		TAILQ_REMOVE(&source->waiters, w, link);
		TAILQ_INSERT_TAIL(&target->waiters, w, link);
		WRITE_ONCE(w->bucket, target);
	}
	return woken + moved;
}

/* expected NULL: FUTEX_REQUEUE, which does not look at the word. */
static long futex_requeue(u32 *addr, u32 *addr2, int nr_wake, int nr_move, const u32 *expected,
			  bool private)
{
	struct futex_key from, to;
	unsigned long flags;
	int moved = 0;
	u32 value;
	long ret;

	if (nr_wake < 0 || nr_move < 0)
		return -EINVAL;
	ret = get_key(&from, addr, private, false);
	if (!ret)
		ret = get_key(&to, addr2, private, false);
	while (!ret) {
		flags = irq_save();
		lock_two(key_bucket(&from), key_bucket(&to));
		ret = expected ? peek_word(&value, addr) : 0;
		if (!ret && expected && value != *expected)
			ret = -EAGAIN;
		if (!ret)
			moved = move_waiters(&from, &to, nr_wake, nr_move);
		unlock_two(key_bucket(&from), key_bucket(&to));
		irq_restore(flags);
		if (ret != -EFAULT)
			return ret ? ret : moved;
		ret = get_user_u32(&value, addr);
	}
	return ret;
}

/* ---- FUTEX_WAKE_OP ---- */

static int wake_op_value(u32 op, u32 old, u32 *value)
{
	s32 arg = (s32)(op << 8) >> 20;
	u32 operand = op >> 28 & FUTEX_OP_OPARG_SHIFT ? 1u << (arg & 31) : (u32)arg;

	switch (op >> 28 & 7) {
	case FUTEX_OP_SET: *value = operand; return 0;
	case FUTEX_OP_ADD: *value = old + operand; return 0;
	case FUTEX_OP_OR: *value = old | operand; return 0;
	case FUTEX_OP_ANDN: *value = old & ~operand; return 0;
	case FUTEX_OP_XOR: *value = old ^ operand; return 0;
	default: return -ENOSYS;
	}
}

/* Does the old value compare as the operation says? -ENOSYS: it says nothing. */
static int wake_op_compare(u32 op, u32 old_value)
{
	s32 arg = (s32)(op << 20) >> 20, old = (s32)old_value;

	switch (op >> 24 & 15) {
	case FUTEX_OP_CMP_EQ: return old == arg;
	case FUTEX_OP_CMP_NE: return old != arg;
	case FUTEX_OP_CMP_LT: return old < arg;
	case FUTEX_OP_CMP_LE: return old <= arg;
	case FUTEX_OP_CMP_GT: return old > arg;
	case FUTEX_OP_CMP_GE: return old >= arg;
	default: return -ENOSYS;
	}
}

/* Changes the word, whole, while the caller holds spin locks. 0, 1: what the comparison says. */
static int change_word(u32 *addr, u32 op)
{
	u32 old, seen, value;
	int ret;

	pagefault_disable();
	ret = get_user_u32(&old, addr);
	while (!ret) {
		ret = wake_op_value(op, old, &value);
		seen = old;
		if (!ret)
			ret = cmpxchg_user_u32(addr, &seen, value);
		if (!ret && seen == old)
			break;
		old = seen;
	}
	pagefault_enable();
	return ret ? ret : wake_op_compare(op, old);
}

/* Makes the page of the word present and writable, where that is possible. */
static int fault_in_writable(u32 *addr)
{
	u32 word;
	int ret = get_user_u32(&word, addr);

	return ret ? ret : cmpxchg_user_u32(addr, &word, word);
}

/* Changes the second word; wakes waiters of the first, and of the second if it was so. */
static long futex_wake_op(u32 *addr, u32 *addr2, int nr, int nr2, u32 op, bool private)
{
	struct futex_key key, key2;
	unsigned long flags;
	int woken = 0;
	long ret = get_key(&key, addr, private, false);

	if (!ret)
		ret = get_key(&key2, addr2, private, true);
	while (!ret) {
		flags = irq_save();
		lock_two(key_bucket(&key), key_bucket(&key2));
		ret = change_word(addr2, op);
		if (ret >= 0) {
			woken = wake_locked(&key, max(nr, 1), FUTEX_BITSET_MATCH_ANY);
			if (ret)
				woken += wake_locked(&key2, max(nr2, 1), FUTEX_BITSET_MATCH_ANY);
		}
		unlock_two(key_bucket(&key), key_bucket(&key2));
		irq_restore(flags);
		if (ret >= 0)
			return woken;
		if (ret == -EFAULT)
			ret = fault_in_writable(addr2);
	}
	return ret;
}

/* ---- robust locks (get_robust_list(2)): a list in user memory, not to be trusted ---- */

#define FUTEX_WAITERS		0x80000000u
#define FUTEX_OWNER_DIED	0x40000000u
#define FUTEX_TID_MASK		0x3fffffffu
#define MAX_ROBUST		2048

struct robust_list_head {
	u64 next;
	s64 futex_offset;
	u64 pending;
};

/*
 * If the ending task owns the lock at addr: says so in the word, and wakes a waiter. pending: it
 * was about to take or give the lock; if it had given it already, the wake-up may be missing.
 */
static int owner_died(u32 *addr, int tid, bool pending)
{
	u32 word, seen;

	if ((unsigned long)addr % sizeof(u32) || get_user_u32(&word, addr))
		return -EFAULT;
	if (pending && !word)
		futex_wake_address(addr, 1);
	while ((word & FUTEX_TID_MASK) == (u32)tid) {
		seen = word;
		if (cmpxchg_user_u32(addr, &seen, (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
			return -EFAULT;
		if (seen == word) {
			if (word & FUTEX_WAITERS)
				futex_wake_address(addr, 1);
			break;
		}
		word = seen;
	}
	return 0;
}

/* Bit 0 of an entry marks a lock of another kind (PI), which is none of ours. */
static u64 entry_addr(u64 entry) { return entry & ~1ull; }

static u32 *entry_word(u64 entry, const struct robust_list_head *head)
{
	return (u32 *)(entry_addr(entry) + (u64)head->futex_offset);
}

void futex_exit_robust(struct task *task)
{
	struct robust_list_head head;
	u64 entry, next, pending;
	bool bad;

	if (copy_from_user(&head, task->robust_list, sizeof(head)))
		return;
	entry = head.next;
	pending = entry_addr(head.pending);
	for (int i = 0; i < MAX_ROBUST && entry_addr(entry) != (u64)task->robust_list; i++) {
		/* Read first: once the lock is free, its memory may go. */
		bad = copy_from_user(&next, (void *)entry_addr(entry), sizeof(next));
		if (entry_addr(entry) != pending &&
		    owner_died(entry_word(entry, &head), task->tid, false))
			return;
		if (bad)
			return;
		entry = next;
	}
	if (pending)
		owner_died(entry_word(pending, &head), task->tid, true);
}

SYSCALL_DEFINE2(set_robust_list, void *, head, size_t, size)
{
	if (size != sizeof(struct robust_list_head))
		return -EINVAL;
	current_task()->robust_list = head;
	return 0;
}

/* Of the thread with that number, 0 for the caller; an address, which is not for everybody. */
SYSCALL_DEFINE3(get_robust_list, int, tid, void **, head, size_t *, user_size)
{
	const size_t size = sizeof(struct robust_list_head);
	struct task *task;
	void *list = NULL;
	long ret = 0;

	spin_lock(&tasks_lock);
	task = tid ? task_find(tid) : current_task();
	if (!task)
		ret = -ESRCH;
	else if (!may_access_process(task->process))
		ret = -EPERM;
	else
		list = task->robust_list;
	spin_unlock(&tasks_lock);
	if (ret)
		return ret;
	if (copy_to_user(user_size, &size, sizeof(size)))
		return -EFAULT;
	return copy_to_user(head, &list, sizeof(list)) ? -EFAULT : 0;
}

/* ---- the call ---- */

/* WAIT has a span of time, WAIT_BITSET a point of time. */
static int futex_deadline(u64 *deadline, const struct __kernel_timespec *timeout, int op)
{
	u64 ns, now;
	int ret;

	*deadline = NO_DEADLINE;
	if (!timeout)
		return 0;
	ret = timespec_from_user(&ns, timeout);
	if (ret)
		return ret;
	if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT) {
		*deadline = deadline_after(ns);
		return 0;
	}
	now = op & FUTEX_CLOCK_REALTIME ? realtime_ns() : clock_ns();
	*deadline = deadline_after(ns > now ? ns - now : 0);
	return 0;
}

SYSCALL_DEFINE6(futex, u32 *, addr, int, op, u32, value, unsigned long, timeout, u32 *, addr2, u32,
		value3)
{
	bool private = op & FUTEX_PRIVATE_FLAG;
	u64 deadline;
	int ret;

	if (op & FUTEX_CLOCK_REALTIME && (op & FUTEX_CMD_MASK) != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		ret = futex_deadline(&deadline, (const void *)timeout, op);
		if (ret)
			return ret;
		if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT)
			value3 = FUTEX_BITSET_MATCH_ANY;
		return futex_wait_until(addr, value, deadline, value3, private);
	case FUTEX_WAKE:
		return futex_wake(addr, (int)value, FUTEX_BITSET_MATCH_ANY, private);
	case FUTEX_WAKE_BITSET:
		return futex_wake(addr, (int)value, value3, private);
	case FUTEX_REQUEUE:
		return futex_requeue(addr, addr2, (int)value, (int)timeout, NULL, private);
	case FUTEX_WAKE_OP:
		return futex_wake_op(addr, addr2, (int)value, (int)timeout, value3, private);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(addr, addr2, (int)value, (int)timeout, &value3, private);
	default:
		return -ENOSYS;
	}
}
