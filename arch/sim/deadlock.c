/* Why nobody goes on: the cycle of those who wait for each other, if there is one. */
#include "arch/sim/actor.h"
#include "arch/sim/sim.h"
#include "kernel/base/printk.h"

static char text[512];
static size_t len;

static void say(const char *s) { len += scnprintf(text + len, sizeof(text) - len, "%s", s); }

static void say_name(unsigned int who)
{
	len += decider_name(who, text + len, sizeof(text) - len);
}

/*
 * Ready, but its CPU is in a handler that waits, or runs another task: who has the
 * CPU. -1: it is not that.
 */
static int who_has_its_cpu(unsigned int who)
{
	const struct wait_for *wait = decider_wait(who);
	const struct actor *a;

	if (who >= MAX_ACTORS || (wait && !wait->cond(wait->arg)))
		return -1;
	a = &actors[who];
	if (a->relaxing)
		return -1;
	if (interrupts[a->cpu].busy)
		return (int)(MAX_ACTORS + a->cpu);
	return cpu_runs(a->cpu) == (int)who ? -1 : cpu_runs(a->cpu);
}

/* "A (CPU 0) waits for the tasks lock" */
static void say_wait(unsigned int who)
{
	const struct wait_for *wait = decider_wait(who);
	char what[120] = "something to be written that it has read";

	if (who_has_its_cpu(who) >= 0)
		scnprintf(what, sizeof(what), "its CPU");
	else if (wait)
		wait->describe(wait->arg, what, sizeof(what));
	say_name(who);
	say(" waits for ");
	say(what);
}

static u16 waits_for(unsigned int who)
{
	const struct wait_for *wait = decider_wait(who);

	if (who_has_its_cpu(who) >= 0)
		return (u16)(1u << who_has_its_cpu(who));
	return wait && wait->holders ? wait->holders(wait->arg) : 0;
}

/* All that have not come to their end. */
static u16 all_waiting(void)
{
	u16 set = 0;

	for (unsigned int who = 0; who < NR_DECIDERS; who++)
		if (decider_alive(who))
			set |= (u16)(1u << who);
	return set;
}

/*
 * Those from whom `who` can be reached again by following who waits for whom; takes the first way.
 */
static unsigned int find_cycle(unsigned int who, unsigned int *path)
{
	unsigned int n = 0;
	u16 seen = 0;

	for (;;) {
		u16 next = waits_for(who);

		path[n++] = who;
		seen |= (u16)(1u << who);
		if (!next)
			return 0;
		who = (unsigned int)__builtin_ctz(next & seen ? next & seen : next);
		if (seen >> who & 1)
			break;
	}
	/* What led to the cycle is no part of it. */
	for (unsigned int i = 0; i < n; i++)
		if (path[i] == who) {
			for (unsigned int j = i; j < n; j++)
				path[j - i] = path[j];
			return n - i;
		}
	return 0;
}

/* Returns who is in it. */
static u16 say_cycle(const unsigned int *path, unsigned int n)
{
	u16 in_it = 0;

	for (unsigned int i = 0; i < n; i++) {
		say(i ? "; " : "deadlock, a cycle: ");
		say_wait(path[i]);
		say(", so for ");
		say_name(path[(i + 1) % n]);
		in_it |= (u16)(1u << path[i]);
	}
	return in_it;
}

void deadlock(void)
{
	unsigned int path[NR_DECIDERS], n = 0;
	u16 waiting = all_waiting(), told = 0;

	len = 0;
	for (unsigned int who = 0; who < NR_DECIDERS && !n; who++)
		if (waiting >> who & 1)
			n = find_cycle(who, path);
	if (n)
		told = say_cycle(path, n);
	else
		say("deadlock, and nobody is left who could end it");
	for (unsigned int who = 0; who < NR_DECIDERS; who++)
		if ((waiting & ~told) >> who & 1) {
			say("; ");
			say_wait(who);
		}
	explore_fail(text);
}
