/*
 * setitimer and alarm. ITIMER_REAL is a timer of the clock. The others count CPU time, which is
 * looked at when a thread of the process is switched in, and at each tick: the program's own
 * (ITIMER_VIRTUAL), or the kernel's with it (ITIMER_PROF). RLIMIT_CPU is kept likewise.
 */
#include "kernel/process/usage.h"
#include "kernel/sched/sched.h"
#include "kernel/syscall.h"
#include "kernel/time/time.h"
#include "kernel/time/timer.h"
#include "kernel/uapi/errno.h"

#define ITIMER_TICK_NS	1000ull		/* what a timer is set to that should be past */

u64 timer_next(u64 expires, u64 interval, u64 now)
{
	if (!interval)
		return 0;
	expires += interval;
	if (expires <= now)
		expires += (now - expires + interval) / interval * interval;
	return expires;
}

/* ---- ITIMER_REAL ---- */

/* Only once: an interval of a microsecond would keep whoever fires timers busy for ever. */
static void fire_real(struct timer *timer)
{
	struct itimers *it = container_of(timer, struct itimers, real);

	signal_send(it->process, NULL, KERNEL_SIGNAL(SIGALRM));
}

void itimers_alarm_taken(struct process *process)
{
	struct itimers *it = &process->itimers;
	u64 next = timer_next(it->real.expires, it->real_interval, clock_ns());

	if (next && !it->real.queued)
		timer_start(&it->real, next);
}

/* What is left, and the interval. tasks_lock held. */
static void read_real(const struct itimers *it, u64 *left, u64 *interval)
{
	u64 now = clock_ns();

	*left = 0;
	if (it->real.queued)
		*left = it->real.expires > now ? it->real.expires - now : ITIMER_TICK_NS;
	*interval = it->real_interval;
}

static void set_real(struct itimers *it, u64 ns, u64 interval)
{
	timer_cancel(&it->real);
	it->real_interval = interval;
	if (ns)
		timer_start(&it->real, deadline_after(ns));
}

/* ---- CPU time ---- */

static bool has_cpu_limit(const struct process *process)
{
	return process->rlimits[RLIMIT_CPU].rlim_cur != RLIM64_INFINITY;
}

/* Makes all threads look, from now on. */
static void activate(struct process *process)
{
	struct task *task;

	WRITE_ONCE(process->itimers.cpu_active, true);
	TAILQ_FOREACH(task, &process->threads, thread_link)
		make_task_look(task, WORK_CPU_TIMER);
}

void itimers_limit(struct process *process)
{
	if (has_cpu_limit(process))
		activate(process);
}

static void check_limit(struct process *process, u64 now)
{
	struct rlimit64 *limit = &process->rlimits[RLIMIT_CPU];

	if (now / NSEC_PER_SEC >= limit->rlim_max) {
		process_kill(process, SIGKILL);
	} else if (now / NSEC_PER_SEC >= limit->rlim_cur) {
		limit->rlim_cur++;	/* the next one in a second */
		signal_send(process, NULL, KERNEL_SIGNAL(SIGXCPU));
	}
}

/* The time that ITIMER_VIRTUAL or ITIMER_PROF counts. tasks_lock held. */
static u64 counted_ns(struct process *process, int which)
{
	return which == ITIMER_VIRTUAL ? process_cpu_time(process).user :
					 process_run_ns_locked(process);
}

/* Fires what is due; true if anything is still set. tasks_lock held. */
static bool check_cpu(struct process *process)
{
	static const int signals[] = { SIGVTALRM, SIGPROF };
	bool active = has_cpu_limit(process);

	for (int i = 0; i < 2; i++) {
		struct cpu_timer *timer = &process->itimers.cpu[i];
		u64 now = counted_ns(process, ITIMER_VIRTUAL + i);

		if (timer->expires && timer->expires <= now) {
			timer->expires = timer_next(timer->expires, timer->interval, now);
			signal_send(process, NULL, KERNEL_SIGNAL(signals[i]));
		}
		active |= timer->expires != 0;
	}
	if (has_cpu_limit(process))
		check_limit(process, process_run_ns_locked(process));
	return active;
}

