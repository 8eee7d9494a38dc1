#include "collector/normalize/text/documents.h"

bool document_read(struct parse_context *context, const char *const *names)
{
	struct pairs *pairs = context->pairs;

	pairs_read_json(pairs, context->message, context->arena);
	if (pairs->state == PAIRS_NOT_MINE)
		return false;
	for (; *names != NULL; names++) {
		if (!pairs_have(pairs, slice_str(*names)))
			return false;
	}
	context->full = context->full || pairs->full;
	return true;
}

/* The name below the module's, which some products write as well: "sudo.accept.uuid". */
static struct slice below_module(const struct parse_context *context, struct slice name)
{
	struct slice below = name;

	return !slice_absent(context->module) && skip_text(&below, context->module) &&
			       skip_byte(&below, '.') && below.len > 0
		       ? below
		       : name;
}

enum parse_result document_put(
	struct record *record, struct parse_context *context, struct name_table *names)
{
	const struct pairs *pairs = context->pairs;
	struct named_values values = {0};

	for (unsigned i = 0; i < pairs->n; i++) {
		const struct pair *pair = &pairs->items[i];
		unsigned meaning = name_table_find(names, pair->name, pair->hash);

		if (meaning == NAME_UNKNOWN)
			put_other(record, context, FIELD_OTHER,
				below_module(context, pair->name), pair->value);
		else
			named_put(record, context, &values, meaning, pair->value);
	}
	if (pairs->left_out)
		put(record, context, FIELD_TAGS, SLICE_LIT("fields_left_out"));
	named_finish(record, context, &values);
	context->message = SLICE_NONE;
	return pairs->state == PAIRS_BROKEN ? PARSED_DAMAGED : PARSED;
}

const struct meaning *meaning_of_value(
	const struct value_meaning *list, size_t n, struct slice value)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_eq(list[i].value, value))
			return &list[i].meaning;
	}
	return NULL;
}
