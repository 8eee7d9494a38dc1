/*
 * needles - many short texts looked for in one pass, whatever their case
 *
 * Sixteen places of a text are looked at at once for what may begin a needle
 * (needles_blocks.h). Short texts, the ends of others, and processors that cannot
 * do that: a Wu-Manber search, where pairs of bytes tell how far the window may
 * jump. ASCII letters match in either case, other bytes exactly.
 *
 * Immutable after needles_new(); any thread.
 */
#ifndef COMMON_NEEDLES_H
#define COMMON_NEEDLES_H

#include "common/slice.h"

enum {
	NEEDLE_MIN = 2,       /* bytes */
	NEEDLE_MAX = 64,      /* bytes */
	NEEDLES_MAX = 0x7fff, /* in one set */
};

struct needles;

/* Texts are copied; each has NEEDLE_MIN..NEEDLE_MAX bytes. The machine out of memory aborts.
 * The caller frees. */
MUST_USE struct needles *needles_new(const struct slice *texts, size_t n);
void needles_free(struct needles *needles); /* NULL is fine */

/* Needle `number` stands at text[at]. False ends the search. */
typedef bool needles_function(void *user, unsigned number, size_t at);

/* Every occurrence, overlapping ones too, by place. False when `on_hit` ended it. */
bool needles_scan(
	const struct needles *needles, struct slice text, needles_function *on_hit, void *user);

#endif