void itimers_check(void)
{
	struct process *process = current_process();
	bool active;

	atomic_and_return_old(~WORK_CPU_TIMER, &current_task()->work);
	spin_lock(&tasks_lock);
	active = check_cpu(process);
	WRITE_ONCE(process->itimers.cpu_active, active);
	spin_unlock(&tasks_lock);
}

static void read_cpu(struct process *process, int which, u64 *left, u64 *interval)
{
	const struct cpu_timer *timer = &process->itimers.cpu[which - 1];
	u64 now = counted_ns(process, which);

	*left = 0;
	if (timer->expires)
		*left = timer->expires > now ? timer->expires - now : TICK_NS;
	*interval = timer->interval;
}

static void set_cpu(struct process *process, int which, u64 ns, u64 interval)
{
	struct cpu_timer *timer = &process->itimers.cpu[which - 1];

	timer->expires = ns ? counted_ns(process, which) + ns : 0;
	timer->interval = interval;
	if (ns)
		activate(process);
}

/* ---- life ---- */

void itimers_init(struct process *process)
{
	process->itimers = (struct itimers){ .real = { .fire = fire_real }, .process = process,
					     .cpu_active = has_cpu_limit(process) };
}

void itimers_end(struct process *process)
{
	timer_cancel(&process->itimers.real);
	posix_timers_end(process);
}

/* ---- the calls ---- */

struct itimer_state {
	u64 left, interval;
};

static void get(int which, struct itimer_state *state)
{
	struct process *process = current_process();

	if (which == ITIMER_REAL)
		read_real(&process->itimers, &state->left, &state->interval);
	else
		read_cpu(process, which, &state->left, &state->interval);
}

/* Sets the timer, and tells what it was. */
static void exchange(int which, const struct itimer_state *new_state, struct itimer_state *old)
{
	struct process *process = current_process();

	spin_lock(&tasks_lock);
	get(which, old);
	if (which == ITIMER_REAL)
		set_real(&process->itimers, new_state->left, new_state->interval);
	else
		set_cpu(process, which, new_state->left, new_state->interval);
	spin_unlock(&tasks_lock);
}

static bool timeval_to_ns(u64 *ns, const struct __kernel_old_timeval *tv)
{
	if (tv->tv_sec < 0 || tv->tv_usec < 0 || tv->tv_usec >= 1000000)
		return false;
	if (__builtin_mul_overflow((u64)tv->tv_sec, NSEC_PER_SEC, ns) ||
	    __builtin_add_overflow(*ns, (u64)tv->tv_usec * 1000, ns))
		*ns = NO_DEADLINE;
	return true;
}

static int write_state(struct __kernel_itimerval *user, const struct itimer_state *state)
{
	struct __kernel_itimerval value = { .it_interval = ns_to_timeval(state->interval),
					    .it_value = ns_to_timeval(state->left) };

	return copy_to_user(user, &value, sizeof(value)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(getitimer, int, which, struct __kernel_itimerval *, user)
{
	struct itimer_state state;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	spin_lock(&tasks_lock);
	get(which, &state);
	spin_unlock(&tasks_lock);
	return write_state(user, &state);
}

SYSCALL_DEFINE3(setitimer, int, which, const struct __kernel_itimerval *, user_new,
		struct __kernel_itimerval *, user_old)
{
	struct __kernel_itimerval value = { 0 };
	struct itimer_state new_state, old;

	if (user_new && copy_from_user(&value, user_new, sizeof(value)))
		return -EFAULT;
	if (!timeval_to_ns(&new_state.left, &value.it_value) ||
	    !timeval_to_ns(&new_state.interval, &value.it_interval))
		return -EINVAL;
	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	exchange(which, &new_state, &old);
	return user_old ? write_state(user_old, &old) : 0;
}

/* What is left of the last one, to the nearest second, but not 0. */
SYSCALL_DEFINE1(alarm, unsigned int, seconds)
{
	struct itimer_state new_state = { .left = seconds * NSEC_PER_SEC }, old;
	u64 rest;

	exchange(ITIMER_REAL, &new_state, &old);
	rest = old.left % NSEC_PER_SEC;
	old.left /= NSEC_PER_SEC;
	if ((!old.left && rest) || rest >= NSEC_PER_SEC / 2)
		old.left++;
	return (long)old.left;
}
