/*
 * Setting, sampling and checking the word: no lock, each a loop around one compare-and-exchange.
 */
#include "mm/errseq.h"

void errseq_set(errseq_t *eseq, int err)
{
	int old = atomic_read(eseq), next;

	do {
		next = (old & ~(ERRSEQ_ERRNO | ERRSEQ_SEEN)) | -err;
		if (old & ERRSEQ_SEEN)
			next = (int)((unsigned int)next + ERRSEQ_COUNT) & ERRSEQ_MASK;
	} while (next != old && !atomic_try_cmpxchg(eseq, &old, next));
}

int errseq_sample(const errseq_t *eseq)
{
	int now = atomic_read(eseq);

	return now & ERRSEQ_SEEN ? now : 0;
}

/* The error of the word as it is now, which counts as seen from here on. */
static int see(errseq_t *eseq)
{
	int now = atomic_read(eseq), seen;

	do
		seen = now ? now | ERRSEQ_SEEN : 0;
	while (seen != now && !atomic_try_cmpxchg(eseq, &now, seen));
	return seen;
}

int errseq_check_and_advance(errseq_t *eseq, errseq_t *since)
{
	int at = atomic_read(since), seen;

	do {
		/* Anew each time: a cursor that another has moved does not go back. */
		seen = see(eseq);
		if (seen == at)
			return 0;
	} while (!atomic_try_cmpxchg(since, &at, seen));
	return -(seen & ERRSEQ_ERRNO);
}
