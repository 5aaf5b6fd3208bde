/*
 * Which decisions a run takes.
 *
 * Without a bound, sleep sets: what has been explored at a decision sleeps in its other branches
 * until a step depends on it, so that of two orders of independent steps only one is run. A bound
 * on preemptions and sleep sets lose schedules together; with a bound there is the happens-before
 * cache instead: a decision is cut off if the same partial order of steps, with the same actor
 * last, was seen there with at least as many preemptions left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "arch/sim/explore.h"

struct node {
	bool is_choice;
	u8 chosen;
	u8 nr_choices;
	s8 last;
	unsigned int budget;
	u16 enabled, done, asleep;
	u16 steps; /* made before it */
	u64 key;   /* in the cache */
	unsigned long counted; /* before it */
	struct footprint sleeping[NR_DECIDERS]; /* of those asleep: their next step */
	struct footprint explored[NR_DECIDERS]; /* of those done: the step from here */
};

static struct node path[MAX_STEPS * 2];
static int path_len, pos, parent; /* parent: the last decision between actors */
static bool cut_off;		  /* this run */
static unsigned int same_steps;	  /* steps in which this run is like the one before */
static struct explore_options opt;

/* ---- happens-before hashes ---- */

static u64 trace, last_hash[NR_DECIDERS];
static unsigned int step_index[NR_DECIDERS];

static u64 mix(u64 x)
{
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
	x = (x ^ x >> 29) * 0xd6e8feb86659fd93ull;
	return x ^ x >> 32;
}

/* Of a step: who did it, his how-manieth, what was chosen in it, and what it depends on. */
static void hash_step(unsigned int n)
{
	struct step *step = &explore_log[n];
	unsigned int who = step->actor;
	u64 sum = 0;

	step_index[who]++;
	if (n >= same_steps) {
		for (unsigned int i = 0; i < n; i++)
			if (explore_log[i].actor != who && depends(&explore_log[i].fp, &step->fp))
				sum += mix(explore_log[i].hash);
		step->hash = mix(last_hash[who] + who * 1000003ull + step_index[who] * 7919ull +
				 step->choices * 31337);
		step->hash = mix(step->hash ^ mix(sum));
	}
	last_hash[who] = step->hash;
	trace += mix(step->hash + 0x9e37);
}

u64 search_trace(void) { return trace; }

#define CACHE_SIZE (1u << 21)
static struct cached {
	u64 key;
	u32 generation;
	u32 seen; /* counting: schedules behind it; with a bound:
		   * preemptions left, and 1; else: who was awake */
} *cache;
static u32 generation;
static unsigned int nr_cached;

bool explore_cache_full(void) { return nr_cached >= CACHE_SIZE / 4 * 3; }

static void cache_begin(void)
{
	if (!cache)
		cache = calloc(CACHE_SIZE, sizeof(*cache));
	if (!cache) {
		perror("search");
		exit(2);
	}
	generation++;
	nr_cached = 0;
}

/* The entry of the key; a new one if there is none; NULL if there is no room for a new one. */
static struct cached *cache_entry(u64 key)
{
	unsigned int i = key % CACHE_SIZE;

	while (cache[i].generation == generation && cache[i].key != key)
		i = (i + 1) % CACHE_SIZE;
	if (cache[i].generation == generation)
		return &cache[i];
	if (explore_cache_full())
		return NULL;
	nr_cached++;
	cache[i] = (struct cached){ .key = key, .generation = generation };
	return &cache[i];
}

static unsigned long counted;

unsigned long explore_counted(void) { return counted; }

/* All that is behind equal states is counted once, and then known. */
static bool count_seen(struct node *n)
{
	struct cached *c = cache_entry(n->key = mix(n->key ^ n->budget * 0x2545f491ull));

	n->counted = counted;
	counted += c ? c->seen : 0;
	return c && c->seen;
}

static void count_behind(const struct node *n)
{
	struct cached *c = cache_entry(n->key);

	if (c)
		c->seen = (u32)(counted - n->counted);
}

