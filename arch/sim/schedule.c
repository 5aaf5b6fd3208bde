/*
 * One schedule. An actor runs until its next point: what it does from one point to the next is a
 * step. At a point it asks who goes on; if it is not itself, it switches to that fiber at once.
 * The interrupts of a CPU are an actor too: each IPI is a step of its own, and another step starts
 * at each lock that its handler takes.
 */
#include <string.h>
#include "arch/sim/actor.h"
#include "arch/sim/datarace.h"
#include "arch/sim/fiber.h"
#include "arch/sim/footprint.h"
#include "arch/sim/sim.h"
#include "kernel/base/printk.h"

#define ALONE_FIBER NR_DECIDERS
#define MAX_POINTS  100000 /* of one actor in one run */

struct actor actors[MAX_ACTORS];
struct interrupts interrupts[MAX_ACTORS];
unsigned int nr_actors;

static enum { IDLE, LAUNCHING, RUNNING, ALONE } phase;
static unsigned int points[MAX_ACTORS], at[MAX_ACTORS], nr_steps, preemptions;
static int current, last;
static unsigned int atomic_depth;
static enum explore_end ended;
static char failure[512];
static u64 events;

struct step explore_log[MAX_STEPS];

void (*explore_on_point)(int how);

static void tell(u32 item)
{
	if (explore_on_point && phase == RUNNING && item_known_shared(item))
		explore_on_point((int)(item & 3));
}

/* ---- noting what a step does ---- */

/* Wakes those in cpu_relax() who have read what is now written. */
static void wake_readers(u32 item, int who)
{
	for (int i = 0; i < (int)nr_actors; i++)
		for (unsigned int j = 0; i != who && actors[i].relaxing && j < actors[i].nr_reads;
		     j++)
			if (items_depend(item, actors[i].reads[j]))
				actors[i].woken = true;
}

static void remember_read(struct actor *a, u32 item)
{
	if (a->nr_reads == MAX_READS)
		memmove(a->reads, a->reads + 1, --a->nr_reads * sizeof(*a->reads));
	a->reads[a->nr_reads++] = item;
}

static u64 mix(u64 x)
{
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
	x = (x ^ x >> 29) * 0xd6e8feb86659fd93ull;
	return x ^ x >> 32;
}

static void note(u32 item)
{
	struct step *step;

	if (!(item >> 4) || phase != RUNNING)
		return;
	step = &explore_log[nr_steps - 1];
	events = mix(events + item * 8ull + step->actor);
	mark_seen(item, step->actor);
	if ((item & 3) != ACCESS_READ)
		wake_readers(item, step->actor);
	else if (step->actor < MAX_ACTORS)
		remember_read(&actors[step->actor], item);
	if (item & ACCESS_PAGE || is_shared(item))
		footprint_add(&step->fp, item);
}

void explore_note_range(const volatile void *start, size_t size, int how)
{
	struct footprint *fp;
	u32 first, end;

	if (phase != RUNNING || !(first = item_of(start, how)) >> 4)
		return;
	fp = &explore_log[nr_steps - 1].fp;
	end = item_of((const volatile u8 *)start + size - 1, how);
	for (u32 item = first; item <= end; item += 1 << 4) {
		mark_seen(item, (unsigned int)current);
		wake_readers(item, current);
		if (is_shared(item))
			footprint_add(fp, item);
	}
}

/* ---- who goes on ---- */

const struct wait_for *decider_wait(unsigned int who)
{
	return who < MAX_ACTORS ? actors[who].wait : interrupts[who - MAX_ACTORS].wait;
}

bool decider_alive(unsigned int who)
{
	return who < MAX_ACTORS ? who < nr_actors && actors[who].alive :
				  interrupts[who - MAX_ACTORS].busy;
}

static unsigned int cpu_of(unsigned int who)
{
	return who < MAX_ACTORS ? actors[who].cpu : who - MAX_ACTORS;
}

size_t decider_name(unsigned int who, char *text, size_t size)
{
	if (who < MAX_ACTORS)
		return scnprintf(text, size, "%c (CPU %u)", 'A' + (int)who, cpu_of(who));
	return scnprintf(text, size, "the interrupt of CPU %u", cpu_of(who));
}

