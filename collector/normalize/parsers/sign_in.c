/*
 * sign-in - messages of programs nobody has described that say who signed in, or failed to
 */
#include "collector/normalize/families/sign_in.h"
#include "collector/normalize/text/extract.h"

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	if (!slice_absent(record_get(record, FIELD_EVENT_CATEGORY)) ||
		!sign_in_take(record, context, context->message))
		return PARSED_NOT_MINE;
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_sign_in = {
	.number = 50,
	.roles = PARSER_LAST,
	.name = "sign-in",
	.module = "application",
	.summary = "\"Login failed for user 'an' from 192.0.2.1\" and the like, of any program",
	.source = "usage; the words are in sign_in_words.def",
	.parse = parse,
};
