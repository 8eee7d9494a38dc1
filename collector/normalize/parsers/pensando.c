/*
 * pensando - the distributed firewall of Pensando's cards and switches
 *
 *	<14>1 2026-03-07T10:00:00Z esx-1 pen-tmagent 1402  - [{"time":"2026-03-07T10:00:00Z",
 *		"srcaddr":"192.0.2.7","srcport":51000,"destaddr":"203.0.113.9","destport":443,
 *		"protocol":"TCP","action":"allow","direction":"from-host","rule-id":5,...}]
 */
#include "collector/normalize/families/named_device.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"

static const struct device device = {{SLICE_BYTES("Pensando Systems")},
	{SLICE_BYTES("Distributed Services Platform")}, {SLICE_BYTES("firewall")}};

enum value {
	VALUE_DIRECTION = NAMED_END,
};

static const struct name_entry entries[] = {
	NAME("time", NAME_TIME),
	NAME("srcaddr", FIELD_SOURCE_IP),
	NAME("srcport", FIELD_SOURCE_PORT),
	NAME("destaddr", FIELD_DESTINATION_IP),
	NAME("destport", FIELD_DESTINATION_PORT),
	NAME("protocol", NAMED_TRANSPORT),
	NAME("direction", VALUE_DIRECTION),
	NAME("action", NAMED_LATER),
	NAME("rule-id", FIELD_RULE_ID),
};
static struct name_table table = NAME_TABLE(entries);

static void put_pair(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair)
{
	unsigned meaning = name_table_find(&table, pair->name, pair->hash);

	if (meaning != VALUE_DIRECTION)
		named_device_put(record, context, values, pair, meaning);
	else /* of the host the card is in */
		put(record, context, FIELD_NETWORK_DIRECTION,
			slice_eq(pair->value, SLICE_LIT("from-host")) ? SLICE_LIT("egress")
								      : SLICE_LIT("ingress"));
}

static enum telling telling_of(struct slice action)
{
	switch (verdict_of(action)) {
	case VERDICT_ALLOWED:
		return TELLS_ALLOWED;
	case VERDICT_DENIED:
		return TELLS_DENIED;
	default:
		return TELLS_CONNECTION;
	}
}

/* "[{...}]" without the brackets. */
static bool take_object(struct slice *text)
{
	*text = slice_trim(*text);
	if (text->len < 4 || text->ptr[0] != '[' || text->ptr[text->len - 1] != ']')
		return false;
	*text = slice_trim(slice_of(text->ptr + 1, text->len - 2));
	return true;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;
	struct pairs *pairs = context->pairs;
	struct named_values values = {0};

	if (!take_object(&text))
		return PARSED_NOT_MINE;
	pairs_read_json(pairs, text, context->arena);
	if (pairs->state != PAIRS_WHOLE || !pairs_have(pairs, SLICE_LIT("srcaddr")) ||
		!pairs_have(pairs, SLICE_LIT("destaddr")))
		return PARSED_NOT_MINE;
	context->full = context->full || pairs->full;
	put_device(record, context, &device);
	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(record, context, &values, &pairs->items[i]);
	put_telling(record, context, telling_of(pairs_get_lit(pairs, "action")));
	named_finish(record, context, &values);
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"pen-tmagent", "pen-netagent", NULL};

const struct parser parser_pensando = {
	.number = 84,
	.name = "pensando",
	.module = "pensando",
	.summary = "Pensando's distributed firewall",
	.source = "Elastic, Pensando module: exported fields",
	.programs = programs,
	.parse = parse,
};
