/*
 * json - one object a line: ECS, journald's export, Docker's json-file, what programs write
 *
 * Also behind the cookie "@cee:" of Common Event Expression (Lumberjack). Names that mean no
 * field are kept as they are. Who a record belongs to and how it counts is never taken from a
 * line: names below "soc." and event.module are left out.
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/families/sign_in.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"

/* "@cee: {...}", " {...}", "[{...}]": of an array with one object, that one */
static struct slice object_of(struct slice text)
{
	skip_blanks(&text);
	if (skip_lit(&text, "@cee:"))
		skip_blanks(&text);
	if (slice_starts(text, SLICE_LIT("[{")) && slice_ends(text, SLICE_LIT("}]")))
		text = slice_of(text.ptr + 1, text.len - 2);
	return text;
}

/* A request and its answer, in the log of a server that writes JSON. */
static void put_web(struct record *record, struct parse_context *context)
{
	if (!slice_absent(record_get(record, FIELD_EVENT_CATEGORY)) ||
		sign_in_put_pairs(record, context, context->pairs))
		return;
	if (!slice_absent(record_get(record, FIELD_HTTP_REQUEST_METHOD)) &&
		!access_log_put_refused_login(record, context))
		access_log_put_outcome(
			record, context, record_get(record, FIELD_HTTP_RESPONSE_STATUS_CODE));
}

/* "host" beside a request, where syslog has named the machine already: the portal's name. */
static bool is_portal(const struct pairs *pairs, const struct pair *pair)
{
	static const char *const methods[] = {
		"request_method", "http_method", "method", "verb", "requestMethod"};

	if (!slice_eq(pair->name, SLICE_LIT("host")))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (pairs_have(pairs, slice_str(methods[i])))
			return true;
	}
	return false;
}

static void put_pairs(struct record *record, struct parse_context *context,
	const struct pairs *pairs, struct named_values *values)
{
	const bool has_host = !slice_absent(record_get(record, FIELD_HOST_HOSTNAME));

	for (unsigned i = 0; i < pairs->n; i++) {
		const struct pair *pair = &pairs->items[i];

		if (has_host && is_portal(pairs, pair))
			named_put(record, context, values, FIELD_URL_DOMAIN, pair->value);
		else
			named_put_pair(record, context, values, pair, FIELD_OTHER_JSON);
	}
	named_put_wrapped(record, context, pairs, values, FIELD_OTHER_JSON);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct pairs *pairs = context->pairs;
	struct named_values values = {0};

	pairs_read_json(pairs, object_of(context->message), context->arena);
	context->full = context->full || pairs->full;
	if (pairs->state != PAIRS_WHOLE && slice_starts(context->message, SLICE_LIT("[")))
		return PARSED_NOT_MINE; /* an array of several, or another's brackets */
	/* Braces alone make no JSON: "{not json}" is somebody else's text. */
	if (pairs->state == PAIRS_NOT_MINE || (pairs->state == PAIRS_BROKEN && pairs->n == 0))
		return PARSED_NOT_MINE;
	put_pairs(record, context, pairs, &values);
	if (pairs->left_out)
		put(record, context, FIELD_TAGS, SLICE_LIT("fields_left_out"));
	if (pairs->state == PAIRS_BROKEN) {
		context->message = SLICE_NONE;
		return PARSED_DAMAGED;
	}
	put_web(record, context);
	if (slice_absent(record_get(record, FIELD_EVENT_CATEGORY)))
		put_connection(record, context, record_get(record, FIELD_EVENT_ACTION));
	named_finish(record, context, &values);
	context->whole_line = true;
	return values.n_known > 0 ? PARSED : PARSED_PARTLY;
}

const struct parser parser_json = {
	.number = 16,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM | PARSER_SHIPPER,
	.name = "json",
	.module = "json",
	.summary = "JSON objects: ECS names, journald, Docker, common programs",
	.source = "RFC 8259; Elastic Common Schema 8; systemd.journal-fields(7); CEE 1.0",
	.first_bytes = FIRST_BYTES_JSON "@[",
	.parse = parse,
};