/* Nothing new can lie behind it. When the cache is full, what is new is simply not cut off. */
static bool cache_seen(struct node *n)
{
	bool bounded = opt.bound != UNBOUNDED;
	u32 awake = 0xffff & ~n->asleep, seen;
	struct cached *c;

	n->key = mix(trace ^ (bounded ? (u64)(n->last + 1) * 0x51ed27ull : 0));
	if (opt.count)
		return count_seen(n);
	c = cache_entry(n->key);
	seen = c ? c->seen : 0;
	if (bounded ? seen > n->budget : !(awake & ~seen))
		return true;
	if (c)
		c->seen = bounded ? n->budget + 1 : seen | awake;
	return false;
}

/* ---- random ---- */

static u64 random_state;
static unsigned int priority[NR_DECIDERS], change_at[8];

static u64 next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void pct_begin(void)
{
	for (unsigned int i = 0; i < NR_DECIDERS; i++)
		priority[i] = 100 + (unsigned int)(next_random() % 1000000);
	for (unsigned int i = 0; i + 1 < opt.depth; i++)
		change_at[i] = 1 + (unsigned int)(next_random() % (opt.length ? opt.length : 1));
}

static int random_decide(u16 enabled)
{
	unsigned int n = (unsigned int)(next_random() % (unsigned int)__builtin_popcount(enabled));

	for (int who = 0;; who++)
		if (enabled >> who & 1 && !n--)
			return who;
}

static int highest(u16 enabled)
{
	int best = -1;

	for (int who = 0; who < NR_DECIDERS; who++)
		if (enabled >> who & 1 && (best < 0 || priority[who] > priority[best]))
			best = who;
	return best;
}

static int pct_decide(const struct decision *d)
{
	for (unsigned int i = 0; i + 1 < opt.depth; i++)
		if (change_at[i] == d->steps)
			priority[highest(d->enabled)] = i;
	return highest(d->enabled);
}

/* ---- the tree ---- */

static bool preempts(const struct node *n, int who)
{
	return who < MAX_ACTORS && n->last >= 0 && n->last != who && n->enabled >> n->last & 1;
}

static bool may_pick(const struct node *n, int who)
{
	if (who < 0 || !((n->enabled & ~n->done) >> who & 1) ||
	    (opt.sleep && n->asleep >> who & 1))
		return false;
	return !preempts(n, who) || n->budget;
}

/* Whoever ran last, then IPIs, then the others. */
static int pick(const struct node *n)
{
	if (may_pick(n, n->last))
		return n->last;
	for (int i = 0; i < NR_DECIDERS; i++)
		if (may_pick(n, (i + MAX_ACTORS) % NR_DECIDERS))
			return (i + MAX_ACTORS) % NR_DECIDERS;
	return -1;
}

static void copy_footprint(struct footprint *to, const struct footprint *from)
{
	to->nr = from->nr;
	to->any = from->any;
	memcpy(to->item, from->item, from->nr * sizeof(*from->item));
}

/*
 * What sleeps at n: what slept at p or was explored there, and does not depend on
 * the step in between.
 */
static void inherit_sleep(struct node *n, const struct node *p, const struct footprint *step)
{
	for (int who = 0; who < NR_DECIDERS; who++) {
		const struct footprint *fp =
			p->done >> who & 1 ? &p->explored[who] : &p->sleeping[who];

		if (who == p->chosen || !((p->done | p->asleep) >> who & 1) || depends(fp, step))
			continue;
		n->asleep |= (u16)(1u << who);
		copy_footprint(&n->sleeping[who], fp);
	}
}

