/*
 * mistakes - everything that is wrong in a file a person wrote
 *
 * One line each, "file:line:column: what is wrong", in the order found; after
 * MISTAKES_MAX the rest is only counted. Text from the file goes through
 * MISTAKE_TEXT, which quotes and escapes it.
 *
 * Not thread-safe; one list for one file.
 */
#ifndef COMMON_MISTAKES_H
#define COMMON_MISTAKES_H

#include "common/err.h"
#include "common/strbuf.h"

enum {
	MISTAKES_MAX = 50,
	MISTAKE_TEXT_MAX = 60, /* bytes of the file shown in one message, then "..." */
};

struct mistakes {
	struct strbuf *out;
	const char *file; /* borrowed; stands before each line */
	unsigned n;       /* also those that were not written out */
};

static inline struct mistakes mistakes_into(struct strbuf *out, const char *file)
{
	return (struct mistakes){.out = out, .file = file};
}

/* at.file is not looked at; line 0 leaves the position out. */
void mistake_add(struct mistakes *mistakes, struct pos at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Call once when all was looked at: says how many were left out. True when there are none. */
bool mistakes_end(struct mistakes *mistakes);

struct mistake_quote {
	char text[MISTAKE_TEXT_MAX * 4 + 8];
};

/* `text` in single quotes: controls, also those of Unicode that turn the direction of
 * writing, and bytes that are no UTF-8 become \xNN. */
const char *mistake_text(struct mistake_quote *quote, struct slice text);

/* For one use inside a mistake_add() call. */
#define MISTAKE_TEXT(slice) mistake_text(&(struct mistake_quote){0}, (slice))

#endif
