/*
 * pattern - a text with wildcards, as Sigma rules write it
 *
 * Sigma rules specification 2.1, "String Wildcard" and "Escape Character": '*'
 * stands for any number of characters, '?' for one, a backslash before them or
 * before another backslash takes that meaning away, and is itself elsewhere.
 *
 * A pattern is written as symbols first, so that modifiers can work on it
 * (modifiers.h): a byte of the text, or one of enum symbol. Then it is
 * compiled; most patterns are a literal text at the start, at the end or
 * anywhere, and are compared as such.
 *
 * Case: fold_case() gives texts that differ in case only the same bytes; both
 * sides are folded, but for patterns that tell cases apart. Immutable, any
 * thread; memory is the arena's.
 */
#ifndef COLLECTOR_DETECT_SIGMA_PATTERN_H
#define COLLECTOR_DETECT_SIGMA_PATTERN_H

#include "common/arena.h"

enum { PATTERN_SYMBOLS_MAX = 1 << 16 };

/* What a symbol above all bytes stands for. */
enum symbol {
	SYMBOL_ONE = 0x100, /* one character */
	SYMBOL_MANY,        /* any number of them */
	SYMBOL_DASH,        /* '-', '/', U+2013, U+2014 or U+2015 (windash) */
};

struct symbols {
	uint16_t *at;
	size_t n;
};

enum pattern_kind {
	PATTERN_ANYTHING, /* also nothing */
	PATTERN_WHOLE,
	PATTERN_START,
	PATTERN_END,
	PATTERN_WITHIN,
	PATTERN_GLOB,
};

struct pattern {
	enum pattern_kind kind;
	struct slice
		literal; /* of PATTERN_GLOB its longest run of bytes; of PATTERN_ANYTHING "" */
	struct slice folded; /* the literal, its case folded also where the pattern is cased */
	struct symbols symbols; /* of PATTERN_GLOB */
};

/* Symbols of a text as rules write it; .at is NULL when the arena is full or it is too long. */
struct symbols symbols_of(struct arena *arena, struct slice text);

/* The parts one behind the other; .at is NULL without room. */
struct symbols symbols_join(struct arena *arena, const struct symbols *parts, size_t n);

/* Whether all symbols are bytes. */
bool symbols_plain(struct symbols symbols);

/* The bytes of plain symbols; SLICE_NONE without room. */
struct slice symbols_text(struct arena *arena, struct symbols symbols);

/* Symbols of a text in which no byte has a meaning of its own. */
struct symbols symbols_of_bytes(struct arena *arena, struct slice bytes);

/* False when the arena is full. Folds the case of literals unless `cased`. */
MUST_USE bool pattern_compile(
	struct arena *arena, struct symbols symbols, bool cased, struct pattern *pattern);

/* `text` is folded when the pattern is. Linear but for patterns with '?' after '*', which look
 * at a byte as often as they are long. */
bool pattern_matches(const struct pattern *pattern, struct slice text);

/*
 * Small letters for capital ones, of ASCII, Latin (with Vietnamese), Greek and Cyrillic, where
 * both have as many bytes; everything else, broken UTF-8 too, stays. `out` has text.len bytes
 * and may be text.ptr.
 */
void fold_case(struct slice text, char *out);

#endif
