/*
 * timer_create and its kin. A timer that comes sends a signal, and one with an
 * interval starts again when that signal is taken: what it missed until then is its
 * overrun. All is under tasks_lock.
 */
#include "kernel/syscall.h"
#include "kernel/time/time.h"
#include "kernel/time/timer.h"
#include "kernel/uapi/errno.h"
#include "mm/slab.h"

#define AGAIN_NS	1000000ull	/* at the soonest, where nobody takes the signal */

struct posix_timer {
	LIST_ENTRY(posix_timer) link;	/* of its process */
	struct timer timer;		/* queued unless its signal waits, or it is not set */
	struct process *process;
	int id, clock, notify, signo;
	int tid;			/* SIGEV_THREAD_ID */
	u64 value;			/* what the signal says */
	bool armed;
	u64 expires, interval;		/* clock_ns(); of the time that comes next, or came last */
	int overrun;			/* of the last signal */
};

static struct kmem_cache *timer_cache;

void posix_timers_init(void)
{
	timer_cache = kmem_cache_create("posix_timer", sizeof(struct posix_timer), 0);
}

/* ---- firing; tasks_lock held ---- */

static struct posix_timer *find(struct process *process, int id)
{
	struct posix_timer *t;

	LIST_FOREACH(t, &process->posix_timers, link) {
		if (t->id == id)
			return t;
	}
	return NULL;
}

/* The thread that gets the signal; NULL: any. False: it has ended. */
static bool receiver(const struct posix_timer *t, struct task **task)
{
	*task = t->notify & SIGEV_THREAD_ID ? task_find(t->tid) : NULL;
	return !(t->notify & SIGEV_THREAD_ID) || (*task && (*task)->process == t->process);
}

/* The signal of an earlier time, or of another setting, that nobody has taken. */
static struct sigpending *waiting_in(const struct posix_timer *t, struct task *task)
{
	struct sigpending *pending = task ? &task->pending : &t->process->pending;

	return sigpending_timer(pending, t->signo, t->id) ? pending : NULL;
}

static void send(struct posix_timer *t)
{
	const struct ksiginfo info = { .signo = t->signo, .code = SI_TIMER,
				       .words = { (u32)t->id, t->value } };
	struct task *task;

	if (!receiver(t, &task))
		return;
	signal_send_timer(t->process, task, &info);
	/* Ignored, or no memory: time goes on all the same. */
	if (t->interval && !waiting_in(t, task)) {
		t->expires = max(timer_next(t->expires, t->interval, clock_ns()),
				 clock_ns() + AGAIN_NS);
		timer_start(&t->timer, t->expires);
	}
}

static void fire(struct timer *timer) { send(container_of(timer, struct posix_timer, timer)); }

void posix_timer_taken(struct process *process, struct ksiginfo *info)
{
	struct posix_timer *t = find(process, (int)(u32)info->words[0]);
	u64 next;

	if (!t || !t->armed || !t->interval || t->timer.queued)
		return;
	next = timer_next(t->expires, t->interval, clock_ns());
	t->overrun = (int)min((next - t->expires) / t->interval - 1, 0x7fffffffull);
	t->expires = next;
	timer_start(&t->timer, next);
	info->words[0] |= (u64)(u32)t->overrun << 32;
}

/* Stops it, and forgets its signal, which would be news of nothing: at exec, too. */
static void disarm(struct posix_timer *t)
{
	struct sigpending *pending;
	struct task *task;

	timer_cancel(&t->timer);
	t->armed = false;
	pending = receiver(t, &task) ? waiting_in(t, task) : NULL;
	if (pending)
		sigpending_drop_timer(pending, t->signo, t->id);
}

static void destroy(struct posix_timer *t)
{
	disarm(t);
	LIST_REMOVE(t, link);
	sigqueue_charge(t->process, -1);
	kmem_cache_free(timer_cache, t);
}

void posix_timers_end(struct process *process)
{
	struct posix_timer *t;

	while ((t = LIST_FIRST(&process->posix_timers)))
		destroy(t);
	process->next_timer = 0;
}

/* ---- timer_create, timer_delete ---- */

static int check_clock(int clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}

/* tasks_lock held. */
static bool event_is_good(const struct __kernel_sigevent *event)
{
	const struct task *task;

	switch (event->notify) {
	case SIGEV_SIGNAL | SIGEV_THREAD_ID:
		task = task_find(event->tid);
		if (!task || task->process != current_process())
			return false;
		/* fallthrough */
	case SIGEV_SIGNAL:
	case SIGEV_THREAD:
		return valid_signal(event->signo);
	default:
		return event->notify == SIGEV_NONE;
	}
}

/* A number, and the place among the process's. tasks_lock held. */
static void add(struct process *process, struct posix_timer *t)
{
	while (find(process, process->next_timer))
		process->next_timer = (process->next_timer + 1) & 0x7fffffff;
	t->id = process->next_timer;
	process->next_timer = (process->next_timer + 1) & 0x7fffffff;
	LIST_INSERT_HEAD(&process->posix_timers, t, link);
	sigqueue_charge(process, 1);
}

