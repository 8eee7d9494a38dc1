/*
 * gelf - Graylog Extended Log Format, one object a line
 *
 *	{"version":"1.1","host":"web","short_message":"text","timestamp":1772852400.123,
 *	 "level":6,"_container_name":"portal"}
 *
 * Names of the sender's own begin with '_'. The message is a line of its own.
 */
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/stamp.h"

static const struct name_entry entries[] = {
	NAME("version", NAME_DROPPED),
	NAME("host", FIELD_HOST_HOSTNAME),
	NAME("short_message", NAME_MESSAGE),
	NAME("full_message", NAME_DROPPED), /* read below */
	NAME("timestamp", NAME_TIME),
	NAME("level", FIELD_LOG_SYSLOG_SEVERITY_CODE),
	NAME("facility", FIELD_LOG_LOGGER),              /* deprecated */
	NAME("_image_name", FIELD_CONTAINER_IMAGE_NAME), /* Docker's driver */
	NAME("_command", FIELD_PROCESS_COMMAND_LINE),
	NAME("_created", NAME_DROPPED),
};

static struct name_table table = NAME_TABLE(entries);

/* A sender's own name may mean a field, but neither the time nor the message. */
static unsigned own_meaning(struct slice name)
{
	unsigned meaning = name_meaning(name);

	return meaning < FIELD_ID_MAX || meaning == NAME_PROGRAM || meaning == NAME_REQUEST
		       ? meaning
		       : NAME_UNKNOWN;
}

static void put_pair(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair)
{
	unsigned meaning = name_table_find(&table, pair->name, pair->hash);
	struct slice name = pair->name;

	if (meaning == NAME_UNKNOWN && skip_byte(&name, '_'))
		meaning = own_meaning(name);
	if (meaning == FIELD_EVENT_MODULE || slice_starts(name, SLICE_LIT("soc.")))
		return;
	if (meaning == NAME_UNKNOWN)
		put_other(record, context, FIELD_OTHER, name, pair->value);
	else
		named_put(record, context, values, meaning, pair->value);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct pairs *pairs = context->pairs;
	struct named_values values = {0};

	pairs_read_json(pairs, context->message, context->arena);
	if (pairs->state == PAIRS_NOT_MINE || !pairs_have(pairs, SLICE_LIT("short_message")) ||
		!pairs_have(pairs, SLICE_LIT("version")) ||
		!pairs_have(pairs, SLICE_LIT("host")))
		return PARSED_NOT_MINE;
	context->full = context->full || pairs->full;
	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(record, context, &values, &pairs->items[i]);
	struct slice whole = pairs_get_lit(pairs, "full_message");
	if (whole.len > 0)
		values.message = whole;
	if (pairs->state == PAIRS_BROKEN) {
		context->message = SLICE_NONE;
		return PARSED_DAMAGED;
	}
	named_finish(record, context, &values);
	context->whole_line = true;
	return PARSED;
}

const struct parser parser_gelf = {
	.number = 101,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "gelf",
	.module = "gelf",
	.summary = "Graylog Extended Log Format",
	.source = "Graylog, GELF 1.0 and 1.1; Docker, Graylog Extended Format logging driver",
	.first_bytes = FIRST_BYTES_JSON,
	.parse = parse,
};
