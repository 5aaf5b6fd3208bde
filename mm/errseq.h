/*
 * An error that everybody hears of once who was there when it happened (Linux: lib/errseq.c): each
 * listener keeps a cursor, and is told when the sequence has moved on since.
 *
 * The word holds the last error and a counter. The counter moves only if somebody has seen
 * the word as it was: errors that nobody has asked about are one. 0 means that there never
 * was an error. The 18 bits come round only for who misses that many errors, each of them
 * seen by somebody else.
 */
#pragma once
#include "kernel/base/atomic.h"

typedef atomic_t errseq_t;

#define ERRSEQ_ERRNO	0xfff
#define ERRSEQ_SEEN	0x1000	/* somebody's cursor stands there */
#define ERRSEQ_COUNT	0x2000	/* one step of the counter, which leaves the sign alone */
#define ERRSEQ_MASK	0x7fffffff

/* Notes err, below 0. Any context. */
void errseq_set(errseq_t *eseq, int err);
/* A cursor at the end; or at the very beginning, before an error that nobody has seen yet. */
int errseq_sample(const errseq_t *eseq);
/*
 * The last error since the cursor, which goes to the end; or 0. Of those who share it one is told.
 */
int errseq_check_and_advance(errseq_t *eseq, errseq_t *since);
