/*
 * regex - regular expressions of rules, bounded in time and memory
 *
 * PCRE2 with its just-in-time compiler where that works. A match that takes
 * more than REGEX_STEPS_MAX steps is given up and counts as no match. An
 * expression may still look at a text as often as it has bytes: who searches
 * bounds the text (event.h).
 */
#ifndef COLLECTOR_DETECT_SIGMA_REGEX_H
#define COLLECTOR_DETECT_SIGMA_REGEX_H

#include "common/err.h"
#include "common/slice.h"

enum {
	REGEX_TEXT_MAX = 16 << 10, /* bytes of an expression */
	REGEX_STEPS_MAX = 100000,  /* of PCRE2's match limit */
	REGEX_HEAP_MAX = 4 << 20,  /* bytes of one match */
};

struct regex_flags {
	bool caseless;   /* i */
	bool multi_line; /* m: ^ and $ at line ends */
	bool dot_all;    /* s: a dot is also a line end */
};

struct regex;
struct regex_matcher; /* what a thread needs to match */

/* NULL with the reason. The caller frees. */
MUST_USE struct regex *regex_new(struct slice text, struct regex_flags flags, struct err *err);
void regex_free(struct regex *regex); /* NULL is fine */

MUST_USE struct regex_matcher *regex_matcher_new(void);
void regex_matcher_free(struct regex_matcher *matcher); /* NULL is fine */

enum regex_outcome { REGEX_NO, REGEX_YES, REGEX_GIVEN_UP };

/* Anywhere in `text`, any bytes. */
enum regex_outcome regex_search(
	const struct regex *regex, struct regex_matcher *matcher, struct slice text);

/* A run of bytes, of those that are easy to see the longest, that stands in every text that
 * matches; case folded (pattern.h). Empty when none is seen. */
struct slice regex_literal(const struct regex *regex);

/* Bytes, with its machine code. */
size_t regex_size(const struct regex *regex);

#endif
