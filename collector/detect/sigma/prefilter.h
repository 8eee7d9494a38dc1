/*
 * prefilter - which of many rules an event may fit, in one pass over its values
 *
 * Of every rule texts are chosen of which one must stand in an event that fits
 * (its witnesses). All witnesses of all rules are looked for at once
 * (vectorscan) in the values with their case folded (event.h); only the rules
 * whose witness is there are evaluated. Rules without one (nothing but "not",
 * numbers, prefixes) are candidates always; their number is told.
 *
 * Immutable once made; any thread, each with a scratch of its own.
 */
#ifndef COLLECTOR_DETECT_SIGMA_PREFILTER_H
#define COLLECTOR_DETECT_SIGMA_PREFILTER_H

#include "collector/detect/sigma/expression.h"

enum { WITNESS_SIZE_MAX = 40 }; /* bytes of one; of longer ones a part */

struct prefilter;
struct prefilter_scratch;

/* `expressions` are told apart by their index. NULL with the reason. The caller frees. */
MUST_USE struct prefilter *prefilter_new(
	const struct expression *const *expressions, size_t n, struct err *err);
void prefilter_free(struct prefilter *prefilter); /* NULL is fine */

size_t prefilter_always(const struct prefilter *prefilter);    /* rules without a witness */
size_t prefilter_witnesses(const struct prefilter *prefilter); /* different ones */
size_t prefilter_size(const struct prefilter *prefilter);      /* bytes of the scanner */

/* For the prefilters given to prefilter_scratch_fit() so far. */
MUST_USE struct prefilter_scratch *prefilter_scratch_new(void);
MUST_USE bool prefilter_scratch_fit(
	struct prefilter_scratch *scratch, const struct prefilter *prefilter, struct err *err);
void prefilter_scratch_free(struct prefilter_scratch *scratch); /* NULL is fine */

/* Indexes of the candidates, growing, in memory of the scratch until the next call; how many.
 */
size_t prefilter_scan(const struct prefilter *prefilter, struct prefilter_scratch *scratch,
	struct slice text, const uint32_t **candidates);

#endif
