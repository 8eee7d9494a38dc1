/*
 * pseudonym - a keyed token in the place of what names a person
 *
 * The same value gives the same token as long as the key is the same, so that records still
 * belong together; without the key nobody finds the value again, not even by trying all twelve
 * digits of a citizen's id. A token is
 *
 *	KIND '_' KEY '_' 20 letters a..p          "cccd_k1_bmpjaknfhgoecdlabmpj"
 *
 * where the letters are the first 80 bits of HMAC-SHA-256(key, KIND NUL value) (FIPS 198-1),
 * four a letter: no digits, so that no token looks like a number.
 *
 * The key file has a line for each key, "ID HEX": 1 to 8 small letters and digits, then 32 to
 *64 bytes. Tokens are made with the first; older ones stay below it for those who have to find
 * their tokens again (pseudonym_with()). '#' begins a comment. Nobody but its owner and group
 *may read the file.
 *
 * Rotation: put a new line before the others and reload. Tokens of before and after do not
 *meet, but their KEY says which is which.
 *
 * Immutable; any thread; allocates nothing.
 */
#ifndef COLLECTOR_NORMALIZE_PSEUDONYM_H
#define COLLECTOR_NORMALIZE_PSEUDONYM_H

#include "common/arena.h"
#include "common/err.h"

struct pseudonym;

enum { PSEUDONYM_KIND_MAX = 16, PSEUDONYM_KEYS_MAX = 32 };

/* NULL with err set. The caller frees, which wipes the keys. */
MUST_USE struct pseudonym *pseudonym_load(const char *path, struct err *err);

/* The same from memory; `name` stands for the file in messages. */
MUST_USE struct pseudonym *pseudonym_parse(
	const char *name, struct slice text, struct err *err);

void pseudonym_free(struct pseudonym *pseudonym); /* NULL is fine */

/* A token in the arena; SLICE_NONE when that is full. `kind` has PSEUDONYM_KIND_MAX bytes at
 * most. */
struct slice pseudonym_of(const struct pseudonym *pseudonym, struct arena *arena,
	struct slice kind, struct slice value);

size_t pseudonym_keys(const struct pseudonym *pseudonym);

/* With the key of that number, 0 = the newest. */
struct slice pseudonym_with(const struct pseudonym *pseudonym, size_t key, struct arena *arena,
	struct slice kind, struct slice value);

#endif