static int new_node(const struct decision *d)
{
	struct node *n = &path[pos], *p = parent >= 0 ? &path[parent] : NULL;
	int who;

	n->is_choice = false;
	n->steps = (u16)d->steps;
	n->enabled = d->enabled;
	n->done = n->asleep = 0;
	n->last = (s8)d->last;
	n->budget = opt.bound;
	if (p) {
		n->budget = p->budget - (opt.bound != UNBOUNDED && preempts(p, p->chosen));
		if (opt.sleep)
			inherit_sleep(n, p, &explore_log[d->steps - 1].fp);
	}
	who = opt.cache && cache_seen(n) ? -1 : pick(n);
	if (who < 0) {
		cut_off = true;
		return -1;
	}
	n->chosen = (u8)who;
	n->explored[who].nr = 0;
	n->explored[who].any = false;
	parent = pos++;
	path_len = pos;
	return who;
}

static void __noreturn not_deterministic(void)
{
	fprintf(stderr, "search: the same decisions led elsewhere at decision %d\n", pos);
	abort();
}

static int search_step(const struct decision *d)
{
	struct node *n = &path[pos];

	if (pos >= path_len)
		return new_node(d);
	if (n->is_choice || n->enabled != d->enabled)
		not_deterministic();
	parent = pos++;
	return n->chosen;
}

int search_decide(const struct decision *d)
{
	switch (opt.mode) {
	case EXPLORE_RANDOM:
		return random_decide(d->enabled);
	case EXPLORE_PCT:
		return pct_decide(d);
	case EXPLORE_REPLAY:
		return replay_decide(d);
	default:
		return search_step(d);
	}
}

void search_step_ended(unsigned int steps)
{
	struct footprint *fp, *explored;

	if (!steps)
		return;
	if (opt.cache || opt.hash)
		hash_step(steps - 1);
	/*
	 * In the last node of the path: the step is new, or one of several
	 * outcomes of a choice in it.
	 */
	if (opt.mode != EXPLORE_SEARCH || parent < 0 || pos < path_len)
		return;
	fp = &explore_log[steps - 1].fp;
	explored = &path[parent].explored[path[parent].chosen];
	explored->any |= fp->any;
	for (unsigned int i = 0; i < fp->nr; i++)
		footprint_add(explored, fp->item[i]);
}

unsigned int search_choose(unsigned int n)
{
	struct node *node = &path[pos];

	if (opt.mode == EXPLORE_REPLAY)
		return replay_choose(n);
	if (opt.mode != EXPLORE_SEARCH)
		return (unsigned int)(next_random() % n);
	if (pos < path_len) {
		if (!node->is_choice || node->nr_choices != n)
			not_deterministic();
	} else {
		node->is_choice = true;
		node->steps = path[parent].steps;
		node->nr_choices = (u8)n;
		node->chosen = 0;
		path_len = pos + 1;
	}
	pos++;
	return node->chosen;
}

bool search_next(void)
{
	if (opt.mode != EXPLORE_SEARCH)
		return true;
	counted += opt.count && !cut_off;
	for (; path_len > 0; path_len--) {
		struct node *n = &path[path_len - 1];
		int who;

		same_steps = n->steps;
		if (n->is_choice) {
			if (++n->chosen < n->nr_choices)
				return true;
			continue;
		}
		n->done |= (u16)(1u << n->chosen);
		who = pick(n);
		if (who < 0) {
			if (opt.count)
				count_behind(n);
			continue;
		}
		n->chosen = (u8)who;
		n->explored[who].nr = 0;
		n->explored[who].any = false;
		return true;
	}
	return false;
}

void search_begin(const struct explore_options *options)
{
	opt = *options;
	path_len = 0;
	same_steps = 0;
	counted = 0;
	random_state = opt.seed * 0x9e3779b97f4a7c15ull + 1;
	if (opt.cache)
		cache_begin();
}

void search_run_begin(void)
{
	pos = 0;
	parent = -1;
	cut_off = false;
	trace = 0;
	memset(last_hash, 0, sizeof(last_hash));
	memset(step_index, 0, sizeof(step_index));
	replay_begin(opt.replay);
	if (opt.mode == EXPLORE_PCT)
		pct_begin();
}