static bool can_arrive(unsigned int cpu)
{
	const struct interrupts *i = &interrupts[cpu];

	return i->busy ? i->wait->cond(i->wait->arg) : cpu_can_take_interrupts(cpu);
}

static u16 enabled_set(void)
{
	u16 set = 0;

	for (unsigned int i = 0; i < nr_actors; i++)
		if (task_can_run(i))
			set |= (u16)(1u << i);
	for (unsigned int cpu = 0; cpu < MAX_ACTORS; cpu++)
		if (can_arrive(cpu))
			set |= (u16)(1u << (MAX_ACTORS + cpu));
	return set;
}

static void __noreturn end_run(enum explore_end how)
{
	ended = how;
	/* Who fails does so beyond the point at which he stood. */
	if (how == RUN_FAILED && current >= 0 && current < MAX_ACTORS)
		at[current] = 0;
	if (how != RUN_FAILED || phase == RUNNING)
		record_end_turn(at);
	fiber_leave(MAIN_FIBER);
}

void explore_fail(const char *message)
{
	note_failed_at((unsigned long)__builtin_return_address(0),
		       *(unsigned long **)__builtin_frame_address(0));
	explore_fail_here(message);
}

void explore_fail_here(const char *message)
{
	scnprintf(failure, sizeof(failure), "%s", message);
	end_run(RUN_FAILED);
}

static void start_step(int who)
{
	struct step *step = &explore_log[nr_steps++];

	step->actor = (u8)who;
	step->choices = 0;
	step->fp.nr = 0;
	step->fp.any = false;
	if (who < MAX_ACTORS)
		last = who;
}

static void __noreturn nobody_goes_on(void)
{
	for (unsigned int who = 0; who < NR_DECIDERS; who++)
		if (decider_alive(who))
			deadlock();
	end_run(RUN_DONE);
}

static int decide(void)
{
	struct decision d = {
		.enabled = enabled_set(), .last = last, .steps = nr_steps, .at = at
	};
	int who;

	search_step_ended(nr_steps);
	if (!d.enabled)
		nobody_goes_on();
	if (nr_steps == MAX_STEPS)
		explore_fail("livelock: the schedule does not end");
	who = search_decide(&d);
	if (who < 0)
		end_run(RUN_PRUNED);
	if (who < MAX_ACTORS && last >= 0 && who != last && d.enabled >> last & 1) {
		if (!preemptions++)
			first_preemption();
	}
	record_decision(who, at);
	return who;
}

__noinline void first_preemption(void) { __asm__ volatile(""); }

/* Takes what has arrived, whenever it is its turn. */
static void interrupts_main(void);

/* The current actor stands at a point, or has ended: somebody goes on, perhaps itself. */
static void reschedule(void)
{
	int who = decide(), self = current;

	start_step(who);
	if (who < MAX_ACTORS)
		task_picked((unsigned int)who);
	if (who == self)
		return;
	if (who >= MAX_ACTORS && !interrupts[who - MAX_ACTORS].started) {
		interrupts[who - MAX_ACTORS].started = true;
		fiber_create(who, interrupts_main);
	}
	current = who;
	cpu_become(cpu_of((unsigned int)who));
	if (self >= MAX_ACTORS || (self >= 0 && actors[self].alive))
		fiber_switch(self, who);
	else
		fiber_leave(who);
}

static void interrupts_main(void)
{
	unsigned int cpu = this_cpu();

	for (;;) {
		atomic_depth = 1;
		interrupts[cpu].busy = true;
		cpu_may_be_idle(cpu);
		cpu_take_interrupts();
		interrupts[cpu].busy = false;
		atomic_depth = 0;
		reschedule();
	}
}

/* The number of the point that the current actor comes to. */
static unsigned int next_point(void)
{
	if (points[current] == MAX_POINTS)
		explore_fail("livelock: an actor does not come to its end");
	return ++points[current];
}

static void stand_at(unsigned int point)
{
	at[current] = point;
	if (phase == LAUNCHING)
		fiber_switch(current, MAIN_FIBER);
	else
		reschedule();
}

/*
 * It may come back to a CPU that has run others: that switch has points of its own, and
 * then it is here again.
 */
