/*
 * phrases - what a program says, as a table of its sentences
 *
 *	static const struct phrase sentences[] = {
 *		{"client {source.ip}#{source.port}: query: {dns.question.name} IN{}", &queried},
 *		{"user {user.name*} refused[[ by {.rule}]]", &refused},
 *	};
 *	static struct phrases phrases = PHRASES(sentences);
 *
 * sentence.h has their language. The first that fits counts.
 *
 * A table is made ready by the first who asks, and is immutable from then on; its memory stays
 * until the program ends. Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_PHRASES_H
#define COLLECTOR_NORMALIZE_PHRASES_H

#include <stdatomic.h>

#include "collector/normalize/text/endpoint.h"
#include "collector/normalize/text/sentence.h"

struct phrase {
	const char *text;
	const struct meaning *meaning; /* NULL = none */
};

struct phrases_ready;

struct phrases {
	const struct phrase *list;
	size_t n;
	_Atomic(struct phrases_ready *) ready;
};

#define PHRASES(sentences)                                                                     \
	{                                                                                      \
		.list = (sentences), .n = ARRAY_LEN(sentences)                                 \
	}

/* For tables of meanings in one line each. */
#define MEANS(what, ...)                                                                       \
	{                                                                                      \
		.action = {SLICE_BYTES(what)}, __VA_ARGS__                                     \
	}

/* Whether `text` is one of the sentences. */
bool phrases_have(struct phrases *phrases, struct slice text);

/* Adds fields and meaning of the sentence that `text` is; NULL, and nothing added, when it is
 * none. */
const struct phrase *phrases_read(struct phrases *phrases, struct record *record,
	struct parse_context *context, struct slice text);

/* The same of a program whose frame is known: PARSED, or PARSED_PARTLY with the meaning
 * `otherwise` when the text is no sentence of the table. */
enum parse_result phrases_put(struct phrases *phrases, struct record *record,
	struct parse_context *context, struct slice text, const struct meaning *otherwise);

#endif
