/*
 * secrets - where in a text the bytes stand that nobody should read; for masking.c
 *
 * A text without any costs one search for the names and one look at its digits. What is written
 * with escapes, one layer of JSON's (\u0030) or of URLs' (%30), is read twice: as it stands and
 * with them undone. Two layers (\\u0030 in JSON within JSON, %2530) and base64 are not undone.
 *
 * Immutable; any thread.
 */
#ifndef COLLECTOR_NORMALIZE_SECRETS_H
#define COLLECTOR_NORMALIZE_SECRETS_H

#include "collector/normalize/masking/edits.h"
#include "collector/normalize/masking/mask_rule.h"
#include "common/arena.h"

struct masking_settings;
struct pseudonym;
struct secrets;

enum { SECRET_NAME_MIN = 4 /* bytes */, HIDDEN_VALUES_MAX = 16 };

/* Names of the settings have SECRET_NAME_MIN bytes at least; telephone prefixes are some.
 * `pseudonym` makes tokens and lives as long; NULL when no rule wants any. Memory out aborts.
 */
MUST_USE struct secrets *secrets_new(
	const struct masking_settings *settings, const struct pseudonym *pseudonym);
void secrets_free(struct secrets *secrets); /* NULL is fine */

enum secrets_result {
	SECRETS_NONE,   /* *text is as it was */
	SECRETS_MASKED, /* *text is a copy in the arena; `edits` say what moved */
	SECRETS_FULL,   /* there are secrets, and no room for the copy */
};

/* Values that must not be seen anywhere, beside what the rules find: of the policy's fields. */
struct hidden_value {
	struct slice value;
	struct slice with; /* a token, or absent for '*' */
	bool found;        /* set when it stood in a text */
};

struct hidden_values {
	unsigned n;
	struct hidden_value items[HIDDEN_VALUES_MAX];
};

/* Bytes that go without a token become as many '*'. `edits` and `hidden` are the caller's, the
 * first is emptied here. What went is added to *tally. */
enum secrets_result secrets_mask(const struct secrets *secrets, struct arena *arena,
	struct hidden_values *hidden, struct edits *edits, struct mask_tally *tally,
	struct slice *text);

/* The token of a whole value, of the kind it looks like; absent when the arena is full. */
struct slice secrets_token(
	const struct secrets *secrets, struct arena *arena, struct slice value);

#endif
