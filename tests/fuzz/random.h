/* random.h - the same numbers for the same seed, on every machine. */
#ifndef FUZZ_RANDOM_H
#define FUZZ_RANDOM_H

#include <stdint.h>

/* Neighbouring seeds give unrelated states, none of them 0. */
static inline uint64_t random_state(uint64_t seed)
{
	seed += 0x9e3779b97f4a7c15;
	seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9;
	seed = (seed ^ seed >> 27) * 0x94d049bb133111eb;
	return (seed ^ seed >> 31) | 1;
}

/* xorshift64. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* 0 to n - 1. */
static inline uint64_t random_below(uint64_t *state, uint64_t n)
{
	return (random_next(state) >> 11) % n;
}

#define random_of(state, array) \
	((array)[random_below((state), sizeof(array) / sizeof((array)[0]))])

#endif
