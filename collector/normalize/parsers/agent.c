/*
 * agent - inventories and states our agents report of themselves; agent/README.md
 *
 * One flat object with the names of the dictionary, those below "soc." too:
 * who sends it is known by its certificate.
 */
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/names.h"

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct pairs *pairs = context->pairs;
	struct named_values values = {0};

	pairs_read_json(pairs, context->message, context->arena);
	if (pairs->state == PAIRS_NOT_MINE)
		return PARSED_NOT_MINE;
	for (unsigned i = 0; i < pairs->n; i++)
		named_put_field(record, context, &values, &pairs->items[i]);
	context->full = context->full || pairs->full || pairs->left_out;
	context->message = SLICE_NONE;
	return pairs->state == PAIRS_WHOLE ? PARSED : PARSED_DAMAGED;
}

const struct parser parser_agent = {
	.number = 19,
	.name = "agent",
	.module = "agent",
	.summary = "inventory and state that agents report of themselves",
	.source = "agent/README.md, What items say",
	.parse = parse,
};
