/*
 * The decisions of a schedule as one line, and back. A12: actor A runs up to its point 12; A: to
 * its end; i1: the interrupt of CPU 1 makes its next step; c3-1: the fourth choice had outcome 1.
 * Choices with outcome 0 are left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "arch/sim/explore.h"
#include "kernel/base/printk.h"

#define MAX_TOKENS 1024

/* ---- writing ---- */

static struct token {
	char kind; /* 'A' + actor, 'i', 'c' */
	unsigned int a, b;
} tokens[MAX_TOKENS];
static unsigned int nr_tokens, nr_choices;
static int turn; /* whose turn is being recorded; -1: nobody's */

static void add_token(char kind, unsigned int a, unsigned int b)
{
	if (nr_tokens < MAX_TOKENS)
		tokens[nr_tokens++] = (struct token){ kind, a, b };
}

void record_begin(void)
{
	nr_tokens = nr_choices = 0;
	turn = -1;
}

void record_end_turn(const unsigned int *at)
{
	if (turn >= 0)
		add_token((char)('A' + turn), at[turn], 0);
	turn = -1;
}

void record_decision(int who, const unsigned int *at)
{
	if (who != turn)
		record_end_turn(at);
	if (who < MAX_ACTORS)
		turn = who;
	else
		add_token('i', (unsigned int)(who - MAX_ACTORS), 0);
}

void record_choice(unsigned int value)
{
	if (value)
		add_token('c', nr_choices, value);
	nr_choices++;
}

void explore_schedule(char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < nr_tokens && n + 24 < size; i++) {
		const struct token *t = &tokens[i];

		if (t->kind == 'c')
			n += scnprintf(text + n, size - n, "%sc%u-%u", i ? "." : "", t->a, t->b);
		else if (t->kind == 'i' || t->a)
			n += scnprintf(text + n, size - n, "%s%c%u", i ? "." : "", t->kind, t->a);
		else
			n += scnprintf(text + n, size - n, "%s%c", i ? "." : "", t->kind);
	}
}

/* ---- reading ---- */

static const char *line, *replay_at;
static unsigned int replay_choices;

void replay_begin(const char *text)
{
	line = replay_at = text;
	replay_choices = 0;
}

/* Nobody new goes on unless he must; IPIs arrive early. */
static int by_default(u16 enabled, int last)
{
	if (last >= 0 && enabled >> last & 1)
		return last;
	return enabled >> MAX_ACTORS ? MAX_ACTORS + __builtin_ctz(enabled >> MAX_ACTORS)
				     : __builtin_ctz(enabled);
}

static void skip_choices(void)
{
	while (*replay_at == '.' || *replay_at == 'c')
		replay_at += *replay_at == '.' ? 1u : strcspn(replay_at, ".");
}

int replay_decide(const struct decision *d)
{
	for (;;) {
		char kind, *end;
		unsigned long n;

		skip_choices();
		kind = *replay_at;
		if (!kind)
			return by_default(d->enabled, d->last);
		n = strtoul(replay_at + 1, &end, 10);
		if (kind == 'i' && n < MAX_ACTORS && d->enabled >> (MAX_ACTORS + n) & 1) {
			replay_at = end;
			return MAX_ACTORS + (int)n;
		}
		if (kind >= 'A' && kind < 'A' + MAX_ACTORS && d->enabled >> (kind - 'A') & 1 &&
		    (!n || d->at[kind - 'A'] != n))
			return kind - 'A';
		replay_at = end;
		if (*replay_at && *replay_at != '.') {
			fprintf(stderr, "REPLAY: cannot read \"%s\"\n", replay_at);
			exit(2);
		}
	}
}

/* c<index>-<value> stands for the outcome of that choice; the others are 0. */
unsigned int replay_choose(unsigned int n)
{
	char wanted[24];
	const char *found;
	size_t len = (size_t)snprintf(wanted, sizeof(wanted), "c%u-", replay_choices++);

	for (found = line; (found = strstr(found, wanted)); found += len)
		if (found == line || found[-1] == '.')
			return (unsigned int)strtoul(found + len, NULL, 10) % n;
	return 0;
}
