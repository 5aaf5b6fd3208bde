/*
 * The scheduler: a run queue per CPU, round robin in slices of 10 ms, or as nice says.
 *
 * A switch is not done under the queue's lock: switch_mm() may free an address space. From before
 * a task runs until schedule_tail() has its successor on the CPU, task->on_cpu is set; meanwhile
 * it may be queued on this CPU only (which finishes the switch before it looks at its queue), and
 * no other CPU steals it.
 *
 * A CPU that runs a task has a timer interrupt every TICK_NS at least, which notes whether it met
 * the program or the kernel; an idle one gets no ticks. The timer is never cancelled: a pipe's two
 * ends would otherwise program it with each message.
 */
#include "kernel/base/trace.h"
#include "kernel/sched/sched.h"
#include "mm/table_free.h"

struct run_queue run_queues[NR_CPUS];

/* CPUs in their idle loop that nobody has given work to. */
static cpumask_t idle_cpus;

static struct task boot_idle_task;

void rq_arm(struct run_queue *rq, u64 when)
{
	if (when >= rq->armed)
		return;
	rq->armed = when;
	rq->armed_switches = rq->switches;
	timer_set(when);
}

void rq_enqueue(struct run_queue *rq, struct task *task)
{
	TAILQ_INSERT_TAIL(&rq->queue, task, run_link);
	task->queued = true;
	WRITE_ONCE(rq->nr_queued, rq->nr_queued + 1);
}

static void rq_dequeue(struct run_queue *rq, struct task *task)
{
	TAILQ_REMOVE(&rq->queue, task, run_link);
	task->queued = false;
	WRITE_ONCE(rq->nr_queued, rq->nr_queued - 1);
}

void task_set_work(struct task *task, unsigned long bits)
{
	if ((READ_ONCE(task->work) & bits) != bits)
		atomic_or_return_old(bits, &task->work);
}

u64 task_slice_ns(const struct task *task)
{
	return TIME_SLICE_NS / 20 * (u64)(20 - READ_ONCE(task->nice));
}

/* When to look again at a queue in which somebody waits: soon, if an idle CPU could take him. */
static u64 slice_deadline(const struct run_queue *rq, u64 now)
{
	u64 end = rq->curr->run_since + task_slice_ns(rq->curr);

	if (end <= now)
		end = now + task_slice_ns(rq->curr); /* its turn is over already, and it knows */
	return READ_ONCE(idle_cpus) ? min(end, now + SPREAD_NS) : end;
}

/* Somebody waits beside the running task: its slice will end. */
static bool slice_ends(const struct run_queue *rq) { return rq->nr_queued && !rq->curr->is_idle; }

/* This CPU's queue, locked. Most often the timer is set for something that comes soon enough. */
static void arm_slice(struct run_queue *rq)
{
	u64 soon;

	if (!slice_ends(rq))
		return;
	soon = READ_ONCE(idle_cpus) ? SPREAD_NS : task_slice_ns(rq->curr);
	if (rq->armed > rq->curr->run_since + soon)
		rq_arm(rq, slice_deadline(rq, clock_ns()));
}

/* Of this CPU's queue, locked: the running task, unless it is the idle one, will be looked at. */
static void arm_tick(struct run_queue *rq, u64 now)
{
	if (!rq->curr->is_idle)
		rq_arm(rq, now + TICK_NS);
}

/* ---- switching ---- */

/* Takes the next task off the queue. Locked. */
static struct task *pick_next(struct run_queue *rq)
{
	struct task *next = TAILQ_FIRST(&rq->queue);

	if (!next)
		return rq->idle;
	rq_dequeue(rq, next);
	return next;
}

/*
 * The running task stays runnable: back to the queue, of this CPU or of one where it may run.
 * Locked.
 */
static void put_prev(struct run_queue *rq, struct task *prev)
{
	if (prev->is_idle)
		return;
	if (likely(prev->affinity & cpumask_of(this_cpu())))
		rq_enqueue(rq, prev);
	else
		rq->push = prev;
}

