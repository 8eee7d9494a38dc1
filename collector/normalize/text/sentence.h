/*
 * sentence - one thing that a program says, with the fields in it
 *
 *	client {source.ip}#{source.port}: query: {dns.question.name} IN{}
 *	user {user.name*} refused[[ by {.rule}]]
 *
 *	{NAME}    a field of the dictionary: the text up to the first place where the sentence
 *	          goes on. Numbers are digits, fields of type IP are addresses, or it is
 *	          another sentence
 *	{NAME*}   the same up to the last such place: for what a stranger may choose
 *	{NAME+}   a word: it ends at a blank too, and is never empty; so does a value that
 *	          another follows at once. A number that is none is not added
 *	{.NAME}   a value that no field has: put_other(), unless it is "-"
 *	{source}  an address or a name; also {destination}, {client}, {server}, {host}
 *	{source:} the same with a port behind a colon, if there is one
 *	{source.nat}
 *	          an address; a text that is none is not added. Also {destination.nat}
 *	{in}      the interface something came by; {out}: the one it left by
 *	{transport}
 *	          network.transport, by its name or number; {protocol}: network.protocol
 *	{direction}, {duration}
 *	          network.direction; event.duration from seconds or "1h02m03s"
 *	{url}     url.original and its parts; {request}: "GET /a HTTP/1.1"
 *	{hash}    of a file, its kind told by its length
 *	{}        anything; also {*} and {+}
 *	[[ ]]     what may be absent; a part begins with text and holds no other part
 *
 * A blank stands for one or more; values are trimmed. A sentence is the whole text unless it
 *ends with {}. Each part of it is looked for once, so that the work grows as the text does.
 *
 * A text that breaks these rules is a fault of ours and aborts. What was made is immutable: any
 * thread.
 */
#ifndef COLLECTOR_NORMALIZE_SENTENCE_H
#define COLLECTOR_NORMALIZE_SENTENCE_H

#include "collector/normalize/text/extract.h"

enum { SENTENCE_VALUES_MAX = 32 };

struct sentence;
struct step;

/* Where the values of a text stand; good as long as both. */
struct sentence_values {
	unsigned n;
	struct {
		const struct step *step;
		struct slice text;
	} list[SENTENCE_VALUES_MAX];
};

/* `text` stays the caller's, and as it is. */
MUST_USE struct sentence *sentence_new(struct slice text);
void sentence_free(struct sentence *sentence);

/* The byte its texts begin with; -1 = any. */
int sentence_head(const struct sentence *sentence);

/* Whether `text` is that sentence. */
MUST_USE bool sentence_take(
	const struct sentence *sentence, struct slice text, struct sentence_values *values);

void sentence_put(struct record *record, struct parse_context *context,
	const struct sentence_values *values);

#endif
