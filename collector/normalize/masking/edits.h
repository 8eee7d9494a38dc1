/*
 * edits - pieces of a text that others take the place of
 *
 * Collected in any order, applied at once; a place in the text before is then
 * found again in the text behind. One thread.
 */
#ifndef COLLECTOR_NORMALIZE_EDITS_H
#define COLLECTOR_NORMALIZE_EDITS_H

#include "common/arena.h"

enum { EDITS_MAX = 64 };

struct edit {
	size_t from, to; /* bytes [from, to) of the text */
	struct slice with;
};

/* Zeroed is empty. */
struct edits {
	unsigned n;
	struct edit items[EDITS_MAX]; /* by place; none touches bytes of another */
};

enum edits_result {
	EDITS_TAKEN,
	EDITS_OVERLAP, /* some of these bytes go already */
	EDITS_FULL,
};

enum edits_result edits_add(struct edits *edits, size_t from, size_t to, struct slice with);

/* Whether a byte goes. */
bool edits_have(const struct edits *edits, size_t at);

/* *text becomes a text in the arena; false when that has no room. */
MUST_USE bool edits_apply(const struct edits *edits, struct arena *arena, struct slice *text);

/* Where the byte at `at` stands behind them: inside of an edit, at the beginning of what took
 * its place, or, of an end, behind it. */
size_t edits_place(const struct edits *edits, size_t at, bool is_end);

#endif