static void account_switch(struct run_queue *rq, struct task *prev, struct task *next)
{
	u64 now = clock_ns();

	prev->run_ns += now - prev->run_since;
	next->run_since = now;
	rq->switches++;
	if (unlikely(READ_ONCE(next->process->itimers.cpu_active)))
		task_set_work(next, WORK_CPU_TIMER);
}

/* preempted: the caller stays runnable, whatever its state says (it may be about to sleep). */
static void reschedule(bool preempted)
{
	unsigned long flags = irq_save();
	struct run_queue *rq = this_rq();
	struct task *prev = rq->curr, *next;
	bool stays;

	lockdep_assert_may_sleep();
	spin_lock(&rq->lock);
	if (prev->work & WORK_RESCHED)
		atomic_and_return_old(~WORK_RESCHED, &prev->work);
	/*
	 * Pairs with the killer or sender, who sets the bit before it takes this lock
	 * to look at the state.
	 */
	if ((prev->state == TASK_KILLABLE && READ_ONCE(prev->work) & WORK_KILLED) ||
	    (prev->state == TASK_INTERRUPTIBLE &&
	     READ_ONCE(prev->work) & (WORK_KILLED | WORK_SIGNAL)))
		prev->state = TASK_RUNNING;
	stays = preempted || prev->state == TASK_RUNNING;
	if (stays)
		put_prev(rq, prev);
	next = pick_next(rq);
	if (next == prev) {
		spin_unlock(&rq->lock);
		irq_restore(flags);
		return;
	}
	account_switch(rq, prev, next);
	prev->uses.n[stays ? USE_NIVCSW : USE_NVCSW]++;
	rq->curr = next;
	next->on_cpu = true;
	rq->prev = prev;
	arm_tick(rq, next->run_since);
	arm_slice(rq);
	spin_unlock(&rq->lock);

	grace_quiescent();
	switch_mm(next->mm);
	trace(TRACE_SWITCH, prev->tid, next->tid, 0);
	switch_to(prev, next);
	schedule_tail();
	irq_restore(flags);
}

void schedule(void) { reschedule(false); }

void cond_resched(void)
{
	if (READ_ONCE(current_task()->work) & WORK_RESCHED)
		reschedule(true);
}

void sched_yield(void) { reschedule(true); }

static void place_task(struct task *task, unsigned int cpu);
static unsigned int select_cpu(const struct task *task);

void schedule_tail(void)
{
	struct run_queue *rq = this_rq();
	struct task *prev = rq->prev, *push = rq->push;
	bool dead = prev->state == TASK_DEAD;

	rq->push = NULL;
	/* Its registers are saved: from here on it may run on another CPU, unless it is dead. */
	barrier();
	WRITE_ONCE(prev->on_cpu, false);
	if (unlikely(dead))
		task_put_dead(prev);
	if (unlikely(push))
		place_task(push, select_cpu(push));
}

/* ---- waking ---- */

/*
 * A CPU for a task that has not run for a while: an idle one if there is one, its last one before
 * others.
 */
static unsigned int select_cpu(const struct task *task)
{
	cpumask_t allowed = READ_ONCE(task->affinity) & cpus_online();
	cpumask_t idle = READ_ONCE(idle_cpus) & allowed;
	cpumask_t last = cpumask_of(task->cpu);

	if (idle & last)
		return task->cpu;
	if (idle)
		return (unsigned int)__builtin_ctzl(idle);
	return allowed & last ? task->cpu : (unsigned int)__builtin_ctzl(allowed);
}

/* There is a new task in the queue: makes its CPU look. Locked. */
static void notify_cpu(struct run_queue *rq, unsigned int cpu)
{
	bool idle = rq->curr->is_idle;

	if (cpu == this_cpu()) {
		if (idle)
			task_set_work(rq->curr, WORK_RESCHED);
		else
			arm_slice(rq);
		return;
	}
	task_set_work(rq->curr, WORK_RESCHED);
	if (idle)
		cpumask_test_and_clear(cpu, &idle_cpus);
	cpu_kick(cpu);
}

