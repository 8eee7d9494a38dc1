/*
 * secrets - where in a text the bytes stand that nobody should read; for masking.c
 *
 * A text without any costs one search for the names and one look at its digits. What is written
 * with escapes, one layer of JSON's (\u0030) or of URLs' (%30), is read twice: as it stands and
 * with them undone. Two layers (\\u0030 in JSON within JSON, %2530), blanks of forms ('+'),
 * entities of XML and base64 are not undone; a value that is known to be hidden is also found
 * in hexadecimal digits and behind the short escapes of JSON.
 *
 * Not seen: a secret with no name before it; what an unquoted value has behind a blank, '&',
 * ';',
 * ',', a quote or a closing bracket; the rest of a private key in the lines after its first.
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

enum { SECRET_NAME_MIN = 4 /* bytes */, HIDDEN_VALUES_MAX = 64 };

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

/* A value that must not be seen anywhere. One that lies in the text looked at goes from its
 * place too; one of less than SECRET_NAME_MIN bytes from there only, unless bytes before it
 * tell where it stands or it is a word by itself. */
struct hidden_value {
	struct slice value; /* with `lead` */
	struct slice with;  /* a token, or absent for '*' */
	size_t lead;        /* bytes at the beginning that are no part of it and stay */
	enum mask_rule rule;
	bool is_word; /* only where no word goes on around it */
	bool found;   /* set when it stood in a text */
};

/* Zeroed is empty. */
struct hidden_values {
	unsigned n;
	bool full;     /* further ones are missing */
	size_t effort; /* bytes compared so far where there are escapes */
	struct hidden_value items[HIDDEN_VALUES_MAX]; /* the longest first */
};

/* What has no bytes, or is there, is not added. */
void hidden_values_add(struct hidden_values *hidden, struct hidden_value value);

/* Bytes that go without a token become as many '*'. `edits` and `hidden` (NULL is none) are the
 * caller's, the first is emptied here. What the rules find is added to *learnt; NULL for
 * nobody. What went is added to *tally. */
enum secrets_result secrets_mask(const struct secrets *secrets, struct arena *arena,
	struct hidden_values *hidden, struct hidden_values *learnt, struct edits *edits,
	struct mask_tally *tally, struct slice *text);

/* The same for the hidden values alone. */
enum secrets_result secrets_hide(const struct secrets *secrets, struct arena *arena,
	struct hidden_values *hidden, struct edits *edits, struct mask_tally *tally,
	struct slice *text);

/* Whether a value of this name is a secret. */
bool secrets_is_name(const struct secrets *secrets, struct slice name);

/* The token of a whole value, of the kind it looks like; absent when the arena is full. */
struct slice secrets_token(
	const struct secrets *secrets, struct arena *arena, struct slice value);

#endif
