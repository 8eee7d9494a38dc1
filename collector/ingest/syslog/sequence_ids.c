#include "collector/ingest/syslog/sequence_ids.h"

#include <stdlib.h>
#include <xxhash.h>

enum {
	PLACES = 2048,
	NUMBER_MAX = 2147483647,
	HEAD_WORDS = 6,        /* VERSION .. MSGID, with the blank behind each */
	PRIORITY_MAX = 5,      /* "<191>" */
	STRUCTURED_MAX = 4096, /* bytes of structured data that are looked through */
};

struct place {
	uint64_t originator;
	uint32_t last; /* 0 = free */
};

struct sequence_ids {
	struct place places[PLACES];
};

struct sequence_ids *sequence_ids_new(void)
{
	struct sequence_ids *ids = calloc(1, sizeof(*ids));

	if (ids == NULL)
		abort();
	return ids;
}

void sequence_ids_free(struct sequence_ids *ids)
{
	free(ids);
}

/* ---- reading -------------------------------------------------------------------- */

/* Behind "<PRI>1 ": the words up to the structured data, of which HOSTNAME is the second. */
static bool skip_head(struct slice *rest, struct slice *host)
{
	const struct slice start =
		slice_head(*rest, rest->len < PRIORITY_MAX ? rest->len : PRIORITY_MAX);
	const size_t priority = slice_find(start, '>');
	struct slice word;

	if (start.len == 0 || start.ptr[0] != '<' || priority == start.len)
		return false;
	*rest = slice_from(*rest, priority + 1);
	if (!slice_starts(*rest, SLICE_LIT("1 ")))
		return false;
	for (int i = 0; i < HEAD_WORDS; i++) {
		if (!slice_cut(rest, ' ', &word) || slice_absent(*rest))
			return false;
		if (i == 2)
			*host = word;
	}
	return true;
}

/* The element named meta; elements follow each other without a blank, "]" in a value is
 * escaped. */
static bool find_meta(struct slice *rest)
{
	const struct slice looked = slice_head(
		*rest, rest->len < STRUCTURED_MAX ? rest->len : (size_t)STRUCTURED_MAX);
	const struct slice name = SLICE_LIT("[meta ");
	bool quoted = false;

	for (size_t i = 0; i < looked.len; i++) {
		const char byte = looked.ptr[i];

		if (quoted && byte == '\\') {
			i++;
		} else if (byte == '"') {
			quoted = !quoted;
		} else if (!quoted && slice_starts(slice_from(looked, i), name)) {
			*rest = slice_from(looked, i + name.len);
			return true;
		} else if (!quoted && byte == ' ' && i > 0 && looked.ptr[i - 1] == ']') {
			return false; /* the message begins */
		}
	}
	return false;
}

static bool read_number(struct slice rest, uint32_t *number)
{
	const struct slice name = SLICE_LIT("sequenceId=\"");
	const struct slice element = slice_head(rest, slice_find(rest, ']'));
	const size_t at = slice_search(element, name);
	uint64_t value;

	if (at == element.len)
		return false;
	rest = slice_from(element, at + name.len);
	if (!slice_to_u64(slice_head(rest, slice_find(rest, '"')), NUMBER_MAX, &value))
		return false;
	*number = (uint32_t)value;
	return value > 0;
}

bool sequence_ids_read(struct slice message, uint32_t *number, struct slice *host)
{
	return skip_head(&message, host) && message.len > 0 && message.ptr[0] == '[' &&
	       find_meta(&message) && read_number(message, number);
}

/* ---- counting --------------------------------------------------------------------- */

static int64_t step(struct place *place, uint32_t number)
{
	const int64_t ahead = (int64_t)number - place->last;

	if (ahead <= 0 && -ahead < SEQUENCE_IDS_LATE && number != 1)
		return -1;
	const uint32_t last = place->last;
	place->last = number;
	if (last == NUMBER_MAX && number == 1)
		return 0;
	return ahead > 0 && ahead < SEQUENCE_IDS_JUMP ? ahead - 1 : 0;
}

int64_t sequence_ids_note(struct sequence_ids *ids, uint64_t peer, struct slice message)
{
	struct slice host;
	uint32_t number;

	if (!sequence_ids_read(message, &number, &host))
		return 0;

	const uint64_t originator = XXH3_64bits_withSeed(host.ptr, host.len, peer);
	struct place *place = &ids->places[originator % PLACES];
	if (place->last == 0 || place->originator != originator) {
		*place = (struct place){.originator = originator, .last = number};
		return 0;
	}
	return step(place, number);
}
