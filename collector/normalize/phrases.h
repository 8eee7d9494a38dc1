/*
 * phrases - what a program says, as a table of its sentences with the fields in them
 *
 *	static const struct phrase sentences[] = {
 *		{"client {source.ip}#{source.port}: query: {dns.question.name} IN", &queried},
 *		{"user {user.name*} refused[[ by {.rule}]]", &refused},
 *	};
 *	static struct phrases phrases = PHRASES(sentences);
 *
 *	{NAME}    a field of the dictionary: the text up to the first place where the sentence
 *	          goes on. Numbers are digits, fields of type IP are addresses, or it is
 *	          another sentence
 *	{NAME*}   the same up to the last such place: for what a stranger may choose
 *	{NAME+}   a word: up to the next blank; so is a value that another follows at once
 *	{.NAME}   a value that no field has: put_other(), unless it is "-"
 *	{source}  an address or a name; also {destination}, {client}, {server}, {host}
 *	{source:} the same with a port behind a colon, if there is one
 *	{url}     url.original and its parts; {request}: "GET /a HTTP/1.1"
 *	{hash}    of a file, its kind told by its length
 *	{}        anything
 *	[[ ]]     what may be absent; a part begins with text and holds no other part
 *
 * A sentence is the whole text unless it ends with {}. The first that fits counts. Each part of
 * a sentence is looked for once, so that the work grows as the text does.
 *
 * A table is made ready by the first who asks, and is immutable from then on; its memory stays
 * until the program ends. A sentence that breaks these rules aborts then. Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_PHRASES_H
#define COLLECTOR_NORMALIZE_PHRASES_H

#include "collector/normalize/extract.h"

enum { PHRASE_VALUES_MAX = 16 }; /* fields of one sentence */

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

/* Adds fields and meaning of the sentence that `text` is; NULL, and nothing added, when it is
 * none. */
const struct phrase *phrases_read(struct phrases *phrases, struct record *record,
	struct parse_context *context, struct slice text);

/* The same of a program whose frame is known: PARSED, or PARSED_PARTLY with the meaning
 * `otherwise` when the text is no sentence of the table. */
enum parse_result phrases_put(struct phrases *phrases, struct record *record,
	struct parse_context *context, struct slice text, const struct meaning *otherwise);

/* "192.0.2.1:4711", "[2001:db8::1]:4711", "host:80", an address or a name alone. */
struct endpoint_fields {
	enum field_id ip, other, port;
};
extern const struct endpoint_fields endpoint_source, endpoint_destination, endpoint_client,
	endpoint_server;
void put_endpoint(struct record *record, struct parse_context *context,
	const struct endpoint_fields *fields, struct slice text);

#endif
