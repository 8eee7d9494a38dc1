/*
 * secrets - where in a text the bytes stand that nobody should read; for masking.c
 *
 * A text without secrets costs one search for the names. Immutable; any thread.
 */
#ifndef COLLECTOR_NORMALIZE_SECRETS_H
#define COLLECTOR_NORMALIZE_SECRETS_H

#include "common/arena.h"

struct masking_settings;
struct secrets;

enum { SECRET_NAME_MIN = 4 }; /* bytes */

/* Names of the settings have SECRET_NAME_MIN bytes at least. Memory out aborts. */
MUST_USE struct secrets *secrets_new(const struct masking_settings *settings);
void secrets_free(struct secrets *secrets); /* NULL is fine */

enum secrets_result {
	SECRETS_NONE,   /* *text is as it was */
	SECRETS_MASKED, /* *text is a copy in the arena, of the same length */
	SECRETS_FULL,   /* there are secrets, and no room for the copy */
};

enum secrets_result secrets_mask(
	const struct secrets *secrets, struct arena *arena, struct slice *text);

#endif