/*
 * Queues a runnable task that is on no queue and on no CPU, so that only the caller moves it.
 * Interrupts off.
 */
static void place_task(struct task *task, unsigned int cpu)
{
	struct run_queue *rq;

	for (;;) {
		rq = &run_queues[cpu];
		WRITE_ONCE(task->cpu, cpu);
		spin_lock(&rq->lock);
		if (likely(task->affinity & cpumask_of(cpu)))
			break;
		spin_unlock(&rq->lock);
		cpu = select_cpu(task);
	}
	rq_enqueue(rq, task);
	notify_cpu(rq, cpu);
	spin_unlock(&rq->lock);
}

/* Locks the queue of the task's CPU. Interrupts off. */
static struct run_queue *lock_task_rq(const struct task *task)
{
	for (;;) {
		unsigned int cpu = READ_ONCE(task->cpu);
		struct run_queue *rq = &run_queues[cpu];

		spin_lock(&rq->lock);
		if (likely(task->cpu == cpu))
			return rq;
		spin_unlock(&rq->lock);
	}
}

/* Sets of states: those in which a task sleeps, and in which kills and signals wake it. */
#define WAKES_ALL	(BIT(TASK_SLEEPING) | WAKES_KILLED)
#define WAKES_KILLED	(BIT(TASK_KILLABLE) | WAKES_SIGNALLED)
#define WAKES_SIGNALLED	BIT(TASK_INTERRUPTIBLE)

/*
 * Makes a task runnable that is in one of the states; false if it is not. Leaves only on_cpu ==
 * false to be queued.
 */
static bool begin_wake(struct task *task, unsigned long states, bool *place)
{
	struct run_queue *rq = lock_task_rq(task);
	bool asleep = BIT(task->state) & states;

	*place = false;
	if (asleep) {
		WRITE_ONCE(task->state, TASK_RUNNING);
		if (!task->on_cpu) {
			*place = true;
		} else if (task != rq->curr) {
			/* In the middle of its last switch: its own CPU must finish that first. */
			rq_enqueue(rq, task);
			notify_cpu(rq, task->cpu);
			if (!(task->affinity & cpumask_of(task->cpu)))
				task_set_work(task, WORK_RESCHED); /* put_prev() sends it away */
		} /* else it has not called schedule() yet, and will not sleep */
	}
	spin_unlock(&rq->lock);
	return asleep;
}

static bool wake_from(struct task *task, unsigned long states)
{
	unsigned long flags = irq_save();
	bool place, woken = begin_wake(task, states, &place);

	if (place)
		place_task(task, select_cpu(task));
	irq_restore(flags);
	return woken;
}

bool wake_task(struct task *task, bool killable_only)
{
	return wake_from(task, killable_only ? WAKES_KILLED : WAKES_ALL);
}

bool wake_task_sync(struct task *task)
{
	unsigned long flags = irq_save();
	unsigned int cpu = this_cpu();
	bool place, woken = begin_wake(task, WAKES_ALL, &place);

	if (place)
		place_task(task,
			   READ_ONCE(task->affinity) & cpumask_of(cpu) ? cpu : select_cpu(task));
	irq_restore(flags);
	return woken;
}

/* Gives the task work, which wakes it from the states, or else makes its CPU look. */
static void make_look(struct task *task, unsigned long work, unsigned long states)
{
	unsigned int cpu;

	task_set_work(task, work);
	if (task == current_task())
		return;
	/*
	 * Pairs with reschedule(): either it sees the bit, or we see the state, both under the
	 * queue's lock.
	 */
	if (wake_from(task, states))
		return;
	cpu = READ_ONCE(task->cpu);
	if (READ_ONCE(task->on_cpu) && cpu != this_cpu())
		cpu_kick(cpu);
}

