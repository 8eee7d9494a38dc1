/*
 * decoding - a record's text into UTF-8 before anybody reads it
 *
 * For sources whose settings name another character set (common/charset.h). raw becomes the
 * text, and the record says how it came: soc.charset names the set, soc.charset_undecodable
 * counts bytes that mean nothing in it (shown as \xNN), and where the text alone does not tell
 * the bytes that arrived, soc.original_hex has them; the masking policy takes that one out of a
 * record in which it hides anything.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_DECODING_H
#define COLLECTOR_NORMALIZE_DECODING_H

#include "collector/record/record.h"

/* raw alone; what is to be added as fields is told by decoding_put(). False when the arena has
 * no room: raw is as it was then. */
struct decoding_facts {
	const char *charset; /* NULL = it was UTF-8, and nothing was done */
	size_t undecodable;
	struct slice original; /* absent = the text tells */
};
MUST_USE bool decoding_raw(
	struct arena *arena, struct record *record, struct decoding_facts *facts);

/* False when the record or the arena is full. */
MUST_USE bool decoding_put(
	struct arena *arena, struct record *record, const struct decoding_facts *facts);

#endif
