#include "collector/normalize/decoding.h"

#include <stdio.h>

#include "common/counter.h"

static struct counter decoded =
	COUNTER("normalize.decoded", "records of other character sets than UTF-8");
static struct counter undecodable = COUNTER("normalize.undecodable",
	"bytes that mean nothing in the character set of their source");

static bool replace_raw(struct arena *arena, struct record *record, enum charset charset,
	struct charset_outcome *outcome)
{
	size_t size = charset_decode(charset, record->raw, NULL, outcome);
	char *text = arena_alloc(arena, size);

	if (text == NULL)
		return false;
	(void)charset_decode(charset, record->raw, text, outcome);
	if (record->whole == record->raw.len)
		record->whole = size;
	record->raw = slice_of(text, size);
	return true;
}

bool decoding_raw(struct arena *arena, struct record *record, struct decoding_facts *facts)
{
	const struct slice before = record->raw;
	struct charset_outcome outcome;

	*facts = (struct decoding_facts){0};
	if (record->source == NULL || record->source->charset == CHARSET_UTF_8 ||
		record->kind != RECORD_LOG)
		return true;
	if (!replace_raw(arena, record, record->source->charset, &outcome))
		return false;
	facts->charset = charset_name(record->source->charset);
	facts->undecodable = outcome.undecodable;
	if (!outcome.exact)
		facts->original = before;
	counter_add(&decoded, 1);
	counter_add(&undecodable, outcome.undecodable);
	return true;
}

static bool put_number(struct arena *arena, struct record *record, size_t number)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%zu", number);
	struct slice kept = arena_copy(arena, slice_of(text, (size_t)len));

	return !slice_absent(kept) &&
	       record_add(record, arena, FIELD_SOC_CHARSET_UNDECODABLE, kept);
}

static bool put_original(struct arena *arena, struct record *record, struct slice original)
{
	static const char digits[] = "0123456789abcdef";
	char *hex = arena_alloc(arena, original.len * 2);

	if (hex == NULL)
		return false;
	for (size_t i = 0; i < original.len; i++) {
		unsigned char byte = (unsigned char)original.ptr[i];

		hex[2 * i] = digits[byte >> 4];
		hex[2 * i + 1] = digits[byte & 15];
	}
	return record_add(
		record, arena, FIELD_SOC_ORIGINAL_HEX, slice_of(hex, original.len * 2));
}

bool decoding_put(
	struct arena *arena, struct record *record, const struct decoding_facts *facts)
{
	if (facts->charset == NULL)
		return true;
	return record_add(record, arena, FIELD_SOC_CHARSET, slice_str(facts->charset)) &&
	       (facts->undecodable == 0 || put_number(arena, record, facts->undecodable)) &&
	       (slice_absent(facts->original) || put_original(arena, record, facts->original));
}
