/*
 * Signals that wait: a set, and a queue with what is said of each. For the memory the receiver's
 * RLIMIT_SIGPENDING pays, which is about all processes of a user; timers count, for their signals.
 */
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"
#include "mm/slab.h"

static struct kmem_cache *sigqueue_cache;
static u64 nr_charged; /* to all processes; under tasks_lock */

void sigqueue_init(void)
{
	sigqueue_cache = kmem_cache_create("sigqueue", sizeof(struct sigqueue), 0);
}

void sigpending_init(struct sigpending *pending)
{
	pending->set = 0;
	TAILQ_INIT(&pending->queue);
}

/* The kernel's own, and old signals by kill, find room beyond the limit. */
static bool beyond_limit(const struct ksiginfo *info)
{
	return info->signo < SIGRTMIN && info->code >= 0;
}

struct user_count {
	u32 uid;
	u64 signals;
};

static void count_user(struct process *process, void *arg)
{
	struct user_count *count = arg;

	if (process->cred.uid.real == count->uid)
		count->signals += process->signals_charged;
}

u64 signals_queued(u32 uid)
{
	struct user_count count = { .uid = uid };

	process_for_each(count_user, &count);
	return count.signals;
}

bool sigqueue_fits(const struct process *process)
{
	u64 limit = process->rlimits[RLIMIT_SIGPENDING].rlim_cur;

	return nr_charged < limit || signals_queued(process->cred.uid.real) < limit;
}

void sigqueue_charge(struct process *process, int n)
{
	process->signals_charged += n;
	nr_charged += n;
}

int sigpending_add(struct process *process, struct sigpending *pending,
		   const struct ksiginfo *info, bool timer)
{
	struct sigqueue *entry = NULL;

	if (info->signo != SIGKILL && (timer || beyond_limit(info) || sigqueue_fits(process)))
		entry = kmem_cache_alloc(sigqueue_cache, GFP_ATOMIC);
	if (entry) {
		entry->charged = timer ? NULL : process;
		if (!timer)
			sigqueue_charge(process, 1);
		entry->info = *info;
		TAILQ_INSERT_TAIL(&pending->queue, entry, link);
	} else if (info->signo >= SIGRTMIN && info->code != SI_USER) {
		return -EAGAIN;
	}
	pending->set |= SIGMASK(info->signo);
	return 0;
}

static void drop(struct sigpending *pending, struct sigqueue *entry)
{
	TAILQ_REMOVE(&pending->queue, entry, link);
	if (entry->charged)
		sigqueue_charge(entry->charged, -1);
	kmem_cache_free(sigqueue_cache, entry);
}

void sigpending_flush(struct sigpending *pending, __kernel_sigset_t set)
{
	struct sigqueue *entry, *next;

	if (!(pending->set & set))
		return;
	pending->set &= ~set;
	TAILQ_FOREACH_SAFE(entry, &pending->queue, link, next) {
		if (SIGMASK(entry->info.signo) & set)
			drop(pending, entry);
	}
}

/* SI_TIMER alone proves nothing: rt_sigqueueinfo(2) may say so, too. */
static bool is_of_timer(const struct sigqueue *entry, int signo, int timer)
{
	return !entry->charged && entry->info.signo == signo &&
	       (int)(u32)entry->info.words[0] == timer;
}

bool sigpending_timer(const struct sigpending *pending, int signo, int timer)
{
	const struct sigqueue *entry;

	TAILQ_FOREACH(entry, &pending->queue, link) {
		if (is_of_timer(entry, signo, timer))
			return true;
	}
	return false;
}

void sigpending_drop_timer(struct sigpending *pending, int signo, int timer)
{
	struct sigqueue *entry, *next;
	bool others = false;

	TAILQ_FOREACH_SAFE(entry, &pending->queue, link, next) {
		if (is_of_timer(entry, signo, timer))
			drop(pending, entry);
		else
			others |= entry->info.signo == signo;
	}
	if (!others)
		pending->set &= ~SIGMASK(signo);
}

/* The signal that an instruction has raised just now goes first; the lowest number otherwise. */
static int next_signal(const struct sigpending *pending, __kernel_sigset_t ready)
{
	const struct sigqueue *entry;

	if (ready & SYNCHRONOUS) {
		ready &= SYNCHRONOUS;
		TAILQ_FOREACH(entry, &pending->queue, link) {
			if (SIGMASK(entry->info.signo) & ready && entry->info.code > SI_USER)
				return entry->info.signo;
		}
	}
	return __builtin_ctzll(ready) + 1;
}

int sigpending_take(struct sigpending *pending, __kernel_sigset_t blocked, struct ksiginfo *info,
		    bool *timer)
{
	__kernel_sigset_t ready = pending->set & ~blocked;
	struct sigqueue *entry, *next;
	bool found = false, more = false;
	int signo;

	if (!ready)
		return 0;
	signo = next_signal(pending, ready);
	TAILQ_FOREACH_SAFE(entry, &pending->queue, link, next) {
		if (entry->info.signo != signo)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = true;
		*info = entry->info;
		*timer = !entry->charged;
		drop(pending, entry);
	}
	if (!found)
		*info = (struct ksiginfo){ .signo = signo, .code = SI_USER };
	if (!more)
		pending->set &= ~SIGMASK(signo);
	return signo;
}