static void yield_at(unsigned int point)
{
	struct actor *a = &actors[current];
	const struct wait_for *wait = a->wait;
	bool relaxing = a->relaxing;

	for (stand_at(point); a->off_cpu; stand_at(next_point())) {
		a->wait = NULL;
		a->relaxing = false;
		task_switch_in(a);
		a->wait = wait;
		a->relaxing = relaxing;
		if (wait && wait->sleeps)
			sim_point(cpu_task_flag(a->cpu), ACCESS_WRITE | ACCESS_NOTE);
	}
}

void explore_yield(void) { yield_at(next_point()); }

/* ---- points ---- */

/*
 * Interrupts have been off since a moment that another actor could tell from this
 * one: it comes first.
 */
static void irqs_really_off(struct actor *a)
{
	const void *flag = cpu_irq_flag(a->cpu);
	u32 item = item_of(flag, ACCESS_WRITE);

	a->irqs_going_off = false;
	if (is_shared(item) || phase == LAUNCHING) {
		cpu_set_irqs_off(a->cpu, false);
		yield_at(a->irq_point);
		cpu_set_irqs_off(a->cpu, true);
	}
	note(item);
}

u8 *points_passed;
extern const u8 __executable_start[];

void point_passed(const void *pc)
{
	unsigned long offset = (unsigned long)((const u8 *)pc - __executable_start);

	if (points_passed && phase == RUNNING && offset < PROGRAM_MAX)
		points_passed[offset] = 1;
}

void sim_point(const volatile void *obj, int how)
{
	u32 item;

	explore_progress++;
	POINT_HERE();
	if (phase != RUNNING && phase != LAUNCHING)
		return;
	item = item_of(obj, how);
	if (!atomic_depth && !(how & ACCESS_NOTE)) {
		unsigned int point = next_point();

		if (item >> 4 && (is_shared(item) || phase == LAUNCHING)) {
			if (actors[current].irqs_going_off)
				irqs_really_off(&actors[current]);
			yield_at(point);
		}
		tell(item);
	}
	note(item);
}

/*
 * A handler's lock: the next step of this CPU's interrupts. No task runs there before
 * the handler has ended.
 */
static void wait_in_interrupt(u32 item, const struct wait_for *wait)
{
	struct interrupts *i = &interrupts[this_cpu()];

	if (!is_shared(item) && wait->cond(wait->arg))
		return;
	sim_point(cpu_handler_flag(this_cpu()), ACCESS_WRITE | ACCESS_NOTE);
	i->wait = wait;
	atomic_depth = 0;
	reschedule();
	atomic_depth = 1;
	i->wait = NULL;
	sim_point(cpu_handler_flag(this_cpu()), ACCESS_WRITE | ACCESS_NOTE);
}

static void wait_in_task(struct actor *a, u32 item, const struct wait_for *wait)
{
	unsigned int point = next_point();

	if (!is_shared(item) && phase != LAUNCHING && wait->cond(wait->arg))
		return;
	if (a->irqs_going_off)
		irqs_really_off(a);
	if (wait->sleeps)
		sim_point(cpu_task_flag(a->cpu), ACCESS_WRITE | ACCESS_NOTE);
	a->wait = wait;
	yield_at(point);
	a->wait = NULL;
	if (wait->sleeps)
		sim_point(cpu_task_flag(a->cpu), ACCESS_WRITE | ACCESS_NOTE);
}

void explore_wait(int how, const struct wait_for *wait)
{
	u32 item = item_of(wait->obj, how);

	if (!atomic_depth)
		wait_in_task(&actors[current], item, wait);
	else if (atomic_depth == 1 && current >= MAX_ACTORS && !wait->sleeps)
		wait_in_interrupt(item, wait);
	else if (!wait->cond(wait->arg))
		explore_fail("an interrupt handler sleeps, or a checker waits");
	if (atomic_depth < 2)
		tell(item);
	note(item);
}

void explore_relax(void)
{
	struct actor *a = &actors[current];
	u32 reads[MAX_READS];
	unsigned int nr;

	if (atomic_depth)
		explore_fail("an interrupt handler spins");
	nr = a->nr_reads;
	memcpy(reads, a->reads, sizeof(reads));
	a->relaxing = true;
	a->woken = false;
	yield_at(next_point());
	a->relaxing = false;
	a->nr_reads = 0;
	/* Why it may go on depends on what it has read. */
	for (unsigned int i = 0; i < nr; i++)
		footprint_add(&explore_log[nr_steps - 1].fp, reads[i]);
}

