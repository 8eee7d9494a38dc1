/* nearest - the word somebody probably meant */
#ifndef COMMON_NEAREST_H
#define COMMON_NEAREST_H

#include "common/slice.h"

enum { NEAREST_WORD_MAX = 64 }; /* bytes; longer words are near to nothing */

/*
 * Smallest number of bytes to insert, remove, replace or swap with their neighbour that makes
 * `a` into `b`, each place touched once (optimal string alignment).
 * NEAREST_WORD_MAX + 1 when a word is too long.
 */
unsigned nearest_distance(struct slice a, struct slice b);

/* Offers candidates one by one: start zeroed with `word`; `best` is NULL as long as none is
 * near enough (one byte in three, at least one). */
struct nearest {
	struct slice word;
	const char *best;
	unsigned distance;
};

void nearest_offer(struct nearest *nearest, const char *candidate);

#endif
