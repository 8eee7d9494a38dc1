/*
 * json - one object a line: ECS, journald's export, Docker's json-file, what programs write
 *
 * Who a record belongs to and how it counts is never taken from a line: names
 * below "soc." and event.module are left out.
 */
#include "collector/normalize/extract.h"
#include "collector/normalize/flatten.h"
#include "collector/normalize/names.h"

struct reading {
	struct record *record;
	struct parse_context *context;
	struct named_values values;
};

static bool is_ours(unsigned meaning, struct slice name)
{
	return meaning == FIELD_EVENT_MODULE || slice_starts(name, SLICE_LIT("soc."));
}

static void on_value(void *user, struct slice name, struct slice value)
{
	struct reading *reading = user;
	unsigned meaning = name_meaning(name);

	if (meaning != NAME_UNKNOWN && !is_ours(meaning, name))
		named_put(reading->record, reading->context, &reading->values, meaning, value);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct reading reading = {.record = record, .context = context};

	switch (flatten(context->message, context->arena, on_value, &reading)) {
	case FLATTEN_NO_OBJECT:
		return PARSED_NOT_MINE;
	case FLATTEN_FULL:
		context->full = true;
		return PARSED_DAMAGED;
	case FLATTEN_BROKEN:
		/* Braces alone make no JSON: "{not json}" is somebody else's text. */
		return record->n_fields > 1 ? PARSED_DAMAGED : PARSED_NOT_MINE;
	case FLATTEN_OK:
		break;
	}
	named_finish(record, context, &reading.values);
	return reading.values.n_known > 0 ? PARSED : PARSED_PARTLY;
}

const struct parser parser_json = {
	.number = 16,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "json",
	.module = "json",
	.summary = "JSON objects: ECS names, journald, Docker, common programs",
	.source = "RFC 8259; Elastic Common Schema 8; systemd.journal-fields(7)",
	.parse = parse,
};