void kill_task(struct task *task) { make_look(task, WORK_KILLED, WAKES_KILLED); }
void make_task_look(struct task *task, unsigned long bits) { make_look(task, bits, 0); }
void signal_task_wake(struct task *task) { make_look(task, WORK_SIGNAL, WAKES_SIGNALLED); }

/* ---- the timer ---- */

/* Tasks have waited since the timer was set without a switch: an idle CPU shall take one. */
static void spread(struct run_queue *rq)
{
	cpumask_t idle = READ_ONCE(idle_cpus);

	if (rq->nr_queued && idle && rq->switches == rq->armed_switches) {
		unsigned int cpu = (unsigned int)__builtin_ctzl(idle);

		if (cpumask_test_and_clear(cpu, &idle_cpus))
			cpu_kick(cpu);
	}
}

/* Every interrupt of the timer is a sample: only their proportion counts. */
static void account_tick(struct run_queue *rq, int mode)
{
	if (rq->curr->is_idle)
		return;
	WRITE_ONCE(rq->ticks[mode], rq->ticks[mode] + 1);
	WRITE_ONCE(rq->curr->ticks[mode], rq->curr->ticks[mode] + 1);
}

void timer_interrupt(bool from_user)
{
	struct run_queue *rq = this_rq();
	u64 now = clock_ns();

	spin_lock(&rq->lock);
	account_tick(rq, from_user ? TICK_USER : TICK_SYSTEM);
	rq->armed = NO_TIMEOUT;
	grace_quiescent();
	timeouts_expire(rq, now);
	if (unlikely(rq->curr->process->itimers.cpu_active))
		task_set_work(rq->curr, WORK_CPU_TIMER);
	if (rq->nr_queued) {
		if (rq->curr->is_idle || now >= rq->curr->run_since + task_slice_ns(rq->curr))
			task_set_work(rq->curr, WORK_RESCHED);
		spread(rq);
	}
	rq_arm(rq, timeouts_first(rq));
	arm_tick(rq, now);
	if (slice_ends(rq))
		rq_arm(rq, slice_deadline(rq, now));
	spin_unlock(&rq->lock);
}

void schedule_until(u64 deadline_ns)
{
	struct task *task = current_task();
	unsigned long flags = irq_save();
	struct run_queue *rq = this_rq();

	spin_lock(&rq->lock);
	task->timeout = deadline_ns;
	timeout_insert(rq, task);
	rq_arm(rq, deadline_ns);
	spin_unlock(&rq->lock);
	irq_restore(flags);
	schedule();
	timeout_cancel(task);
}

/* ---- idle ---- */

/* Takes a waiting task from another CPU to this one's queue. Interrupts off. */
static bool steal_task(unsigned int cpu)
{
	unsigned int other;

	for_each_cpu(other, cpus_online() & ~cpumask_of(cpu)) {
		struct run_queue *rq = &run_queues[other];
		struct task *task;

		if (!READ_ONCE(rq->nr_queued))
			continue;
		spin_lock(&rq->lock);
		TAILQ_FOREACH(task, &rq->queue, run_link) {
			if (task->affinity & cpumask_of(cpu) && !READ_ONCE(task->on_cpu))
				break;
		}
		if (task)
			rq_dequeue(rq, task);
		spin_unlock(&rq->lock);
		if (task) {
			place_task(task, cpu);
			return true;
		}
	}
	return false;
}

void idle_loop(void)
{
	unsigned int cpu = this_cpu();
	struct run_queue *rq = &run_queues[cpu];

	for (;;) {
		grace_poll();
		irq_disable();
		/*
		 * A full barrier, then a look at the queue. A waker queues first, and then kicks
		 * whoever is idle: the interrupt ends cpu_idle() even if it comes before the
		 * processor sleeps.
		 */
		trace_drain();
		cpumask_test_and_set(cpu, &idle_cpus);
		if (READ_ONCE(rq->nr_queued) || steal_task(cpu)) {
			cpumask_test_and_clear(cpu, &idle_cpus);
			irq_enable();
			schedule();
		} else {
			grace_idle_enter();
			cpu_idle();
			grace_idle_leave();
			cpumask_test_and_clear(cpu, &idle_cpus);
		}
	}
}

