/*
 * agent - inventories and states our agents report of themselves; agent/README.md
 *
 * One flat object with the names of the dictionary, those below "soc." too:
 * who sends it is known by its certificate.
 */
#include "collector/normalize/extract.h"
#include "collector/normalize/flatten.h"
#include "collector/normalize/names.h"

struct reading {
	struct record *record;
	struct parse_context *context;
	struct named_values values;
};

static void on_value(void *user, struct slice name, struct slice value)
{
	struct reading *reading = user;
	unsigned meaning = name_meaning(name);

	if (meaning > NAME_UNKNOWN && meaning < FIELD_ID_MAX && meaning != FIELD_EVENT_MODULE)
		named_put(reading->record, reading->context, &reading->values, meaning, value);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct reading reading = {.record = record, .context = context};
	enum flatten_result result =
		flatten(context->message, context->arena, on_value, &reading);

	if (result == FLATTEN_NO_OBJECT)
		return PARSED_NOT_MINE;
	context->full = context->full || result == FLATTEN_FULL;
	context->message = SLICE_NONE;
	return result == FLATTEN_OK ? PARSED : PARSED_DAMAGED;
}

const struct parser parser_agent = {
	.number = 19,
	.name = "agent",
	.module = "agent",
	.summary = "inventory and state that agents report of themselves",
	.source = "agent/README.md, What items say",
	.parse = parse,
};
