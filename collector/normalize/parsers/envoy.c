/*
 * envoy - default access logs of Envoy and Istio
 *
 *	[STAMP] "METHOD PATH PROTOCOL" STATUS FLAGS RECEIVED SENT MS UPSTREAM_MS
 *		"X-FORWARDED-FOR" "AGENT" "REQUEST-ID" "AUTHORITY" "UPSTREAM"           Envoy
 *	[STAMP] "METHOD PATH PROTOCOL" STATUS FLAGS DETAILS TERMINATION "FAILURE" RECEIVED SENT
 *		MS UPSTREAM_MS "X-FORWARDED-FOR" "AGENT" "REQUEST-ID" "AUTHORITY" "UPSTREAM"
 *		CLUSTER LOCAL DOWNSTREAM_LOCAL DOWNSTREAM_REMOTE SERVER_NAME ROUTE      Istio
 *
 * Quotes in values are not escaped: what stands behind the agent is read from the end, and the
 * forwarded addresses are believed only when the agent holds no quotes.
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

static const struct meaning served = {
	.category = {ECS_WEB}, .type = {ECS_ACCESS}, .outcome = {ECS_SUCCESS}};
static const struct meaning failed = {
	.category = {ECS_WEB}, .type = {ECS_ACCESS}, .outcome = {ECS_FAILURE}};

/* Up to the agent. */
static const struct phrase sentences[] = {
	{"{http.request.method+} {url} HTTP/{http.version}\" {http.response.status_code} "
	 "{.response_flags+} {event.reason+} {+} \"{}\" {http.request.body.bytes} "
	 "{http.response.body.bytes} {.duration_ms+} {+} \"{.x_forwarded_for}\" "
	 "\"{user_agent.original}",
		NULL},
	{"{http.request.method+} {url} HTTP/{http.version}\" {http.response.status_code} "
	 "{.response_flags+} {http.request.body.bytes} {http.response.body.bytes} "
	 "{.duration_ms+} {+} \"{.x_forwarded_for}\" \"{user_agent.original}",
		NULL},
	{"- - -\" 0 {.response_flags+} {event.reason+} {+} \"{}\" {source.bytes} "
	 "{destination.bytes} {.duration_ms+} {+} \"{.x_forwarded_for}\" \"{}",
		NULL},
};
static struct phrases phrases = PHRASES(sentences);

/* Behind the last quote of Istio's. */
static const struct phrase ends[] = {
	{"{.cluster+} {+} {+} {source:} {tls.client.server_name+} {.route}", NULL},
};
static struct phrases end_phrases = PHRASES(ends);

struct tail {
	struct slice request_id, authority, upstream, words;
};

static bool take_tail(struct slice *text, struct tail *tail)
{
	const struct slice between = SLICE_LIT("\" \"");

	tail->words = SLICE_NONE;
	if (slice_ends(*text, SLICE_LIT("\"")))
		text->len--;
	else if (!cut_last(*text, SLICE_LIT("\" "), text, &tail->words))
		return false;
	return cut_last(*text, between, text, &tail->upstream) &&
	       cut_last(*text, between, text, &tail->authority) &&
	       cut_last(*text, between, text, &tail->request_id);
}

static void put_tail(
	struct record *record, struct parse_context *context, const struct tail *tail)
{
	struct slice upstream = tail->upstream;

	put_some(record, context, FIELD_HTTP_REQUEST_ID, tail->request_id);
	put_some(record, context, FIELD_URL_DOMAIN,
		slice_head(tail->authority, slice_find(tail->authority, ':')));
	(void)skip_lit(&upstream, "tcp://");
	if (!slice_eq(upstream, SLICE_LIT("-")))
		put_endpoint(record, context, &endpoint_destination, upstream);
	if (!slice_absent(tail->words))
		(void)phrases_read(&end_phrases, record, context, tail->words);
}

/* Of "client, proxy": the last one is whom Envoy saw. */
static void put_forwarded(
	struct record *record, struct parse_context *context, struct slice forwarded)
{
	struct slice first = slice_head(forwarded, slice_find(forwarded, ',')), others, last;

	if (!cut_last(forwarded, SLICE_LIT(","), &others, &last))
		last = forwarded;
	if (slice_absent(record_get(record, FIELD_SOURCE_IP)) &&
		!slice_eq(last, SLICE_LIT("-")))
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS,
			slice_trim(last));
	if (first.len < forwarded.len)
		put_address(record, context, FIELD_CLIENT_IP, FIELD_CLIENT_ADDRESS, first);
}

static void put_all_forwarded(struct record *record, struct parse_context *context)
{
	for (unsigned i = 1; i + 1 < record->n_fields; i++) {
		if (record->fields[i].id == FIELD_OTHER &&
			slice_eq(field_value(&record->fields[i]),
				SLICE_LIT("x_forwarded_for"))) {
			put_forwarded(record, context, field_value(&record->fields[i + 1]));
			return;
		}
	}
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, status, agent;
	struct tail tail;
	int64_t ns;

	if (rest.len < 30 || rest.ptr[0] != '[' || rest.ptr[11] != 'T')
		return PARSED_NOT_MINE;
	rest = slice_from(rest, 1);
	if (!take_stamp_iso(&rest, context, &ns) || !skip_lit(&rest, "] \"") ||
		!take_tail(&rest, &tail) ||
		phrases_read(&phrases, record, context, rest) == NULL)
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	status = record_get(record, FIELD_HTTP_RESPONSE_STATUS_CODE);
	put_meaning(
		record, context, status.len == 3 && status.ptr[0] < '4' ? &served : &failed);
	put_tail(record, context, &tail);
	agent = record_get(record, FIELD_USER_AGENT_ORIGINAL);
	if (slice_search(agent, SLICE_LIT("\" \"")) == agent.len)
		put_all_forwarded(record, context);
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_envoy = {
	.number = 109,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "envoy",
	.module = "envoy",
	.summary = "Envoy and Istio: default access logs",
	.source = "Envoy 1.20 to 1.32, Access Logging: default format string; Istio 1.10 to "
		  "1.24, "
		  "Envoy Access Logs",
	.first_bytes = "[",
	.parse = parse,
};
