/*
 * sentence - messages of programs as patterns: words that stay, and values between them
 *
 *	{SAY("DHCPACK of <client.ip> from <server.ip>"), &leased},
 *	{SAY("<unit>: Failed with result '<event.reason>'"), &failed},
 *
 * What stands in <> names the field that takes the value: one of the dictionary, or one of the
 * program's own (put_other()), or none ("<>"). A value is one word, without blanks, and ends
 * where the byte behind the name stands first. With '*' behind the name it is any text up to
 *the last place where the words that follow stand, or to the end: for what a stranger may
 *choose, since what a program writes behind it is then its own. A pattern need not reach to the
 *end.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_SENTENCE_H
#define COLLECTOR_NORMALIZE_SENTENCE_H

#include "collector/normalize/extract.h"

enum { SENTENCE_VALUES_MAX = 8 };

struct sentence {
	struct slice pattern;
	const struct meaning *meaning;
};

#define SAY(text)                                                                              \
	{                                                                                      \
		SLICE_BYTES(text)                                                              \
	}

/* The first of `n` that fits `text`: its values and its meaning are added. */
bool sentence_read(struct record *record, struct parse_context *context,
	const struct sentence *sentences, size_t n, struct slice text);

#endif
