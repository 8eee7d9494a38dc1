/*
 * device_phrases - what a device says, by the codes of its messages
 *
 *	static const struct device_phrase list[] = {
 *		SAYS("106021", DENIED, "Deny {transport+} reverse path check from {source+}{}"),
 *		SUSPECTS("106017", ATTACK_DENIED, DOS, HIGH, "Deny IP due to Land Attack{}"),
 *		SAYS("199002", BOOTED, "{}"),
 *	};
 *	static struct device_phrases phrases = DEVICE_PHRASES(list);
 *
 * sentence.h has the language of the texts, device_tellings.def the tellings. Several rows may
 * share a code; the first whose text fits counts.
 *
 * A table is made ready by the first who asks, and is immutable from then on; its memory stays
 * until the program ends. Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_DEVICE_PHRASES_H
#define COLLECTOR_NORMALIZE_DEVICE_PHRASES_H

#include "collector/normalize/families/device.h"

struct device_phrase {
	struct slice code; /* how the product names the message */
	struct slice text;
	enum telling telling;
	enum attack_class attack; /* CLASS_NONE = no attack */
	enum severity severity;   /* of the attack */
};

#define SAYS(code_, telling_, text_)                                                           \
	{                                                                                      \
		.code = {SLICE_BYTES(code_)}, .text = {SLICE_BYTES(text_)},                    \
		.telling = TELLS_##telling_                                                    \
	}
#define SUSPECTS(code_, telling_, attack_, severity_, text_)                                   \
	{                                                                                      \
		.code = {SLICE_BYTES(code_)}, .text = {SLICE_BYTES(text_)},                    \
		.telling = TELLS_##telling_, .attack = CLASS_##attack_,                        \
		.severity = SEVERITY_##severity_                                               \
	}

struct device_phrases_ready;

struct device_phrases {
	const struct device_phrase *list;
	size_t n;
	_Atomic(struct device_phrases_ready *) ready;
};

#define DEVICE_PHRASES(phrases)                                                                \
	{                                                                                      \
		.list = (phrases), .n = ARRAY_LEN(phrases)                                     \
	}

/* Adds values, telling and attack of the phrase with that code that `text` is; NULL, and
 * nothing added, when it is none. */
const struct device_phrase *device_phrases_read(struct device_phrases *phrases,
	struct record *record, struct parse_context *context, struct slice code,
	struct slice text);

/* Whether the table has rows of that code. */
bool device_phrases_know(struct device_phrases *phrases, struct slice code);

#endif
