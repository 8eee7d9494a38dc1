/*
 * keyvalue - name=value pairs with blanks between: logfmt, FortiGate, many appliances
 *
 *	date=2026-05-10 time=11:50:48 devname="FG" srcip=192.0.2.1 action="deny"
 *
 * The whole text must be pairs (pairs_keyvalue.c), three at least and one with
 * a known name.
 */
#include "collector/normalize/extract.h"
#include "collector/normalize/names.h"
#include "collector/normalize/network.h"

enum { KNOWN_MIN = 1, NAMES_MIN = 3 };

static void put_pair(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair)
{
	unsigned meaning = name_meaning_hashed(pair->name, pair->hash);

	if (meaning == FIELD_EVENT_MODULE || slice_starts(pair->name, SLICE_LIT("soc.")))
		return;
	if (meaning == NAME_UNKNOWN)
		put_other(record, context, FIELD_OTHER_KEYVALUE, pair->name, pair->value);
	else
		named_put(record, context, values, meaning, pair->value);
}

/* A sentence with an '=' in it is no such line, unless the settings say so. */
static bool is_enough(const struct pairs *pairs, bool named)
{
	unsigned known = 0;

	if (named)
		return true;
	for (unsigned i = 0; i < pairs->n && known < KNOWN_MIN; i++)
		known += name_meaning_hashed(pairs->items[i].name, pairs->items[i].hash) !=
			 NAME_UNKNOWN;
	return pairs->n >= NAMES_MIN && known >= KNOWN_MIN;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct pairs *pairs = context->pairs;
	struct named_values values = {0};

	pairs_read_keyvalue(pairs, context->message, context->arena);
	if (pairs->state != PAIRS_WHOLE || !is_enough(pairs, context->named))
		return PARSED_NOT_MINE;
	context->full = context->full || pairs->full;
	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(record, context, &values, &pairs->items[i]);
	put_connection(record, context, record_get(record, FIELD_EVENT_ACTION));
	named_finish(record, context, &values);
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_keyvalue = {
	.number = 17,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "keyvalue",
	.module = "keyvalue",
	.summary = "name=value pairs: logfmt, FortiGate and other appliances",
	.source = "logfmt as Go's log/slog writes it; FortiOS Log Reference",
	.parse = parse,
};