void cpu_start(void)
{
	irq_enable();
	idle_loop();
}

/* ---- the rest ---- */

bool task_asleep(struct task *task, void (*fn)(const struct task *task, void *arg), void *arg)
{
	unsigned long flags = irq_save();
	struct run_queue *rq = lock_task_rq(task);	/* so that nobody wakes it */
	bool asleep = task->state != TASK_RUNNING && task->state != TASK_DEAD &&
		      !READ_ONCE(task->on_cpu);

	if (asleep)
		fn(task, arg);
	spin_unlock(&rq->lock);
	irq_restore(flags);
	return asleep;
}

void sched_set_affinity(struct task *task, cpumask_t mask)
{
	unsigned long flags = irq_save();
	struct run_queue *rq = lock_task_rq(task);
	unsigned int cpu = task->cpu;
	bool move = false;

	WRITE_ONCE(task->affinity, mask);
	if (!(mask & cpumask_of(cpu))) {
		move = task->queued && !task->on_cpu;
		if (move)
			rq_dequeue(rq, task);
		else
			/* put_prev() sees it before the task is in user mode again. */
			task_set_work(task, WORK_RESCHED);
		if (task == rq->curr && cpu != this_cpu())
			cpu_kick(cpu);
	}
	spin_unlock(&rq->lock);
	if (move)
		place_task(task, select_cpu(task));
	irq_restore(flags);
	cond_resched();
}

u64 task_run_ns(const struct task *task)
{
	u64 since = READ_ONCE(task->run_since), used = READ_ONCE(task->run_ns);

	return READ_ONCE(task->on_cpu) ? used + (clock_ns() - since) : used;
}

/* Makes `task` the idle task of the CPU. */
static void idle_init(struct task *task, unsigned int cpu)
{
	struct run_queue *rq = &run_queues[cpu];

	task->cpu = cpu;
	task->affinity = cpumask_of(cpu);
	task->is_idle = true;
	task->on_cpu = true;
	task->process = &kernel_process;
	scnprintf(task->comm, sizeof(task->comm), "idle/%u", cpu);
	rq->idle = rq->curr = task;
}

void sched_init(void)
{
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		struct run_queue *rq = &run_queues[cpu];

		spin_lock_init(&rq->lock, LOCK_RUN_QUEUE);
		TAILQ_INIT(&rq->queue);
		RB_INIT(&rq->timeouts);
		rq->armed = NO_TIMEOUT;
	}
	idle_init(&boot_idle_task, this_cpu());
	set_current_task(&boot_idle_task);
}

u64 cpu_idle_ns(unsigned int cpu) { return task_run_ns(run_queues[cpu].idle); }

unsigned long cpu_ticks(unsigned int cpu, int mode)
{
	return READ_ONCE(run_queues[cpu].ticks[mode]);
}

unsigned long context_switches(void)
{
	unsigned long n = 0;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		n += READ_ONCE(run_queues[cpu].switches);
	return n;
}

struct task *idle_task_create(unsigned int cpu)
{
	struct task *task = kernel_thread("idle", NULL, NULL);

	if (!task)
		panic("no memory for the idle task of CPU %u", cpu);
	idle_init(task, cpu);
	return task;
}

u32 trace_task(void) { return current_task() ? (u32)current_task()->tid : 0; }
u64 trace_time(void) { return clock_ns(); }

#if CONFIG_DEBUG
/* Before the scheduler has given a CPU its first task. */
static struct held_locks boot_held[NR_CPUS];

struct held_locks *current_held_locks(void)
{
	struct task *task = current_task();

	return task ? &task->held_locks : &boot_held[this_cpu()];
}
#endif