unsigned int explore_choice(unsigned int n)
{
	struct step *step;
	unsigned int value;

	if (n < 2 || phase != RUNNING)
		return 0;
	value = search_choose(n);
	step = &explore_log[nr_steps - 1];
	step->choices = step->choices * 17 + value + 1;
	events = mix(events + value);
	record_choice(value);
	return value;
}

void explore_atomic_begin(void) { atomic_depth++; }
void explore_atomic_end(void) { atomic_depth--; }

void explore_irqs_off(const void *obj)
{
	struct actor *a;

	if (atomic_depth)
		return;
	a = &actors[current];
	a->irqs_going_off = true;
	a->irq_point = next_point();
	if (every_object() || phase == LAUNCHING)
		irqs_really_off(a);
}

void explore_irqs_on(const void *obj)
{
	if (atomic_depth)
		return;
	if (!actors[current].irqs_going_off)
		note(item_of(obj, ACCESS_WRITE));
	actors[current].irqs_going_off = false;
}

unsigned int explore_who(void) { return (unsigned int)current; }
const volatile void *explore_waits_for(unsigned int who)
{
	return decider_wait(who) ? decider_wait(who)->obj : NULL;
}
bool exploring(void) { return phase == RUNNING || phase == LAUNCHING; }
bool explore_running(void) { return phase != IDLE; }

/* ---- runs ---- */

static void actor_main(void)
{
	struct actor *a = &actors[current];

	/* Plain accesses before the first point belong to a step too. */
	if (clocks_on)
		yield_at(0);
	a->fn();
	a->alive = false;
	at[current] = 0;
	if (phase == LAUNCHING)
		fiber_leave(MAIN_FIBER);
	reschedule();
	__builtin_trap();
}

/* What lies before an actor's first point touches nothing that is shared: it runs at once. */
static void launch(void (*const fns[])(void), unsigned int nr, const char *on)
{
	phase = LAUNCHING;
	nr_actors = nr;
	for (unsigned int i = 0; i < nr; i++) {
		actors[i] = (struct actor){ .fn = fns[i], .alive = true };
		points[i] = at[i] = 0;
	}
	memset(interrupts, 0, sizeof(interrupts));
	tasks_begin(on);
	for (unsigned int i = 0; i < nr && ended != RUN_FAILED; i++) {
		current = (int)i;
		cpu_become(actors[i].cpu);
		fiber_create((int)i, actor_main);
		fiber_switch(MAIN_FIBER, (int)i);
	}
}

static void first_step(void)
{
	phase = RUNNING;
	current = -1;
	reschedule();
}

enum explore_end explore_run(void (*const fns[])(void), unsigned int nr, const char *on)
{
	failure[0] = '\0';
	ended = RUN_DONE;
	explore_progress++;
	nr_steps = preemptions = atomic_depth = 0;
	last = -1;
	events = 0;
	record_begin();
	search_run_begin();
	clocks_begin();
	datarace_begin();
	launch(fns, nr, on);
	if (ended != RUN_FAILED) {
		fiber_create(ALONE_FIBER, first_step);
		fiber_switch(MAIN_FIBER, ALONE_FIBER);
	}
	phase = IDLE;
	return ended;
}

static void (*alone_fn)(void);

static void alone_main(void)
{
	alone_fn();
	fiber_leave(MAIN_FIBER);
}

bool explore_alone(void (*fn)(void))
{
	ended = RUN_DONE;
	phase = ALONE;
	atomic_depth = 0;
	alone_fn = fn;
	cpu_become(0);
	fiber_create(ALONE_FIBER, alone_main);
	fiber_switch(MAIN_FIBER, ALONE_FIBER);
	phase = IDLE;
	return ended != RUN_FAILED;
}

void explore_begin(const struct explore_options *options)
{
	sharing_begin(options->every_point || options->mode == EXPLORE_REPLAY);
	search_begin(options);
}

bool explore_next(bool *again)
{
	*again = sharing_grew();
	return *again || search_next();
}

const char *explore_failure(void) { return failure[0] ? failure : NULL; }
unsigned int explore_steps(void) { return nr_steps; }
unsigned int explore_preemptions(void) { return preemptions; }
u64 explore_trace(void) { return search_trace(); }
u64 explore_events(void) { return events; }