static long create(int clock, const struct __kernel_sigevent *event, bool value_is_id,
		   int *user_id)
{
	struct posix_timer *t = kmem_cache_alloc(timer_cache, GFP_KERNEL | GFP_ZERO);
	struct process *process = current_process();
	int ret, id;

	if (!t)
		return -EAGAIN;
	t->timer.fire = fire;
	t->process = process;
	t->clock = clock;
	t->notify = event->notify;
	t->signo = event->signo;
	t->tid = event->tid;
	t->value = event->value;
	spin_lock(&tasks_lock);
	ret = !sigqueue_fits(process) ? -EAGAIN : event_is_good(event) ? 0 : -EINVAL;
	if (!ret)
		add(process, t);
	id = t->id;
	if (value_is_id)
		t->value = (u64)id;
	spin_unlock(&tasks_lock);
	if (ret) {
		kmem_cache_free(timer_cache, t);
		return ret;
	}
	return copy_to_user(user_id, &id, sizeof(id)) ? -EFAULT : 0;
}

static long delete(int id)
{
	struct posix_timer *t;

	spin_lock(&tasks_lock);
	t = find(current_process(), id);
	if (t)
		destroy(t);
	spin_unlock(&tasks_lock);
	return t ? 0 : -EINVAL;
}

SYSCALL_DEFINE3(timer_create, int, clock, const struct __kernel_sigevent *, user_event,
		int *, user_id)
{
	struct __kernel_sigevent event = { .notify = SIGEV_SIGNAL, .signo = SIGALRM };
	int ret, id;

	if (user_event && copy_from_user(&event, user_event, sizeof(event)))
		return -EFAULT;
	ret = check_clock(clock);
	if (ret)
		return ret;
	/* Nothing is made if it could not be told. */
	if (copy_from_user(&id, user_id, sizeof(id)) || copy_to_user(user_id, &id, sizeof(id)))
		return -EFAULT;
	return create(clock, &event, !user_event, user_id);
}

SYSCALL_DEFINE1(timer_delete, int, id) { return delete(id); }

/* ---- setting and reading ---- */

struct setting {
	u64 value, interval;
};

/* What is left, at least a nanosecond while it is on its way. tasks_lock held. */
static void read_timer(const struct posix_timer *t, struct setting *setting)
{
	u64 now = clock_ns(), next = t->expires;

	*setting = (struct setting){ 0, t->interval };
	if (!t->armed)
		return;
	if (next <= now && t->interval && !t->timer.queued)
		next = timer_next(next, t->interval, now);
	if (next > now)
		setting->value = next - now;
	else if (t->timer.queued)
		setting->value = 1;
}

static u64 deadline_of(const struct posix_timer *t, u64 value, bool absolute)
{
	u64 now = t->clock == CLOCK_REALTIME ? realtime_ns() : clock_ns();

	if (!absolute)
		return deadline_after(value);
	return value > now ? deadline_after(value - now) : clock_ns();
}

static void set_timer(struct posix_timer *t, const struct setting *setting, bool absolute)
{
	disarm(t);
	t->interval = setting->interval;
	t->overrun = 0;
	if (!setting->value)
		return;
	t->armed = true;
	t->expires = deadline_of(t, setting->value, absolute);
	if (t->notify != SIGEV_NONE)
		timer_start(&t->timer, t->expires);
}

static int write_setting(struct __kernel_itimerspec *user, const struct setting *setting)
{
	return timespec_to_user(&user->it_interval, setting->interval) ||
	       timespec_to_user(&user->it_value, setting->value) ? -EFAULT : 0;
}

SYSCALL_DEFINE4(timer_settime, int, id, int, flags, const struct __kernel_itimerspec *, user_new,
		struct __kernel_itimerspec *, user_old)
{
	struct setting setting, old;
	struct posix_timer *t;
	int ret;

	if (!user_new)
		return -EINVAL;
	ret = timespec_from_user(&setting.interval, &user_new->it_interval);
	if (!ret)
		ret = timespec_from_user(&setting.value, &user_new->it_value);
	if (ret)
		return ret;
	spin_lock(&tasks_lock);
	t = find(current_process(), id);
	if (t) {
		read_timer(t, &old);
		set_timer(t, &setting, flags & TIMER_ABSTIME);
	}
	spin_unlock(&tasks_lock);
	if (!t)
		return -EINVAL;
	return user_old ? write_setting(user_old, &old) : 0;
}

SYSCALL_DEFINE2(timer_gettime, int, id, struct __kernel_itimerspec *, user)
{
	struct setting setting;
	const struct posix_timer *t;

	spin_lock(&tasks_lock);
	t = find(current_process(), id);
	if (t)
		read_timer(t, &setting);
	spin_unlock(&tasks_lock);
	return t ? write_setting(user, &setting) : -EINVAL;
}

SYSCALL_DEFINE1(timer_getoverrun, int, id)
{
	const struct posix_timer *t;
	long ret = -EINVAL;

	spin_lock(&tasks_lock);
	t = find(current_process(), id);
	if (t)
		ret = t->overrun;
	spin_unlock(&tasks_lock);
	return ret;
}
